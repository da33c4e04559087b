"""Functions that tasks of the tests call: other processes import them from here."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import numpy as np


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


def doubled(*arrays: np.ndarray) -> list[np.ndarray]:
    """Twice each."""
    return [2 * x for x in arrays]


def lock() -> object:
    """What cannot be sent."""
    return threading.Lock()


class OfTwoError(Exception):
    """Its pickle has one argument of the two that it needs."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first + second)


def of_two() -> None:
    """Raise it."""
    raise OfTwoError("a", "b")
