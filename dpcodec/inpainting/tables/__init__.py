"""What solvers have learnt: data, each file with its SHA-256 in docs/training.md. Nothing here decides what
bytes mean."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def table(name: str) -> Any:
    """The object in NAME.json: "refine"."""
    return json.loads(Path(__file__).with_name(f"{name}.json").read_text(encoding="ascii"))
