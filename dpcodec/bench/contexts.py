"""One solve, both outputs of the paper's section IV: as the solver has it, and "with context".

`dpcodec.decode` gives one of them; a fit that takes minutes should not be made twice. The samples are the
same, which a test holds.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

import numpy as np

from dpcodec import Audio
from dpcodec.codec.grid import read_grid, stft_of
from dpcodec.codec.guard import check_context, fault_of
from dpcodec.container.stream import Reader
from dpcodec.errors import DpcodecError
from dpcodec.inpaint.choose import solve_with
from dpcodec.inpaint.problem import Problem, limit, reinsert, silent
from dpcodec.inpaint.solver_settings import SolverSettings
from dpcodec.signal.blocks import StreamingInverse
from dpcodec.signal.stft import Stft, frame_count


@dataclass(frozen=True)
class Solved:
    """Audio with and without context, and a line that says which solver it was and why."""

    with_context: Audio
    without: Audio
    choice: str


def solve_file(data: bytes, solver: str, settings: SolverSettings) -> Solved:
    """Decode a whole mono `.dpc` file of one segment.

    Raises `DpcodecError` where `decode` would warn and take another solver or device: what is measured is
    what was asked for, or nothing.
    """
    reader = Reader(io.BytesIO(data))
    header, samples = reader.header, reader.total_samples
    segments = list(reader.segments())
    if header.channels != 1 or samples is None or len(segments) != 1 or not reader.whole:
        raise DpcodecError("this takes whole mono files of one segment: encode with enough segment_frames")
    if header.transform != "stft":
        raise DpcodecError("solvers are for STFT files: encode with transform stft")
    stft = stft_of(header)
    grid, _ = read_grid(header, segments[0], frame_count(samples, header.hop))
    problem = Problem(stft, stft.span(samples), *grid.fields())
    estimate, choice = _solve(problem, solver, settings)
    known = reinsert(problem, estimate)
    check_context(problem, known)

    def audio(X: np.ndarray) -> Audio:
        return Audio(_samples(stft, X, samples), header.sample_rate)

    return Solved(audio(known), audio(estimate), choice)


def _solve(problem: Problem, solver: str, settings: SolverSettings) -> tuple[np.ndarray, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            estimate, choice = solve_with(solver, problem, settings, silent)
        except RuntimeWarning as warning:
            raise DpcodecError(f"not measured: {warning}") from warning
    if fault := fault_of(problem, estimate, settings.device):
        raise DpcodecError(f"not measured: {fault}")
    return limit(problem, estimate), choice


def _samples(stft: Stft, X: np.ndarray, samples: int) -> np.ndarray:
    inverse = StreamingInverse(stft, 1)
    return np.concatenate([inverse.push(X), inverse.finish(samples)], axis=1)[:, :samples]
