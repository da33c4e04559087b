"""The solvers, by name: one line here and a module with the function `solve` for each.

    solve(problem, settings, progress) -> estimate, [C, K, L] as `problem.value`, finite always

Every solver takes every kind of problem. A module is imported when its solver runs: some load scipy or torch.
A function of a caller's own does as well as a name, and an installed package may bring names (`plugins.py`).
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from dpcodec.errors import DpcodecError, PluginError, SettingsError
from dpcodec.inpainting.problem import Problem
from dpcodec.inpainting.progress import Progress
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.plugins import Table
from dpcodec.transform.stft import Transform

Solve = Callable[[Problem, SolverSettings, Progress], np.ndarray]


@dataclass(frozen=True)
class SolverEntry:
    """A solver.

    module    where its `solve` is; of a plug-in the function itself
    reach     windows on each side of a block that it must see for its estimate inside the block to be as good
              as in one piece (docs/experiments/inpainting.md)
    ahead     the same after a block; None: as before it. What is not looked at need not be waited for
    agrees    whether its estimate is the file's own values wherever there are any, within every bound
    torch     whether it needs torch
    cell_bytes  memory that it takes for each cell of its problem
    name      of a plug-in, in messages
    arrays    whether it takes tensors as well as numpy's arrays, and solves channels side by side
    """

    module: str | Solve
    reach: int = 6
    ahead: int | None = None
    agrees: bool = False
    torch: bool = False
    cell_bytes: int = 1000
    name: str = ""
    arrays: bool = False

    def solve(self, problem: Problem, settings: SolverSettings, progress: Progress) -> np.ndarray:
        """Run it. Raises `PluginError` where a plug-in fails or gives no estimate."""
        if not isinstance(self.module, str):
            return by_function(self.module, problem, settings, progress, self.name)
        estimate: np.ndarray = importlib.import_module(self.module).solve(problem, settings, progress)
        return estimate


LARGEST = 1e34
"""The largest samples that are encoded make smaller coefficients; solvers count with float32."""
AUTO, CHOICE = "auto", "dpcodec.inpainting.choose"
"""The name that means the best of the others, and the module that finds out which that is."""
OWN = {
    "none": SolverEntry("dpcodec.inpainting.zeros", reach=0, agrees=True, cell_bytes=40),
    "noise": SolverEntry("dpcodec.inpainting.noise", reach=0, agrees=True, cell_bytes=40),
    "refine": SolverEntry("dpcodec.inpainting.refine", reach=4, ahead=0, cell_bytes=700),
    "least-squares": SolverEntry("dpcodec.inpainting.least_squares", arrays=True),
    "janssen": SolverEntry("dpcodec.inpainting.janssen"),
    "deep-prior": SolverEntry("dpcodec.inpainting.deep_prior", torch=True, cell_bytes=1000),
}


def _from_outside(name: str, found: object) -> SolverEntry:
    """The entry of what a plug-in brings: an `SolverEntry`, or the function `solve`."""
    if isinstance(found, SolverEntry):
        return replace(found, name=name)
    if not callable(found):
        raise PluginError(f"it is a {type(found).__name__}, neither a function nor a SolverEntry")
    return SolverEntry(found, name=name)


SOLVERS: Table[SolverEntry] = Table("solver", OWN, _from_outside, taken=(AUTO,))


def check_solver(name: str) -> None:
    """Raise `SettingsError` unless there is such a solver; "auto" counts. Raises `PluginError` for one from
    outside that cannot be used."""
    if name == AUTO:
        return
    if name not in SOLVERS:
        raise SettingsError(f"solver is {name!r}: use {SOLVERS.told((AUTO,))}")
    SOLVERS[name]


def solve_with(
    solver: str | Solve, problem: Problem, settings: SolverSettings, progress: Progress
) -> tuple[np.ndarray, str]:
    """Solve by name, "auto" included, or by a function: the estimate before context, and "NAME: why", the
    solver and the reason.

    Raises `SettingsError` where there is no such solver, `PluginError` where a function fails or gives no
    estimate.
    """
    if not isinstance(solver, str):
        return by_function(solver, problem, settings, progress), f"{name_of(solver)}: as asked"
    check_solver(solver)
    name = solver
    why = "as asked"
    if name == AUTO and problem.operator.orthonormal:
        name, why = _of_an_mdct(problem)
    if (name == AUTO or not SOLVERS[name].agrees) and problem.largest > LARGEST:
        name, why = "none", "no encoder writes values as large as these"
    if name != AUTO:
        return SOLVERS[name].solve(problem, settings, progress), f"{name}: {why}"
    found: tuple[np.ndarray, str] = importlib.import_module(CHOICE).solve(problem, settings, progress)
    return found


def by_function(
    solve: Solve, problem: Problem, settings: SolverSettings, progress: Progress, name: str = ""
) -> np.ndarray:
    """The estimate of a function from outside, of the problem's type. Raises `PluginError`, in which the
    function has a name of its own if no other is given."""
    name = name or name_of(solve)
    try:
        estimate = np.asarray(solve(problem, settings, progress))
    except DpcodecError:
        raise
    except Exception as exc:
        raise PluginError(f"solver {name} failed: {type(exc).__name__}: {exc}") from exc
    if estimate.shape != problem.value.shape or estimate.dtype.kind not in "fc":
        wanted = f"{problem.value.dtype} {list(problem.value.shape)}"
        raise PluginError(f"solver {name} gave {estimate.dtype} {list(estimate.shape)}, not {wanted}")
    if not np.isfinite(estimate).all():
        raise PluginError(f"solver {name} gave numbers that are not finite")
    kept_type = estimate if np.iscomplexobj(problem.value) else estimate.real
    return kept_type.astype(problem.value.dtype)


def name_of(solve: Solve) -> str:
    """What a function is called in messages."""
    return str(getattr(solve, "__name__", type(solve).__name__))


def _of_an_mdct(problem: Problem) -> tuple[str, str]:
    """Its solver and why: nothing that is kept says anything of what was dropped, but longer windows may."""
    if problem.noise.any():
        if problem.halfwidth.any():
            return "refine", "longer windows hear more of what was quantised"
        return "noise", "of the levels that the file tells"
    return "none", "zeros are the least squares of an MDCT"


def takes_arrays(solver: str | Solve) -> bool:
    """Whether it takes tensors as they are, and several channels at once."""
    return isinstance(solver, str) and solver in SOLVERS and SOLVERS[solver].arrays


def side_by_side(solver: str | Solve, device: str) -> bool:
    """Whether channels and segments of one file are best given to it at once: on the CPU they would take more
    memory and little less time."""
    return takes_arrays(solver) and device != "cpu"


def agrees(told: str) -> bool:
    """Whether the solver that such a line names gives the file's own values wherever there are any."""
    name = told.partition(":")[0]
    return name in SOLVERS and SOLVERS[name].agrees


def halo_frames(transform: Transform, name: str) -> tuple[int, int]:
    """Frames before and after a block that a solver must see."""
    found = _candidates(transform, name)
    before = max(entry.reach for entry in found)
    after = max(entry.reach if entry.ahead is None else entry.ahead for entry in found)
    windows = transform.n_fft / transform.hop
    return math.ceil(before * windows), math.ceil(after * windows)


def cell_bytes(transform: Transform, name: str, network: str | None, device: str) -> int:
    """Memory on the CPU that a solver takes for each cell of its problem; a network on another device takes
    that of the device."""
    most = max(entry.cell_bytes for entry in _candidates(transform, name))
    if name == AUTO or not SOLVERS[name].torch or device != "cpu":
        return most
    from dpcodec.inpainting.network_size import network_size  # lazy: for the deep prior

    return most + network_size(network, "cpu").cell_bytes


def _candidates(transform: Transform, name: str) -> list[SolverEntry]:
    """The solvers that a name may come to: `auto` fits a network on a GPU only."""
    if name != AUTO:
        return [SOLVERS[name]]
    if transform.orthonormal:
        return [SOLVERS["none"], SOLVERS["noise"], SOLVERS["refine"]]
    return [entry for entry in SOLVERS.values() if not entry.torch]
