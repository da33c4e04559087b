"""What the tests of the command share: what came of a run, and the types of their fixtures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


@dataclass
class Outcome:
    code: int
    out: bytes
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def fails(self, code: int, *words: str) -> None:
        """It ended with this code and one line on stderr that holds these words."""
        assert self.code == code, self.err
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("dpcodec: ")
        assert lines[0].count(": ") >= 2, f"what, and what to do: {lines[0]}"
        for word in words:
            assert word in lines[0], f"{word!r} is not in {lines[0]!r}"

    def succeeds(self) -> Outcome:
        assert self.code == 0, self.err
        assert "Traceback" not in self.err
        return self


Run = Callable[..., Outcome]
"""Runs a command line, given as separate arguments."""
Spawn = Callable[..., subprocess.Popen[bytes]]
"""Starts a command line as a process."""
MakeFile = Callable[..., Path]
"""Writes a file and returns its path."""


def command_line(*arguments: object) -> list[str]:
    return [
        sys.executable,
        "-m",
        "dpcodec",
        *[os.fsdecode(a) if isinstance(a, bytes) else str(a) for a in arguments],
    ]


def piped(end: IO[bytes] | None) -> IO[bytes]:
    """An end of a process that was started with a pipe there."""
    assert end is not None
    return end
