"""Deep prior: an untrained network is fitted to the one signal at hand, and what it says about the dropped
coefficients is the estimate (D. Ulyanov, A. Vedaldi, V. Lempitsky, "Deep image prior", IJCV 128, 2020).

Two fits: `paper` is the published one, from noise to a spectrogram; `guided` starts from least squares and
lets a network correct it. torch is loaded only when one of them runs.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

from dpcodec.inpainting.problem import Problem
from dpcodec.inpainting.progress import Progress
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.settings import FITS, check_choice

__all__ = ["solve"]


def solve(problem: Problem, settings: SolverSettings, progress: Progress) -> np.ndarray:
    """Estimate all coefficients with the fit of `settings.fit`: complex64 [C, K, L], finite always.

    A device without enough memory hands over to the CPU, which a `RuntimeWarning` tells. Raises
    `SettingsError` for a fit, network or loss that there is not.
    """
    check_choice("fit", settings.fit, FITS)
    from dpcodec.inpainting.deep_prior import guided, networks, paper  # lazy: loads torch

    plan = networks.plan_of(settings)
    fit = guided.solve if settings.fit == "guided" else paper.solve
    try:
        return fit(problem, settings, plan, progress)
    except RuntimeError as exc:  # out of memory has a class of its own on CUDA only
        if settings.device == "cpu" or "out of memory" not in str(exc):
            raise
    warnings.warn(
        f"{settings.device} has not enough memory for the deep prior: fitted on the CPU instead",
        RuntimeWarning,
        stacklevel=2,
    )
    return fit(problem, replace(settings, device="cpu"), plan, progress)
