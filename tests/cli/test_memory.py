"""The allocator is told to keep what was freed, where it can be told; nothing else changes."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dpcodec.cli import memory

HUGE = Path("/sys/kernel/mm/transparent_hugepage/enabled")


class Function:
    """One of the library's, with the types that ctypes is told."""

    restype: Any = None
    argtypes: Any = None

    def __init__(self, name: str, told: list[tuple[Any, ...]], answers: list[int | None]) -> None:
        self._name, self._told, self._answers = name, told, answers

    def __call__(self, *arguments: int) -> int | None:
        self._told.append((self._name, *arguments))
        return self._answers.pop(0) if self._answers else 0


class Library:
    """What glibc would hear."""

    def __init__(self, *rooms: int | None) -> None:
        self.told: list[tuple[Any, ...]] = []
        answers = {"malloc": list(rooms)}
        for name in ("mallopt", "malloc", "free", "madvise"):
            setattr(self, name, Function(name, self.told, answers.get(name, [])))


@pytest.mark.parametrize("platform, calls", [("linux", 2), ("darwin", 0), ("win32", 0)])
def test_only_glibc_is_told(monkeypatch: pytest.MonkeyPatch, platform: str, calls: int) -> None:
    library = Library(4096, 5 << 20)
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    memory.keep()
    options = [value for name, *_, value in library.told if name == "mallopt"]
    assert len(options) == calls
    assert set(options) <= {memory.KEPT_BYTES, memory.LARGEST_BYTES}
    assert bool(library.told) == (platform == "linux")


def test_whole_huge_pages_within_what_was_given_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    library, starts = Library(4112, None), [4112]
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    memory.keep()
    asked = [call for call in library.told if call[0] == "madvise"]
    assert [call for call in library.told if call[0] == "free"] == [("free", start) for start in starts]
    for (_, first, length, advice), start in zip(asked, starts, strict=True):
        assert start <= first < start + memory.HUGE_BYTES
        assert first % memory.HUGE_BYTES == length % memory.HUGE_BYTES == 0
        assert start + memory.ROOM_BYTES - memory.HUGE_BYTES < first + length <= start + memory.ROOM_BYTES
        assert advice == memory.ADVISE_HUGE


@pytest.mark.skipif(not HUGE.exists() or "[never]" in HUGE.read_text(), reason="has no huge pages")
def test_the_heap_may_have_huge_pages_and_is_no_larger() -> None:
    program = (
        "import re\n"
        "from pathlib import Path\n"
        "from dpcodec.cli import memory\n"
        "def used(): return int(re.search(r'VmRSS:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])\n"
        "before = used()\n"
        "memory.keep()\n"
        "heaps = re.findall(r'\\[heap\\].*?VmFlags: ([a-z ]+)', Path('/proc/self/smaps').read_text(), re.S)\n"
        "print(any('hg' in flags.split() for flags in heaps), used() - before < 8192)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]


def test_a_libc_that_has_no_such_option_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing: Any = object()
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: nothing)
    memory.keep()
