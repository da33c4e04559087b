"""The MDCT against its formula, and what makes it orthonormal, for any block switching."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dpcodec.errors import SettingsError
from dpcodec.transform.mdct import Mdct, slope
from dpcodec.transform.stft import Span


def blocks_of(hop: int, block_splits: Sequence[int]) -> list[tuple[int, int]]:
    """(first sample, size) of every block, from sample -hop / 2 on."""
    found = []
    for frame, split in enumerate(block_splits):
        size = hop >> split
        found += [(frame * hop - hop // 2 + b * size, size) for b in range(1 << split)]
    return found


def slow_forward(x: np.ndarray, hop: int, block_splits: Sequence[int], window: str) -> np.ndarray:
    """The coefficients of docs/format.md one by one: [K, L]."""
    blocks = blocks_of(hop, block_splits)
    X = np.zeros((hop, len(block_splits)))

    def value(m: int) -> float:
        return float(x[m]) if 0 <= m < len(x) else 0.0

    for i, (start, size) in enumerate(blocks):
        left = min(size, blocks[i - 1][1]) if i else hop
        right = min(size, blocks[i + 1][1]) if i + 1 < len(blocks) else hop
        left, right = min(size, left), min(size, right)
        frame, split = (start + hop // 2) // hop, block_splits[(start + hop // 2) // hop]
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


def rise(window: str, overlap: int, n: int) -> float:
    """The rising slope at sample n of `overlap`."""
    if window == "sine":
        return float(np.sin(np.pi / 2 * (n + 0.5) / overlap))
    kaiser = np.i0(2 * np.pi * np.sqrt(np.maximum(0, 1 - (2 * np.arange(overlap + 1) / overlap - 1) ** 2)))
    return float(np.sqrt(kaiser[: n + 1].sum() / kaiser.sum()))


@pytest.mark.parametrize("window", ["sine", "kbd"])
@pytest.mark.parametrize("block_splits", [[0, 0, 0, 0], [0, 3, 1, 0], [2, 0, 3, 3], [3, 1, 2, 0]])
def test_coefficients_are_those_of_the_formula(window: str, block_splits: Sequence[int]) -> None:
    x = np.random.default_rng(1).normal(size=95)
    assert np.allclose(
        Mdct(64, window, 3).forward(x, block_splits), slow_forward(x, 32, block_splits, window), atol=1e-12
    )


@settings(deadline=None)
@given(st.data())
def test_any_block_switching_of_any_length_come_back_and_keep_the_energy(data: st.DataObject) -> None:
    samples = data.draw(st.sampled_from([0, 1, 2, 31, 32, 33, 100, 257]))
    mdct = Mdct(64, data.draw(st.sampled_from(["sine", "kbd"])), 3)
    frames = mdct.span(samples).frames
    block_splits = data.draw(st.lists(st.integers(0, 3), min_size=frames, max_size=frames))
    x = np.random.default_rng(samples).normal(size=(2, samples))
    X = mdct.forward(x, block_splits)
    assert X.shape == (2, 32, frames)
    assert np.allclose(mdct.inverse(X, samples, block_splits), x, atol=1e-12)
    assert np.isclose(np.sum(X**2), np.sum(x**2))


@settings(deadline=None)
@given(st.data())
def test_adjoint_is_the_adjoint_of_any_stretch(data: st.DataObject) -> None:
    mdct = Mdct(64, "kbd", 2)
    frames, left = data.draw(st.integers(1, 6)), data.draw(st.integers(0, 40))
    span = Span(data.draw(st.integers(1, 200)), frames, left)
    block_splits = data.draw(st.lists(st.integers(0, 2), min_size=frames, max_size=frames))
    around = data.draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    rng = np.random.default_rng(frames)
    x, Y = rng.normal(size=span.samples), rng.normal(size=(32, frames))
    one = np.sum(mdct.forward(x, block_splits, span, around) * Y)
    assert np.isclose(one, np.sum(x * mdct.adjoint(Y, block_splits, span, around)), atol=1e-10)


def test_slopes_are_power_complementary() -> None:
    for window in ("sine", "kbd"):
        near, far = slope(window, 32)
        assert np.allclose(near**2 + far**2, 1)
        assert np.all(np.diff(near) > 0)


def test_torch_gives_the_same_and_a_gradient() -> None:
    torch = pytest.importorskip("torch")
    mdct, block_splits = Mdct(64, "kbd", 3), [0, 2, 3, 0, 1]
    x = np.random.default_rng(2).normal(size=100)
    tensor = torch.tensor(x, requires_grad=True)
    X = mdct.forward(tensor, block_splits)
    assert np.allclose(X.detach().numpy(), mdct.forward(x, block_splits))
    assert np.allclose(mdct.inverse(X, 100, block_splits).detach().numpy(), x)
    (X**2).sum().backward()
    assert np.allclose(tensor.grad.numpy(), 2 * x)


def test_single_precision_stays_single() -> None:
    X = Mdct(64, "sine", 1).forward(np.ones(100, np.float32), [0, 1, 0, 0, 1])
    assert X.dtype == np.float32


@pytest.mark.parametrize(
    "arguments", [(62, "sine", 0), (64, "hann", 0), (64, "kbd", 5), (64, "kbd", 8), (66, "kbd", 0)]
)
def test_impossible_transforms_are_refused(arguments: tuple[int, str, int]) -> None:
    with pytest.raises(SettingsError):
        Mdct(*arguments)


@pytest.mark.parametrize("block_splits", [[0], [0, 0, 0, 4], [0, 0, 0, -1]])
def test_impossible_block_splits_are_refused(block_splits: Sequence[int]) -> None:
    with pytest.raises(SettingsError, match="block_splits"):
        Mdct(64, "sine", 3).forward(np.ones(90), block_splits)
