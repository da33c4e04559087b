"""The allocator is told to keep what was freed, where it can be told; nothing else changes."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest

from dpcodec.cli import memory


class Library:
    """What glibc would hear."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int]] = []

    def mallopt(self, name: int, value: int) -> int:
        self.told.append((name, value))
        return 1


@pytest.mark.parametrize("platform, calls", [("linux", 2), ("darwin", 0), ("win32", 0)])
def test_only_glibc_is_told(monkeypatch: pytest.MonkeyPatch, platform: str, calls: int) -> None:
    library = Library()
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    memory.keep()
    assert len(library.told) == calls
    assert {value for _, value in library.told} <= {memory.KEPT_BYTES, memory.LARGEST_BYTES}


def test_a_libc_that_has_no_such_option_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing: Any = object()
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: nothing)
    memory.keep()
