"""Lost MDCT coefficients from what longer windows see."""

import numpy as np
import pytest

from dpcodec.inpainting.concealment.prior import estimate, reach, windows
from dpcodec.transform.mdct import Mdct
from dpcodec.transform.operator import MdctOperator
from dpcodec.transform.stft import block_span

RATE, N_FFT, FRAMES = 8000, 256, 64


def problem(x: np.ndarray) -> tuple[np.ndarray, MdctOperator]:
    """Coefficients float64 [K, L] of frames from the middle of a signal, and their operator."""
    mdct = Mdct(N_FFT, "kbd", 0)
    X = mdct.forward(x, np.zeros(mdct.span(x.size).frames, int))
    span = block_span(mdct, 8, FRAMES, None)
    return X[:, 8 : 8 + FRAMES], MdctOperator(mdct, span, np.zeros(FRAMES, int))


def gain_db(truth: np.ndarray, found: np.ndarray, lost: np.ndarray) -> float:
    """Error of zeros over error of what was found, on the lost cells."""
    return float(10 * np.log10(np.sum(truth[lost] ** 2) / np.sum((found - truth)[lost] ** 2)))


def tones(samples: int) -> np.ndarray:
    n = np.arange(samples)
    waves = [np.cos(f * n + 5 * f) / (1 + k) for k, f in enumerate((0.21, 0.4, 0.93, 1.7))]
    return np.asarray(np.sum(waves, axis=0))


@pytest.mark.parametrize(
    ("pattern", "least_db"), [("every second frame", 20), ("two in a row", 15), ("every second bin", 3)]
)
def test_tones_come_back(pattern: str, least_db: float) -> None:
    X, operator = problem(tones(N_FFT * 50))
    lost = np.zeros(X.shape, bool)
    if pattern == "every second frame":
        lost[:, 16:48:2] = True
    elif pattern == "two in a row":
        lost[:, 30:32] = True
    else:
        lost[::2, 16:48] = True
    found = estimate(X, lost, operator, RATE, lambda: False)
    assert not found[~lost].any()
    assert gain_db(X, found, lost) >= least_db


def test_noise_is_not_taken_for_tones() -> None:
    X, operator = problem(np.random.default_rng(0).standard_normal(N_FFT * 50))
    lost = np.zeros(X.shape, bool)
    lost[:, 16:48:2] = True
    assert gain_db(X, estimate(X, lost, operator, RATE, lambda: False), lost) > -1


@pytest.mark.parametrize("gain", [1e-30, 1e-12, 1e12, 1e30])
def test_loudness_does_not_matter(gain: float) -> None:
    X, operator = problem(tones(N_FFT * 50))
    lost = np.zeros(X.shape, bool)
    lost[:, 30:34] = True
    plain = estimate(X, lost, operator, RATE, lambda: False)
    scaled = estimate(gain * X, lost, operator, RATE, lambda: False)
    assert np.isfinite(scaled).all()
    np.testing.assert_allclose(scaled / gain, plain, atol=1e-3 * np.abs(plain).max())


def test_silence_and_nothing_known_give_silence() -> None:
    X, operator = problem(tones(N_FFT * 50))
    lost = np.zeros(X.shape, bool)
    lost[:, 30:34] = True
    assert not estimate(0 * X, lost, operator, RATE, lambda: False).any()
    assert not estimate(X, np.ones(X.shape, bool), operator, RATE, lambda: False).any()


def test_it_stops_when_asked() -> None:
    X, operator = problem(tones(N_FFT * 50))
    lost = np.zeros(X.shape, bool)
    lost[:, 30:34] = True
    asked = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 2

    assert np.isfinite(estimate(X, lost, operator, RATE, stop)).all()
    assert len(asked) == 3


@pytest.mark.parametrize("n_fft", [64, 192, 2048, 65536])
@pytest.mark.parametrize("rate", [8000, 44100, 192000])
def test_every_kind_of_file_has_windows(n_fft: int, rate: int) -> None:
    found = windows(n_fft, rate)
    assert 1 <= len(found) <= 4
    for S in found:
        assert S.n_fft % n_fft == 0
        assert (S.n_fft // n_fft).bit_count() == 1
    assert reach(n_fft, n_fft // 2, rate) >= 4
