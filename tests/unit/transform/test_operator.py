"""The operator that solvers know, for every kind of transform: one list, and what holds of all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dpcodec.transform.mdct import Mdct
from dpcodec.transform.operator import MdctOperator, Operator, StftOperator
from dpcodec.transform.stft import Span, Stft, block_span

HANN, ODD_HOP, SINE = Stft(64, 16, "hann"), Stft(64, 27, "hann"), Stft(66, 33, "sine")
KBD, UNCUT, LONG = Mdct(64, "kbd", 3), Mdct(64, "sine", 0), Mdct(128, "sine", 3)


def mdct(
    transform: Mdct, span: Span, block_splits: list[int], around: tuple[int, int] = (0, 0)
) -> MdctOperator:
    return MdctOperator(transform, span, np.array(block_splits), around)


OPERATORS: dict[str, Operator] = {
    "stft-whole": StftOperator(HANN, HANN.span(150)),
    "stft-of-one-sample": StftOperator(HANN, HANN.span(1)),
    "stft-odd-hop": StftOperator(ODD_HOP, ODD_HOP.span(140)),
    "stft-sine": StftOperator(SINE, SINE.span(133)),
    "stft-from-the-middle": StftOperator(HANN, block_span(HANN, 5, 6, None)),
    "stft-up-to-the-end": StftOperator(ODD_HOP, block_span(ODD_HOP, 3, 3, 120)),
    "stft-long-hop": StftOperator(Stft(64, 48, "sine"), Span(140, 3, 10)),
    "stft-beyond-its-frames": StftOperator(HANN, Span(170, 4, 20)),
    "mdct-whole": mdct(KBD, KBD.span(150), [0, 2, 0, 3, 1, 0]),
    "mdct-of-one-sample": mdct(KBD, KBD.span(1), [3, 0]),
    "mdct-uncut": mdct(UNCUT, UNCUT.span(133), [0] * 6),
    "mdct-all-cut": mdct(KBD, KBD.span(90), [3, 3, 3, 3], (3, 3)),
    "mdct-from-the-middle": mdct(KBD, block_span(KBD, 7, 4, None), [1, 0, 0, 2], (0, 3)),
    "mdct-between-long-and-short": mdct(LONG, block_span(LONG, 2, 3, None), [0, 2, 3], (3, 0)),
    "mdct-up-to-the-end": mdct(LONG, block_span(LONG, 1, 3, 150), [2, 2, 0], (1, 0)),
    "mdct-of-one-frame": mdct(KBD, block_span(KBD, 9, 1, None), [2], (1, 3)),
    "mdct-beyond-its-frames": mdct(KBD, Span(170, 3, 20), [0, 3, 1], (2, 1)),
}
EVERY = pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)


def as_float64(x: Any) -> Any:
    return np.asarray(x, np.float64)


def as_float32(x: Any) -> Any:
    return np.asarray(x, np.float32)


def as_tensor(x: Any) -> Any:
    return pytest.importorskip("torch").tensor(np.asarray(x, np.float64))


def as_tensor_float32(x: Any) -> Any:
    return pytest.importorskip("torch").tensor(np.asarray(x, np.float32))


ARRAYS = pytest.mark.parametrize(
    ("array", "near"),
    [(as_float64, 1e-12), (as_float32, 1e-5), (as_tensor, 1e-12), (as_tensor_float32, 1e-5)],
    ids=["float64", "float32", "torch-float64", "torch-float32"],
)


def coefficients(operator: Operator, rng: np.random.Generator) -> np.ndarray:
    """Float64 or complex128 [K, L]. Rows of 0 Hz and half the rate are real in every spectrogram of a real
    signal."""
    shape = operator.bins, operator.span.frames
    X = rng.normal(size=shape)
    if operator.orthonormal:
        return X
    imaginary = rng.normal(size=shape)
    imaginary[[0, -1]] = 0
    return X + 1j * imaginary


def inner(operator: Operator, X: np.ndarray, Y: np.ndarray) -> float:
    """<X, Y>_c = Re sum c_k X_kl conj(Y_kl)."""
    return float(np.sum(operator.weights * np.real(X * np.conj(Y))))


def columns(operator: Operator) -> np.ndarray:
    """S, sample by sample: [N, K, L], from one unit impulse after the other."""
    return np.stack([operator.forward(e) for e in np.eye(operator.span.samples)])


@EVERY
@ARRAYS
def test_adjoint_is_the_adjoint(operator: Operator, array: Any, near: float) -> None:
    rng = np.random.default_rng(1)
    x, X = rng.normal(size=operator.span.samples), coefficients(operator, rng)
    given = array(x)
    there = array(X) if operator.orthonormal else array(X.real) + 1j * array(X.imag)
    Sx, SX = operator.forward(given), operator.adjoint(there)
    assert Sx.shape == X.shape
    assert SX.shape == x.shape
    assert SX.dtype == given.dtype
    one, other = inner(operator, np.asarray(Sx), X), float(np.sum(x * np.asarray(SX)))
    room = near * np.sqrt(np.sum(x**2) * inner(operator, X, X))
    assert abs(one - other) <= room


@EVERY
@ARRAYS
def test_all_arrays_agree(operator: Operator, array: Any, near: float) -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(2, operator.span.samples))
    found = np.asarray(operator.forward(array(x)))
    np.testing.assert_allclose(found, operator.forward(x), atol=100 * near)
    for channel in range(2):  # leading axes stand for themselves
        np.testing.assert_allclose(found[channel], operator.forward(x[channel]), atol=100 * near)


@EVERY
@ARRAYS
def test_diagonal_is_that_of_the_matrix(operator: Operator, array: Any, near: float) -> None:
    """diag(S* W S)_n = <W S e_n, S e_n>_c, one unit impulse e_n after the other."""
    shares = np.random.default_rng(3).random(operator.span.frames)
    shares[0] = 0.0
    matrix = columns(operator)
    slow = np.array([inner(operator, shares * column, column) for column in matrix])
    found = operator.diagonal(array(shares))
    assert found.dtype == array(shares).dtype
    np.testing.assert_allclose(np.asarray(found), slow, atol=10 * near)


@EVERY
@ARRAYS
def test_gram_diagonal_is_that_of_the_matrix(operator: Operator, array: Any, near: float) -> None:
    like = array(np.zeros(operator.span.samples))
    slow = np.array([inner(operator, column, column) for column in columns(operator)])
    found = operator.gram_diagonal(like)
    assert found.dtype == like.dtype
    np.testing.assert_allclose(np.asarray(found), slow, atol=10 * near)


@EVERY
def test_gram_is_the_identity_where_it_is_said_to_be(operator: Operator) -> None:
    """S*S = I on samples that all their frames hold; a diagonal matrix for an STFT."""
    matrix = columns(operator)
    gram = np.array([[inner(operator, one, other) for other in matrix] for one in matrix])
    diagonal = np.diag(gram)
    if operator.orthonormal:
        held = np.isclose(diagonal, 1.0, atol=1e-12)
        M = operator.hop
        inside = np.arange(len(diagonal)) + operator.span.left
        assert held[(inside >= M) & (inside < operator.span.frames * M)].all()
        np.testing.assert_allclose(gram[held], np.eye(len(gram))[held], atol=1e-12)
    else:
        np.testing.assert_allclose(gram, np.diag(diagonal), atol=1e-12)


@EVERY
def test_sizes_are_those_of_the_transform(operator: Operator) -> None:
    transform = operator.transform  # type: ignore[attr-defined]
    assert (operator.n_fft, operator.hop, operator.bins) == (transform.n_fft, transform.hop, transform.bins)
    assert operator.weights.shape == (operator.bins, 1)
    assert operator.weights.dtype == np.float64
