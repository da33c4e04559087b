"""A solver that goes wrong is noticed, told and replaced."""

from __future__ import annotations

import io

import numpy as np
import pytest

from dpcodec import Audio, DecodeSettings, DpcodecError, StreamInfo, decode_stream, encode, profile
from dpcodec.audio.streams import ArrayWriter
from dpcodec.codec.solution_check import check_context, fault_of
from dpcodec.inpainting.problem import Problem, stft_problem
from dpcodec.inpainting.progress import Progress
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.inpainting.solvers import solve_with
from dpcodec.metrics.snr import snr
from dpcodec.transform.stft import Stft

STFT = Stft(64, 16, "hann")


def problem(halfwidth: float = 0.0) -> Problem:
    X = STFT.forward(np.random.default_rng(0).standard_normal((1, 400)).astype(np.float32))
    kept = np.random.default_rng(1).random(X.shape) < 0.5
    width = np.where(kept, np.float32(halfwidth), np.float32(0))
    return stft_problem(STFT, STFT.span(400), kept, np.where(kept, X, 0), width, np.where(kept, 0, np.inf))


def test_numbers_that_are_not_finite_are_a_fault() -> None:
    p = problem()
    assert fault_of(p, p.centre, "cpu") is None
    bad = p.centre.copy()
    bad[0, 3, 3] = np.nan
    assert "not finite" in str(fault_of(p, bad, "cpu"))


def test_a_gpu_that_misses_what_is_known_is_a_fault() -> None:
    p = problem()
    assert fault_of(p, 0.5 * p.centre, "mps") is None
    assert "device mps" in str(fault_of(p, -p.centre, "mps"))
    assert fault_of(p, -p.centre, "cpu") is None


def test_kept_coefficients_must_lie_in_their_intervals() -> None:
    p = problem(0.1)
    check_context(p, p.centre + np.complex64(0.0999 - 0.0999j))
    with pytest.raises(DpcodecError, match="did not come back"):
        check_context(p, p.centre + np.complex64(0.11))


def test_the_decoder_replaces_a_solver_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")

    def fails_first(
        solver: str, problem: Problem, settings: SolverSettings, progress: Progress
    ) -> tuple[np.ndarray, str]:
        if solver == "deep-prior":
            return np.full(problem.kept.shape, np.nan, np.complex64), "deep-prior: broken"
        return solve_with(solver, problem, settings, progress)

    monkeypatch.setattr("dpcodec.codec.blocks.solve_with", fails_first)
    x = np.sin(np.arange(16000) / 7)
    data = encode(Audio(x, 16000), profile("paper", drop=0.3))
    writer = ArrayWriter(16000, 1, Audio(x, 16000).sample_format)

    def open_writer(info: StreamInfo) -> ArrayWriter:
        return writer

    report = decode_stream(io.BytesIO(data), open_writer, DecodeSettings(solver="deep-prior", device="cpu"))
    assert "least squares on the CPU instead" in " ".join(report.warnings)
    assert snr(x[np.newaxis].astype(np.float32), writer.audio.samples) > 80
