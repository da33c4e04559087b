"""Normative tables and network weights: data, which `docs/format.md` names with their SHA-256.

Integers that every file of the format depends on, one JSON object a file. Where they come from is written in
`docs/training.md`; `dpcodec.training` makes others of the same form.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

GAIN = 32
"""What a symbol adds to its count."""
TOTAL = 4096
"""Counts of a context at the start: as much as its first 128 symbols add."""


@cache
def table(name: str) -> Any:
    """The object in NAME.json: "stft", "mdct", "frames" and those of earlier formats."""
    return json.loads(Path(__file__).with_name(f"{name}.json").read_text(encoding="utf-8"))
