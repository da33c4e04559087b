"""The whole path in memory: lengths, channels, masks, stretches, pipes, lost and broken packets."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import BinaryIO

import numpy as np
import pytest
from streams import DATA, Pipe, join, split

from dpcodec import (
    Audio,
    AudioError,
    DecodeReport,
    DecodeSettings,
    EncodeSettings,
    FormatError,
    LimitError,
    SampleFormat,
    StreamInfo,
    decode,
    decode_stream,
    encode,
    encode_stream,
    inspect,
    profile,
    repair,
)
from dpcodec.audio.streams import ArrayReader, ArrayWriter
from dpcodec.bench.clips import melody
from dpcodec.bench.experiments.loss.channel import data_packets_of_parts, without_data_packets
from dpcodec.mask.energy import energy_mask
from dpcodec.metrics.snr import snr
from dpcodec.transform.stft import Stft

SMALL = profile("stft", n_fft=64, hop=32, segment_frames=10, parts=4, drop=0.5)
NONE = DecodeSettings(solver="none", device="cpu")
MASKS = [
    replace(SMALL),
    replace(SMALL, exact=True),
    replace(SMALL, mask="random", seed=7),
    replace(SMALL, mask="random", exact=True),
    replace(SMALL, mask="columns", columns=((3, 4), (9, 9)), exact=True),
]


def noise(samples: int, channels: int = 1, rate: int = 8000) -> Audio:
    x = np.random.default_rng(samples).uniform(-0.5, 0.5, (channels, samples))
    return Audio(x, rate)


def decoded(
    source: BinaryIO | bytes, settings: DecodeSettings = NONE
) -> tuple[Audio, DecodeReport, StreamInfo]:
    seen: list[tuple[ArrayWriter, StreamInfo]] = []

    def collect(info: StreamInfo) -> ArrayWriter:
        seen.append((ArrayWriter(info.sample_rate, info.channels, info.sample_format, info.tags), info))
        return seen[0][0]

    fo = io.BytesIO(source) if isinstance(source, bytes) else source
    report = decode_stream(fo, collect, settings)
    return seen[0][0].audio, report, seen[0][1]


@pytest.mark.parametrize("settings", MASKS, ids=lambda s: f"{s.mask}-{'exact' if s.exact else 'quantised'}")
@pytest.mark.parametrize("samples", [0, 1, 31, 32, 33, 63, 64, 65, 319, 320, 321, 2000])
@pytest.mark.parametrize("channels", [1, 3])
def test_length_rate_and_channels_come_back(settings: EncodeSettings, samples: int, channels: int) -> None:
    audio = noise(samples, channels)
    data = encode(audio, settings)
    out, report, info = decoded(data)
    assert out.samples.shape == audio.samples.shape
    assert out.sample_rate == audio.sample_rate
    assert info.samples == samples
    assert not report.damaged
    assert inspect(data).whole


def test_nothing_dropped_and_exact_gives_the_signal_back() -> None:
    audio = noise(5000, 2)
    out = decode(encode(audio, replace(SMALL, drop=0.0, exact=True)), NONE)
    assert snr(audio.samples, out.samples) > 120


def test_zero_filling_loses_no_more_than_the_mask_took() -> None:
    """The inverse of a Parseval frame is a projection: the error has at most the energy dropped."""
    audio = melody(8000, 1.0)
    settings = profile("paper", mask="energy", drop=0.9, rate=None)
    stft = Stft(settings.n_fft, settings.hop, settings.window)
    X = stft.forward(audio.samples.astype(np.float64))
    dropped = ~energy_mask(X, round(0.9 * 2**32))
    energy = float(np.sum(stft.weights * np.abs(X) ** 2 * dropped))
    error = decode(encode(audio, settings), NONE).samples - audio.samples
    # Near the ends fewer frames overlap and the frame is not Parseval: leave a window out.
    assert 0 < float(np.sum(error[:, 2048:-2048].astype(np.float64) ** 2)) <= energy


def test_quantisation_noise_follows_snr() -> None:
    audio = noise(20000)
    settings = replace(SMALL, drop=0.0, mask="random")
    for level in (20.0, 30.0, 40.0):
        out = decode(encode(audio, replace(settings, snr=level)), NONE)
        # The frame is Parseval with redundancy 2: its inverse takes half of white noise away, 3 dB.
        assert snr(audio.samples, out.samples) == pytest.approx(level + 3, abs=0.5)


def test_sample_format_and_tags_travel() -> None:
    audio = Audio(np.zeros(100), 8000, SampleFormat("flac", "PCM_24"), (("TITLE", "déjà"),))
    _, _, info = decoded(encode(audio, replace(SMALL, tags=(("K", "v"),))))
    assert info.sample_format == SampleFormat("flac", "PCM_24")
    assert info.tags == (("TITLE", "déjà"), ("K", "v"))


@pytest.mark.parametrize("settings", MASKS, ids=lambda s: f"{s.mask}-{'exact' if s.exact else 'quantised'}")
def test_a_stretch_is_a_cut_of_the_whole(settings: EncodeSettings) -> None:
    audio = noise(3000, 2)
    data = encode(audio, settings)
    whole = decode(data, NONE).samples
    for start, duration in [(0.0, 0.1), (0.1, 0.05), (0.1, None), (0.37, 0.5), (0.2, 0.0)]:
        part, report, info = decoded(data, replace(NONE, start=start, duration=duration))
        first = round(start * 8000)
        expected = whole[:, first:] if duration is None else whole[:, first : first + round(duration * 8000)]
        np.testing.assert_array_equal(part.samples, expected)
        assert info.samples == expected.shape[1]
        assert not report.damaged


def test_how_many_segments_go_together_changes_nothing_audible() -> None:
    audio = noise(4000)
    data = encode(audio, replace(SMALL, mask="random", exact=True, drop=0.2))
    for solver in ("none", "least-squares"):
        one = decode(data, DecodeSettings(solver=solver, device="cpu", batch_segments=100)).samples
        cut = decode(data, DecodeSettings(solver=solver, device="cpu")).samples
        assert snr(one, cut) > 90


def test_pipes_carry_the_same_file() -> None:
    audio = noise(3000, 2)
    settings = replace(SMALL, mask="random", seed=3)

    class Endless(ArrayReader):
        def __init__(self) -> None:
            super().__init__(audio)
            self.samples = None

    out = Pipe()
    encode_stream(Endless(), out, settings)
    data = out.getvalue()
    from_pipe, report, info = decoded(Pipe(data))
    assert info.samples is None
    assert not report.damaged
    np.testing.assert_array_equal(from_pipe.samples, decode(encode(audio, settings), NONE).samples)
    assert decoded(data)[2].samples == 3000


def test_lost_packets_are_reported_and_the_rest_is_there() -> None:
    audio = melody(8000, 2.0)
    data = encode(audio, profile("paper", drop=0.2, rate=None, segment_frames=20))
    hurt = without_data_packets(data, data_packets_of_parts(data, {2}))
    out, report, _ = decoded(hurt, DecodeSettings(solver="least-squares", device="cpu"))
    assert out.samples.shape == audio.samples.shape
    assert report.damaged
    assert "part 2" in " ".join(report.damage)
    assert snr(audio.samples, out.samples) > 60
    assert not inspect(hurt).whole
    assert inspect(hurt).damaged_s == ((0.0, 2.0),)
    assert decoded(repair(hurt))[1].damaged


def test_a_lost_frame_that_reaches_no_sample_damages_no_time() -> None:
    """The last of three frames, 48 samples apart, is centred on sample 96: its window begins at 64 of 60."""
    settings = profile("stft", n_fft=64, hop=48, segment_frames=2, parts=1, mask="random", drop=0.5)
    data = encode(Audio(np.sin(np.arange(60)), 8000), settings)
    packets = [p for p in split(data) if (p.type, p.segment) != (DATA, 1)]
    info = inspect(join(packets))
    assert len(packets) == len(split(data)) - 1
    assert not info.whole
    assert info.damaged_s == ()


def test_every_cut_gives_the_exact_length_or_says_it_is_no_file() -> None:
    audio = noise(700)
    data = encode(audio, SMALL)
    for cut in range(0, len(data), 5):
        try:
            out, report, _ = decoded(data[:cut])
        except FormatError:
            continue
        assert report.damaged
        assert out.samples.shape == (1, 700)


def test_silence_is_tiny_and_comes_back_as_zeros() -> None:
    audio = Audio(np.zeros((2, 44100 * 20)), 44100)
    data = encode(audio)
    assert len(data) < 20 * 45  # a packet a second
    assert len(encode(audio, EncodeSettings(latency=5.12))) < 400
    for solver in ("none", "least-squares", "auto"):
        assert not decode(data, DecodeSettings(solver=solver, device="cpu")).samples.any()


def test_one_silent_channel_stays_silent() -> None:
    x = np.stack([np.zeros(20000), np.random.default_rng(1).uniform(-1, 1, 20000)])
    out = decode(encode(Audio(x, 8000)), NONE).samples
    assert not out[0].any()
    assert out[1].any()


def test_samples_that_are_no_numbers() -> None:
    x = np.ones((2, 100), np.float32)
    x[1, 42] = np.nan
    with pytest.raises(AudioError, match="sample 42 of channel 1 is nan"):
        encode(Audio(x, 8000), SMALL)
    assert np.isfinite(decode(encode(Audio(x, 8000), replace(SMALL, sanitize=True)), NONE).samples).all()


@pytest.mark.parametrize("level", [1e-40, 1e-12, 4.0, 1e20])
def test_any_level_is_finite(level: float) -> None:
    audio = Audio(np.full((1, 3000), level), 8000)
    for settings in MASKS[:4]:
        out = decode(encode(audio, settings), NONE).samples
        assert np.isfinite(out).all()


def test_limits_are_kept_before_memory_is_taken() -> None:
    data = encode(noise(8000), SMALL)
    with pytest.raises(LimitError, match="max-duration"):
        decode(data, replace(NONE, max_duration=0.5))
    large = encode(noise(8000), profile("stft"))
    with pytest.raises(LimitError, match="max-memory"):
        decode(large, replace(NONE, max_memory=1 << 20))
