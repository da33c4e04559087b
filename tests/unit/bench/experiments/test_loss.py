"""What is lost is what was asked, and nothing else; what comes through is what the decoders make of it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dpcodec import Audio, DecodeSettings, FormatError, decode, encode, profile
from dpcodec.bench.clips import load_clip, melody
from dpcodec.bench.engine.experiment import Experiment, Row
from dpcodec.bench.engine.results import Results
from dpcodec.bench.engine.runner import run
from dpcodec.bench.experiments import loss
from dpcodec.bench.experiments.loss import channel, holes, others, patterns, survival
from dpcodec.bench.experiments.loss.ogg import (
    Page,
    audio_packets,
    pack_page,
    page_checksum,
    pages,
    without_frames,
)
from dpcodec.bench.experiments.peers import peer, quantised_16_bit
from dpcodec.bench.experiments.peers.adapter import DECODED, SOURCE, run_program, write_16_bit
from dpcodec.metrics.snr import snr
from dpcodec.metrics.spectral import log_spectral_distances

needs_opus = pytest.mark.skipif(not shutil.which("opusenc"), reason="opusenc is not installed")
needs_flac = pytest.mark.skipif(not shutil.which("flac"), reason="flac is not installed")


@pytest.fixture(scope="module")
def clip() -> Audio:
    return quantised_16_bit(melody(16000, 2.0))


# Which packets


@pytest.mark.parametrize("share, packets", [(0.05, 16), (0.3, 7), (0.5, 8), (0.0, 8), (0.99, 1000)])
def test_draws_lose_the_share_in_the_mean(share: float, packets: int) -> None:
    counts = [len(patterns.losing(share, draw)([1] * packets)) for draw in range(200)]
    assert max(counts) - min(counts) <= 1
    assert np.mean(counts) == pytest.approx(share * packets, abs=0.02)


def test_a_larger_share_loses_the_same_and_more() -> None:
    few, many = (patterns.losing(share, 3)([1] * 100) for share in (0.1, 0.4))
    assert len(few) == 10
    assert set(few) < set(many) < set(range(100))
    assert patterns.losing(0.1, 4)([1] * 100) != few


# dpcodec


def test_nothing_lost_is_plain_decoding(clip: Audio) -> None:
    settings = profile("stft", drop=0.9)
    data = encode(clip, settings)
    received = channel.through_dpc(clip, data, "none", lambda lengths: frozenset())
    plain = decode(data, DecodeSettings(solver="none"))
    np.testing.assert_array_equal(received.audio.samples, plain.samples)
    assert (received.bytes, received.packets, received.lost) == (len(data), 8, 0)


def test_data_packets_are_cut_out_and_the_decoder_names_them(clip: Audio) -> None:
    data = encode(clip, profile("stft", drop=0.9))
    assert channel.without_data_packets(data, ()) == data
    lost = channel.data_packets_of_parts(data, {1, 5})
    hurt = channel.without_data_packets(data, lost)
    bodies = [head for _, head in channel.packet_heads(data) if head.type == 2]
    assert len(data) - len(hurt) == sum(bodies[i].packet_bytes for i in lost)
    left = {head.part for _, head in channel.packet_heads(hurt) if head.type == 2}
    assert left == {0, 2, 3, 4, 6, 7}


def test_all_packets_may_be_lost(clip: Audio) -> None:
    data = encode(clip, profile("stft", drop=0.9))
    received = channel.through_dpc(clip, data, "none", patterns.losing(1.0, 0))
    assert received.lost == received.packets
    np.testing.assert_array_equal(received.audio.samples, 0)


# Ogg


def slow_checksum(data: bytes) -> int:
    """Bit by bit, as RFC 3533 describes it."""
    register = 0
    for byte in data:
        register ^= byte << 24
        for _ in range(8):
            register = ((register << 1) ^ (0x04C11DB7 if register >> 31 else 0)) & 0xFFFFFFFF
    return register


@pytest.mark.parametrize("size", [0, 1, 27, 500])
def test_checksum_is_the_one_of_the_rfc(size: int) -> None:
    data = np.random.default_rng(size).bytes(size)
    assert page_checksum(data) == slow_checksum(data)


def test_pages_come_back_as_they_were_packed() -> None:
    packets = tuple(bytes([i]) * size for i, size in enumerate((0, 1, 254, 255, 256, 510)))
    page = Page(4, 48000, 7, 2, packets)
    assert list(pages(pack_page(page) + pack_page(replace(page, sequence=3)))) == [
        page,
        replace(page, sequence=3),
    ]


def with_checksum(page: bytearray) -> bytes:
    page[22:26] = bytes(4)
    page[22:26] = slow_checksum(bytes(page)).to_bytes(4, "little")
    return bytes(page)


def test_what_is_no_page_is_refused() -> None:
    page = pack_page(Page(0, 960, 7, 2, (b"\x08" * 300,)))
    flipped = page[:-1] + b"\x09"
    continued = bytearray(page)
    continued[5] = 1
    unfinished = bytearray(pack_page(Page(0, 960, 7, 2, (b"\x08" * 255,))))
    del unfinished[28]  # the lacing value that ends the packet
    unfinished[26] = 1
    for data, fault in (
        (b"RIFF" + page, "start"),
        (page[:20], "start"),
        (page[:-1], "damaged"),
        (flipped, "damaged"),
        (with_checksum(continued), "goes on"),
        (with_checksum(unfinished), "goes on"),
    ):
        with pytest.raises(FormatError, match=fault):
            list(pages(data))


def test_packets_of_several_frames_are_not_for_losing() -> None:
    head = pack_page(Page(2, 0, 7, 0, (b"OpusHead",))) + pack_page(Page(0, 0, 7, 1, (b"OpusTags",)))
    data = head + pack_page(Page(4, 1920, 7, 2, (b"\x09ab", b"\x08ab", b"")))
    assert audio_packets(data) == 3
    assert list(pages(without_frames(data, {1, 2})))[2].packets == (b"\x09ab", b"\x08", b"")
    with pytest.raises(FormatError, match="several frames"):
        without_frames(data, {0})


@needs_opus
def test_opus_packets_lose_their_frames_and_are_concealed(clip: Audio, tmp_path: Path) -> None:
    encode_command, decode_command = peer("opus").commands(32, clip.sample_rate, 1)
    write_16_bit(tmp_path / SOURCE, clip)
    run_program(encode_command, tmp_path)
    file = tmp_path / peer("opus").coded
    data = file.read_bytes()
    assert without_frames(data, ()) == data
    assert audio_packets(data) in (101, 102)  # 20 ms each, and what the codec's delay needs
    heard = {}
    for count in (0, 10):
        lost = set(range(30, 30 + count))
        file.write_bytes(without_frames(data, lost))
        packets = [packet for page in pages(file.read_bytes()) for packet in page.packets][2:]
        assert [i for i, packet in enumerate(packets) if len(packet) == 1] == sorted(lost)
        run_program(decode_command, tmp_path)  # raises unless its exit code is 0
        heard[count] = load_clip(tmp_path / DECODED, 16000, 10.0).samples
    assert heard[0].shape == heard[10].shape == clip.samples.shape
    before = 16000 * 29 // 50
    np.testing.assert_array_equal(heard[0][:, :before], heard[10][:, :before])
    first = slice(16000 * 30 // 50, 16000 * 31 // 50)  # a note fades there
    assert np.square(heard[10][:, first]).sum() > 0.3 * np.square(heard[0][:, first]).sum()  # no silence
    assert snr(clip.samples, heard[10]) < snr(clip.samples, heard[0]) - 3


@needs_opus
@pytest.mark.parametrize("expected", [0.0, 0.3])
def test_opus_stays_within_the_bit_rate(clip: Audio, expected: float) -> None:
    received = others.through_opus(clip, 24.0, expected, patterns.losing(0.3, 0))
    assert 20.0 < 8e-3 * received.bytes / clip.duration <= 24.0
    assert received.lost == pytest.approx(0.3 * received.packets, abs=1)
    assert received.audio.samples.shape == clip.samples.shape


# FLAC and silence


@needs_flac
def test_flac_frames_are_lost_and_the_rest_is_exact(clip: Audio) -> None:
    received = others.through_flac(clip, lambda lengths: frozenset({2, 7}))
    assert received.packets == -(-clip.samples.shape[1] // channel.SILENCE_BLOCK) == 8
    frames = range(0, clip.samples.shape[1], channel.SILENCE_BLOCK)
    same = [
        np.array_equal(
            received.audio.samples[:, at : at + channel.SILENCE_BLOCK],
            clip.samples[:, at : at + channel.SILENCE_BLOCK],
        )
        for at in frames
    ]
    assert not same[2]
    assert not same[7]
    assert all(same[i] for i in (0, 1, 4, 5, 6))  # 3: flac 1.4 silences the frame after a gap too
    assert not received.audio.samples[:, 2 * channel.SILENCE_BLOCK : 3 * channel.SILENCE_BLOCK].any()


def test_silence_takes_the_lost_blocks_and_no_other(clip: Audio) -> None:
    received = channel.silenced(clip, lambda lengths: frozenset({0, len(lengths) - 1}))
    assert not received.audio.samples[:, : channel.SILENCE_BLOCK].any()
    last = (received.packets - 1) * channel.SILENCE_BLOCK
    assert not received.audio.samples[:, last:].any()
    middle = slice(channel.SILENCE_BLOCK, last)
    np.testing.assert_array_equal(received.audio.samples[:, middle], clip.samples[:, middle])


# Bursts, flipped bytes, holes


@pytest.mark.parametrize("draw", range(5))
def test_a_burst_is_one_piece_of_the_share(draw: int) -> None:
    lost = sorted(patterns.burst(0.1, draw)([7] * 200))
    assert lost == list(range(lost[0], lost[0] + 20))
    assert patterns.burst(1.0, draw)([7] * 30) == frozenset(range(30))
    assert not patterns.burst(0.0, draw)([])


def test_each_packet_by_itself_is_lost_with_the_probability() -> None:
    counts = [len(patterns.losing_each(0.1, draw)([1] * 500)) for draw in range(100)]
    assert np.mean(counts) == pytest.approx(50, abs=2)
    assert np.std(counts) == pytest.approx((500 * 0.1 * 0.9) ** 0.5, rel=0.3)


def test_flipped_bytes_hit_long_packets_more_often() -> None:
    lengths = [100] * 50 + [2000] * 50
    hit = [patterns.flipping(10, draw)(lengths) for draw in range(100)]  # 10.5 bytes of 105000
    short = sum(i < 50 for packets in hit for i in packets)
    assert 20 < short < 90  # 50 expected, of 1000
    assert sum(map(len, hit)) > 850
    assert not patterns.flipping(10, 0)([])


def test_a_flipped_byte_is_in_each_packet_that_is_hit(clip: Audio) -> None:
    data = encode(clip, profile("stft", drop=0.9))
    hurt = channel.with_flipped_bytes(data, {1, 4}, 3)
    places = [at for at, (a, b) in enumerate(zip(data, hurt, strict=True)) if a != b]
    spans = [(at, at + head.packet_bytes) for at, head in channel.packet_heads(data)]
    assert [spans[i][0] <= at < spans[i][1] for i, at in zip((1, 4), places, strict=True)] == [True, True]


def test_holes_are_where_the_loss_changed_the_sound(clip: Audio) -> None:
    assert holes.in_holes(clip, clip, clip) == {"hole_s": 0.0}
    x = clip.samples.copy()
    x[:, 8000:9600] *= -1
    x[:, 0] += 2.0**-17  # less than a step of 16 bits
    found = holes.in_holes(clip, clip, Audio(x, clip.sample_rate))
    assert found["hole_s"] == pytest.approx(0.1, abs=0.002)  # samples of 0 stay
    x[:, 8000:9600] = clip.samples[:, 8000:9600] / 10
    quiet = holes.in_holes(clip, clip, Audio(x, clip.sample_rate))["lsd_holes"]
    distances = log_spectral_distances(clip.samples, x)[0]
    middles = np.arange(distances.size) * 512
    near = (middles >= 8000 - 800) & (middles < 9600 + 800)
    assert quiet == pytest.approx(distances[near].mean(), abs=0.2)
    assert quiet > distances.mean()


def test_parity_brings_back_what_it_says(clip: Audio) -> None:
    data = encode(clip, profile("stft", drop=0.9))
    row = survival.measure_survival(data, 50.0, patterns.RANDOM, 10.0, 5)
    assert row["exact"] == 1.0
    assert row["more"] > 50
    assert survival.measure_survival(data, 10.0, patterns.BURST, 90.0, 3)["exact"] == 0.0


# The experiment


def small(**changes: object) -> Experiment:
    settings: dict[str, object] = {
        **{"losses": (0.0, 20.0), "draws": 1, "parts_lost": (0, 1), "seconds": 1.0, "metrics": ("snr",)},
        **{"patterns": ("random",), "systems": loss.FAMILIES, "parities": (25.0,)},
    }
    return loss.experiment(None, **{**settings, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    outcome = run(small(), Results(tmp_path_factory.mktemp("out"), "loss"))
    assert not outcome.failures
    return outcome.rows


def test_rows_tell_size_loss_and_quality(rows: list[Row]) -> None:
    own = [row for row in rows if row["pattern"] == loss.RANDOM and row["system"] == "stft, none"]
    data = encode(quantised_16_bit(melody(16000, 1.0)), profile("stft", drop=own[0]["drop"]))
    assert [row["bytes"] for row in own] == [len(data)] * 2
    assert [row["lost"] for row in own] == [0, 2]  # 1.6 of 8
    assert own[0]["snr"] > own[1]["snr"]
    silence = [row for row in rows if row.get("system") == "silence"]
    assert silence[0]["snr"] == "inf"


def test_tables_have_a_row_a_system_and_a_column_a_share(rows: list[Row]) -> None:
    anywhere, near_holes, in_each, survives = loss.tables(rows)
    assert list(anywhere.rows[0])[2:] == list(near_holes.rows[0])[2:] == ["0", "20"]
    assert [row["packets lost"] for row in survives.rows] == list(survival.WAYS[i] for i in (1, 0, 2))
    assert set(survives.rows[0]) == {"parity", "bytes more, %", "packets lost", "20"}
    assert list(in_each.rows[0])[2:] == ["0", "1"]
    assert {row["system"] for row in anywhere.rows} >= {
        "default",
        "default, 2 parts",
        "default, parity 25",
        "stft, none",
        "silence",
    }
    assert loss.tables([]) == []
    assert len(loss.tables(rows[:1])[0].rows) == 1


def test_the_plot_shows_what_was_measured(rows: list[Row], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    drawn = [path.name for path in loss.plots(rows, tmp_path)]
    assert len(drawn) == len(set(drawn)) > 0
    assert all(name.startswith("loss-melody-") for name in drawn)
    assert loss.plots([], tmp_path) == []


def test_absent_programs_are_left_out_with_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda program: None)
    experiment = small()
    assert not {"opus", "flac"} & {task.key.get("system") for task in experiment.tasks}
    assert ["opus-tools" in note for note in experiment.notes] == [True, False]


def test_a_budget_takes_one_draw_of_every_share_first() -> None:
    many = small(draws=3, patterns=("random", "burst"))
    draws = [task.key["draw"] for task in many.tasks if task.key["pattern"] == loss.RANDOM]
    assert draws == sorted(draws)
