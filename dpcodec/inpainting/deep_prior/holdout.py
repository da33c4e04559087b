"""Kept coefficients held out from the linear solver, so that a network can learn, and a choice be judged, on
values that are known (J. Batson, L. Royer, "Noise2Self", ICML 2019; B. Yaman et al., "Self-supervised
learning of physics-guided reconstruction neural networks without fully sampled reference data", Magn. Reson.
Med. 84, 2020).

What is held out looks like what was dropped: where whole frames are missing whole frames beside them, in gaps
of the same lengths; else single coefficients. By a fixed rule: the same mask holds out the same ones.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dpcodec.inpainting.holdout import beside_gaps, scattered
from dpcodec.inpainting.holdout import hold_out as made_unknown
from dpcodec.inpainting.problem import Problem

SHARE = 0.05
"""Of the kept coefficients held out where single ones are."""
VALIDATION = 3
"""One in so many coefficients, or gaps, held out is for validation; a network learns on the others."""


class Holdout(NamedTuple):
    """What is held out of a problem of one channel.

    known       the problem without it
    learning    bool [1, K, L], the coefficients to learn on
    validation  bool [1, K, L], those to judge by
    """

    known: Problem
    learning: np.ndarray
    validation: np.ndarray


def hold_out(problem: Problem) -> Holdout | None:
    """Split a problem of one channel; None where there is too little to learn on and to judge by."""
    kept = problem.kept
    present = kept.any(axis=1, keepdims=True)
    whole_frames = kept.shape[1] * np.count_nonzero(~present)
    if present.any() and 2 * whole_frames > np.count_nonzero(~kept):
        clearance = math.ceil(problem.operator.n_fft / problem.operator.hop)
        frames = beside_gaps(np.broadcast_to(present, kept.shape), clearance)[:, :1]
        number = np.cumsum(frames & np.diff(frames, axis=2, prepend=False), axis=2)
        held = frames & kept
    else:
        held = scattered(kept, SHARE)
        number = np.cumsum(held).reshape(kept.shape)
    validation = held & (number % VALIDATION == 1)
    learning = held & ~validation
    if not (validation.any() and learning.any()):
        return None
    return Holdout(made_unknown(problem, held), learning, validation)
