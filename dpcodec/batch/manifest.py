"""The manifest of a run: a line of JSON for each task that has ended, written as it ends.

A second run with the same manifest goes on from it. Where all is over the lines stand in the order of the
tasks, so that runs that were cut, or had other workers, end with the same manifest but for what tells how
they went: `took_s`, `cpu_s`, `host` and `tries`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dpcodec.errors import DeviceError, FileAccessError

Row = dict[str, Any]
PARQUET_SUFFIX = ".parquet"
PARQUET_ROWS = 50_000
"""Rows a group: what is held in memory at a time."""


class Manifest:
    """The file of lines, or with the suffix .parquet a table that is made of them at the end; the lines then
    stand beside it, with .jsonl after its name.

    Rows have an `id`; a row with an `error` is a task that failed. Only where each row stands is kept in
    memory. Raises `FileAccessError` where the file holds anything else, `DeviceError` where a table is asked
    for and pyarrow is not installed.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._table = self.path.suffix.lower() == PARQUET_SUFFIX
        if self._table and find_spec("pyarrow") is None:
            raise DeviceError("a manifest in Parquet needs pyarrow: pip install 'dpcodec[parquet]'")
        self.lines = self.path.with_name(self.path.name + ".jsonl") if self._table else self.path
        self._places: dict[str, int] = {}
        self._begun: set[str] = set()
        if self.lines.exists():
            self._read()
        else:
            self.lines.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.lines.open("a+b")

    def get(self, task_id: str) -> Row | None:
        """The last row of a task."""
        place = self._places.get(task_id)
        return None if place is None else self._row_at(place)

    def begun(self, task_id: str) -> bool:
        """Whether the task was begun and has no row: its run was cut, and its output may be there."""
        return task_id in self._begun and task_id not in self._places

    def begin(self, task_id: str) -> None:
        """Note that a task is handed over: from now on its output is the batch's own."""
        self._begun.add(task_id)
        self._append({"begun": task_id})

    def add(self, row: Row) -> None:
        """Note what came of a task; it is on its way to the disk when this returns."""
        self._places[row["id"]] = self._append(row)

    def finish(self, order: Iterable[str]) -> None:
        """Put the rows into this order, those of other tasks after them, and make the table if one is asked
        for. The file is replaced as a whole."""
        ids = dict.fromkeys(order)
        known = [*(i for i in ids if i in self._places), *(i for i in self._places if i not in ids)]
        fresh = self.lines.with_name(f".{self.lines.name}.new")
        place, places = 0, {}
        with self.lines.open("rb") as old, fresh.open("wb") as file:
            for task_id in known:
                old.seek(self._places[task_id])
                places[task_id] = place
                place += file.write(old.readline())
            file.flush()
            os.fsync(file.fileno())
        self._file.close()  # a file that is open cannot be replaced everywhere
        fresh.replace(self.lines)
        self._places = places
        self._begun.clear()
        self._file = self.lines.open("a+b")
        if self._table:
            self._write_table()

    def rows(self) -> Iterator[Row]:
        """The last row of each task, in the order of the file."""
        for place in sorted(self._places.values()):
            yield self._row_at(place)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __enter__(self) -> Manifest:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _append(self, line: Row) -> int:
        self._file.seek(0, os.SEEK_END)
        place = self._file.tell()
        self._file.write(_line(line))
        self._file.flush()
        return place

    def _row_at(self, place: int) -> Row:
        self._file.seek(place)
        row: Row = json.loads(self._file.readline())
        return row

    def _read(self) -> None:
        """Where rows stand; a last line without its end, of a run that was killed, is cut off."""
        place = 0
        with self.lines.open("r+b") as file:
            for number, text in enumerate(file, 1):
                if not text.endswith(b"\n"):
                    file.truncate(place)
                    break
                self._note(text, number, place)
                place += len(text)

    def _note(self, text: bytes, number: int, place: int) -> None:
        try:
            line = json.loads(text)
        except ValueError:
            line = None
        if not isinstance(line, dict) or not ("id" in line or "begun" in line):
            raise FileAccessError(f"{self.lines}: line {number} is no row of a manifest: give another name")
        if "id" in line:
            self._places[line["id"]] = place
        else:
            self._begun.add(line["begun"])

    def _write_table(self) -> None:
        from dpcodec.batch.parquet import write_table

        write_table(self.rows, self.path, PARQUET_ROWS)


def _line(row: Row) -> bytes:
    return json.dumps(row, allow_nan=False).encode() + b"\n"
