"""Solver noise: noise of the levels that the file tells for what was dropped, zeros where it tells none."""

from __future__ import annotations

import numpy as np

from dpcodec.hearing.noise import filled
from dpcodec.inpainting.problem import Problem
from dpcodec.inpainting.progress import Progress
from dpcodec.inpainting.solver_settings import SolverSettings


def solve(problem: Problem, settings: SolverSettings, progress: Progress) -> np.ndarray:
    """What the quantiser gives back of the kept coefficients, noise elsewhere: [C, K, L]."""
    progress(1, 1, "")
    if not problem.noise.any():
        return problem.value
    origin = problem.origin
    channels = range(origin.channel, origin.channel + len(problem.value))
    return np.stack(
        [
            filled(values, noise, channel, origin.frame, origin.segment_frames)
            for values, noise, channel in zip(problem.value, problem.noise, channels, strict=True)
        ]
    )
