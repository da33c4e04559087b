"""Shares of windows: tones to long ones, attacks to short ones, one in all."""

from __future__ import annotations

import numpy as np

from dpcodec.inpainting.window_selection import means, shares
from dpcodec.transform.stft import Stft

N, N_FFT = 16384, 512
STFTS = [Stft(n_fft, n_fft // 4, "hann") for n_fft in (256, 1024, 4096)]


def placed(x: np.ndarray, choice: float = 0.1) -> list[np.ndarray]:
    powers = [np.abs(stft.forward(x)) ** 2 for stft in STFTS]
    e = 1e-3 * max(P.max() for P in powers) or 1.0
    return shares(STFTS, [np.log1p(P / e) for P in powers], N_FFT, N, choice)


def test_a_tone_goes_to_the_long_window_and_an_attack_to_the_short_one() -> None:
    n = np.arange(N)
    tone, attack = np.cos(0.1 * np.pi * n), np.zeros(N)
    attack[N // 2] = 1
    for x, favoured, frequency in ((tone, 2, 0.05), (attack, 0, 0.3)):
        at = [
            float(share[round(frequency * stft.n_fft), round(N / 2 / stft.hop)])
            for stft, share in zip(STFTS, placed(x), strict=True)
        ]
        assert np.argmax(at) == favoured
        assert at[favoured] > 0.8
        assert abs(sum(at) - 1) < 1e-3


def test_shares_are_even_where_no_window_is_better() -> None:
    for share, stft in zip(placed(np.zeros(N)), STFTS, strict=True):
        assert share.shape == (stft.bins, stft.span(N).frames)
        np.testing.assert_allclose(share, 1 / 3, rtol=1e-6)


def test_a_larger_choice_is_a_softer_one() -> None:
    tone = np.cos(0.1 * np.pi * np.arange(N))
    bold, soft = (placed(tone, choice)[2].max() for choice in (0.1, 10.0))
    assert 1 / 3 < soft < bold


def test_a_signal_shorter_than_a_window_has_shares() -> None:
    costs = [np.ones((stft.bins, stft.span(100).frames)) for stft in STFTS]
    assert all(np.isfinite(share).all() for share in shares(STFTS, costs, N_FFT, 100, 0.1))


def test_means_against_a_slow_average() -> None:
    values = np.random.default_rng(0).random((2, 9))
    fine = np.repeat(values, 1000, axis=1)
    for at, half in ((0.0, 1.0), (3.3, 1.7), (8.0, 2.5), (4.0, 20.0)):
        first, last = max(at - half + 0.5, 0), min(at + half + 0.5, 9)
        slow = fine[:, round(first * 1000) : round(last * 1000)].mean(axis=1)
        np.testing.assert_allclose(means(values, np.array([at]), half)[:, 0], slow, rtol=1e-3)
