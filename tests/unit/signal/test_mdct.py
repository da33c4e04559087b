"""The MDCT against its formula, and what makes it orthonormal, for any splits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dpcodec.errors import SettingsError
from dpcodec.signal.mdct import Mdct, slope
from dpcodec.signal.stft import Span


def blocks_of(hop, splits):
    """(first sample, size) of every block, from sample -hop / 2 on."""
    found = []
    for frame, split in enumerate(splits):
        size = hop >> split
        found += [(frame * hop - hop // 2 + b * size, size) for b in range(1 << split)]
    return found


def slow_forward(x, hop, splits, window):
    """The coefficients of docs/format.md one by one: [K, L]."""
    blocks = blocks_of(hop, splits)
    X = np.zeros((hop, len(splits)))
    value = lambda m: x[m] if 0 <= m < len(x) else 0.0  # noqa: E731
    for i, (start, size) in enumerate(blocks):
        left = min(size, blocks[i - 1][1]) if i else hop
        right = min(size, blocks[i + 1][1]) if i + 1 < len(blocks) else hop
        left, right = min(size, left), min(size, right)
        frame, split = (start + hop // 2) // hop, splits[(start + hop // 2) // hop]
        number = (start + hop // 2) % hop // size
        for k in range(size):
            total = 0.0
            for t in range(-left // 2, size + right // 2):
                w = 1.0
                if t < left // 2:
                    w = rise(window, left, t + left // 2)
                elif t >= size - right // 2:
                    w = rise(window, right, size + right // 2 - 1 - t)
                total += w * value(start + t) * np.cos(np.pi / size * (t + 0.5) * (k + 0.5))
            X[(k << split) + number, frame] = np.sqrt(2 / size) * total
    return X


def rise(window, overlap, n):
    """The rising slope at sample n of `overlap`."""
    if window == "sine":
        return np.sin(np.pi / 2 * (n + 0.5) / overlap)
    kaiser = np.i0(2 * np.pi * np.sqrt(np.maximum(0, 1 - (2 * np.arange(overlap + 1) / overlap - 1) ** 2)))
    return np.sqrt(kaiser[: n + 1].sum() / kaiser.sum())


@pytest.mark.parametrize("window", ["sine", "kbd"])
@pytest.mark.parametrize("splits", [[0, 0, 0, 0], [0, 3, 1, 0], [2, 0, 3, 3], [3, 1, 2, 0]])
def test_coefficients_are_those_of_the_formula(window, splits):
    x = np.random.default_rng(1).normal(size=95)
    assert np.allclose(
        Mdct(64, window, 3).forward(x, splits), slow_forward(x, 32, splits, window), atol=1e-12
    )


@settings(deadline=None)
@given(st.data())
def test_any_splits_of_any_length_come_back_and_keep_the_energy(data):
    samples = data.draw(st.sampled_from([0, 1, 2, 31, 32, 33, 100, 257]))
    mdct = Mdct(64, data.draw(st.sampled_from(["sine", "kbd"])), 3)
    frames = mdct.span(samples).frames
    splits = data.draw(st.lists(st.integers(0, 3), min_size=frames, max_size=frames))
    x = np.random.default_rng(samples).normal(size=(2, samples))
    X = mdct.forward(x, splits)
    assert X.shape == (2, 32, frames)
    assert np.allclose(mdct.inverse(X, samples, splits), x, atol=1e-12)
    assert np.isclose(np.sum(X**2), np.sum(x**2))


@settings(deadline=None)
@given(st.data())
def test_adjoint_is_the_adjoint_of_any_stretch(data):
    mdct = Mdct(64, "kbd", 2)
    frames, left = data.draw(st.integers(1, 6)), data.draw(st.integers(0, 40))
    span = Span(data.draw(st.integers(1, 200)), frames, left)
    splits = data.draw(st.lists(st.integers(0, 2), min_size=frames, max_size=frames))
    around = data.draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    rng = np.random.default_rng(frames)
    x, Y = rng.normal(size=span.samples), rng.normal(size=(32, frames))
    one = np.sum(mdct.forward(x, splits, span, around) * Y)
    assert np.isclose(one, np.sum(x * mdct.adjoint(Y, splits, span, around)), atol=1e-10)


def test_slopes_are_power_complementary():
    for window in ("sine", "kbd"):
        near, far = slope(window, 32)
        assert np.allclose(near**2 + far**2, 1)
        assert np.all(np.diff(near) > 0)


def test_torch_gives_the_same_and_a_gradient():
    torch = pytest.importorskip("torch")
    mdct, splits = Mdct(64, "kbd", 3), [0, 2, 3, 0, 1]
    x = np.random.default_rng(2).normal(size=100)
    tensor = torch.tensor(x, requires_grad=True)
    X = mdct.forward(tensor, splits)
    assert np.allclose(X.detach().numpy(), mdct.forward(x, splits))
    assert np.allclose(mdct.inverse(X, 100, splits).detach().numpy(), x)
    (X**2).sum().backward()
    assert np.allclose(tensor.grad.numpy(), 2 * x)


def test_single_precision_stays_single():
    X = Mdct(64, "sine", 1).forward(np.ones(100, np.float32), [0, 1, 0, 0, 1])
    assert X.dtype == np.float32


@pytest.mark.parametrize(
    "arguments", [(62, "sine", 0), (64, "hann", 0), (64, "kbd", 5), (64, "kbd", 8), (66, "kbd", 0)]
)
def test_impossible_transforms_are_refused(arguments):
    with pytest.raises(SettingsError):
        Mdct(*arguments)


@pytest.mark.parametrize("splits", [[0], [0, 0, 0, 4], [0, 0, 0, -1]])
def test_impossible_splits_are_refused(splits):
    with pytest.raises(SettingsError, match="splits"):
        Mdct(64, "sine", 3).forward(np.ones(90), splits)
