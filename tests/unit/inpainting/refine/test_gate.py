"""The gate's arithmetic against loops, and its table."""

from __future__ import annotations

import hashlib
import re
from itertools import pairwise
from pathlib import Path

import numpy as np

import dpcodec
from dpcodec.inpainting.refine.features import FEATURES, MOVES
from dpcodec.inpainting.refine.gate import UNIT, gate_of, gates

TABLE = Path(dpcodec.__file__).parent / "inpainting" / "tables" / "refine.json"


def test_a_gate_against_loops() -> None:
    rng = np.random.default_rng(0)
    sizes = (FEATURES, 5, 3, MOVES + 1)
    shapes = list(pairwise(sizes))
    numbers = {
        "weights": [rng.integers(-900, 900, shape).tolist() for shape in shapes],
        "biases": [rng.integers(-900, 900, shape[1]).tolist() for shape in shapes],
    }
    features, moves = rng.standard_normal((FEATURES, 300)), rng.standard_normal((MOVES, 300))
    found = gate_of(numbers).move(features.astype(np.float32), moves.astype(np.float32))
    for i in (0, 17, 299):
        x = features[:, i]
        for layer in range(3):
            x = x @ np.array(numbers["weights"][layer]) / UNIT + np.array(numbers["biases"][layer]) / UNIT
            x = np.maximum(x, 0) if layer < 2 else x
        np.testing.assert_allclose(found[i], x[:-1] @ moves[:, i] + x[-1], rtol=2e-4, atol=1e-5)


def test_the_table_has_gates_of_the_right_sizes_and_a_few_thousand_weights() -> None:
    for gate in gates():
        assert gate.weights[0].shape[0] == FEATURES
        assert gate.weights[-1].shape[1] == MOVES + 1
        assert sum(w.size + b.size for w, b in zip(gate.weights, gate.biases, strict=True)) < 8000
        assert all(np.abs(w).max() < 32 for w in gate.weights)


def test_the_table_is_the_one_that_the_document_names() -> None:
    text = (Path(__file__).parents[4] / "docs" / "training.md").read_text()
    told = re.search(r"`dpcodec.inpainting.tables.refine\.json`.*?`([0-9a-f]{64})`", text, re.DOTALL)
    assert told is not None
    assert hashlib.sha256(TABLE.read_bytes()).hexdigest() == told[1]


def test_nothing_to_move_is_no_error() -> None:
    nothing = np.zeros((FEATURES, 0), np.float32), np.zeros((MOVES, 0), np.float32)
    assert gates()[0].move(*nothing).shape == (0,)
