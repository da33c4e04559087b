"""The guided fit's parts, put together as the settings ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from dpcodec.inpaint.deep_prior.coordinates import Coordinates
from dpcodec.inpaint.deep_prior.descent import Descent, Model
from dpcodec.inpaint.deep_prior.distance import Distance
from dpcodec.inpaint.deep_prior.proposals import Correction, Proposal, build, build_correction
from dpcodec.inpaint.deep_prior.repeat import repeatable
from dpcodec.inpaint.networks.sizes import AnySize
from dpcodec.inpaint.problem import Problem
from dpcodec.inpaint.solver_settings import SolverSettings
from dpcodec.settings import FIT_PARTS

P = TypeVar("P", bound=Proposal)

LOSS = "mse"


class Workbench:
    """What the fits of one block share: coordinates, model and distances, on the device."""

    def __init__(self, problem: Problem, settings: SolverSettings, size: AnySize) -> None:
        self._parts = [part for part in FIT_PARTS if part not in settings.without]
        self._problem, self._settings, self._size = problem, settings, size
        self._coordinates = Coordinates(
            problem,
            size.multiple,
            settings.device,
            phase="phase" in self._parts,
            whitening="whitening" in self._parts,
        )
        self._model = Model(problem, self._coordinates, consistent="consistency" in self._parts)

    def build(self, estimates: int, fold: int) -> Proposal:
        """A new proposal for so many estimates; others in each fold."""
        return self.moved(build(self._size, estimates, (self._settings.seed + fold) % 2**64))

    def build_from_noise(self) -> Correction:
        """A new proposal that starts from noise."""
        return self.moved(build_correction(self._size, self._settings.seed, start=False))

    def moved(self, proposal: P) -> P:
        """The proposal made ready for this block."""
        proposal.move(self._problem, self._coordinates)
        moved: P = proposal.to(self._settings.device)
        return moved

    def field(self, X: np.ndarray) -> Tensor:
        """Estimates, complex64 [W, K, L], in the network's coordinates."""
        return self._coordinates.field(torch.from_numpy(X).to(self._settings.device))

    def judge(self, cells: np.ndarray) -> Distance:
        """What decides, on some cells, bool [1, K, L]: not whitened, since the SNR is not."""
        scale = self._coordinates.scale
        return self._distance(cells, torch.full_like(scale, float(scale.max())))

    def _distance(self, cells: np.ndarray, scale: Tensor) -> Distance:
        return Distance(
            self._problem,
            cells[0],
            scale,
            self._settings.loss or LOSS,
            intervals="intervals" in self._parts,
        )

    def descent(self, proposal: Proposal, cells: np.ndarray, judge: Distance | None) -> Descent:
        """The fit of a proposal to what is known of some cells."""
        return Descent(
            proposal,
            self._model,
            self._distance(cells, self._coordinates.scale),
            judge,
            self._size.learning_rate,
            averaging="averaging" in self._parts,
        )

    def answer(self, proposals: Sequence[Proposal], X: np.ndarray) -> np.ndarray:
        """The mean of what proposals make of estimates, complex64 [W, K, L] -> [1, K, L]."""
        made = [self.moved(proposal) for proposal in proposals]
        mean: np.ndarray = np.mean([self.cells(p, p.prepare(self.field(X))) for p in made], axis=0)
        return mean

    def cells(self, proposal: Proposal, prepared: Any) -> np.ndarray:
        """What a proposal makes of its prepared input: complex64 [1, K, L]."""
        with torch.no_grad(), repeatable():
            X: np.ndarray = self._model(proposal(prepared)).cpu().numpy()
        return X[np.newaxis]
