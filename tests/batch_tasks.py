"""Functions that tasks of the tests call: other processes import them from here."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def half(number: int) -> dict[str, int]:
    """A row."""
    return {"half": number // 2, "pid": os.getpid()}


def fail_until(folder: str, name: str, tries: int) -> dict[str, int]:
    """Fail in each of the first `tries` calls; a file for each call says how many there were."""
    number = len(list(Path(folder).glob(f"{name}.*")))
    (Path(folder) / f"{name}.{number}").touch()
    if number < tries:
        raise OSError(5, f"try {number} of {name}")
    return {"half": number}


def die(folder: str, name: str, times: int) -> dict[str, int]:
    """End this process by SIGKILL in each of the first `times` calls."""
    number = len(list(Path(folder).glob(f"{name}.*")))
    (Path(folder) / f"{name}.{number}").touch()
    if number < times:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"half": number}
