"""Segments and channels of one file that a device solves at once: the same samples as one after the other."""

from __future__ import annotations

import io

import numpy as np
import pytest
from signals import chord

from dpcodec import Audio, DecodeSettings, decode, encode, profile
from dpcodec.codec import decoder, rebuild
from dpcodec.codec.decode_report import DecodeReport
from dpcodec.codec.memory import READ_BYTES
from dpcodec.container.stream import Reader
from dpcodec.errors import LimitError
from dpcodec.inpainting import least_squares
from dpcodec.inpainting.problem import Problem
from dpcodec.inpainting.solver_settings import CELL_BYTES, SolverSettings

FRAMES, BATCH = 60, 1


def file_of(drop: float = 0.4) -> bytes:
    """Stereo of five segments, the last one shorter."""
    x = np.stack([chord(18_000, 0), 0.1 * chord(18_000, 1)])
    about = profile("paper", rate=None, mono=False, n_fft=256, hop=64, drop=drop, segment_frames=FRAMES)
    return encode(Audio(x.astype(np.float32), 8000), about)


@pytest.fixture
def named_cpu(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Device "cuda" is torch's CPU; and the shapes of the problems that are solved."""
    pytest.importorskip("torch").set_num_threads(1)
    shapes: list[tuple[int, ...]] = []
    solve = least_squares.solve

    def noted(problem: Problem, *about: object) -> np.ndarray:
        shapes.append(problem.kept.shape)
        return solve(problem, *about)  # type: ignore[arg-type]

    monkeypatch.setattr(decoder, "resolve_device", lambda name: "cpu:0" if name == "cuda" else name)
    monkeypatch.setattr(least_squares, "solve", noted)
    return shapes


@pytest.mark.parametrize("context", [True, False])
def test_same_samples_from_fewer_solutions(named_cpu: list[tuple[int, ...]], context: bool) -> None:
    data = file_of()
    settings = {"solver": "least-squares", "context": context, "batch_segments": BATCH}
    one = decode(data, DecodeSettings(device="cpu", **settings))  # type: ignore[arg-type]
    assert [shape[0] for shape in named_cpu] == [1] * 10
    named_cpu.clear()
    many = decode(data, DecodeSettings(device="cuda", **settings))  # type: ignore[arg-type]
    assert sum(shape[0] for shape in named_cpu) == 10
    assert max(shape[0] for shape in named_cpu) >= 4  # all but the ends lie under as many frames
    np.testing.assert_allclose(many.samples, one.samples, atol=1e-4)


def made(max_memory: int = 4 << 30, device: str = "cuda:0") -> rebuild.Rebuild:
    settings = DecodeSettings(solver="least-squares", max_memory=max_memory, batch_segments=BATCH)
    reader, solver = Reader(io.BytesIO(file_of())), SolverSettings(device=device)
    return decoder.rebuild_of(reader, settings, solver, DecodeReport(8000, 2))


def test_memory_bounds_the_blocks_solved_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = (FRAMES + 2 * made().halo) * 129 * 2
    assert made(device="cpu").together == 1
    monkeypatch.setattr(rebuild, "DEVICE_BYTES", int(3.5 * cells * CELL_BYTES))
    assert made().together == 3
    monkeypatch.setattr(rebuild, "DEVICE_BYTES", cells)
    assert made().together == 1
    monkeypatch.setattr(rebuild, "DEVICE_BYTES", 1 << 40)
    least = 4 * 5 * cells * READ_BYTES
    assert made(max_memory=least).together == 5
    with pytest.raises(LimitError, match="--max-memory"):
        made(max_memory=least // 100)


def test_progress_rises_and_a_stop_is_heeded(named_cpu: list[tuple[int, ...]]) -> None:
    told: list[float] = []

    def stop(done: float, total: float | None, detail: str) -> bool:
        told.append(done)
        return len(told) == 30

    settings = DecodeSettings(solver="least-squares", batch_segments=BATCH)
    report = DecodeReport(8000, 2)
    reader, solver = Reader(io.BytesIO(file_of(0.8))), SolverSettings(device="cpu:0")
    walk = decoder.rebuild_of(reader, settings, solver, report, stop)
    samples = np.concatenate(list(walk.samples(rebuild.TimeRange(0, None))), axis=1)
    assert samples.shape == (2, 18_000)
    assert np.isfinite(samples).all()
    assert told == sorted(told)
    assert report.stopped
    assert len(named_cpu) == 1


def test_bound_by_memory_the_samples_stay(
    monkeypatch: pytest.MonkeyPatch, named_cpu: list[tuple[int, ...]]
) -> None:
    cells = (FRAMES + 2 * made().halo) * 129 * 2
    monkeypatch.setattr(rebuild, "DEVICE_BYTES", int(2.5 * cells * CELL_BYTES))
    data = file_of()
    one = decode(data, DecodeSettings(solver="least-squares", device="cpu", batch_segments=BATCH))
    two = decode(data, DecodeSettings(solver="least-squares", device="cuda", batch_segments=BATCH))
    assert max(shape[0] for shape in named_cpu) == 4
    np.testing.assert_allclose(two.samples, one.samples, atol=1e-4)
