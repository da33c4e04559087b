"""The published fit: a network f is fitted to the kept coefficients, from noise.

    theta* = argmin_theta  loss(M f_theta(z), M X / a),     X^ = a f_theta*(z)

The paper's equation 4, with the fit of F. Miotello et al. (IEEE/ACM TASLP 2023): z is one draw of uniform
noise on [0, 0.1), 2 channels; each step adds fresh Gaussian noise of deviation 0.03; Adam. `a` makes the kept
real numbers' mean square 1, so that the fit goes alike at any level.

Weights and noise are drawn on the CPU from the seed, so that every device sees the same numbers. Each channel
is fitted alone and from the same draw: equal channels come out equal.
"""

from __future__ import annotations

import math
import time
import warnings
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from dpcodec.errors import SettingsError
from dpcodec.inpaint.deep_prior.repeat import repeatable
from dpcodec.inpaint.losses import MaskedLoss
from dpcodec.inpaint.networks.carrier import carrier, modulate
from dpcodec.inpaint.networks.multiresunet import COMPLEX_CHANNELS, build
from dpcodec.inpaint.networks.sizes import AnySize, NetworkSize
from dpcodec.inpaint.problem import Problem, Progress
from dpcodec.inpaint.solver_settings import SolverSettings

LOSS = "mse+stft"
INPUT_RANGE = 0.1
INPUT_NOISE = 0.03


def solve(problem: Problem, settings: SolverSettings, size: AnySize, progress: Progress) -> np.ndarray:
    """Estimate all coefficients: complex64 [C, K, L], finite always.

    The network sees the first K - 1 bins, as in the paper; the Nyquist bin is estimated as zero. The estimate
    is the output of the step with the lowest loss, when the steps are over, when `settings.deadline` is less
    than a step away (channels share the time) or when `progress` answers true. A silent channel, or one for
    which no time was left, comes back as its kept coefficients and zeros.

    A fit that diverges before its first finite output is replaced by least squares, which a `RuntimeWarning`
    tells. Raises `SettingsError` for an unknown loss, or a network that is no `NetworkSize`.
    """
    size = published_size(size)
    channels = problem.kept.shape[0]
    watch = _Watch(progress, settings.deadline, channels, settings.iterations or size.steps)
    estimate = np.where(problem.kept, problem.centre, 0).astype(np.complex64)
    diverged = []
    for channel in range(channels):
        if not estimate[channel, :-1].any() or not watch.begin(channel):
            continue
        fit = Fit(problem, channel, size, settings)
        best = _run(fit, watch)
        if best is None:
            diverged.append(channel)
        else:
            estimate[channel] = _cells(best * fit.scale, *problem.kept.shape[1:])
    if diverged:
        estimate[diverged] = _least_squares(problem, settings, progress)[diverged]
    return estimate


def published_size(size: AnySize) -> NetworkSize:
    """The size, if it is one that the published fit knows; else `SettingsError`."""
    if not isinstance(size, NetworkSize):
        raise SettingsError("fit paper knows the MultiResUNet alone: use fit guided for this network")
    return size


class Fit:
    """One channel's fit: weights, optimiser, input and noise stream."""

    def __init__(self, problem: Problem, channel: int, size: NetworkSize, settings: SolverSettings) -> None:
        device = torch.device(settings.device)
        target, kept, self.scale = _target(problem, channel, size.multiple)
        target, kept = target.to(device), kept.to(device)
        self._loss = MaskedLoss(settings.loss or LOSS, target, kept, problem.stft, problem.span)
        self._network = build(size, settings.seed).to(device, torch.float32)
        self._optimizer = torch.optim.Adam(self._network.parameters(), lr=size.learning_rate)
        self._noise = torch.Generator().manual_seed(settings.seed)
        shape = (1, COMPLEX_CHANNELS, *kept.shape)
        self._z = INPUT_RANGE * torch.rand(shape, generator=self._noise, dtype=torch.float32)
        self._carrier = None
        if size.modulated:
            self._carrier = carrier(problem.stft.n_fft, problem.stft.hop, *kept.shape).to(device)
        self._device = device

    def step(self) -> tuple[float, Tensor]:
        """One step of Adam: the loss before it, and the output [1, 2, F, T] that had this loss."""
        noise = torch.randn(self._z.shape, generator=self._noise, dtype=torch.float32)
        z = (self._z + INPUT_NOISE * noise).to(self._device)
        with torch.enable_grad(), repeatable():
            self._optimizer.zero_grad()
            output: Tensor = self._network(z)
            if self._carrier is not None:
                output = modulate(output, self._carrier)
            loss = self._loss(output)
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimizer.step()
        return float(loss.detach()), output.detach()


class _Watch:
    """Decides when a channel's fit ends, and tells the caller's `progress` how far all of them are."""

    def __init__(self, progress: Progress, deadline: float | None, channels: int, steps: int) -> None:
        self.steps = steps
        self._progress, self._deadline, self._channels = progress, deadline, channels
        self._stopped = False

    def begin(self, channel: int) -> bool:
        """Start a channel with its share of the time left; false if there is none, or a stop was asked
        for."""
        self._channel, self._now = channel, time.monotonic()
        self._end = math.inf
        if self._deadline is not None:
            self._end = self._now + (self._deadline - self._now) / (self._channels - channel)
        return not self._stopped and self._now < self._end

    def stop(self, done: int, loss: float) -> bool:
        """Whether to end the channel after `done` steps."""
        before, self._now = self._now, time.monotonic()
        total = self._channels * self.steps
        if self._progress(self._channel * self.steps + done, total, loss):
            self._stopped = True
        return self._stopped or 2 * self._now - before > self._end


def _run(fit: Fit, watch: _Watch) -> Tensor | None:
    """The output with the lowest loss [1, 2, F, T]; None where not even the first one is finite."""
    best, lowest = None, math.inf
    for done in range(1, watch.steps + 1):
        loss, output = fit.step()
        if not (math.isfinite(loss) and bool(output.isfinite().all())):
            break
        if loss < lowest:
            best, lowest = output, loss
        if watch.stop(done, loss):
            break
    return best


def _target(problem: Problem, channel: int, multiple: int) -> tuple[Tensor, Tensor, float]:
    """Target [1, 2, F, T] with kept mean square 1, mask [F, T], and the scale that was taken out.

    F and T are rounded up to a multiple; cells beyond the grid count as dropped.
    """
    kept = problem.kept[channel, :-1]
    cells = np.where(kept, problem.centre[channel, :-1], 0)
    power = float(np.mean(np.abs(cells[kept], dtype=np.float64) ** 2)) / 2 if kept.any() else 0.0
    scale = math.sqrt(power) or 1.0
    parts = np.stack([cells.real, cells.imag]).astype(np.float32) / np.float32(scale)
    padding = (0, -kept.shape[1] % multiple, 0, -kept.shape[0] % multiple)
    target = functional.pad(torch.from_numpy(parts), padding)[None]
    return target, functional.pad(torch.from_numpy(kept.copy()), padding), scale


def _cells(output: Tensor, bins: int, frames: int) -> np.ndarray:
    """Network output [1, 2, F, T] -> complex64 [K, L], zero at the Nyquist bin."""
    parts = output[0, :, : bins - 1, :frames].cpu().numpy()
    return np.pad(parts[0] + 1j * parts[1], ((0, 1), (0, 0))).astype(np.complex64)


def _least_squares(problem: Problem, settings: SolverSettings, progress: Progress) -> np.ndarray:
    """What replaces a fit that diverged."""
    from dpcodec.inpaint import least_squares  # lazy: hardly ever needed

    warnings.warn("a deep prior fit diverged and was replaced by least squares", RuntimeWarning, stacklevel=2)
    return least_squares.solve(problem, replace(settings, iterations=None), progress)
