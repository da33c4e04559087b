"""Deep prior: an untrained network is fitted to the one signal at hand, and what it says about the dropped
coefficients is the estimate.

Two fits: `paper` is the published one, from noise to a spectrogram; `guided` starts where linear algebra ends
and lets a network do the rest.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

from dpcodec.inpaint.deep_prior import guided, paper
from dpcodec.inpaint.deep_prior.speed import measure_step
from dpcodec.inpaint.heap import kept_heap
from dpcodec.inpaint.networks.sizes import network_size
from dpcodec.inpaint.problem import Problem, Progress
from dpcodec.inpaint.solver_settings import SolverSettings
from dpcodec.settings import FITS, check_choice, check_parts

__all__ = ["measure_step", "solve"]

SOLVES = {"guided": guided.solve, "paper": paper.solve}


def solve(problem: Problem, settings: SolverSettings, progress: Progress) -> np.ndarray:
    """Estimate all coefficients with the fit of `settings.fit`: complex64 [C, K, L], finite always.

    A device without enough memory hands over to the CPU, which a `RuntimeWarning` tells. Raises
    `SettingsError` for a fit, network, loss or part that there is not, or that do not go together.
    """
    check_choice("fit", settings.fit, FITS)
    check_parts(settings.fit, settings.without)
    size = network_size(settings.network, settings.device, settings.fit, "start" not in settings.without)
    try:
        with kept_heap():
            return SOLVES[settings.fit](problem, settings, size, progress)
    except RuntimeError as exc:  # out of memory has a class of its own on CUDA only
        if settings.device == "cpu" or "out of memory" not in str(exc):
            raise
    warnings.warn(
        f"{settings.device} has not enough memory for the deep prior: fitted on the CPU instead",
        RuntimeWarning,
        stacklevel=2,
    )
    with kept_heap():
        return SOLVES[settings.fit](problem, replace(settings, device="cpu"), size, progress)
