"""The compiled S* W S beside the STFT in float64."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from dpcodec.compiled import library, off
from dpcodec.transform.compiled_stft import CompiledStft, compiled_stft
from dpcodec.transform.stft import Span, Stft

pytestmark = pytest.mark.skipif(library() is None, reason="nothing was compiled here")

STRETCHES = {
    "one sample": (256, 64, 1, None),
    "even frames": (256, 64, 64 * 19, None),
    "odd frames": (256, 64, 64 * 20, None),
    "hop of half a window": (512, 256, 3000, None),
    "hop that divides nothing": (512, 100, 3000, None),
    "cut on both sides": (1024, 256, 2000, (9, 300)),
    "samples beyond the frames": (256, 64, 3000, (5, 100)),
}


def made(stretch: str) -> tuple[Stft, Span, CompiledStft]:
    n_fft, hop, samples, cut = STRETCHES[stretch]
    stft = Stft(n_fft, hop, "hann")
    span = stft.span(samples) if cut is None else Span(samples, *cut)
    found = compiled_stft(stft, span)
    assert found is not None
    return stft, span, found


def grids(stft: Stft, span: Span) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    x = rng.standard_normal(span.samples).astype(np.float32)
    one, other = (np.asfortranarray(rng.random((stft.bins, span.frames)), np.float32) for _ in range(2))
    return x, one, other


def agree(found: np.ndarray, expected: np.ndarray) -> None:
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("stretch", STRETCHES)
def test_normal(stretch: str) -> None:
    stft, span, compiled = made(stretch)
    x, W, _ = grids(stft, span)
    for _ in range(2):  # it keeps its room
        agree(compiled.normal(x, W), stft.adjoint(W * stft.forward(x.astype(np.float64), span), span))


@pytest.mark.parametrize(("stretch", "data"), list(product(STRETCHES, [True, False])))
def test_reweighted(stretch: str, data: bool) -> None:
    stft, span, compiled = made(stretch)
    x, share, known = grids(stft, span)
    X = stft.forward(x.astype(np.float64), span)
    prior = 0.3 * share / (np.abs(X) ** 2 + 0.2)
    W = np.zeros_like(share)
    found, largest = compiled.reweighted(x, W, share, known if data else None, 0.3, 0.2)
    agree(found, stft.adjoint(prior * X, span))
    agree(W, prior + (known if data else 0))
    assert largest == pytest.approx(np.max(np.abs(X)) ** 2, rel=1e-5)


@pytest.mark.parametrize("n_fft", [256 << i for i in range(9)])
def test_every_size(n_fft: int) -> None:
    """A click gives a flat spectrum, whose bins' weights are heard apart."""
    stft = Stft(n_fft, n_fft // 4, "sine")
    span = stft.span(n_fft)
    compiled = compiled_stft(stft, span)
    assert compiled is not None
    x, W, _ = grids(stft, span)
    agree(compiled.normal(x, W), stft.adjoint(W * stft.forward(x.astype(np.float64), span), span))


def test_other_windows_are_left_to_numpy() -> None:
    assert compiled_stft(Stft(96, 24, "hann"), Stft(96, 24, "hann").span(100)) is None
    assert compiled_stft(Stft(128, 32, "hann"), Stft(128, 32, "hann").span(100)) is None
    assert compiled_stft(Stft(384, 96, "hann"), Stft(384, 96, "hann").span(100)) is None
    assert compiled_stft(Stft(256, 64, "hann"), Stft(256, 64, "hann").span(0)) is None
    with off():
        assert compiled_stft(Stft(256, 64, "hann"), Stft(256, 64, "hann").span(100)) is None


def test_grids_and_signals_of_another_size_or_order_are_refused() -> None:
    stft, span, compiled = made("odd frames")
    x, W, _ = grids(stft, span)
    for wrong in (W[:-1], W.astype(np.float64), np.ascontiguousarray(W)):
        with pytest.raises(ValueError, match=r"contiguous|float"):
            compiled.normal(x, wrong)
    with pytest.raises(ValueError, match="shape"):
        compiled.normal(x[:-1], W)


@pytest.mark.parametrize("stretch", STRETCHES)
def test_wiener(stretch: str) -> None:
    stft, span, compiled = made(stretch)
    x, error, _ = grids(stft, span)
    X = stft.forward(x.astype(np.float64), span)
    power = np.abs(X) ** 2
    agree(compiled.wiener(x, error), stft.adjoint(X * power / (power + error), span))
