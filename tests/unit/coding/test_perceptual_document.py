"""Perceptual files against a second decoder, written from docs/format.md in loops and Python integers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dpcodec.coding.body import part_cells, write_body
from dpcodec.coding.entropy import Encoder
from dpcodec.coding.mdct_quantize import quantize_mdct
from dpcodec.coding.perceptual_channel import (
    AS_IN_1_2,
    AS_IN_1_3,
    CURRENT,
    Coding,
    PerceptualSymbols,
    decode_perceptual_part,
)
from dpcodec.coding.side_information import code_noise, code_scale_factors, code_stereo_angles, step_factors
from dpcodec.hearing.noise import filled, noise_levels
from dpcodec.transform.bands import band_edges, band_of_rows

from ..mask.slow_prng import slow_philox
from .slow_mdct import block
from .slow_perceptual import (
    SlowPart,
    SlowPerceptualDecoder,
    single,
    slow_edges,
)


def walk(rng: np.random.Generator, shape: tuple[int, int], stay: float, top: int) -> np.ndarray:
    """Scale factors that mostly stay, and now and then are anything."""
    moves = np.where(rng.random(shape) < stay, 0, rng.integers(-3, 4, shape))
    jumps = np.where(rng.random(shape) < 0.02, rng.integers(-63, 64, shape), 0)
    return np.asarray(np.clip(top // 2 + np.cumsum(moves + jumps, axis=1), 0, top))


def segment(
    seed: int,
    shape: tuple[int, int, int],
    rate: int,
    silent: tuple[int, ...],
    scale: float,
    steps: np.ndarray,
    coding: Coding,
    parts: list[tuple[slice, slice]],
) -> list[PerceptualSymbols]:
    """Of each of the parts. Values about as large as their steps at `scale` 1, some much larger, few near
    half the rate."""
    C, K, L = shape
    rng = np.random.default_rng(seed)
    edges, bands = slow_edges(K, rate), band_of_rows(K, rate)
    scale_factors = np.stack([walk(rng, (len(edges) - 1, L), 0.8, 63) for _ in range(C)])
    size = (
        2.0 ** (np.repeat(scale_factors, np.diff(edges), axis=1) / 2) * np.exp(-np.arange(K) / K * 3)[:, None]
    )
    X = scale * rng.laplace(size=shape) * size * rng.choice([1, 30, 1e4], shape, p=[0.9, 0.09, 0.01])
    X[list(silent)] = 0
    X[-1, K // 2 :] = 0
    block_splits = np.repeat(rng.integers(-3, 4, (C, L)).clip(0)[::2], 2, axis=0)[:C]
    angles = rng.integers(0, 64, (C // 2, len(edges) - 1))
    scaled = X / step_factors(scale_factors)[:, bands]
    q = np.stack([quantize_mdct(x, float(step)) for x, step in zip(scaled, steps, strict=True)])
    noise = [
        np.stack(
            [
                noise_levels(x[:, own] / float(step), symbols[:, own], bands, splits[own], coding.frame_parts)
                for x, step, symbols, splits in zip(scaled, steps, q, block_splits, strict=True)
            ]
        )
        for _, own in parts
    ]
    told = q.any((1, 2)) | np.any([levels.any((1, 2)) for levels in noise], axis=0)
    return [
        PerceptualSymbols(
            scaled[..., own],
            q[..., own],
            steps,
            scale_factors[..., own],
            levels,
            told,
            angles,
            block_splits,
            bands,
            own,
            {},
            coding,
        )
        for (_, own), levels in zip(parts, noise, strict=True)
    ]


CASES = [
    # channels, bins and frames, parts, sample rate, silent channels, scale
    ((1, 64, 37), 1, 44100, (), 1.0),
    ((1, 256, 5), 4, 8000, (), 0.2),
    ((2, 48, 17), 3, 8000, (1,), 1.0),
    ((2, 32, 273), 2, 44100, (), 1.0),
    ((3, 40, 33), 5, 44100, (0,), 1.0),
    ((3, 32, 9), 2, 8000, (0, 1), 2.0),
    ((3, 36, 1), 1, 44100, (2,), 1.0),
    ((2, 32, 21), 16, 8000, (), 0.02),
    ((1, 32, 3), 1, 44100, (0,), 1.0),
]


@pytest.mark.parametrize("coding", [AS_IN_1_2, AS_IN_1_3, CURRENT], ids=["mode 5", "mode 6", "mode 7"])
@pytest.mark.parametrize("loud", [1.0, 2.0**100])
@pytest.mark.parametrize("shape, parts, rate, silent, scale", CASES)
def test_a_second_decoder_agrees(
    shape: tuple[int, int, int],
    parts: int,
    rate: int,
    silent: tuple[int, ...],
    scale: float,
    loud: float,
    coding: Coding,
) -> None:
    steps = np.array([loud * (0.7 + 0.2 * c) for c in range(shape[0])], np.float32)
    seed, parts = parts, min(parts, shape[2]) if coding.frame_parts else parts
    if len(silent) == shape[0]:
        parts = 1
    cells = [part_cells(part, parts, coding.frame_parts) for part in range(parts)]
    kept = 0
    for part, coded in enumerate(segment(seed, shape, rate, silent, scale * loud, steps, coding, cells)):
        assert coded.told.any() == (len(silent) < shape[0])
        body = write_body(shape[2], coded.channels(cells[part][0], parts))
        slow = SlowPart(body, part, parts, shape, rate, coding.mode)
        found = decode_perceptual_part(body, shape, cells[part], coded.bands, parts, 3, coding)
        for name in ("kept", "value", "noise", "block_splits", "angles"):
            here = getattr(found, name)
            assert here.tobytes() == np.array(getattr(slow, name), here.dtype).tobytes(), name
        for c in range(shape[0]):
            pair = [paired for paired in (c // 2 * 2, c // 2 * 2 + 1) if paired < shape[0]]
            told = not {*pair} <= {*silent} or bool(coded.block_splits[c].any())
            assert slow.block_splits[c] == (coded.block_splits[c] * told).tolist()
            assert len(pair) == 1 or slow.angles[c // 2] == (coded.angles[c // 2] * told).tolist()
        kept += int(found.kept.sum())
        if coding.frame_parts:
            kept -= int(np.count_nonzero(coded.q))
    assert kept == (0 if coding.frame_parts else np.count_nonzero(coded.q))


@pytest.mark.parametrize("bands, frames", [(0, 5), (1, 1), (3, 16), (4, 257), (2, 700)])
def test_a_second_decoder_agrees_on_side_information_of_any_value(bands: int, frames: int) -> None:
    rng = np.random.default_rng(frames)
    groups = -(-frames // 16)
    scale_factors, levels = rng.integers(0, 64, (bands, frames)), rng.integers(0, 16, (bands, groups))
    angles = rng.integers(0, 64, 40)
    encoder = Encoder()
    code_stereo_angles(encoder, 40, angles)
    code_scale_factors(encoder, (bands, frames), scale_factors)
    code_noise(encoder, (bands, groups), levels)
    first = rng.integers(0, 64, (max(bands - 1, 0), frames))
    code_scale_factors(encoder, (bands, frames), scale_factors, "perceptual", first)
    code_scale_factors(encoder, (bands, frames), scale_factors, "frames", None, 2)
    code_noise(encoder, (bands, groups), levels, True)
    code_scale_factors(encoder, (bands, frames), scale_factors, "frames", first, 3)
    slow = SlowPerceptualDecoder(encoder.finish())
    assert slow.angles(40) == angles.tolist()
    assert slow.scale_factors(bands, frames) == scale_factors.tolist()
    assert slow.levels(bands, groups) == levels.tolist()
    assert slow.paired_scale_factors(bands, frames, first.tolist()) == scale_factors.tolist()
    assert slow.scale_factors(bands, frames, "frames", 2) == scale_factors.tolist()
    assert slow.levels_in_time(bands, groups) == levels.tolist()
    assert slow.paired_scale_factors(bands, frames, first.tolist(), 3) == scale_factors.tolist()


@pytest.mark.parametrize("line", block("bands"))
def test_bands_of_the_document(line: str) -> None:
    (rate, bins), edges = (tuple(map(int, half.split())) for half in line.split("|"))
    assert slow_edges(bins, rate) == list(edges) == band_edges(bins, rate).tolist()


def word(segment: int, c: int, k: int, frame: int) -> int:
    return slow_philox((frame // 4, k, c, segment), (0x64706E6F, 0x69736531))[frame % 4]


@pytest.mark.parametrize("line", block("noise"))
def test_words_of_the_noise(line: str) -> None:
    place, told = line.split("|")
    assert word(*map(int, place.split())) == int(told, 16)


def test_noise_of_the_document() -> None:
    noise = np.random.default_rng(5).random((3, 5, 11)).astype(np.float32)
    noise[1, 2], noise[0, :, 3] = 0, 0
    values = np.where(noise == 0, np.float32(0.3), np.float32(0))
    first_frame = (2**32 - 2) * noise.shape[2]
    found = np.stack([filled(values[c], noise[c], c, first_frame, noise.shape[2]) for c in range(len(noise))])
    for c, k, frame in np.ndindex(noise.shape):
        u = single((word(2**32 - 2, c, k, frame) + 0.5) * math.sqrt(3) / 2**31 - math.sqrt(3))
        expected = float(values[c, k, frame]) + single(float(noise[c, k, frame]) * u)
        assert found[c, k, frame] == np.float32(expected)
