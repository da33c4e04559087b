"""What is heard of the coder is what it coded, and tables in place of the frozen ones go again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import dpcodec
from dpcodec import Audio, encode, profile
from dpcodec.bench.clips import formula_clips
from dpcodec.coding import entropy
from dpcodec.training import coder
from dpcodec.training.collect import collect, joined
from dpcodec.training.export import text

CLIP = formula_clips(16000, 1.0)["melody"]
PAIR = Audio(np.stack([CLIP.samples[0], 0.5 * CLIP.samples[0]]), CLIP.sample_rate)


PROFILES = {"frames": "perceptual", "mdct": "mdct", "stft": "stft"}
"""The profile that each table belongs to."""


class _Tape:
    def __init__(self) -> None:
        self.seen: list[tuple[tuple[str, int], int, np.ndarray, np.ndarray]] = []
        self.tables: dict[str, int] = {}

    def coefficients(
        self, network: tuple[str, int], stage: int, inputs: np.ndarray, classes: np.ndarray
    ) -> None:
        self.seen.append((network, stage, inputs, classes))

    def symbols(self, table: str, context: np.ndarray, symbols: np.ndarray) -> None:
        assert len(context) == len(symbols)
        assert (context >= 0).all()
        assert (context < coder.SHAPES[table][0]).all()
        self.tables[table] = self.tables.get(table, 0) + len(symbols)


@pytest.mark.parametrize("name", ["frames", "mdct"])
def test_every_coefficient_is_heard_once_with_the_class_of_its_magnitude(name: str) -> None:
    tape, zeros, magnitudes = _Tape(), [], []

    class Counting(entropy.Encoder):
        def write(self, symbols: np.ndarray, family: object, rows: np.ndarray) -> None:
            if rows.shape[1] == 2:
                zeros.append(symbols)
            elif rows.shape[1] == coder.MAGNITUDES:
                magnitudes.append(symbols)
            super().write(symbols, family, rows)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dpcodec.coding.coders.Encoder", Counting)
        with coder.heard_by(tape):
            heard = encode(PAIR, profile(PROFILES[name]))
    assert heard == encode(PAIR, profile(PROFILES[name]))
    classes = np.concatenate([classes for *_, classes in tape.seen])
    np.testing.assert_array_equal(classes > 0, np.concatenate(zeros))
    np.testing.assert_array_equal(classes[classes > 0] - 1, np.concatenate(magnitudes))
    for (table, network), stage, inputs, _ in tape.seen:
        assert table == name
        assert inputs.shape[1] == coder.inputs_of_networks()[network]
        assert (stage == 0) == (network < 2)
    assert {"differences", "paired"} & set(tape.tables) == (
        {"differences", "paired"} if name == "frames" else set()
    )


def test_symbols_of_an_stft_file_are_heard() -> None:
    tape = _Tape()
    with coder.heard_by(tape):
        encode(CLIP, profile("stft"))
    assert set(tape.tables) == {"zeros", "real", "imag"}
    assert tape.tables["real"] == tape.tables["imag"] < tape.tables["zeros"]
    assert not tape.seen


def test_nothing_is_heard_after_the_listening() -> None:
    tape = _Tape()
    with coder.heard_by(tape):
        pass
    encode(CLIP)
    assert not tape.seen


@pytest.mark.parametrize("name", ["frames", "mdct", "stft"])
def test_frozen_tables_in_their_own_form_give_the_same_bytes(name: str) -> None:
    tables = json.loads(json.dumps(coder.frozen()))
    before = encode(PAIR, profile(PROFILES[name]))
    with coder.started_from(tables):
        assert encode(PAIR, profile(PROFILES[name])) == before


@pytest.mark.parametrize("name", ["frames", "mdct", "stft"])
def test_other_tables_give_other_bytes_and_only_within(name: str) -> None:
    before = encode(PAIR, profile(PROFILES[name]))
    tables = coder.frozen()
    for table, rows in (("stft", "zeros"), ("mdct", "nonzero"), ("frames", "differences")):
        tables[table][rows] = tables[table][rows][::-1]
    with coder.started_from(tables):
        assert encode(PAIR, profile(PROFILES[name])) != before
    assert encode(PAIR, profile(PROFILES[name])) == before


def test_a_network_in_its_own_form_is_the_same_network() -> None:
    inputs = np.random.default_rng(5).integers(0, 256, (500, 33)).astype(np.float32)
    objects = coder.frozen()["mdct"]["networks"]
    for count, numbers in zip(coder.inputs_of_networks(), objects, strict=True):
        network = coder.network_of(numbers)
        weights = np.array(numbers["weights"])
        hidden = np.clip((inputs[:, :count].astype(int) @ weights.T + numbers["bias"]) // 32, 0, 127)
        out = (hidden @ np.array(numbers["outputs"]).T + numbers["output_bias"]) // 1024
        zero, magnitude = network.contexts(np.ascontiguousarray(inputs[:, :count].T))
        np.testing.assert_array_equal(zero, np.clip(out[:, 0], 0, 47))
        np.testing.assert_array_equal(magnitude, np.clip(out[:, 1], 0, 23))


class _Formula:
    def __init__(self, name: str) -> None:
        self._name = name

    def audio(self) -> Audio:
        return formula_clips(16000, 0.5)[self._name]


def test_a_collection_is_the_same_from_any_number_of_processes() -> None:
    sources = [_Formula("castanets"), _Formula("glides")]
    one, two = (joined(list(collect(sources, 1, seed=3, jobs=jobs))) for jobs in (1, 2))
    assert one.samples.keys() == two.samples.keys()
    for a, b in ((one.samples[key], two.samples[key]) for key in one.samples):
        np.testing.assert_array_equal(a.inputs, b.inputs)
        np.testing.assert_array_equal(a.classes, b.classes)
    for name in one.counts:
        np.testing.assert_array_equal(one.counts[name], two.counts[name])
    assert all(
        len(samples.classes) == len(samples.inputs) == len(samples.stages) for samples in one.samples.values()
    )


def test_the_form_of_the_frozen_files() -> None:
    tables = coder.frozen()
    assert {name: sorted(table) for name, table in tables.items()} == {
        "stft": ["imag", "real", "zeros"],
        "mdct": ["magnitudes", "networks", "nonzero"],
        "frames": ["differences", "magnitudes", "networks", "nonzero", "paired"],
    }
    assert np.shape(tables["stft"]["zeros"]) == (400,)
    assert np.shape(tables["stft"]["real"]) == (25, 23)
    assert np.shape(tables["stft"]["imag"]) == (100, 23)
    for name in coder.NETWORKED:
        assert np.shape(tables[name]["nonzero"]) == (6, 48)
        assert np.shape(tables[name]["magnitudes"]) == (24, 22)
    assert np.shape(tables["frames"]["differences"]) == (185, 15)
    assert np.shape(tables["frames"]["paired"]) == (125, 15)


@pytest.mark.parametrize("name", coder.NAMES)
def test_the_frozen_files_are_what_export_would_write(name: str) -> None:
    frozen = Path(dpcodec.__file__).parent / "coding" / "tables" / f"{name}.json"
    assert text(coder.frozen()[name]) == frozen.read_text(encoding="ascii")
