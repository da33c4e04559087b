"""What was measured is on disk, whatever happens to the one that measures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import dpcodec
from dpcodec import FileAccessError
from dpcodec.bench.engine.experiment import Row
from dpcodec.bench.engine.results import Results


def lines(folder: Path) -> list[Row]:
    return [json.loads(line) for line in (folder / "x.jsonl").read_text().splitlines()]


def test_rows_are_on_disk_as_soon_as_they_are_added_and_come_back(tmp_path: Path) -> None:
    results = Results(tmp_path / "new", "x", "dpcodec bench x")
    assert not results.path.exists(), "a run that adds nothing leaves nothing"
    results.add({"id": "a", "snr": 1.5})
    results.add({"id": "b", "snr": "inf", "clip": "Ä\udcff"})
    for again in (results, Results(tmp_path / "new", "x")):
        assert again.rows == {
            "a": {"id": "a", "snr": 1.5},
            "b": {"id": "b", "snr": "inf", "clip": "Ä\udcff"},
        }
        assert [(run["command"], run["dpcodec"]) for run in again.runs] == [
            ("dpcodec bench x", dpcodec.__version__)
        ]


def test_each_run_that_adds_rows_is_noted_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        Results(tmp_path, "x")
        results = Results(tmp_path, "x", f"command {name}")
        results.add({"id": name})
        results.add({"id": name + name})
    assert [run["command"] for run in Results(tmp_path, "x").runs] == ["command a", "command b"]
    assert set(lines(tmp_path)[0]["run"]) >= {"at", "python", "packages", "system", "cores"}


def test_a_row_may_have_a_column_named_run(tmp_path: Path) -> None:
    Results(tmp_path, "x").add({"id": "a", "run": 3})
    assert Results(tmp_path, "x").rows == {"a": {"id": "a", "run": 3}}


@pytest.mark.parametrize("cut", [1, 5, 12])
def test_a_line_cut_short_is_forgotten_and_overwritten(tmp_path: Path, cut: int) -> None:
    results = Results(tmp_path, "x")
    results.add({"id": "a"})
    results.add({"id": "b", "snr": 2})
    results.path.write_bytes(results.path.read_bytes()[:-cut])
    again = Results(tmp_path, "x")
    assert list(again.rows) == ["a"]
    again.add({"id": "c"})
    assert [line.get("id") for line in lines(tmp_path)] == [None, "a", None, "c"]
    assert list(Results(tmp_path, "x").rows) == ["a", "c"]


@pytest.mark.parametrize(
    "content, message",
    [
        (b'{"id": "a"}\nsomething\n', "line 2 is not JSON"),
        (b"\xff\xfe\n", "line 1 is not JSON"),
        (b"\n", "line 1 is not JSON"),
        (b"[1]\n", "line 1 is no row"),
        (b'{"snr": 3}\n', "line 1 is no row"),
    ],
)
def test_a_file_that_holds_anything_else_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x.jsonl").write_bytes(content)
    with pytest.raises(FileAccessError, match=rf"x\.jsonl: {message}.*--fresh"):
        Results(tmp_path, "x")
    assert (tmp_path / "x.jsonl").read_bytes() == content
