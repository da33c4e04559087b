"""Each peer is run as documented, weighed on disk, and set in step with the clip."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import signal

from dpcodec import Audio, FileAccessError, open_audio
from dpcodec.bench.clips import formula_clips, melody
from dpcodec.bench.experiments.peers import PEER_NAMES, Peer, available_peers, peer, quantised_16_bit
from dpcodec.bench.experiments.peers.adapter import DECODED, SOURCE, run_program
from dpcodec.bench.experiments.peers.programs import VORBIS_MODES, vorbis

MAGIC = {"opus": b"OggS", "vorbis": b"OggS", "flac": b"fLaC"}
LOSSY = ("opus", "mp3", "vorbis", "aac")
RATES = (16000, 44100)


def need(name: str) -> Peer:
    note = peer(name).missing()
    if note:
        pytest.skip(note)
    return peer(name)


def lag(reference: np.ndarray, estimate: np.ndarray) -> int:
    """Where the whole cross-correlation has its peak."""
    found = signal.correlate(estimate[0], reference[0], mode="full")
    peak: int = int(np.argmax(found)) - (reference.shape[1] - 1)
    return peak


def snr_db(clean: np.ndarray, noisy: np.ndarray) -> float:
    return float(10 * np.log10(np.sum(clean**2) / np.sum((clean - noisy) ** 2)))


@pytest.fixture(scope="module", params=RATES, ids=["16k", "44k"])
def clip(request: pytest.FixtureRequest) -> Audio:
    """Notes with noisy strikes over them: a tone alone would fit itself a period late."""
    clips = formula_clips(request.param, 2.0)
    mixed = clips["melody"].samples + clips["castanets"].samples
    return quantised_16_bit(Audio(0.7 * mixed, request.param))


# What all codecs get


def test_clips_are_what_16_bits_hold() -> None:
    clip = melody(16000, 0.5)
    quantised = quantised_16_bit(clip)
    integers = quantised.samples * 32768
    np.testing.assert_array_equal(integers, np.rint(integers))
    assert np.abs(quantised.samples - clip.samples).max() <= 0.5 / 32768
    np.testing.assert_array_equal(quantised_16_bit(quantised).samples, quantised.samples)
    assert quantised_16_bit(Audio(np.array([2.0, -2.0]), 16000)).samples.tolist() == [[32767 / 32768, -1.0]]


# The programs


@pytest.mark.parametrize("kbps", [16, 24, 64])
@pytest.mark.parametrize("name", LOSSY)
def test_lossy_programs(name: str, kbps: float, clip: Audio, tmp_path: Path) -> None:
    coded = need(name).encode_decode(clip, kbps, tmp_path)
    on_disk = (tmp_path / peer(name).coded).read_bytes()
    assert coded.bytes == len(on_disk)
    assert on_disk.startswith(MAGIC.get(name, b""))
    assert 0.5 * kbps < 8e-3 * coded.bytes / clip.duration < 1.5 * kbps + 16  # Vorbis headers: 3.5 kB
    assert coded.audio.sample_rate == clip.sample_rate
    assert coded.audio.samples.shape == clip.samples.shape
    assert lag(clip.samples, coded.audio.samples) == 0
    assert abs(coded.delay) <= 2  # the programs make up for their own
    assert snr_db(clip.samples, coded.audio.samples) > (5 if kbps < 64 else 12)


@pytest.mark.parametrize("name", LOSSY)
def test_more_bits_are_less_noise(name: str, clip: Audio, tmp_path: Path) -> None:
    one, levels = need(name), []
    for kbps in (16, 32, 64):
        (tmp_path / f"{kbps}").mkdir()
        decoded = one.encode_decode(clip, kbps, tmp_path / f"{kbps}").audio
        levels.append(snr_db(clip.samples, decoded.samples))
    assert levels == sorted(levels)


def test_flac_gives_every_sample_back(clip: Audio, tmp_path: Path) -> None:
    coded = need("flac").encode_decode(clip, 0.0, tmp_path)
    np.testing.assert_array_equal(coded.audio.samples, clip.samples)
    assert coded.bytes == (tmp_path / "coded.flac").stat().st_size
    assert (tmp_path / "coded.flac").read_bytes()[:4] == MAGIC["flac"]
    assert coded.bytes < 2 * clip.samples.size  # of 16 bits each
    assert coded.delay == 0


@pytest.mark.parametrize("name", [*LOSSY, "flac"])
def test_versions_are_one_short_line(name: str) -> None:
    version = need(name).version()
    assert any(character.isdigit() for character in version)
    assert "\n" not in version
    assert len(version) < 60


@pytest.mark.parametrize(
    "kbps, rate, told",
    [
        (32, 44100, "-b 32"),
        (24, 44100, "-b 24 --resample 22050"),
        (31, 48000, "-b 31 --resample 32000"),
        (12, 44100, "-b 12 --resample 11025"),
        (2, 44100, "-b 8 --resample 8000"),
        (16, 16000, "-b 16"),
        (500, 16000, "-b 100"),
        (64, 96000, "-b 64 --resample 44100"),
        (8, 6000, "-b 8"),
    ],
)
def test_vorbis_gets_a_sample_rate_that_its_bit_rate_allows(kbps: float, rate: int, told: str) -> None:
    encode, _ = vorbis(kbps, rate)
    assert " ".join(encode) == f"oggenc -Q {told} -o coded.ogg {SOURCE}"


@pytest.mark.parametrize("rate, low, high", VORBIS_MODES)
def test_oggenc_takes_the_bit_rates_of_the_table(rate: int, low: int, high: int, tmp_path: Path) -> None:
    one = need("vorbis")
    for kbps in (low, high):
        folder = tmp_path / f"{kbps}"
        folder.mkdir()
        told = one.encode_decode(quantised_16_bit(melody(rate, 1.0)), kbps, folder).command
        assert f"-b {kbps} -o" in told


@pytest.mark.parametrize("kbps", [24, 48])
@pytest.mark.parametrize("name", LOSSY)
def test_lossy_programs_in_stereo(name: str, kbps: float, tmp_path: Path) -> None:
    notes = melody(44100, 2.0, 2).samples + formula_clips(44100, 2.0)["castanets"].samples
    clip = quantised_16_bit(Audio(0.6 * notes, 44100))
    coded = need(name).encode_decode(clip, kbps, tmp_path)
    assert coded.audio.samples.shape == clip.samples.shape
    assert abs(coded.delay) <= 2
    assert snr_db(clip.samples, coded.audio.samples) > 3


# Delays


class TestDelays:
    """A stand-in program that stores the file as it is, and gives it back late or early."""

    @staticmethod
    def late_by(samples: int, rate_out: int | None = None) -> Peer:
        code = f"""
import shutil, numpy as np
from dpcodec import Audio, SampleFormat, create_audio, open_audio
shutil.copy({SOURCE!r}, "coded")
with open_audio("coded") as reader:
    x, rate = reader.read(1 << 24), {rate_out} or reader.sample_rate
x = np.pad(x, ((0, 0), ({samples}, 0))) if {samples} > 0 else x[:, {-samples}:]
with create_audio({DECODED!r}, rate, x.shape[0], SampleFormat("wav", "PCM_16")) as writer:
    writer.write(x)
"""
        return Peer(
            "late", (), lambda: "late 1", "coded", lambda kbps, rate, channels: [[sys.executable, "-c", code]]
        )

    @pytest.mark.parametrize("samples", [0, 37, 1105, -12])
    def test_are_found_and_taken_out(self, samples: int, tmp_path: Path) -> None:
        clip = quantised_16_bit(formula_clips(16000, 1.0)["castanets"])
        coded = self.late_by(samples).encode_decode(clip, 32, tmp_path)
        assert coded.delay == samples
        assert coded.audio.samples.shape == clip.samples.shape
        begin = max(0, -samples)
        np.testing.assert_array_equal(coded.audio.samples[:, begin:], clip.samples[:, begin:])
        assert not coded.audio.samples[:, :begin].any()
        assert coded.bytes == (tmp_path / SOURCE).stat().st_size

    def test_two_channels_stay_two(self, tmp_path: Path) -> None:
        clip = quantised_16_bit(melody(16000, 1.0, 2))
        coded = self.late_by(37).encode_decode(clip, 32, tmp_path)
        assert coded.delay == 37
        np.testing.assert_array_equal(coded.audio.samples, clip.samples)

    def test_another_rate_is_resampled_back(self, tmp_path: Path) -> None:
        clip = quantised_16_bit(formula_clips(16000, 1.0)["castanets"])
        coded = self.late_by(0, rate_out=16001).encode_decode(clip, 32, tmp_path)
        assert coded.audio.sample_rate == 16000
        assert coded.audio.samples.shape == clip.samples.shape
        with open_audio(tmp_path / DECODED) as reader:
            assert reader.sample_rate == 16001

    def test_the_command_does_not_tell_where_python_is(self, tmp_path: Path) -> None:
        clip = quantised_16_bit(melody(8000, 0.3))
        assert self.late_by(0).encode_decode(clip, 32, tmp_path).command.startswith("python -c")


# What can go wrong


def test_what_is_missing_is_said_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    found, notes = available_peers(("opus", "mp3", "vorbis", "aac", "flac"))
    assert found == []
    assert notes == [
        "opus: opusenc is not on PATH: apt install opus-tools",
        "mp3: lame is not on PATH: apt install lame",
        "vorbis: oggenc is not on PATH: apt install vorbis-tools",
        "aac: ffmpeg is not on PATH: apt install ffmpeg",
        "flac: flac is not on PATH: apt install flac",
    ]


def test_every_peer_is_found_or_has_a_note() -> None:
    found, notes = available_peers()
    assert len(found) + len(notes) == len(PEER_NAMES)
    assert {one.name for one in found} | {note.partition(":")[0] for note in notes} == set(PEER_NAMES)


@pytest.mark.parametrize(
    "code, told",
    [
        ("import sys; sys.exit('first line\\nno such mode')", "failed with code 1: no such mode"),
        ("import sys; sys.exit(3)", "failed with code 3: it says nothing"),
    ],
)
def test_a_program_that_fails_is_told_in_one_line(code: str, told: str, tmp_path: Path) -> None:
    broken = replace(peer("flac"), commands=lambda kbps, rate, channels: [[sys.executable, "-c", code]])
    with pytest.raises(FileAccessError, match=f"^python -c .*{told}$") as caught:
        broken.encode_decode(quantised_16_bit(melody(8000, 0.3)), 32, tmp_path)
    assert len(str(caught.value).splitlines()) == 1


def test_a_program_that_hangs_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match=r"was not done after 0\.2 s"):
        run_program([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path, timeout_s=0.2)


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="opusenc-9 cannot be run: No such file"):
        run_program(["opusenc-9"], tmp_path)
