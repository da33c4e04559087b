"""What both fits share: coefficients as a network sees them, steps of Adam, channels one after the other.

One seed gives one result on one device: weights and noise are drawn on the CPU, and cuDNN is kept to
algorithms that give the same bits each time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from dpcodec.errors import SettingsError
from dpcodec.inpainting.deep_prior.losses import MaskedLoss
from dpcodec.inpainting.problem import Problem
from dpcodec.inpainting.progress import Progress
from dpcodec.inpainting.progress_parts import ProgressParts
from dpcodec.inpainting.solver_settings import SolverSettings, with_share

OneChannel = Callable[[Problem, SolverSettings, ProgressParts], np.ndarray | None]
"""Estimates a problem of one channel: [1, K, L]; None where there was no time to begin."""


class Fit:
    """A network, the loss of its output, and Adam."""

    def __init__(self, network: nn.Module, loss: MaskedLoss, learning_rate: float) -> None:
        self.network, self._loss = network, loss
        self._optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate)

    def step(self, z: Tensor) -> tuple[float, Tensor]:
        """One step with the input z [1, 2, F, T]: the loss before it, and the output that had this loss."""
        with torch.enable_grad(), _repeatable():
            self._optimizer.zero_grad()
            output: Tensor = self.network(z)
            if output.shape != z.shape:
                raise SettingsError(
                    f"network gives {list(output.shape)} for {list(z.shape)}: it must keep the shape"
                )
            loss = self._loss(output)
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimizer.step()
        return float(loss.detach()), output.detach()

    def run(
        self, inputs: Iterator[Tensor], steps: int, progress: Progress, deadline: float | None
    ) -> Iterator[tuple[float, Tensor]]:
        """At most so many steps, each as it is done: its loss and output, both finite.

        Ends when the deadline is less than a step away, `progress` answers true, or the fit diverges.
        """
        before = time.monotonic()
        for done in range(1, steps + 1):
            loss, output = self.step(next(inputs))
            if not (math.isfinite(loss) and bool(output.isfinite().all())):
                return
            yield loss, output
            now = time.monotonic()
            if progress(done, steps, f"loss {loss:.4g}") or (
                deadline is not None and 2 * now - before > deadline
            ):
                return
            before = now


def output_of(network: nn.Module, z: Tensor) -> Tensor:
    """What a network makes of an input, [1, 2, F, T] both; no gradient."""
    with torch.no_grad(), _repeatable():
        output: Tensor = network(z)
    return output


def _repeatable() -> Any:
    allow_tf32 = torch.backends.cudnn.allow_tf32
    return torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=allow_tf32
    )


def each_channel(
    work: OneChannel, problem: Problem, settings: SolverSettings, progress: Progress
) -> np.ndarray:
    """The channels' estimates, [C, K, L], finite always.

    Channels share the time left. A silent channel, one that `work` gives None for, or one after a stop comes
    back as its kept coefficients and zeros.
    """
    channels = problem.kept.shape[0]
    estimate = problem.value.copy()
    for c in range(channels):
        if not estimate[c].any():
            continue
        told = ProgressParts(progress, c, channels)
        found = work(problem.channel(c), with_share(settings, 1 / (channels - c)), told)
        if found is not None:
            estimate[c] = np.where(np.isfinite(found[0]), found[0], estimate[c])
        if told.stopped:
            break
    return estimate


def level_of(problem: Problem) -> float:
    """Root mean square of the kept real numbers below the Nyquist bin; 1 where there is none, or silence."""
    values = problem.value[:, :-1][problem.kept[:, :-1]]
    power = float(np.mean(np.abs(values, dtype=np.float64) ** 2)) / 2 if values.size else 0.0
    return math.sqrt(power) or 1.0


def parts_of(X: np.ndarray, multiple: int) -> Tensor:
    """Complex [1, K, L] -> real and imaginary part as channels, float32 [1, 2, F, T].

    The network sees the first K - 1 bins, as in the paper; F and T are K - 1 and L rounded up to a multiple,
    zeros beyond the grid.
    """
    X = X[:, :-1]
    return _padded(torch.from_numpy(np.stack([X.real, X.imag], axis=1).astype(np.float32)), multiple)


def cells_of(mask: np.ndarray, multiple: int) -> Tensor:
    """Bool [1, K, L] -> bool [F, T], laid out as in `parts_of`; false beyond the grid."""
    return _padded(torch.from_numpy(mask[0, :-1].copy()), multiple)


def coefficients_of(parts: Tensor, like: np.ndarray) -> np.ndarray:
    """The way back: [1, 2, F, T] -> an array like `like`, [1, K, L], zero at the last bin; of an MDCT the
    real part counts."""
    _, bins, frames = like.shape
    inner = parts[:, :, : bins - 1, :frames].cpu().numpy()
    X = inner[:, 0] + 1j * inner[:, 1] if np.iscomplexobj(like) else inner[:, 0]
    return np.pad(X, ((0, 0), (0, 1), (0, 0))).astype(like.dtype)


def _padded(x: Tensor, multiple: int) -> Tensor:
    return functional.pad(x, (0, -x.shape[-1] % multiple, 0, -x.shape[-2] % multiple))
