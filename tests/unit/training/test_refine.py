"""The gates of solver refine: truth beside what a decoder knows, descent, integers, and the command."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from signals import notes

from dpcodec import Audio, FileAccessError, Problem, SettingsError, SolverSettings, encode, profile, write
from dpcodec.container.stream import Reader
from dpcodec.inpainting.progress import silent
from dpcodec.inpainting.refine.features import FEATURES, MOVES
from dpcodec.inpainting.refine.gate import Gate, gate_of, gates, read_gates
from dpcodec.inpainting.refine.solver import solve
from dpcodec.inpainting.tables import table
from dpcodec.modes import mode_of_file
from dpcodec.modes.frames import segments_and_frames
from dpcodec.training import programs
from dpcodec.training.refine import __main__ as command
from dpcodec.training.refine import fit
from dpcodec.training.refine.problems import of_file
from dpcodec.training.refine.rooms import recorded
from dpcodec.training.refine.samples import Samples, drawn, joined
from dpcodec.training.refine.stages import gain

needs_programs = pytest.mark.skipif(bool(programs.missing()), reason=f"not here: {programs.missing()}")


def pair() -> np.ndarray:
    x = 0.2 * notes(22050)
    return np.stack([x, 0.6 * x + 0.02 * np.roll(x, 900)]).astype(np.float32)


@pytest.mark.parametrize("settings", [{"bitrate": 48}, {"quality": 9}], ids=["coarse", "fine"])
def test_the_truth_is_within_a_step_of_nearly_every_value(settings: dict[str, float]) -> None:
    """Of rotated pairs too; a few small values are chosen by their band's energy."""
    x = pair()
    found = list(of_file("pair", encode(Audio(x, 22050), profile("perceptual", **settings)), x))
    assert len(found) == 2
    for example in found:
        boxes = example.boxes
        off = np.abs(example.truth - boxes.value)
        assert (off <= 0.9 * boxes.step)[1:-1][boxes.step[1:-1] > 0].mean() > 0.99


def test_files_of_profile_mdct_have_examples_too() -> None:
    x = pair()
    data = encode(Audio(x, 22050), profile("mdct", drop=0.9, rate=None, mono=False))
    for example in of_file("pair", data, x):
        error = np.abs(example.truth - example.boxes.value)
        assert (error <= 0.95 * example.boxes.step)[1:-1].all()


def samples(n: int, seed: int = 0) -> Samples:
    """Moves of which the second is right where the first feature is positive, and none elsewhere."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((FEATURES, n)).astype(np.float32)
    moves = rng.uniform(-0.4, 0.4, (MOVES, n)).astype(np.float32)
    wanted = np.where(features[0] > 0, moves[1], 0).astype(np.float32)
    edge = np.full(n, 0.5, np.float32)
    return Samples(features, moves, wanted, -edge, edge, rng.uniform(0.5, 2, n).astype(np.float32))


def test_the_gradient_is_that_of_the_loss() -> None:
    rng, part = np.random.default_rng(1), samples(50)
    layers = [a.astype(np.float64) for a in fit.start(rng, (FEATURES, 7, 4, MOVES + 1))]
    layers[1] += rng.standard_normal(7)
    x, weight = part.features.T.astype(np.float64), part.weight
    _, gradients = fit.gradient(layers, x, part, weight)
    for layer, slope in zip(layers, gradients, strict=True):
        at = tuple(rng.integers(size) for size in layer.shape)
        losses = []
        for shift in (1e-5, -2e-5):
            layer[at] += shift
            losses.append(fit.gradient(layers, x, part, weight)[0])
        layer[at] += 1e-5
        np.testing.assert_allclose((losses[0] - losses[1]) / 2e-5, slope[at], rtol=2e-3, atol=1e-6)


def test_a_gate_learns_what_is_right_and_its_integers_know_it() -> None:
    part, other = samples(20000), samples(5000, 1)
    gate = gate_of(fit.integers(fit.fitted(part, 300, 0, lambda step, loss: None)))
    off = gate.move(other.features, other.moves) - other.wanted
    assert np.mean(off**2) < 0.2 * np.mean(other.wanted**2)


def test_the_same_seed_gives_the_same_gate() -> None:
    first, second = (fit.integers(fit.fitted(samples(2000), 5, 3, lambda *_: None)) for _ in range(2))
    assert first == second


def test_samples_weigh_by_energy() -> None:
    """Their weighted mean square is about the energy of an example's error over itself, 1."""
    x = pair()[:1]
    (example,) = of_file("one", encode(Audio(x, 22050), profile("perceptual", bitrate=24)), x)
    part = drawn(example, example.boxes.value, np.random.default_rng(0), 20000)
    assert part is not None
    assert 0.3 < float(np.sum(part.weight * part.wanted**2)) < 1.1
    both = joined([part, None, part])
    assert both.features.shape == (FEATURES, 2 * part.features.shape[1])
    assert gain(example, gates()) > 0.1


def test_a_recorded_piece_is_the_same_again_and_as_loud() -> None:
    audio = Audio(pair(), 22050)
    for seed in range(6):
        first, second = (recorded(np.random.default_rng(seed), audio) for _ in range(2))
        np.testing.assert_array_equal(first.samples, second.samples)
        assert first.samples.shape == audio.samples.shape
        assert np.abs(first.samples).max() == pytest.approx(np.abs(audio.samples).max(), rel=1e-5)


@needs_programs
@pytest.mark.slow
def test_a_quick_run_leaves_gates_in_the_form_of_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    write(own / "mine.wav", Audio(pair(), 22050))
    options = ["--quick", "--seed", "5"]
    assert command.main([*options, "--out", str(tmp_path), "--add", str(own)]) == 0
    found = json.loads((tmp_path / "refine.json").read_text())
    assert len(found["gates"]) == len(gates())
    for numbers, known in zip(found["gates"], gates(), strict=True):
        made = gate_of(numbers)
        assert [w.shape for w in made.weights] == [w.shape for w in known.weights]
    said = capsys.readouterr().out
    assert re.search(r"^mean [+-]\d\.\d+ dB, least [+-]\d+\.\d+ dB, \d+ channels$", said, re.MULTILINE)
    assert command.main([*options, "--measure", str(tmp_path / "refine.json")]) == 0
    assert capsys.readouterr().out.splitlines() == said.splitlines()[1:]


def test_own_gates_take_the_place_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(table("refine")))
    same = read_gates(path)
    still = [Gate(tuple(0 * w for w in one.weights), tuple(0 * b for b in one.biases)) for one in same]
    (problem, *_) = problems_of(encode(Audio(pair(), 22050), profile("perceptual", bitrate=48)))
    ours = solve(problem, SolverSettings(), silent)
    np.testing.assert_array_equal(solve(problem, SolverSettings(), silent, same), ours)
    kept = problem.kept
    np.testing.assert_allclose(
        solve(problem, SolverSettings(), silent, still)[kept], problem.value[kept], rtol=1e-6
    )
    assert not np.allclose(ours[kept], problem.value[kept], rtol=1e-3)


@pytest.mark.parametrize(
    "text, told",
    [
        ("no table", "no table of gates"),
        ("{}", "no table of gates"),
        ('{"gates": []}', "other inputs or outputs"),
    ],
)
def test_what_is_no_table_of_gates_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match=told):
        read_gates(path)
    numbers = {"weights": [[[1], [2]]], "biases": [[0]]}
    path.write_text(json.dumps({"gates": [numbers]}))
    with pytest.raises(SettingsError, match="other inputs or outputs"):
        read_gates(path)
    with pytest.raises(FileAccessError, match="cannot be read"):
        read_gates(tmp_path / "none.json")


def problems_of(data: bytes) -> list[Problem]:
    """Of the first segment of a file, channel by channel."""
    reader = Reader(io.BytesIO(data))
    mode = mode_of_file(reader.header)
    packets, frames = next(iter(segments_and_frames(reader)))
    segment, _ = mode.read(packets, frames)
    return [mode.problem(segment, c, 0, reader.total_samples) for c in range(reader.header.channels)]
