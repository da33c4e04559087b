"""What the blind pages of the report draw, as docs/listening.md tells it, and the files that they save."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any


def draws(seed: int) -> Iterator[float]:
    """mulberry32: numbers in [0, 1)."""
    state = seed
    while True:
        state = (state + 0x6D2B79F5) % 2**32
        t = (state ^ state >> 15) * (state | 1) % 2**32
        t ^= (t + (t ^ t >> 7) * (t | 61)) % 2**32
        yield (t ^ t >> 14) / 2**32


def shuffled(items: list[Any], numbers: Iterator[float]) -> list[Any]:
    """Fisher's and Yates's, with one number a step."""
    items = list(items)
    for i in range(len(items) - 1, 0, -1):
        j = int(next(numbers) * (i + 1))
        items[i], items[j] = items[j], items[i]
    return items


def saved(listener: Any, downloads: Path, kind: str, name: str = "") -> str:
    """The file that a page saves by its button, whose name begins so."""
    for old in downloads.iterdir():
        old.unlink()
    listener.click(f"Save {kind.upper()}")
    path: Path = listener.until(lambda: next(downloads.glob(f"{name}*.{kind}"), None))
    return path.read_bytes().decode()
