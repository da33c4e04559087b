"""The quadratic form of frame models against its definition, frame by frame."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.inpaint.frame_models import SILENCE, FrameModels


def by_definition(made_from: np.ndarray, x: np.ndarray, hop: int, order: int, floor: float) -> float:
    """sum_t e_t / v_t |h_t (a_t * x)|^2."""
    N, total = x.size, 0.0
    frames = -(-N // hop) + 1
    far = 4 * hop
    around, signal = np.pad(made_from, far), np.pad(x, far)
    long = np.sin(np.pi * (np.arange(4 * hop) + 0.5) / (4 * hop)) ** 2
    window = np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop))
    lags = []
    for t in range(frames):
        stretch = around[far + (t - 2) * hop :][: 4 * hop] * long
        lags.append([stretch[j:] @ stretch[: stretch.size - j] for j in range(order + 1)])
    loudest = max(r[0] for r in lags)
    for t, r in enumerate(lags):
        e = floor * max(r[0], SILENCE * loudest)
        R = np.array([[r[abs(i - j)] + e * (i == j) for j in range(order + 1)] for i in range(order + 1)])
        a = np.append(1.0, -np.linalg.solve(R[1:, 1:], R[1:, 0]))
        v = a @ R[0]
        first = far + (t - 1) * hop
        left_over = [a @ signal[n - order : n + 1][::-1] for n in range(first, first + 2 * hop)]
        total += e / v * float(np.sum((window * left_over) ** 2))
    return total


@pytest.mark.parametrize("samples", [1, 37, 64, 100])
@pytest.mark.parametrize("hop, order", [(16, 4), (8, 8), (64, 5)])
def test_form_by_definition(samples: int, hop: int, order: int) -> None:
    rng = np.random.default_rng(samples)
    made_from, x = np.cumsum(rng.standard_normal((2, samples)), axis=1)
    models = FrameModels(hop, order, 0.01, made_from)
    form = float(x @ models.normal(x))
    assert form == pytest.approx(by_definition(made_from, x, hop, order, 0.01), rel=1e-9)


def test_symmetric_and_below_one() -> None:
    rng = np.random.default_rng(0)
    made_from, x, y = rng.standard_normal((3, 500)) * np.exp(-np.arange(500) / 60)
    models = FrameModels(32, 8, 0.05, made_from)
    assert x @ models.normal(y) == pytest.approx(y @ models.normal(x))
    assert 0 < x @ models.normal(x) < x @ x


def test_silence_asks_for_nothing() -> None:
    x = np.random.default_rng(0).standard_normal(200)
    models = FrameModels(16, 4, 0.01, np.zeros(200))
    assert np.isfinite(models.normal(x)).all()


def test_single_precision_stays_single() -> None:
    x = np.random.default_rng(0).standard_normal(200).astype(np.float32)
    assert FrameModels(16, 4, 0.01, x).normal(x).dtype == np.float32


def test_torch_agrees_with_numpy() -> None:
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).standard_normal(300)
    tensor = torch.from_numpy(x)
    other = FrameModels(16, 4, 0.01, tensor).normal(tensor)
    np.testing.assert_allclose(other.numpy(), FrameModels(16, 4, 0.01, x).normal(x), atol=1e-12)
