"""Autoregressive models against their definitions and dense linear algebra."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.inpainting.autoregression import Model, autocorrelation, bridge, bridge_between, burg


def autoregressive(a: list[float], samples: int, seed: int = 0) -> np.ndarray:
    """White noise through 1 / a."""
    x = np.random.default_rng(seed).standard_normal(samples)
    for n in range(samples):
        x[n] -= sum(a[j] * x[n - j] for j in range(1, min(len(a), n + 1)))
    return x


def burg_by_definition(pieces: list[np.ndarray], order: int) -> np.ndarray:
    a = np.array([1.0])
    for m in range(order):
        numerator = denominator = 0.0
        for x in pieces:
            for n in range(m + 1, len(x)):
                ahead = sum(a[j] * x[n - j] for j in range(m + 1))
                behind = sum(a[j] * x[n - 1 - m + j] for j in range(m + 1))
                numerator += ahead * behind
                denominator += ahead**2 + behind**2
        longer = np.append(a, 0.0)
        a = longer - 2 * numerator / denominator * longer[::-1]
    return a


def test_burg_by_definition() -> None:
    x = autoregressive([1, -1.6, 0.9], 60)
    for pieces in ([x], [x[:20], x[25:32], x[40:]]):
        np.testing.assert_allclose(burg(pieces, 6).a, burg_by_definition(pieces, 6), atol=1e-12)


def test_burg_finds_the_model_of_pieces() -> None:
    a = [1, -1.6, 0.9]
    x = autoregressive(a, 6000)
    model = burg([x[:2500], x[3000:]], 2)
    np.testing.assert_allclose(model.a, a, atol=0.03)
    assert model.variance == pytest.approx(1, abs=0.1)


def test_burg_of_silence() -> None:
    model = burg([np.zeros(50)], 4)
    np.testing.assert_array_equal(model.a, [1, 0, 0, 0, 0])
    assert model.variance < 1e-200


def test_autocorrelation() -> None:
    x = np.random.default_rng(2).standard_normal(30)
    np.testing.assert_allclose(autocorrelation(x, 7), np.correlate(x, x, "full")[29:37])


def errors(a: np.ndarray, size: int) -> np.ndarray:
    """The matrix of x -> a * x, x being zero beyond its ends: [size + p, size]."""
    return np.stack([np.convolve(a, column) for column in np.eye(size)], axis=1)


@pytest.mark.parametrize("gap", [(20, 34), (5, 9), (51, 58), (1, 59), (3, 4)])
def test_bridge_by_dense_least_squares(gap: tuple[int, int]) -> None:
    x, a = autoregressive([1, -1.6, 0.9], 60), np.array([1, -1.4, 0.8, -0.1])
    start, stop = gap
    A = errors(a, 60)
    known = np.where((np.arange(60) >= start) & (np.arange(60) < stop), 0, x)
    dense = -np.linalg.lstsq(A[:, start:stop], A @ known, rcond=None)[0]
    np.testing.assert_allclose(bridge(x, start, stop, a), dense, atol=1e-6)


def test_bridge_continues_a_sinusoid() -> None:
    x = np.cos(0.3 * np.arange(300))
    a = np.array([1, -2 * np.cos(0.3), 1])
    np.testing.assert_allclose(bridge(x, 100, 180, a), x[100:180], atol=1e-4)


def test_an_end_is_predicted() -> None:
    x = 0.99 ** np.arange(300) * np.cos(0.3 * np.arange(300))
    a = np.array([1, -2 * 0.99 * np.cos(0.3), 0.99**2])
    np.testing.assert_allclose(bridge(x, 250, 300, a), x[250:], atol=1e-9)
    np.testing.assert_allclose(bridge(x[::-1], 0, 50, a), x[:249:-1], atol=1e-9)
    assert not bridge(x, 0, 300, a).any()


@pytest.mark.parametrize("orders", [(3, 2), (2, 30), (1, 1)])
def test_bridge_between_by_dense_least_squares(orders: tuple[int, int]) -> None:
    x, (start, stop) = autoregressive([1, -1.6, 0.9], 100), (40, 57)
    before, after = burg([x[:40]], orders[0]), burg([x[57:]], orders[1])
    known = np.where((np.arange(100) >= start) & (np.arange(100) < stop), 0, x)
    near = 1 - (np.arange(17) + 0.5) / 17
    forwards = errors(before.a, 100)[start:stop]
    backwards = errors(after.a, 100)[::-1, ::-1][after.order :][start:stop]
    weights = np.sqrt(np.concatenate([near / before.variance, near[::-1] / after.variance]))
    A = weights[:, None] * np.concatenate([forwards, backwards])
    dense = -np.linalg.lstsq(A[:, start:stop], A @ known, rcond=None)[0]
    np.testing.assert_allclose(bridge_between(x, start, stop, before, after), dense, atol=1e-6)


def test_bridge_between_of_one_sample() -> None:
    model = Model(np.array([1.0, -0.5]), 1.0)
    assert np.isfinite(bridge_between(np.ones(9), 4, 5, model, model)).all()
