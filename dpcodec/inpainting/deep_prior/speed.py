"""How long a step of a fit takes."""

from __future__ import annotations

import time

import numpy as np

from dpcodec.inpainting.deep_prior.paper import published_fit
from dpcodec.inpainting.network_size import network_size
from dpcodec.inpainting.problem import Problem, stft_problem
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.transform.stft import Stft


def measure_step(network: str, bins: int, frames: int, device: str) -> float:
    """Seconds of one optimisation step (forward, backward, Adam) of the paper's fit, with the loss
    "mse+stft", on [bins, frames] cells.

    The second step is timed; the first one pays for allocations. Raises `SettingsError` for an unknown
    network.
    """
    size = network_size(network, device)
    settings = SolverSettings(device=device, network=network)
    fit, inputs = published_fit(_noise(bins, frames), settings, size)
    fit.step(next(inputs))
    start = time.perf_counter()
    fit.step(next(inputs))
    return time.perf_counter() - start


def _noise(bins: int, frames: int) -> Problem:
    stft = Stft(2 * bins, bins // 2, "hann")
    rng = np.random.default_rng(0)
    centre = rng.standard_normal((2, 1, stft.bins, frames)).astype(np.float32)
    kept = rng.random((1, stft.bins, frames)) < 0.5
    span = stft.span((frames - 1) * stft.hop)
    zeros = np.zeros(kept.shape, np.float32)
    bound = np.where(kept, 0, np.inf).astype(np.float32)
    return stft_problem(stft, span, kept, kept * (centre[0] + 1j * centre[1]), zeros, bound)
