"""One solve gives what two decodings would, or nothing."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dpcodec import DecodeSettings, DpcodecError, decode, encode, profile
from dpcodec.bench import contexts
from dpcodec.bench.clips import melody
from dpcodec.bench.contexts import solve_file
from dpcodec.inpainting.solver_settings import SolverSettings

CLIP = melody(16000, 1.0)
MASKS = {
    "random": profile("paper", drop=0.6),
    "energy": profile("paper", mask="energy", drop=0.8),
    "columns": profile("paper", mask="columns", columns=((7, 8), (20, 23))),
    "quantised": profile("stft", drop=0.9),
}
SOLVERS: dict[str, dict[str, Any]] = {
    "none": {},
    "least-squares": {"iterations": 40},
    "deep-prior": {"iterations": 2, "network": "multiresunet-small"},
}


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("mask", MASKS)
def test_both_outputs_are_the_decoder_s(mask: str, solver: Any) -> None:
    if solver == "deep-prior":
        pytest.importorskip("torch")
    data = encode(CLIP, MASKS[mask])
    solved = solve_file(data, solver, SolverSettings(**SOLVERS[solver]))
    for context, audio in ((True, solved.with_context), (False, solved.without)):
        settings = DecodeSettings(solver=solver, context=context, device="cpu", **SOLVERS[solver])
        np.testing.assert_array_equal(audio.samples, decode(data, settings).samples)
        assert audio.sample_rate == 16000
    assert solved.choice == f"{solver}: as asked"


def test_zeros_are_the_same_with_and_without_context() -> None:
    solved = solve_file(encode(CLIP, MASKS["random"]), "none", SolverSettings())
    np.testing.assert_array_equal(solved.with_context.samples, solved.without.samples)


def test_files_of_several_segments_or_channels_and_damaged_ones_are_refused() -> None:
    whole = encode(CLIP, profile("paper"))
    assert solve_file(whole, "none", SolverSettings())
    hurt = bytearray(whole)
    hurt[len(hurt) // 2] ^= 1
    for data in (
        encode(CLIP, profile("paper", segment_frames=10)),
        encode(melody(16000, 0.5, 2), profile("stft")),
        bytes(hurt),
    ):
        with pytest.raises(DpcodecError, match="whole mono files of one segment"):
            solve_file(data, "none", SolverSettings())


def _warns(estimate: np.ndarray) -> tuple[np.ndarray, str]:
    warnings.warn("a fit diverged", RuntimeWarning, stacklevel=2)
    return estimate, ""


@pytest.mark.parametrize(
    "solve, message",
    [
        (_warns, "not measured: a fit diverged"),
        (lambda estimate: (estimate * np.nan, ""), "not measured: .* not finite"),
    ],
)
def test_no_other_solver_steps_in(
    solve: Callable[[np.ndarray], Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contexts, "solve_with", lambda solver, problem, *_: solve(problem.centre))
    with pytest.raises(DpcodecError, match=message):
        solve_file(encode(CLIP, profile("paper")), "deep-prior", SolverSettings())
