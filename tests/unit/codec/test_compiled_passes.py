"""What is compiled beside numpy: the same numbers to the last bit, and so the same files."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec import Audio, DecodeSettings, decode, encode, profile
from dpcodec.coding.block_noise import gains_of_frames
from dpcodec.coding.mdct_quantize import bias_of, quantize_mdct
from dpcodec.compiled import library, off
from dpcodec.errors import SettingsError
from dpcodec.hearing.energy import match_energy
from dpcodec.hearing.noise import noise_levels
from dpcodec.hearing.threshold import hold_scale_factors
from dpcodec.inpainting.refine.features import FEATURES, MOVES, near
from dpcodec.inpainting.refine.gate import gates
from dpcodec.transform.block_switching import bits_of_lines, choose_block_splits
from dpcodec.transform.mdct import Mdct
from dpcodec.transform.stft import Span

pytestmark = pytest.mark.skipif(library() is None, reason="nothing was compiled here")
SHAPES = [(1, 1), (8, 3), (130, 43), (1024, 7), (700, 215)]


def values(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """Many small ones and a few large ones, some of them exactly zero."""
    rng = np.random.default_rng(seed)
    x: np.ndarray = rng.laplace(size=shape) * 2.0 ** rng.integers(-3, 4, shape)
    return np.where(rng.random(shape) < 0.1, 0.0, x)


def bands_of(rows: int, seed: int) -> np.ndarray:
    """Wide and narrow ones, from the first row on."""
    return np.cumsum(np.random.default_rng(seed).random(rows) < 0.05).astype(np.int64)


@pytest.mark.parametrize("shape", SHAPES)
def test_symbols_and_what_is_measured_of_them(shape: tuple[int, int]) -> None:
    x, bands = values(shape[0], shape), bands_of(shape[0], shape[1])
    edges = np.flatnonzero(np.diff(bands, prepend=-1))
    splits = np.random.default_rng(4).choice([0, 0, 1, 4], shape[1])

    def everything() -> list[np.ndarray]:
        symbols = quantize_mdct(x, 0.7, 0.55)
        chosen = match_energy(x / 0.7, symbols, edges)
        levels = [noise_levels(x / 0.7, chosen, bands, some) for some in (splits, 0 * splits)]
        gains = gains_of_frames(chosen, np.arange(shape[0]), bands, splits)
        return [symbols, chosen, *levels, gains, np.array(bias_of(x, chosen, 0.7, 1 / 16))]

    compiled = everything()
    with off():
        for one, other in zip(compiled, everything(), strict=True):
            np.testing.assert_array_equal(one, other)
            assert one.dtype == other.dtype


def test_a_step_too_fine_is_refused_alike() -> None:
    x = np.array([1.0, -3e7])
    for _ in range(2):
        with pytest.raises(SettingsError, match="too fine"):
            quantize_mdct(x, 1.0)
        with off(), pytest.raises(SettingsError, match="too fine"):
            quantize_mdct(x, 1.0)


@pytest.mark.parametrize("window", ["sine", "kbd"])
@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.parametrize("left, samples", [(0, 700), (16, 700), (40, 300), (0, 3)])
def test_mdct(window: str, kind: type[np.floating], left: int, samples: int) -> None:
    mdct, rng = Mdct(64, window, 3), np.random.default_rng(samples)
    frames = 19
    x, splits = rng.standard_normal((2, samples)).astype(kind), rng.integers(0, 4, frames)
    span, around = Span(samples, frames, left), (2, 1)
    X = mdct.forward(x, splits, span, around)
    y = mdct.adjoint(X, splits, span, around)
    with off():
        np.testing.assert_array_equal(mdct.forward(x, splits, span, around), X)
        np.testing.assert_array_equal(mdct.adjoint(X, splits, span, around), y)


@pytest.mark.parametrize("parts, width", [(1, 1), (1, 64), (2, 43), (3, 9)])
def test_bits(parts: int, width: int) -> None:
    rng = np.random.default_rng(width)
    x, steps = values(width, (parts, 30, width)), np.exp2(rng.integers(-200, 9, (parts, 5, width)))
    of, gains = rng.integers(0, 5, 30), rng.random(30)
    found = bits_of_lines(x, steps, of, gains), bits_of_lines(x, steps, of)
    with off():
        np.testing.assert_array_equal(found[0], bits_of_lines(x, steps, of, gains))
        np.testing.assert_array_equal(found[1], bits_of_lines(x, steps, of))


@pytest.mark.parametrize("frames", [1, 2, 43])
def test_paths_and_held_scale_factors(frames: int) -> None:
    mdct, rng = Mdct(256, "kbd", 3), np.random.default_rng(frames)
    x, steps = values(frames, (4, (frames + 1) * 128)), np.full((4, 1, 1), 0.3)
    told = mdct, x, Span(x.shape[1], frames, 0), steps, rng.integers(0, 4, 4), frames % 2 == 0
    squares = np.cumsum(rng.standard_normal((2, 9, frames)), axis=2)
    found = [choose_block_splits(*told), *hold_scale_factors(squares)]
    with off():
        again = [choose_block_splits(*told), *hold_scale_factors(squares)]
    for one, other in zip(found, again, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "settings",
    [
        profile("perceptual", quality=2.0),
        profile("perceptual", quality=9.0, parts=3),
        profile("perceptual", bitrate=40.0),
        profile("mdct", snr=20.0),
    ],
    ids=["coarse", "fine", "rate", "mdct"],
)
def test_files(settings: object) -> None:
    rng, t = np.random.default_rng(8), np.arange(3 * 22050) / 22050
    tones = 0.3 * np.sin(2 * np.pi * 440 * t) + 0.2 * np.sin(2 * np.pi * 3000 * t) * (t % 0.5 < 0.1)
    x = np.stack([tones, 0.5 * tones + 0.02 * rng.standard_normal(len(t)) * (t > 1)])
    audio = Audio(np.clip(x, -1, 1).astype(np.float32), 22050)
    data = encode(audio, settings)  # type: ignore[arg-type]
    samples = decode(data, DecodeSettings(solver="none")).samples
    with off():
        assert encode(audio, settings) == data  # type: ignore[arg-type]
        np.testing.assert_array_equal(decode(data, DecodeSettings(solver="none")).samples, samples)


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (43, 100)])
@pytest.mark.parametrize("around", [(0, 0), (1, 0), (0, 8), (4, 3)])
def test_means_nearby(shape: tuple[int, int], around: tuple[int, int]) -> None:
    x = values(5, shape).astype(np.float32)
    found = near(x, *around)
    with off():
        np.testing.assert_array_equal(near(x, *around), found)


@pytest.mark.parametrize("n", [1, 15, 16, 17, 700])
def test_gates(n: int) -> None:
    rng = np.random.default_rng(n)
    features, moves = (rng.standard_normal((size, n)).astype(np.float32) for size in (FEATURES, MOVES))
    for gate in gates():
        found = gate.move(features, moves)
        with off():
            np.testing.assert_allclose(gate.move(features, moves), found, rtol=1e-4, atol=1e-4)
