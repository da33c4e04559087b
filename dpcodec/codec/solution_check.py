"""What the decoder checks of a solver's work, from what it knows itself."""

from __future__ import annotations

import numpy as np

from dpcodec.errors import DpcodecError
from dpcodec.inpainting.problem import Problem

ROUNDING = 1e-5
"""Relative error of float32 arithmetic that is no fault."""


def fault_of(problem: Problem, estimate: np.ndarray, device: str) -> str | None:
    """Why an estimate, [C, K, L], cannot be used, in words; None where it can.

    It must be finite. On a GPU it must also be nearer to the kept coefficients than zeros are: some drivers
    give wrong numbers without an error.
    """
    if not np.isfinite(estimate).all():
        return "the solver gave numbers that are not finite"
    if device == "cpu":
        return None
    known = problem.value[problem.kept].astype(np.complex128)
    error = np.sum(np.abs(estimate[problem.kept] - known) ** 2)
    return f"device {device} missed the kept coefficients" if error > np.sum(np.abs(known) ** 2) else None


def check_context(problem: Problem, spectrogram: np.ndarray) -> None:
    """Raise `DpcodecError` unless every kept coefficient lies within half a quantiser step of what came."""
    error = spectrogram - problem.centre
    allowed = problem.halfwidth + ROUNDING * (problem.halfwidth + np.abs(problem.centre))
    off = problem.kept & ~(np.maximum(np.abs(error.real), np.abs(error.imag)) <= allowed)
    if off.any():
        raise DpcodecError(
            f"{np.count_nonzero(off)} kept coefficients did not come back: this is a fault in dpcodec; "
            "--no-check decodes all the same"
        )
