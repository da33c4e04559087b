"""How far coefficients are from what is known of them: the data term of the guided fit.

    sum_fitted rho(d_kl / s_kl) + sum_bounded rho(b_kl / s_kl),   rho(v) = v^2 or |v|

d is the distance of real and imaginary part from their intervals, zero inside; b how far the modulus of a
dropped coefficient passes its bound. Both are clamped distances (hinges): a quantised value that is as good
as it can be known pulls no longer. Without `intervals` d is the distance from the interval's centre, and
bounds say nothing.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from dpcodec.inpaint.losses import STFT_SHARE, Synthesis, multi_resolution_stft
from dpcodec.inpaint.problem import Problem
from dpcodec.settings import LOSSES, check_choice


class Distance:
    """The distance over some cells, for coefficients complex [K, L] on the device of `scale`.

    problem    of one channel
    cells      bool [K, L], which kept cells count
    scale      float32 [K, L], the unit of each cell
    name       "mse" or "l1"; "mse+stft" adds the multi-resolution loss of the signals of these cells alone
    intervals  whether half-widths and bounds count
    """

    def __init__(
        self, problem: Problem, cells: np.ndarray, scale: Tensor, name: str, *, intervals: bool
    ) -> None:
        check_choice("loss", name, LOSSES)
        device = scale.device
        self._scale, self._name = scale, name
        self._cells = torch.from_numpy(cells & problem.kept[0]).to(device)
        self._centre = torch.from_numpy(np.ascontiguousarray(problem.centre[0])).to(device)
        bounded = ~problem.kept[0] & np.isfinite(problem.bound[0])
        self._halfwidth = torch.from_numpy(problem.halfwidth[0] * np.float32(intervals)).to(device)
        self._bounds = None
        if intervals and bounded.any():
            bound = np.where(bounded, problem.bound[0], np.float32(0))
            self._bounds = torch.from_numpy(bounded).to(device), torch.from_numpy(bound).to(device)
        self._count = max(1, int(self._cells.sum()))
        self._synthesise = None
        if name == "mse+stft" and problem.span.samples > 0 and bool((self._centre * self._cells).any()):
            self._synthesise = Synthesis(problem.stft, problem.span, scale)
            self._unit = self._cells / scale.max()
            self._signal = self._synthesise.signal(self._centre * self._unit)

    def __call__(self, X: Tensor) -> Tensor:
        """The mean over the cells, a scalar."""
        total = self._each(X).sum()
        if self._bounds is not None:
            bounded, bound = self._bounds
            over = (_modulus(X) - bound).clamp(min=0) * bounded
            total = total + self._rho(over / self._scale).sum()
        total = total / self._count
        if self._synthesise is not None:
            x = self._synthesise.signal(X * self._unit)
            total = total + STFT_SHARE * multi_resolution_stft(x, self._signal)
        return total

    def by_frame(self, X: Tensor) -> Tensor:
        """The sum over the cells of each frame, [L]; bounds and the signals' loss left out."""
        return self._each(X).sum(0)

    def _each(self, X: Tensor) -> Tensor:
        error = torch.view_as_real(X - self._centre).abs()
        error = (error - self._halfwidth[..., None]).clamp(min=0)
        return self._rho(error / self._scale[..., None]).sum(-1) * self._cells

    def _rho(self, v: Tensor) -> Tensor:
        return v.abs() if self._name == "l1" else v.square()


def _modulus(X: Tensor) -> Tensor:
    return (torch.view_as_real(X).square().sum(-1) + torch.finfo(torch.float32).tiny).sqrt()
