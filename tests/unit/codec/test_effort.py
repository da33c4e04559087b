"""Effort: more windows tried, never more bytes, and the window that fits what is heard."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import dpcodec
from dpcodec import Audio, SettingsError, encode, profile

RATE = 44100
N = np.arange(5 * RATE)
PITCHES = np.array([[220.0], [331.3], [440.7], [1234.5], [3210.1]])
TONES = np.sum(0.1 * np.sin(2 * np.pi * PITCHES * N / RATE), axis=0)
PLACES = np.cumsum(np.random.default_rng(3).integers(300, 3000, 120))  # at even distances they were a tone
CLICKS = np.convolve(np.where(np.isin(N, PLACES), 0.8, 0.0), np.exp(-np.arange(40) / 6.0))[: len(N)]


def sizes(x: np.ndarray, name: str, **settings: float) -> list[int]:
    audio = Audio(x.astype(np.float32)[None], RATE)
    return [len(encode(audio, profile(name, effort=e, **settings))) for e in (0, 1, 2, 3, 5, 9)]


@pytest.mark.parametrize("x", [TONES, CLICKS], ids=["tones", "clicks"])
@pytest.mark.parametrize(("name", "settings"), [("perceptual", {"quality": 5.0}), ("mdct", {"snr": 30.0})])
def test_more_effort_is_never_larger(x: np.ndarray, name: str, settings: dict[str, float]) -> None:
    found = sizes(x, name, **settings)
    assert all(later <= earlier for earlier, later in pairwise(found))
    assert found[-1] < found[0]


@pytest.mark.parametrize(("x", "longer"), [(TONES, True), (CLICKS, False)], ids=["tones", "clicks"])
def test_tones_get_long_windows_and_clicks_short_ones(x: np.ndarray, longer: bool) -> None:
    audio = Audio(x.astype(np.float32)[None], RATE)
    told = dpcodec.inspect(encode(audio, profile("mdct", snr=30.0, effort=9, max_block_split=0)))
    assert (told.n_fft > 2048) == longer
    assert (told.n_fft < 2048) == (not longer)


def test_the_choice_is_made_once_from_the_beginning() -> None:
    audio = Audio(np.concatenate([TONES, CLICKS, CLICKS]).astype(np.float32)[None], RATE)
    settings = profile("mdct", snr=30.0, effort=2)
    told = dpcodec.inspect(encode(audio, settings))
    assert told.n_fft == dpcodec.inspect(encode(Audio(audio.samples[:, : 5 * RATE], RATE), settings)).n_fft
    plain = profile(
        "mdct", snr=30.0, n_fft=told.n_fft, hop=told.hop, max_block_split=4 + int(np.log2(told.n_fft / 2048))
    )
    assert encode(audio, settings) == encode(audio, plain)


def test_a_bit_rate_is_kept_and_resampling_and_mixing_happen_once() -> None:
    stereo = Audio(np.stack([TONES, CLICKS]).astype(np.float32), RATE)
    settings = {"rate": 16000, "mono": True}
    for name in ("perceptual", "mdct"):
        data = encode(stereo, profile(name, bitrate=24.0, effort=3, **settings))
        told = dpcodec.inspect(data)
        assert (told.sample_rate, told.channels) == (16000, 1)
        assert told.kbps == pytest.approx(24.0, rel=0.02)


@pytest.mark.parametrize("samples", [0, 1, 700])
def test_short_and_empty_files(samples: int) -> None:
    audio = Audio(TONES[None, :samples].astype(np.float32), RATE)
    assert dpcodec.decode(encode(audio, profile("perceptual", effort=9))).samples.shape == (1, samples)


def test_windows_stay_within_the_format() -> None:
    audio = Audio(TONES[None, :3000].astype(np.float32), RATE)
    for n_fft, split in ((64, 4), (65536, 7), (2048, 0)):
        settings = profile("perceptual", n_fft=n_fft, hop=n_fft // 2, max_block_split=split, effort=9)
        assert dpcodec.decode(encode(audio, settings)).samples.shape == audio.samples.shape


def test_effort_is_for_masks_that_the_quantiser_makes() -> None:
    for changes in (
        {"effort": 1},
        {"effort": 10, "transform": "mdct", "mask": "significance", "window": "kbd"},
    ):
        with pytest.raises(SettingsError, match="effort"):
            profile("stft", **changes)
