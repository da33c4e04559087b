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
from dpcodec.codec.solution_check import check_context, fault_of
from dpcodec.container.stream import Reader
from dpcodec.errors import DpcodecError
from dpcodec.inpainting.problem import Problem, limit, reinsert
from dpcodec.inpainting.progress import silent
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.inpainting.solvers import solve_with
from dpcodec.modes import mode_of_file
from dpcodec.transform.stft import frame_count


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
    mode = mode_of_file(header)
    segment, _ = mode.read(segments[0], frame_count(samples, header.hop))
    problem = mode.problem(segment, 0, 0, samples)
    estimate, choice = _solve(problem, solver, settings)
    known = reinsert(problem, estimate)
    check_context(problem, known)

    def audio(X: np.ndarray) -> Audio:
        synthesis = mode.synthesis(0)
        x = np.concatenate(
            [synthesis.push(mode.own_channels(X, segment), segment.block_splits), synthesis.finish(samples)],
            axis=1,
        )
        return Audio(x[:, :samples], header.sample_rate)

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
