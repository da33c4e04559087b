"""What a solver is told besides the problem."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

Watch = Callable[[float, Callable[[], np.ndarray]], None]
"""Told after each step of an iterative solver: the loss, and a function that makes the estimate, [1, K, L] of
the channel in work."""

CELL_BYTES, DEVICE_BYTES = 1000, 4 << 30
"""Memory on a device that a coefficient takes at most, and that signals solved there at once may take."""


@dataclass(frozen=True, kw_only=True)
class SolverSettings:
    """How to solve.

    device       "cpu", "cuda", "cuda:N" or "mps"
    iterations   steps of the solver; None: its own default
    deadline     when to stop with the best so far, on the clock of `time.monotonic`, s; None: no limit
    seed         of the deep prior's input and weights, 0 .. 2**64 - 1
    network      the deep prior's network by name, or a torch.nn.Module; None: by device
    fit          how it is fitted: "guided" or "paper"
    loss         of the deep prior: "mse", "l1" or "mse+stft"; None: by fit
    learning_rate  of the deep prior's Adam; None: the network's own
    watch        sees the steps of what is asked for, not those of trials beside it; None: nobody does
    """

    device: str = "cpu"
    iterations: int | None = None
    deadline: float | None = None
    seed: int = 0
    network: Any = None
    fit: str = "guided"
    loss: str | None = None
    learning_rate: float | None = None
    watch: Watch | None = None


def with_share(settings: SolverSettings, share: float) -> SolverSettings:
    """The settings with a share of the time left."""
    if settings.deadline is None:
        return settings
    now = time.monotonic()
    return replace(settings, deadline=now + share * (settings.deadline - now))
