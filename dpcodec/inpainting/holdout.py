"""Kept coefficients hidden from a solver: what it makes of them says how good its guesses are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dpcodec.inpainting.problem import Problem

GOLDEN = (5**0.5 - 1) / 2
SURE = 2.0
"""Standard errors by which one guess must be better than another to be taken for it."""


def scattered(kept: np.ndarray, share: float) -> np.ndarray:
    """A scattered share of what is kept, bool like `kept`: where the fractional part of n times the golden
    ratio, n counting kept ones, is below the share. No drawing: the same mask hides the same ones."""
    places = np.flatnonzero(kept)
    hidden = np.zeros(kept.size, bool)
    hidden[places[np.arange(places.size) * GOLDEN % 1 < share]] = True
    return hidden.reshape(kept.shape)


def beside_gaps(kept: np.ndarray, clearance: int) -> np.ndarray:
    """Whole frames before each gap, or else after it, as many as it is long, bool like `kept` [C, K, L].

    `clearance` frames that are known lie between any two gaps, old or new; where there is no room on either
    side, nothing is hidden.
    """
    known: np.ndarray = np.all(kept, axis=(0, 1))
    edges = np.flatnonzero(np.diff(~known, prepend=False, append=False)).tolist()
    taken, hidden = ~known, np.zeros(known.size, bool)
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        length = stop - start
        for first in (start - clearance - length, stop + clearance):
            before, last = first - clearance, first + length
            if before >= 0 and last + clearance <= known.size and not taken[before : last + clearance].any():
                hidden[first:last] = taken[first:last] = True
                break
    frames: np.ndarray = hidden & kept
    return frames


def surely_less(errors: np.ndarray, than: np.ndarray) -> bool:
    """Whether hidden coefficients were guessed better: energies of the errors, frame by frame, real [L] each.

    The difference must be `SURE` times its standard error over frames: a few strong coefficients in one
    attack may decide the sum, and say nothing about the rest.
    """
    gain = np.asarray(than, np.float64) - np.asarray(errors, np.float64)
    return bool(gain.sum() > SURE * np.sqrt(np.square(gain).sum()))


def blend_weights(first: np.ndarray, second: np.ndarray, truth: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """The w of each channel, float32 [C], 0 .. 1, for which `blend` comes nearest to the truth where
    `hidden`, bool [C, K, L], is true; 1 where the two, complex [C, K, L], are the same."""
    apart = np.where(hidden, second - first, 0).astype(np.complex128)
    away = np.where(hidden, truth - first, 0).astype(np.complex128)
    power = np.sum(np.abs(apart) ** 2, axis=(1, 2))
    match = np.sum((apart.conj() * away).real, axis=(1, 2))
    w = np.divide(match, power, out=np.ones_like(power), where=power > 0)
    clipped: np.ndarray = np.clip(w, 0, 1).astype(np.float32)
    return clipped


def blend(first: np.ndarray, second: np.ndarray, w: np.ndarray) -> np.ndarray:
    """(1 - w) first + w second: [C, K, L], w float32 [C]."""
    mixed: np.ndarray = first + w[:, None, None] * (second - first)
    return mixed.astype(first.dtype)


def hold_out(problem: Problem, hidden: np.ndarray) -> Problem:
    """The problem with some kept coefficients, bool [C, K, L], made unknown."""
    return replace(
        problem,
        kept=problem.kept & ~hidden,
        value=np.where(hidden, 0, problem.value),
        centre=np.where(hidden, 0, problem.centre),
        halfwidth=np.where(hidden, 0, problem.halfwidth),
        bound=np.where(hidden, np.float32(np.inf), problem.bound),
    )
