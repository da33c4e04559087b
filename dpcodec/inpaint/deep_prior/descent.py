"""The steps of the guided fit."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor

from dpcodec.inpaint.deep_prior.coordinates import Coordinates
from dpcodec.inpaint.deep_prior.distance import Distance
from dpcodec.inpaint.deep_prior.proposals import Proposal
from dpcodec.inpaint.deep_prior.repeat import repeatable
from dpcodec.inpaint.losses import Synthesis
from dpcodec.inpaint.problem import Problem, Progress

LATE = 8
"""The mean over late iterates looks back over one in so many of all steps."""
CHECKS = 16
"""How often in a fit what was held out is asked."""


class Model:
    """From a proposal to coefficients: complex [K, L].

    With `consistent` the coefficients go through inverse and forward STFT, so that only what is the STFT of a
    signal reaches the loss.
    """

    def __init__(self, problem: Problem, coordinates: Coordinates, *, consistent: bool) -> None:
        self._stft, self._span, self._coordinates = problem.stft, problem.span, coordinates
        self._synthesise = Synthesis(problem.stft, problem.span, coordinates.scale) if consistent else None

    def __call__(self, field: Tensor) -> Tensor:
        """Of a field [1, 2, F, T]."""
        X = self._coordinates.cells(field)
        if self._synthesise is None:
            return X
        consistent: Tensor = self._stft.forward(self._synthesise.signal(X), self._span)
        return consistent


class Descent:
    """Adam on a proposal, its average over late iterates, and the best of them by held-out coefficients.

    proposal  fitted in place
    averaging, judge  whether to average; what measures coefficients on the ones held out, None: the last is
                      the best
    """

    def __init__(
        self,
        proposal: Proposal,
        model: Model,
        distance: Distance,
        judge: Distance | None,
        rate: float,
        *,
        averaging: bool,
    ) -> None:
        self._proposal, self._model, self._distance, self._judge = proposal, model, distance, judge
        self._optimizer = torch.optim.Adam(proposal.parameters(), lr=rate)
        self._averaging = averaging
        self.best = self._mean = deepcopy(proposal)
        self.error = math.inf

    def run(
        self, inputs: Iterable[Any], calm: Any, steps: int, told: Progress, deadline: float | None
    ) -> None:
        """At most so many steps; `inputs` are the prepared input of each, `calm` is the one that is judged.

        Ends before `deadline`, when `told` answers true, or when a loss is not finite. `best` then is the
        proposal with the lowest `error`.
        """
        decay = 1 - 1 / max(2, steps // LATE) if self._averaging else 0.0
        self._ask(calm)
        before = time.monotonic()
        for done, prepared in zip(range(1, steps + 1), inputs):  # noqa: B905 # inputs may be endless
            loss = self.step(prepared)
            if not math.isfinite(loss):
                break
            self._follow(decay)
            if done % max(1, steps // CHECKS) == 0 or done == steps:
                self._ask(calm)
            now = time.monotonic()
            late = deadline is not None and 2 * now - before > deadline
            if told(done, steps, loss) or late:
                break
            before = now
        if self._judge is None:
            self.best = self._mean

    def step(self, prepared: Any) -> float:
        """One step of Adam; the loss before it."""
        with torch.enable_grad(), repeatable():
            self._optimizer.zero_grad()
            loss = self._distance(self._model(self._proposal(prepared)))
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimizer.step()
        return float(loss.detach())

    def _follow(self, decay: float) -> None:
        with torch.no_grad():
            for mean, new in zip(self._mean.parameters(), self._proposal.parameters(), strict=True):
                mean.lerp_(new, 1 - decay)

    def _ask(self, calm: Any) -> None:
        if self._judge is None:
            return
        with torch.no_grad(), repeatable():
            error = float(self._judge(self._model(self._mean(calm))))
        if error < self.error:
            self.best, self.error = deepcopy(self._mean), error
