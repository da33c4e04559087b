"""Steps give the noise they promise; symbols stand for the interval that holds the value."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.coding.body import MAX_SYMBOL, valid_step
from dpcodec.coding.quantize import dequantize, quantize, step_for_noise, step_for_snr
from dpcodec.errors import SettingsError
from dpcodec.settings import RANDOM_MASK_SNR_DB

WEIGHTS = np.array([[1.0], *[[2.0]] * 31, [1.0]])


def spectrum(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((2, 33, 400)) + 1j * rng.standard_normal((2, 33, 400))


def noise(X: np.ndarray, kept: np.ndarray, steps: np.ndarray) -> np.ndarray:
    errors = [dequantize(quantize(x, float(s)), float(s)) - x for x, s in zip(X, steps, strict=True)]
    return np.asarray((np.where(kept, np.abs(np.stack(errors)) ** 2, 0) * WEIGHTS).sum((1, 2)))


def test_step_for_snr_meets_it() -> None:
    X = spectrum()
    kept = np.random.default_rng(1).random(X.shape) < 0.5
    energy = (np.abs(X) ** 2 * WEIGHTS).sum((1, 2))
    for snr in (10.0, 40.0):
        found = 10 * np.log10(energy / noise(X, kept, step_for_snr(X, kept, snr, WEIGHTS)))
        assert np.allclose(found, snr, atol=0.2)


def test_step_for_noise_adds_what_the_mask_took() -> None:
    X = spectrum()
    kept = np.abs(X) > 0.5
    taken = (np.where(kept, 0, np.abs(X) ** 2) * WEIGHTS).sum((1, 2))
    assert np.allclose(noise(X, kept, step_for_noise(X, kept, WEIGHTS)), taken, rtol=0.05)


def test_a_mask_that_takes_nothing_gives_the_stated_default() -> None:
    X = spectrum()
    kept = np.ones(X.shape, bool)
    assert np.array_equal(
        step_for_noise(X, kept, WEIGHTS), step_for_snr(X, kept, RANDOM_MASK_SNR_DB, WEIGHTS)
    )


@pytest.mark.parametrize("scale", [0.0, 1e-320, 1e-40, 1e-20, 1e30, 1e38])
def test_any_loudness_gives_a_usable_step(scale: float) -> None:
    X = spectrum()[:, :, :5] * scale
    for kept in (np.zeros(X.shape, bool), np.ones(X.shape, bool), np.abs(X) > np.median(np.abs(X))):
        for steps in (step_for_noise(X, kept, WEIGHTS), step_for_snr(X, kept, 150.0, WEIGHTS)):
            assert steps.dtype == np.float32
            assert all(valid_step(float(s)) for s in steps)
            for x, s in zip(X, steps, strict=True):
                back = dequantize(quantize(x, float(s)), float(s))
                assert np.isfinite(back).all()
                assert np.abs(back - x).max() <= 0.71 * float(s) + 1e-6 * np.abs(x).max()


def test_centres_never_leave_float32() -> None:
    assert np.isfinite(dequantize(np.array([[MAX_SYMBOL, -MAX_SYMBOL]]), 2.0**127)).all()


@pytest.mark.parametrize("step", [0.0, -1.0, float("nan"), float("inf"), 1e-40, 1e-9])
def test_absurd_steps_are_refused(step: float) -> None:
    with pytest.raises(SettingsError, match="step"):
        quantize(np.array([1 + 1j]), step)
