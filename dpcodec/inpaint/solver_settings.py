"""What a solver is told besides the problem."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SolverSettings:
    """How to solve.

    device       "cpu", "cuda", "cuda:N" or "mps"
    iterations   steps of the solver; None: its own default
    deadline     when to stop with the best so far, on the clock of `time.monotonic`, s; None: no limit
    seed         of the deep prior's input and weights, 0 .. 2**64 - 1
    network      the deep prior's network by name; None: by device
    loss         of the deep prior: "mse", "l1" or "mse+stft"
    """

    device: str = "cpu"
    iterations: int | None = None
    deadline: float | None = None
    seed: int = 0
    network: str | None = None
    loss: str = "mse+stft"
