"""The command from end to end, and that nothing else needs it."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dpcodec
from dpcodec.training import __main__ as command
from dpcodec.training import programs
from dpcodec.training.coder import frozen
from dpcodec.training.compare import Sizes, ratio, table
from dpcodec.training.integers import RANGES

ROOT = Path(dpcodec.__file__).parent
needs_programs = pytest.mark.skipif(bool(programs.missing()), reason=f"not here: {programs.missing()}")


def shapes(tables: Any) -> Any:
    """Keys and shapes of nested JSON objects."""
    if isinstance(tables, dict):
        return {key: shapes(value) for key, value in tables.items()}
    if isinstance(tables, list) and isinstance(tables[0], dict):
        return [shapes(value) for value in tables]
    return np.shape(tables)


@needs_programs
@pytest.mark.slow
def test_a_quick_run_leaves_tables_in_the_form_of_the_frozen_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--quick", "--seed", "5", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    found = {name: json.loads((tmp_path / f"{name}.json").read_text()) for name in frozen()}
    assert shapes(found) == shapes(frozen())
    for network in found["mdct"]["networks"]:
        for name, (low, high) in RANGES.items():
            assert low <= np.min(network[name]) <= np.max(network[name]) <= high
    rows = re.findall(r"^\| (\S.*?) \| (\d+) \| (\d+) \| (\d+) \| ([\d.]+) \|$", said, re.MULTILINE)
    everything = rows[-1]
    assert everything[0] == "all"
    assert sum(int(row[2]) for row in rows[:3]) == int(everything[2])
    assert float(everything[4]) == pytest.approx(int(everything[3]) / int(everything[2]), abs=1e-4)


@pytest.mark.parametrize(
    "options, reason",
    [
        (["--add", "SQAM"], "benchmarks measure on sqam"),
        (["--seed", "-1"], "seed is -1"),
        (["--jobs", "0"], "jobs is 0"),
        (["--out", str(ROOT / "coding" / "tables")], "audio files depend on"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is(
    options: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new"
    assert command.main(["--out", str(out), *options]) == 1
    assert reason in capsys.readouterr().err
    assert not out.exists()


def test_the_table_adds_up() -> None:
    sizes = [Sizes("solo", "mdct", 100, 90), Sizes("solo", "stft", 50, 55), Sizes("band", "mdct", 200, 210)]
    assert ratio(sizes) == pytest.approx(355 / 350)
    assert table(sizes).splitlines()[2:] == [
        "| solo | 2 | 150 | 145 | 0.9667 |",
        "| band | 1 | 200 | 210 | 1.0500 |",
        "| mdct | 2 | 300 | 300 | 1.0000 |",
        "| stft | 1 | 50 | 55 | 1.1000 |",
        "| all | 3 | 350 | 355 | 1.0143 |",
    ]


def test_nothing_else_imports_training_and_one_module_of_it_imports_coding() -> None:
    doors = []
    for path in sorted(ROOT.rglob("*.py")):
        names = []
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names += [f"{node.module}.{alias.name}" for alias in node.names]
        inside = path.is_relative_to(ROOT / "training")
        assert inside or not any(name.startswith("dpcodec.training") for name in names), path
        if inside and any(name.startswith("dpcodec.coding") for name in names):
            doors.append(path.name)
    assert doors == ["coder.py"]
