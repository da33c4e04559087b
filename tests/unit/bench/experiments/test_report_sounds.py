"""The page to listen: what stands in it of each sound. That a browser plays it is tested in tests/browser."""

from __future__ import annotations

import base64
import io
from functools import partial

import numpy as np
import pytest
import soundfile
from report_page import bytes_in
from scipy import signal

from dpcodec import Audio, DecodeSettings, SettingsError, decode, encode, profile
from dpcodec.bench.clips import melody
from dpcodec.bench.experiments.peers import available_peers, quantised_16_bit
from dpcodec.bench.experiments.report.anchor import low_anchor, low_pass
from dpcodec.bench.experiments.report.measurement import measure
from dpcodec.bench.experiments.report.packing import Store, as_text
from dpcodec.bench.experiments.report.stored import MARGIN_DB, OCTAVE_MARGIN_DB, TYPES, flac, masked, stored
from dpcodec.bench.experiments.report.systems import Choice, System, Version, choose
from dpcodec.metrics.snr import snr


def noise(samples: int, seed: int = 5) -> np.ndarray:
    return np.random.Generator(np.random.Philox(seed)).standard_normal((1, samples))


@pytest.mark.parametrize("rate, hz", [(16000, 1000), (44100, 997), (48000, 3400)])
def test_the_anchor_passes_what_lies_below_in_step(rate: int, hz: float) -> None:
    tone = Audio(0.5 * np.sin(2 * np.pi * hz * np.arange(rate) / rate), rate)
    middle = slice(rate // 4, -rate // 4)
    error = low_anchor(tone).samples[0, middle] - tone.samples[0, middle]
    assert np.abs(error).max() < 0.5 * (10 ** (0.1 / 20) - 1)


@pytest.mark.parametrize("hz, attenuation_db", [(4000, 25), (4500, 50), (7000, 50)])
def test_the_anchor_attenuates_as_bs_1534_says(hz: float, attenuation_db: float) -> None:
    tone = Audio(np.sin(2 * np.pi * hz * np.arange(32000) / 16000 + 0.3), 16000)
    level = np.sqrt(2 * np.mean(low_anchor(tone).samples[0, 8000:-8000].astype(float) ** 2))
    assert 20 * np.log10(level) < -attenuation_db


def test_the_anchor_keeps_length_and_refuses_rates_without_room() -> None:
    assert low_anchor(Audio(np.ones(10), 16000)).samples.shape == (1, 10)
    with pytest.raises(SettingsError, match="8000 Hz"):
        low_anchor(Audio(np.ones(100), 8000))


def test_flac_is_the_samples_in_16_bits() -> None:
    clip = melody(16000, 0.3)
    decoded, rate = soundfile.read(io.BytesIO(flac(clip)), dtype="int16")
    assert rate == 16000
    np.testing.assert_array_equal(decoded, np.round(clip.samples[0].astype(float) * 32768))


def test_systems_stand_in_the_page_in_few_bytes() -> None:
    clip = quantised_16_bit(melody(16000, 0.6))
    systems = choose(Choice(bitrates=(24,), codecs=()))[0]
    rows = {system.name: measure(clip, system, ("snr",)) for system in systems}
    kinds = ["flac", "filter", "masked", "dpc", "dpc"]
    for row, kind in zip(rows.values(), kinds, strict=True):
        assert list(row)[-1] == kind
    original = base64.b64decode(rows["original"]["flac"])
    samples, _ = soundfile.read(io.BytesIO(original))
    np.testing.assert_array_equal(samples, clip.samples[0])
    assert len(base64.b64decode(rows["masked"]["masked"])) < 120
    assert len(base64.b64decode(rows["dpcodec"]["dpc"])) == rows["dpcodec"]["bytes"]
    assert rows["masked"]["snr"] < rows["least squares"]["snr"]


def test_the_page_plays_what_was_measured_of_this_codec() -> None:
    clip = quantised_16_bit(melody(16000, 1.0))
    row = measure(clip, choose(Choice(solvers=()))[0][-1], ("snr",))
    heard = decode(base64.b64decode(row["dpc"]), DecodeSettings(solver="noise"))
    assert row["snr"] == pytest.approx(snr(clip.samples, heard.samples), abs=1e-4)


def test_half_a_filter_is_all_of_it() -> None:
    row = measure(melody(32000, 0.3), choose(Choice(solvers=()))[0][1], ("snr",))
    half = np.frombuffer(base64.b64decode(row["filter"]), "<f4")
    np.testing.assert_allclose(np.concatenate([half[:0:-1], half]), low_pass(32000), atol=1e-8)


def test_of_a_masked_signal_the_header_is_enough_where_it_tells_the_mask() -> None:
    clip = melody(16000, 0.5)
    exact = encode(clip, profile("paper", drop=0.5))
    assert masked(exact).kind == "masked"
    assert exact.startswith(masked(exact).content)
    for other in (profile("stft", drop=0.9), profile("paper", mask="energy", drop=0.9), profile(bitrate=24)):
        data = encode(clip, other)
        assert masked(data).kind == "dpc"
        assert masked(data).content == data


def test_the_noise_of_fine_coding_lies_below_the_versions_own_error() -> None:
    clip = quantised_16_bit(melody(16000, 2.0))
    heard = Audio(clip.samples + 0.02 * noise(32000), 16000)
    found = stored(clip, heard, None)
    assert found.kind == "dpc"
    assert len(found.content) < len(flac(heard)) * 0.7
    again = decode(found.content, DecodeSettings(solver="noise")).samples
    added, own = again - heard.samples, heard.samples - clip.samples
    assert 10 * np.log10(np.sum(own**2) / np.sum(added**2)) >= MARGIN_DB
    for low, high in ((1, 50), (500, 1000), (1000, 2000), (2000, 4000), (4000, 7999)):
        a, o = (
            signal.sosfiltfilt(signal.butter(8, (low, high), "bandpass", fs=16000, output="sos"), x)
            for x in (added, own)
        )
        assert 10 * np.log10(np.sum(o**2) / np.sum(a**2)) >= OCTAVE_MARGIN_DB - 1, (low, high)


def test_a_version_near_the_original_is_lossless_and_one_that_is_the_same_takes_nothing() -> None:
    clip = quantised_16_bit(melody(16000, 0.5))
    near = Audio(clip.samples + 2e-5 * noise(8000), 16000)
    assert stored(clip, near, None).kind == "flac"
    assert stored(clip, near, None).content == flac(near)
    same = stored(clip, Audio(clip.samples + 1e-6, 16000), None)
    assert (same.kind, same.content) == ("same", b"")


def _version(samples: np.ndarray, clip: Audio) -> Version:
    return Version(Audio(samples, 16000), 60)


def test_a_version_is_cut_or_lengthened() -> None:
    clip = melody(16000, 0.3)
    for samples in (np.ones((1, 100)), np.ones((1, 9000))):
        row = measure(clip, System("x", "", partial(_version, samples)), ("snr",))
        sound = row.get("flac") or row["dpc"]
        content = base64.b64decode(sound)
        frames = (
            soundfile.info(io.BytesIO(content)).frames if "flac" in row else decode(content).samples.shape[1]
        )
        assert frames == 4800
        assert row["kbps"] == pytest.approx(60 * 8 / 300)


@pytest.mark.parametrize("name", ["opus", "mp3", "vorbis", "aac"])
def test_other_codecs_stand_in_the_page_as_their_own_files(name: str) -> None:
    found, notes = available_peers([name])
    if notes:
        pytest.skip(notes[0])
    clip = quantised_16_bit(melody(16000, 2.0))
    system = choose(Choice(solvers=(), bitrates=(32,), codecs=(name,)))[0][-1]
    row = measure(clip, system, ())
    kind = found[0].coded.partition(".")[2]
    assert kind in TYPES
    assert len(base64.b64decode(row[kind])) == row["bytes"]
    decoded = choose(Choice(solvers=(), bitrates=(32,), codecs=(name,), decoded=True))[0][-1]
    assert kind not in measure(clip, decoded, ())


# Bytes as text


def test_text_holds_all_bytes_and_none_that_a_browser_changes() -> None:
    data = bytes(range(256)) * 3 + noise(500).tobytes() + bytes(20)
    for cut in range(9):
        text = as_text(data[cut:])
        assert bytes_in(text) == data[cut:]
        assert not set(text) & {"\0", "\r", "<"}
    assert len(as_text(noise(4000).tobytes()).encode()) < 1.18 * 32000


def test_equal_files_lie_in_the_store_once() -> None:
    store = Store()
    places = [store.put(file) for file in (b"one", b"two!", b"one")]
    assert places == [(0, 3), (3, 4), (0, 3)]
    assert store.content == b"onetwo!"
