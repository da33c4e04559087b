"""What a solver is told besides the problem."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass
class FitMemory:
    """What the fits of one file hand on from block to block, so that one network serves the whole file.

    `fitted` is the deep prior's own: empty before the first block.
    """

    fitted: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SolverSettings:
    """How to solve.

    device       "cpu", "cuda", "cuda:N" or "mps"
    iterations   steps of the solver; None: its own default
    deadline     when to stop with the best so far, on the clock of `time.monotonic`, s; None: no limit
    longer       lengths of the prior windows of least squares, in windows of the STFT; None: its own default
    seed         of the deep prior's input, weights and hidden coefficients, 0 .. 2**64 - 1
    network      the deep prior's network by name; None: by fit and device
    fit          how it is fitted: "guided" or "paper"
    without      parts that the guided fit is to leave out
    loss         of the deep prior: "mse", "l1" or "mse+stft"; None: by fit
    memory       the deep prior's memory of this file; None: every problem is fitted anew
    """

    device: str = "cpu"
    iterations: int | None = None
    deadline: float | None = None
    longer: tuple[int, ...] | None = None
    seed: int = 0
    network: str | None = None
    fit: str = "guided"
    without: tuple[str, ...] = ()
    loss: str | None = None
    memory: FitMemory | None = None


def with_share(settings: SolverSettings, share: float) -> SolverSettings:
    """The settings with a share of the time left."""
    if settings.deadline is None:
        return settings
    now = time.monotonic()
    return replace(settings, deadline=now + share * (settings.deadline - now))
