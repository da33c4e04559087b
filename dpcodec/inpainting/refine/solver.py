"""The rounds of solver refine, and noise for what is still missing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dpcodec.inpainting import noise
from dpcodec.inpainting.problem import Problem
from dpcodec.inpainting.progress import Progress
from dpcodec.inpainting.refine.boxes import ChannelBoxes, channel_boxes
from dpcodec.inpainting.refine.features import seen
from dpcodec.inpainting.refine.gate import Gate, gates
from dpcodec.inpainting.refine.wiener import Filters
from dpcodec.inpainting.solver_settings import SolverSettings


def solve(
    problem: Problem, settings: SolverSettings, progress: Progress, own: Sequence[Gate] | None = None
) -> np.ndarray:
    """Values within their boxes, with noise where the file tells more energy than was found: [C, K, L].

    Where nothing is known of a coefficient it stays as it came. An STFT's problem is solved by least squares.
    `own` gates, one a round, take the place of ours.
    """
    if not problem.operator.orthonormal:
        from dpcodec.inpainting import least_squares  # lazy: few files are an STFT's

        return least_squares.solve(problem, settings, progress)
    value, left = problem.value.copy(), problem.noise.copy()
    rounds = gates() if own is None else own
    for c in range(len(value)):
        boxes = channel_boxes(problem, c)
        if boxes is None:
            continue
        stages = len(value) * len(rounds)
        estimate, filters = boxes.value, Filters.over(boxes)
        for i, gate in enumerate(rounds):
            late = settings.deadline is not None and time.monotonic() >= settings.deadline
            if progress(c * len(rounds) + i, stages, "") or late:
                break
            estimate = refined(filters, estimate, gate)
        found = slice(0, estimate.shape[1])
        value[c, found] = estimate.T * boxes.level
        left[c, found] = still_missing(boxes, estimate).T * boxes.level
    return noise.solve(replace(problem, value=value, noise=left), settings, progress)


def refined(filters: Filters, estimate: np.ndarray, gate: Gate) -> np.ndarray:
    """An estimate [L, K] after another round."""
    boxes = filters.boxes
    found = seen(boxes, estimate, filters.filtered(estimate))
    out = boxes.value.copy()
    move = found.sign * gate.move(found.features, found.moves)
    flat = found.at
    low, high = boxes.low.reshape(-1).take(flat), boxes.high.reshape(-1).take(flat)
    out.reshape(-1)[flat] += boxes.step.reshape(-1).take(flat) * np.clip(move, low, high)
    return out


def still_missing(boxes: ChannelBoxes, estimate: np.ndarray) -> np.ndarray:
    """The told level less what the estimate has found of it: float32 [L, K]."""
    told = boxes.noise * boxes.step
    missing: np.ndarray = np.sqrt(np.maximum(told**2 - np.where(boxes.symbol == 0, estimate, 0) ** 2, 0))
    return missing


def all_rounds(boxes: ChannelBoxes, rounds: Sequence[Gate]) -> np.ndarray:
    """The estimate [L, K] after these rounds."""
    estimate, filters = boxes.value, Filters.over(boxes)
    for gate in rounds:
        estimate = refined(filters, estimate, gate)
    return estimate
