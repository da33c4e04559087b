"""The perceptual profile from samples to file and back: rate, quality, channels, noise, length."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import dpcodec
from dpcodec import Audio, DecodeSettings, SettingsError, decode, encode, profile
from dpcodec.audio.streams import ArrayReader

RATE = 16000
NONE = DecodeSettings(solver="none")


def music(seconds: float, rate: int = RATE, channels: int = 1) -> Audio:
    """Notes that begin and fade, a little noise, louder and softer."""
    n = np.arange(int(seconds * rate))
    t = n / rate
    rng = np.random.default_rng(7)
    x = np.zeros((channels, len(n)))
    for c in range(channels):
        for note in range(int(seconds * 3) + 1):
            since = t - note / 3 - 0.05 * c
            pitch = 110 * 2 ** ((7 * note + 4 * c) % 24 / 12)
            tone = sum(np.sin(2 * np.pi * pitch * h * t) / h for h in (1, 2, 3, 5) if pitch * h < rate / 2)
            x[c] += np.where(since > 0, np.exp(-4 * np.maximum(since, 0)), 0) * tone * 0.15
        x[c] += 0.003 * rng.standard_normal(len(n))
    return Audio(x.astype(np.float32), rate)


def kbps(data: bytes, audio: Audio) -> float:
    return 8e-3 * len(data) / audio.duration


def snr(given: Audio, coded: Audio) -> float:
    return float(
        10 * np.log10(np.sum(given.samples**2) / np.sum((given.samples - coded.samples) ** 2, dtype=float))
    )


@pytest.mark.parametrize("mask", ["perceptual", "significance"])
@pytest.mark.parametrize(
    ("seconds", "rate", "channels", "wanted"),
    [(5, 8000, 1, 16.0), (5, 44100, 1, 48.0), (11, 16000, 2, 40.0), (7, 96000, 1, 64.0), (5, 16000, 5, 96.0)],
)
def test_a_bit_rate_holds_within_two_percent(
    seconds: int, rate: int, channels: int, wanted: float, mask: str
) -> None:
    audio = music(seconds, rate, channels)
    name = "perceptual" if mask == "perceptual" else "mdct"
    data = encode(audio, profile(name, bitrate=wanted))
    assert kbps(data, audio) == pytest.approx(wanted, rel=0.02)
    assert decode(data).samples.shape == audio.samples.shape


def test_the_mean_holds_over_loud_and_silent_segments() -> None:
    parts = [music(6).samples, np.zeros((1, 6 * RATE), np.float32), music(6).samples * np.float32(0.01)]
    audio = Audio(np.concatenate(parts, axis=1), RATE)
    data = encode(audio, profile("perceptual", bitrate=24.0))
    assert kbps(data, audio) == pytest.approx(24.0, rel=0.02)


def test_a_stream_of_unknown_length_gets_the_same_bytes() -> None:
    audio = music(7)

    class Slow:
        """A reader that does not know its length."""

        channels, sample_rate, samples = 1, RATE, None
        sample_format, tags, warnings = dpcodec.SampleFormat("wav", "FLOAT"), (), ()
        attachments = ()

        def __init__(self) -> None:
            self.at = 0

        def read(self, count: int) -> np.ndarray:
            block = audio.samples[:, self.at : self.at + min(count, 1000)]
            self.at += block.shape[1]
            return block

    out = io.BytesIO()
    dpcodec.encode_stream(Slow(), out, profile("perceptual", bitrate=20.0))  # type: ignore[arg-type]
    assert kbps(out.getvalue(), audio) == pytest.approx(20.0, rel=0.02)
    np.testing.assert_array_equal(
        decode(out.getvalue()).samples, decode(encode(audio, profile("perceptual", bitrate=20.0))).samples
    )


def test_quality_costs_bytes_and_buys_snr() -> None:
    audio = music(5)
    coded = [encode(audio, profile("perceptual", quality=q)) for q in (0.0, 2.5, 5.0, 7.5, 10.0)]
    assert all(b > 1.15 * a for a, b in pairwise(map(len, coded)))
    levels = [snr(audio, decode(data, NONE)) for data in coded]
    assert all(b > a + 3 for a, b in pairwise(levels))


def test_quality_does_not_depend_on_loudness() -> None:
    loud = music(5)
    quiet = Audio(loud.samples * np.float32(0.1), RATE)
    sizes = [len(encode(a, profile("perceptual"))) for a in (loud, quiet)]
    assert sizes[1] == pytest.approx(sizes[0], rel=0.05)


@pytest.mark.parametrize(("settings", "wanted"), [({"snr": 20.0}, 20.0), ({"snr": 45.0}, 45.0)])
def test_the_snr_asked_for_is_reached(settings: dict[str, float], wanted: float) -> None:
    audio = music(5)
    coded = decode(encode(audio, profile("perceptual", **settings)), NONE)
    assert wanted <= snr(audio, coded) < wanted + 1  # the biases add a little


def test_drop_is_the_share_that_goes() -> None:
    report = io.BytesIO(encode(music(5), profile("perceptual", drop=0.93)))
    found = dpcodec.inspect_stream(report)
    assert found.kept / found.cells == pytest.approx(0.07, abs=0.002)
    assert found.mask == "perceptual"
    assert found.drop == pytest.approx(0.93)


@pytest.mark.parametrize("right", [1.0, -1.0, 0.5])
def test_a_mono_signal_in_two_channels_costs_little_more(right: float) -> None:
    one = music(5, 44100)
    two = Audio(np.concatenate([one.samples, np.float32(right) * one.samples]), 44100)
    alone, both = (encode(a, profile("perceptual")) for a in (one, two))
    assert len(both) < (1.03 if abs(right) == 1 else 1.3) * len(alone)
    coded = decode(both)
    for c in range(2):
        given = Audio(two.samples[c : c + 1], 44100)
        assert snr(given, Audio(coded.samples[c : c + 1], 44100)) > snr(one, decode(alone)) - 1


def test_silence_in_a_pair_and_around_it() -> None:
    three = music(5, channels=3).samples
    for silent in ([0], [1], [2], [0, 1], [0, 1, 2]):
        x = three.copy()
        x[silent] = 0
        coded = decode(encode(Audio(x, RATE), profile("perceptual"))).samples
        assert not coded[silent].any()
        for c in set(range(3)) - set(silent):
            assert snr(Audio(x[c : c + 1], RATE), Audio(coded[c : c + 1], RATE)) > 15


def test_noise_fills_what_became_zero_unless_none_is_asked() -> None:
    hiss = Audio((0.1 * np.random.default_rng(1).standard_normal((1, 5 * RATE))).astype(np.float32), RATE)
    data = encode(hiss, profile("perceptual", bitrate=12.0))
    energy = {s: float(np.sum(decode(data, DecodeSettings(solver=s)).samples ** 2)) for s in ("auto", "none")}
    bare = float(np.sum(hiss.samples**2))
    assert energy["none"] < energy["auto"] < 1.05 * bare
    for solver in ("least-squares", "janssen"):  # nothing is lost, so there is nothing to estimate
        np.testing.assert_array_equal(
            decode(data, DecodeSettings(solver=solver)).samples, decode(data, NONE).samples
        )


def test_any_stretch_is_the_same_as_in_the_whole() -> None:
    audio = music(12, channels=2)
    data = encode(audio, profile("perceptual"))
    whole = decode(data).samples
    for start, seconds in ((0.0, 2.0), (4.9, 1.0), (7.3, 4.0)):
        piece = decode(data, DecodeSettings(start=start, duration=seconds)).samples
        first = round(start * RATE)
        np.testing.assert_allclose(piece, whole[:, first : first + piece.shape[1]], atol=1e-6)


@pytest.mark.parametrize("samples", [0, 1, 2, 1000, 1024, 1025, 5000])
def test_any_length(samples: int) -> None:
    audio = Audio(music(1).samples[:, :samples], RATE)
    for settings in (profile("perceptual"), profile("perceptual", bitrate=16.0)):
        coded = decode(encode(audio, settings))
        assert coded.samples.shape == (1, samples)
        assert np.isfinite(coded.samples).all()


@pytest.mark.parametrize("gain", [1e-30, 1e-6, 1e6, 1e20])
def test_faint_and_loud_signals_stay_finite(gain: float) -> None:
    audio = Audio(music(1).samples * np.float32(gain), RATE)
    for settings in (
        profile("perceptual"),
        profile("perceptual", bitrate=16.0),
        profile("perceptual", snr=30.0),
    ):
        assert np.isfinite(decode(encode(audio, settings)).samples).all()


def test_lost_parts_cost_their_rows_alone() -> None:
    audio = music(5)
    data = encode(audio, profile("perceptual", parts=4))
    whole = decode(data, NONE).samples
    first = data.index(b"\xf2dp\xb1", data.index(b"\xf2dp\xb1") + 4)
    second = data.index(b"\xf2dp\xb1", first + 4)
    hurt = data[:first] + bytes(second - first) + data[second:]
    found = dpcodec.inspect_stream(io.BytesIO(hurt))
    assert not found.whole
    damaged = decode(hurt, NONE).samples
    assert 0 < np.sum((damaged - whole) ** 2) < 0.7 * np.sum(whole**2)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"mask": "perceptual"}, "transform mdct"),
        (
            {"mask": "perceptual", "transform": "mdct", "exact": True, "window": "kbd"},
            "exact does not belong to profile perceptual",
        ),
        ({"quality": 5.0}, "quality does not belong to profile stft: it is for perceptual"),
        ({"bitrate": 32.0}, "bitrate does not belong to profile stft: it is for perceptual and mdct"),
        (
            {"mask": "perceptual", "transform": "mdct", "window": "kbd", "bitrate": 32.0, "snr": 20.0},
            "contradict",
        ),
        ({"mask": "perceptual", "transform": "mdct", "quality": 11.0}, "quality is 11"),
        ({"mask": "perceptual", "transform": "mdct", "bitrate": 0.1}, "bitrate is 0.1"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(changes: dict[str, Any], match: str) -> None:
    with pytest.raises(SettingsError, match=match):
        profile("stft", **changes)


def test_a_way_to_ask_takes_the_place_of_the_profiles_own() -> None:
    assert profile("perceptual").rate_control == "quality"
    for name, value in (("snr", 30.0), ("bitrate", 24.0), ("drop", 0.9)):
        settings = profile("perceptual", **{name: value})
        assert getattr(settings, name) == value
        assert (settings.rate_control, settings.quality) == (name, None)


def test_silence_after_a_sound_keeps_the_slope_between_segments() -> None:
    """The frames of the silent segment are split like those before it: its splits must be told."""
    n = np.arange(3200)
    x = np.where(n < 470, 0.5 * np.sin(0.3 * n), 0.0).astype(np.float32)[None]
    settings = profile(
        "perceptual", quality=10.0, n_fft=128, hop=64, max_block_split=3, segment_frames=8, parts=2
    )
    coded = decode(encode(Audio(x, 8000), settings), NONE).samples
    assert np.abs(coded - x).max() < 0.02


@pytest.mark.parametrize("mask", ["perceptual", "mdct"])
def test_the_last_frame_gets_its_share_of_a_bit_rate(mask: str) -> None:
    audio = Audio(music(4, 44100).samples[:, : 3 * 20480], 44100)
    data = encode(audio, profile(mask, bitrate=64.0, segment_frames=20))
    coded = decode(data, NONE).samples
    end = slice(audio.samples.shape[1] - 512, None)
    given, ended = (Audio(x[:, end], 44100) for x in (audio.samples, coded))
    assert snr(given, ended) > 15  # 0 where it gets nothing
    assert kbps(data, audio) == pytest.approx(64.0, rel=0.02)


@pytest.mark.parametrize("settings", [{"snr": 30.0}, {"drop": 0.95}, {"bitrate": 24.0}])
def test_a_silent_start_costs_nothing_later(settings: dict[str, Any]) -> None:
    sound = music(5.12).samples
    late = Audio(np.concatenate([np.zeros((1, 81920), np.float32), sound], axis=1), RATE)
    segments: dict[str, Any] = {"segment_frames": 80}
    silent_first = len(encode(late, profile("perceptual", **segments, **settings)))
    alone = len(encode(Audio(sound, RATE), profile("perceptual", **segments, **settings)))
    if "bitrate" in settings:
        assert silent_first == pytest.approx(2 * alone, rel=0.02)
    else:
        assert silent_first < 1.05 * alone + 100


def test_a_bit_rate_beyond_use_ends_at_the_highest_quality() -> None:
    audio = music(2)
    best = dpcodec.encode(audio, dpcodec.profile("perceptual", quality=10.0))
    out = io.BytesIO()
    report = dpcodec.encode_stream(ArrayReader(audio), out, dpcodec.profile("perceptual", bitrate=3000.0))
    assert len(out.getvalue()) == pytest.approx(len(best), rel=0.1)
    assert len(report.warnings) == 1
    assert "bit rate 3000 is not used up" in report.warnings[0]


def test_coarse_steps_end_at_20_khz_and_what_is_decoded_is_as_loud_as_it_was() -> None:
    """Noise, by thirds of an octave from 1 to 12.7 kHz: within 1 dB, though much of it became zero."""
    x = np.random.default_rng(3).normal(0, 0.1, 4 * 44100).astype(np.float32)
    audio = Audio(x, 44100)
    found = decode(encode(audio, profile("perceptual", quality=3.0))).samples[0]
    power, was = (np.abs(np.fft.rfft(signal)) ** 2 for signal in (found, x))
    hz = np.fft.rfftfreq(len(x), 1 / 44100)
    assert power[hz > 20200].sum() < 1e-4 * power.sum()
    filled = (hz > 18500) & (hz < 19800)
    assert 0.1 * was[filled].sum() < power[filled].sum() < was[filled].sum()
    for low in 1000 * 2 ** (np.arange(11) / 3):
        band = (hz >= low) & (hz < low * 2 ** (1 / 3))
        assert abs(10 * np.log10(power[band].sum() / was[band].sum())) < 1.0, low


@pytest.mark.parametrize("samples", [1, 500, 20480, 20481, 20992, 30000, 5 * 20480 - 1, 7 * 20480 + 300])
@pytest.mark.parametrize("wanted", [24.0, 64.0])
def test_no_file_takes_more_than_its_bit_rate(samples: int, wanted: float) -> None:
    """A tone and noise, whatever is left for the last segment; less than a second cannot hold a header."""
    rng = np.random.default_rng(samples)
    x = 0.2 * np.sin(0.1 * np.arange(44100 + samples)) + rng.normal(0, 0.05, 44100 + samples)
    audio = Audio(x.astype(np.float32)[None], 44100)
    data = encode(audio, profile("perceptual", bitrate=wanted, segment_frames=20))
    assert 0.98 * wanted < kbps(data, audio) <= wanted
