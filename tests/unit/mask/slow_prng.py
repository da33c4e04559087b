"""Philox in Python integers, and the numbers that docs/ prints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs"


def doc_lines(name: str) -> list[str]:
    """Lines of the fenced block `name` in the format's description, wherever it stands under docs/."""
    for path in sorted(DOCS.rglob("*.md")):
        match = re.search(rf"^```{name}\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S)
        if match:
            return match[1].splitlines()
    raise AssertionError(f"no block {name} in {DOCS}")


def slow_philox(counter: Sequence[int], key: Sequence[int]) -> list[int]:
    """The four words of 32 bits of one block of Philox4x32-10."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p, q = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (q >> 32) ^ c1 ^ k0, q & 0xFFFFFFFF, (p >> 32) ^ c3 ^ k1, p & 0xFFFFFFFF
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return [c0, c1, c2, c3]
