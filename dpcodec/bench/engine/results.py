"""Results on disk: a line of JSON a measurement, written as it is made, so that nothing measured is lost."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import dpcodec
from dpcodec.bench.engine.experiment import Row
from dpcodec.errors import FileAccessError

PACKAGES = ("numpy", "scipy", "torch")
"""Those whose versions may move a figure."""


class Results:
    """The file FOLDER/NAME.jsonl: rows with their `id`, and a line {"run": ...} for each run that added some,
    with the command line that was given.

    Raises `FileAccessError` if it is there and holds anything else.
    """

    def __init__(self, folder: Path, name: str, command: str = "") -> None:
        self.path = folder / f"{name}.jsonl"
        self.rows: dict[str, Row] = {}
        self.runs: list[Row] = []
        self._command = command
        self._noted = False
        for line in _whole_lines(self.path):
            if "id" in line:
                self.rows[line["id"]] = line
            else:
                self.runs.append(line["run"])

    def add(self, row: Row) -> None:
        """Append a row that has an `id`; it is on its way to the disk when this returns."""
        if not self._noted:
            self._start()
        self.rows[row["id"]] = row
        self._append(row)

    def _start(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        _cut_unfinished_line(self.path)
        self.runs.append({"command": self._command, **about_this_run()})
        self._noted = True
        self._append({"run": self.runs[-1]})

    def _append(self, line: Row) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, allow_nan=False) + "\n")


def about_this_run() -> Row:
    """When, with which versions, on what kind of machine."""
    from importlib import metadata
    from importlib.util import find_spec

    return {
        "at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "dpcodec": dpcodec.__version__,
        "python": platform.python_version(),
        "packages": {p: metadata.version(p) for p in PACKAGES if find_spec(p)},
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
    }


def _whole_lines(path: Path) -> Iterator[Any]:
    """The file's lines as values; a last line without its end, of a run that was killed, is left out."""
    if not path.exists():
        return
    lines = path.read_bytes().split(b"\n")[:-1]
    for number, text in enumerate(lines, 1):
        try:
            line = json.loads(text)
        except ValueError as error:
            raise FileAccessError(f"{path}: line {number} is not JSON: mend it, or use --fresh") from error
        if not isinstance(line, dict) or not ("run" in line or "id" in line):
            raise FileAccessError(f"{path}: line {number} is no row of results: mend it, or use --fresh")
        yield line


def _cut_unfinished_line(path: Path) -> None:
    if path.exists():
        data = path.read_bytes()
        with path.open("r+b") as file:
            file.truncate(data.rfind(b"\n") + 1)
