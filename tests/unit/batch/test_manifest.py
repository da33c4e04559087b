"""The manifest: what is in the file, and the table that is made of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dpcodec import batch
from dpcodec.errors import DpcodecError


def test_lines_are_there_at_once_and_in_order_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "m.jsonl"
    with batch.Manifest(path) as manifest:
        for name in ("b", "c", "a"):
            manifest.begin(name)
            manifest.add({"id": name, "error": "not yet"})
            manifest.add({"id": name, "text": f"line\n{name} \N{SNOWMAN}"})
            assert json.loads(path.read_text().splitlines()[-1])["id"] == name
        manifest.finish(["a", "b"])
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert [line["id"] for line in lines] == ["a", "b", "c"]
        assert not any("error" in line for line in lines)
        assert manifest.get("b") == lines[1]
        assert manifest.get("z") is None
        manifest.add({"id": "z"})
        assert manifest.get("z") == {"id": "z"}
    assert [p.name for p in path.parent.iterdir()] == ["m.jsonl"]


@pytest.mark.parametrize("text", ["no JSON\n", "[1]\n", '{"neither": 1}\n'])
def test_another_file_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "m"
    path.write_text(text)
    with pytest.raises(DpcodecError, match="line 1 is no row"):
        batch.Manifest(path)
    assert path.read_text() == text


def test_a_table_of_parquet(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "m.parquet"
    rows = [
        {"id": "a", "bytes": 3, "kbps": 1.5, "figures": {"snr": 2.0}, "damaged": False},
        {"id": "b", "bytes": 1 << 40, "kbps": 2, "error": "none"},
    ]
    with batch.Manifest(path) as manifest:
        for row in rows:
            manifest.add(row)
        assert not path.exists()
        manifest.finish(["b", "a"])
    table = parquet.read_table(path).to_pylist()
    assert [row["id"] for row in table] == ["b", "a"]
    assert (table[0]["bytes"], table[0]["kbps"], table[0]["damaged"]) == (1 << 40, 2.0, None)
    assert json.loads(table[1]["figures"]) == {"snr": 2.0}
    with batch.Manifest(path) as manifest:
        assert [row["id"] for row in manifest.rows()] == ["b", "a"]
