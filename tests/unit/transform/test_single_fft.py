import numpy as np
import pytest
import scipy.fft

from dpcodec.transform import single_fft
from dpcodec.transform.stft import fft_of

pytestmark = pytest.mark.skipif(not single_fft.there(), reason="numpy 1 has no FFT in single precision")


@pytest.mark.parametrize("n", [64, 2048, 16384])
def test_powers_of_two_give_the_numbers_of_scipy(n: int) -> None:
    x = np.random.default_rng(n).standard_normal((2, 3, n)).astype(np.float32)
    X = scipy.fft.rfft(x)
    assert np.array_equal(single_fft.rfft(x), X)
    assert np.array_equal(single_fft.irfft(X, n), scipy.fft.irfft(X, n))
    z = (x[0] + 1j * x[1]).astype(np.complex64)
    assert np.array_equal(single_fft.fft(z), scipy.fft.fft(z))
    assert np.array_equal(single_fft.fft(z.T, axis=0), scipy.fft.fft(z.T, axis=0))


@pytest.mark.parametrize("n", [30, 441, 1764])
def test_other_lengths_agree_within_rounding(n: int) -> None:
    x = np.random.default_rng(n).standard_normal((5, n)).astype(np.float32)
    exact = np.fft.rfft(x.astype(float))
    found = single_fft.rfft(x)
    assert np.abs(found - exact).max() < 1e-6 * np.abs(exact).max()
    assert np.abs(single_fft.irfft(found, n) - x).max() < 1e-5


def test_single_precision_stays_single() -> None:
    x = np.ones((2, 64), np.float32)
    X = fft_of(x).rfft(x)
    assert X.dtype == np.complex64
    assert fft_of(X).irfft(X, n=64).dtype == np.float32
    assert fft_of(X).fft(X).dtype == np.complex64
    assert fft_of(x.astype(float)).rfft(x.astype(float)).dtype == np.complex128
