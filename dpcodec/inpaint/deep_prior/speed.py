"""How long a step of a fit takes."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from dpcodec.inpaint.deep_prior import guided, paper
from dpcodec.inpaint.heap import kept_heap
from dpcodec.inpaint.networks.sizes import NetworkSize, network_size
from dpcodec.inpaint.problem import Problem
from dpcodec.inpaint.solver_settings import SolverSettings
from dpcodec.signal.stft import Stft


def measure_step(network: str, bins: int, frames: int, device: str) -> float:
    """Seconds of one optimisation step (forward, backward, Adam) on [bins, frames] cells: for a MultiResUNet
    that of the paper's fit with the loss "mse+stft", for others that of the guided fit.

    The second step is timed; the first one pays for allocations. Raises `SettingsError` for an unknown
    network.
    """
    size = network_size(network, device)
    settings = SolverSettings(device=device, network=network)
    problem = _noise(bins, frames)
    step: Callable[[], object] = (
        paper.Fit(problem, 0, size, settings).step
        if isinstance(size, NetworkSize)
        else guided.trial_step(problem, size, settings)
    )
    with kept_heap():
        step()
        start = time.perf_counter()
        step()
        return time.perf_counter() - start


def _noise(bins: int, frames: int) -> Problem:
    stft = Stft(2 * bins, bins // 2, "hann")
    rng = np.random.default_rng(0)
    centre = rng.standard_normal((2, 1, stft.bins, frames)).astype(np.float32)
    kept = rng.random((1, stft.bins, frames)) < 0.5
    span = stft.span((frames - 1) * stft.hop)
    zeros = np.zeros(kept.shape, np.float32)
    bound = np.where(kept, 0, np.inf).astype(np.float32)
    return Problem(stft, span, kept, kept * (centre[0] + 1j * centre[1]), zeros, bound)
