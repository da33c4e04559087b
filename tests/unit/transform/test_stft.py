"""The STFT against its definition as a matrix, against torch.stft, and by its own laws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.signal

from dpcodec.errors import SettingsError
from dpcodec.transform.stft import Span, Stft, frame_count, window_values

SHAPES = [
    (64, 16, "hann"),
    (64, 32, "sine"),
    (64, 48, "sine"),
    (64, 1, "hann"),
    (64, 7, "hann"),
    (64, 33, "sine"),
    (64, 61, "sine"),
    (66, 13, "sine"),
    (96, 36, "hann"),
    (130, 51, "hann"),
    (256, 64, "hann"),
]
PARSEVAL = [(64, 16, "hann"), (64, 8, "hann"), (64, 32, "sine"), (64, 16, "sine"), (96, 24, "hann")]
"""Those whose squared windows add up to a constant."""


def lengths(n_fft: int, hop: int) -> list[int]:
    around = [n_fft // 2, n_fft, 3 * n_fft]
    return sorted({0, 1, 2, hop, hop - 1, hop + 1, 5 * hop, *(n + d for n in around for d in (-1, 0, 1))})


def signal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def spectrum(stft: Stft, frames: int, *lead: int, seed: int = 1) -> np.ndarray:
    """Noise that is the spectrum of a real frame: real at DC and Nyquist."""
    a, b = signal(2, *lead, stft.bins, frames, seed=seed)
    b[..., (0, -1), :] = 0
    return np.asarray(a + 1j * b)


def matrix(stft: Stft, span: Span) -> np.ndarray:
    """The operator written out from the module's docstring, complex [K * L, N]."""
    S = np.zeros((stft.bins, span.frames, span.samples), complex)
    n = np.arange(stft.n_fft)
    squares = window_values(stft.window, stft.n_fft) ** 2
    # sum_l window²(n - l hop) has the mean sum_n window²(n) / hop; it shall be 1 / n_fft.
    window = np.sqrt(squares * stft.hop / squares.sum() / stft.n_fft)
    for k in range(stft.bins):
        wave = window * np.exp(-2j * np.pi * k * n / stft.n_fft)
        for frame in range(span.frames):
            at = frame * stft.hop - span.left + n
            inside = (at >= 0) & (at < span.samples)
            S[k, frame, at[inside]] = wave[inside]
    return S.reshape(-1, span.samples)


def inner(stft: Stft, X: np.ndarray, Y: np.ndarray) -> float:
    return float(np.sum(stft.weights * (X * Y.conj()).real))


@pytest.mark.parametrize("n_fft, hop, window", SHAPES)
def test_forward_and_adjoint_are_the_matrix(n_fft: int, hop: int, window: str) -> None:
    stft = Stft(n_fft, hop, window)
    for samples in (1, hop, n_fft + 1, 2 * n_fft):
        span = stft.span(samples)
        S = matrix(stft, span)
        x, X = signal(samples), spectrum(stft, span.frames)
        np.testing.assert_allclose(stft.forward(x).ravel(), S @ x, atol=1e-12)
        weighted = (stft.weights * X).ravel()
        np.testing.assert_allclose(stft.adjoint(X, span), (S.conj().T @ weighted).real, atol=1e-12)
        gram = (S.conj().T @ (np.repeat(stft.weights, span.frames) * S.T).T).real
        np.testing.assert_allclose(gram, np.diag(stft.gram_diagonal(span, x)), atol=1e-12)


@pytest.mark.parametrize("n_fft, hop, window", SHAPES)
@pytest.mark.parametrize("left", [0, 5, 32])
def test_spans_are_the_matrix_too(n_fft: int, hop: int, window: str, left: int) -> None:
    """Stretches that begin anywhere under the frames, shorter and longer than the frames reach."""
    stft = Stft(n_fft, hop, window)
    for frames in (1, 4):
        reach = (frames - 1) * hop + n_fft
        for samples in (1, reach - left - 1, reach - left, reach + 10):
            span = Span(samples, frames, left)
            S = matrix(stft, span)
            x, X = signal(samples), spectrum(stft, frames)
            np.testing.assert_allclose(stft.forward(x, span).ravel(), S @ x, atol=1e-12)
            expected = (S.conj().T @ (stft.weights * X).ravel()).real
            np.testing.assert_allclose(stft.adjoint(X, span), expected, atol=1e-12)


@pytest.mark.parametrize("n_fft, hop, window", SHAPES)
def test_adjoint_and_inverse_for_every_length(n_fft: int, hop: int, window: str) -> None:
    stft = Stft(n_fft, hop, window)
    for samples in lengths(n_fft, hop):
        span = stft.span(samples)
        assert span.frames == frame_count(samples, hop) == (-(-samples // hop) + 1 if samples else 0)
        x, X = signal(samples), spectrum(stft, span.frames)
        Sx = stft.forward(x)
        assert Sx.shape == (stft.bins, span.frames)
        np.testing.assert_allclose(inner(stft, Sx, X), x @ stft.adjoint(X, span), rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(stft.inverse(Sx, samples), x, rtol=1e-9, atol=1e-11)
        if samples:
            assert stft.gram_diagonal(span, x).min() > 0


@pytest.mark.parametrize(
    "n_fft, hop, window", [(2048, 512, "hann"), (2048, 1024, "sine"), (2048, 1536, "sine")]
)
@pytest.mark.parametrize("samples", [0, 1, 2047, 2049, 10_001])
def test_full_size_in_single_precision(n_fft: int, hop: int, window: str, samples: int) -> None:
    stft = Stft(n_fft, hop, window)
    x = signal(2, samples).astype(np.float32)
    X = stft.forward(x)
    assert X.dtype == np.complex64
    y = stft.inverse(X, samples)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, x, atol=2e-5)
    np.testing.assert_allclose(X, stft.forward(x.astype(np.float64)), atol=2e-6)


@pytest.mark.parametrize("n_fft, hop, window", PARSEVAL)
def test_parseval(n_fft: int, hop: int, window: str) -> None:
    """Energy is kept: everywhere but where the ends of a signal have fewer frames over them."""
    stft = Stft(n_fft, hop, window)
    x = signal(20 * n_fft)
    x[:n_fft] = x[-n_fft:] = 0
    X = stft.forward(x)
    np.testing.assert_allclose(inner(stft, X, X), x @ x, rtol=1e-12)
    gram = stft.gram_diagonal(stft.span(x.size), x)
    np.testing.assert_allclose(gram[n_fft:-n_fft], 1, rtol=1e-12)


@pytest.mark.parametrize("n_fft, hop, window", SHAPES)
def test_the_gram_diagonal_has_mean_one(n_fft: int, hop: int, window: str) -> None:
    stft = Stft(n_fft, hop, window)
    gram = stft.gram_diagonal(stft.span(6 * n_fft * hop), np.zeros(1))[n_fft * hop : 2 * n_fft * hop]
    np.testing.assert_allclose(gram.mean(), 1, rtol=1e-12)


@pytest.mark.parametrize("n_fft, hop, window", [s for s in SHAPES if s[1] < 40])
@pytest.mark.parametrize("samples", [1, 63, 500])
def test_torch_stft_scaled(n_fft: int, hop: int, window: str, samples: int) -> None:
    """torch.stft with centred frames and zeros outside, on the signal as long as our last frame needs it."""
    torch = pytest.importorskip("torch")
    stft = Stft(n_fft, hop, window)
    frames = frame_count(samples, hop)
    x = signal(2, samples)
    padded = np.zeros((2, (frames - 1) * hop))
    padded[:, :samples] = x
    theirs = torch.stft(
        torch.from_numpy(padded),
        n_fft,
        hop,
        window=torch.from_numpy(stft.analysis_window),
        center=True,
        pad_mode="constant",
        return_complex=True,
    )
    np.testing.assert_allclose(stft.forward(x), theirs.numpy(), atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_fft, hop, window", SHAPES)
def test_torch_and_numpy_give_the_same(n_fft: int, hop: int, window: str, dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    stft = Stft(n_fft, hop, window)
    atol = 1e-5 if dtype is np.float32 else 1e-12
    for samples in (0, 1, n_fft + 1):
        span = stft.span(samples)
        x = signal(3, samples).astype(dtype)
        t = torch.from_numpy(x)
        X, T = stft.forward(x), stft.forward(t)
        assert X.dtype == T.numpy().dtype
        np.testing.assert_allclose(T.numpy(), X, atol=atol)
        np.testing.assert_allclose(stft.adjoint(T, span).numpy(), stft.adjoint(X, span), atol=atol)
        np.testing.assert_allclose(stft.inverse(T, samples).numpy(), stft.inverse(X, samples), atol=atol)
        assert stft.inverse(T, samples).dtype == t.dtype


@pytest.mark.parametrize("n_fft, hop, window", SHAPES)
def test_gradients(n_fft: int, hop: int, window: str) -> None:
    """The gradient of Re <Sx, Y> is S*Y, and autograd agrees with finite differences on the way back."""
    torch = pytest.importorskip("torch")
    stft = Stft(n_fft, hop, window)
    span = stft.span(100)
    Y = torch.from_numpy(spectrum(stft, span.frames))
    x = torch.from_numpy(signal(100)).requires_grad_()
    (torch.from_numpy(stft.weights) * (stft.forward(x) * Y.conj()).real).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), stft.adjoint(Y, span).numpy(), atol=1e-12)
    X = Y.clone().requires_grad_()
    target = torch.from_numpy(signal(100, seed=9))
    (stft.inverse(X, 100) * target).sum().backward()
    step = torch.from_numpy(spectrum(stft, span.frames, seed=4))
    moved = ((stft.inverse(Y + step, 100) - stft.inverse(Y, 100)) * target).sum().item()
    np.testing.assert_allclose((X.grad.conj() * step).sum().real.item(), moved, rtol=1e-9)


def test_leading_axes_are_independent() -> None:
    stft = Stft(64, 16, "hann")
    x = signal(2, 3, 200)
    X = stft.forward(x)
    assert X.shape == (2, 3, 33, stft.span(200).frames)
    np.testing.assert_allclose(X[1, 2], stft.forward(x[1, 2]), atol=1e-14)
    np.testing.assert_allclose(stft.inverse(X, 200), x, atol=1e-12)
    assert stft.forward(x[..., :0]).shape == (2, 3, 33, 0)
    assert stft.inverse(X[..., :0], 0).shape == (2, 3, 0)


def test_a_tone_lies_in_its_bin_with_its_phase() -> None:
    """Frames are centred on l * hop, and a steady partial turns by 2 pi k hop / n_fft from frame to frame."""
    stft = Stft(256, 64, "hann")
    k = 20
    x = np.cos(2 * np.pi * k * np.arange(4096) / 256)
    X = stft.forward(x)[:, 8:-8]
    assert (np.abs(X).argmax(axis=0) == k).all()
    turn = np.angle(X[k, 1:] / X[k, :-1] * np.exp(-2j * np.pi * k * 64 / 256))
    np.testing.assert_allclose(turn, 0, atol=1e-9)


def test_overlap_add_is_the_adjoint_without_cropping() -> None:
    stft = Stft(64, 24, "sine")
    X = spectrum(stft, 6)
    whole = stft.overlap_add(X)
    assert whole.shape == (5 * 24 + 64,)
    span = stft.span(100)
    np.testing.assert_allclose(stft.adjoint(X, span), whole[32:132], atol=1e-14)


def test_imaginary_parts_at_dc_and_nyquist_count_for_nothing() -> None:
    stft = Stft(64, 16, "hann")
    X = spectrum(stft, 8)
    Y = X.copy()
    Y[0] += 3j
    Y[-1] -= 5j
    np.testing.assert_array_equal(stft.inverse(Y, 100), stft.inverse(X, 100))


def test_windows() -> None:
    for n_fft in (64, 66, 2048):
        hann, sine = window_values("hann", n_fft), window_values("sine", n_fft)
        np.testing.assert_allclose(hann, scipy.signal.get_window("hann", n_fft), atol=1e-15)
        np.testing.assert_allclose(sine, sine[::-1], atol=1e-12)
        np.testing.assert_allclose(sine**2 + np.roll(sine**2, n_fft // 2), 1, atol=1e-12)
    with pytest.raises(SettingsError, match="window 'kaiser'"):
        window_values("kaiser", 64)


@pytest.mark.parametrize(
    "n_fft, hop, window, what",
    [
        (65, 16, "hann", "even"),
        (62, 16, "hann", "n_fft is 62"),
        (1 << 17, 16, "hann", "n_fft"),
        (64, 0, "hann", "hop is 0"),
        (64, -1, "hann", "hop is -1"),
        (64, 65, "hann", "hop is 65"),
        (64, 16.0, "hann", "hop is 16.0"),
        (64, 16, "kaiser", "window"),
        (64, 64, "hann", "samples would be lost"),
        (64, 63, "hann", "samples would be lost"),
        (2048, 2048, "sine", "samples would be lost"),
    ],
)
def test_bad_settings_are_refused(n_fft: int, hop: Any, window: str, what: str) -> None:
    with pytest.raises(SettingsError, match=what):
        Stft(n_fft, hop, window)


def test_number_of_bins() -> None:
    assert Stft(2048, 512, "hann").bins == 1025
