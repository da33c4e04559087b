"""The solvers, by name: one line here and a module with the function `solve` for each.

    solve(problem, settings, progress) -> estimate, [C, K, L] as `problem.value`, finite always

Every solver takes every kind of problem. A module is imported when its solver runs: some load scipy or torch.
"""

from __future__ import annotations

import importlib
import math
from dataclasses import dataclass

import numpy as np

from dpcodec.errors import SettingsError
from dpcodec.inpaint.problem import Problem, Progress
from dpcodec.inpaint.solver_settings import SolverSettings
from dpcodec.transform.stft import Transform


@dataclass(frozen=True)
class Entry:
    """A solver.

    module    where its `solve` is
    reach     windows on each side of a block that it must see for its estimate inside the block to be as good
              as in one piece (docs/experiments/inpainting.md)
    agrees    whether its estimate is the file's own values wherever there are any, within every bound
    torch     whether it needs torch
    """

    module: str
    reach: int = 6
    agrees: bool = False
    torch: bool = False

    def solve(self, problem: Problem, settings: SolverSettings, progress: Progress) -> np.ndarray:
        """Run it."""
        estimate: np.ndarray = importlib.import_module(self.module).solve(problem, settings, progress)
        return estimate


AUTO, CHOICE = "auto", "dpcodec.inpaint.choose"
"""The name that means the best of the others, and the module that finds out which that is."""
SOLVERS = {
    "none": Entry("dpcodec.inpaint.zeros", reach=0, agrees=True),
    "noise": Entry("dpcodec.inpaint.noise", reach=0, agrees=True),
    "least-squares": Entry("dpcodec.inpaint.least_squares"),
    "janssen": Entry("dpcodec.inpaint.janssen"),
    "deep-prior": Entry("dpcodec.inpaint.deep_prior", torch=True),
}


def check_solver(name: str) -> None:
    """Raise `SettingsError` unless there is such a solver; "auto" counts."""
    if name != AUTO and name not in SOLVERS:
        raise SettingsError(f"solver is {name!r}: use {', '.join((AUTO, *SOLVERS))}")


def solve_with(
    name: str, problem: Problem, settings: SolverSettings, progress: Progress
) -> tuple[np.ndarray, str]:
    """Solve by name, "auto" included: the estimate before context, and "NAME: why", the solver and the
    reason."""
    why = "as asked"
    if name == AUTO and problem.operator.orthonormal:  # nothing kept says anything of what was dropped
        name = "noise" if problem.noise.any() else "none"
        why = (
            "of the levels that the file tells"
            if name == "noise"
            else "zeros are the least squares of an MDCT"
        )
    if name != AUTO:
        return SOLVERS[name].solve(problem, settings, progress), f"{name}: {why}"
    found: tuple[np.ndarray, str] = importlib.import_module(CHOICE).solve(problem, settings, progress)
    return found


def agrees(told: str) -> bool:
    """Whether the solver that such a line names gives the file's own values wherever there are any."""
    return SOLVERS[told.partition(":")[0]].agrees


def halo_frames(transform: Transform, name: str) -> int:
    """Frames on each side of a block that a solver must see."""
    if name == AUTO:
        reach = 0 if transform.orthonormal else max(entry.reach for entry in SOLVERS.values())
    else:
        reach = SOLVERS[name].reach
    return math.ceil(reach * transform.n_fft / transform.hop)
