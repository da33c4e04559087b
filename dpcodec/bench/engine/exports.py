"""Tables as files for other programs: CSV, and a line of JSON a row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

from dpcodec.bench.engine.experiment import Row


def export(rows: Sequence[Row], stem: Path) -> list[Path]:
    """Write STEM.csv and STEM.jsonl, whose rows all have the keys of the first; nothing for no rows."""
    if not rows:
        return []
    stem.parent.mkdir(parents=True, exist_ok=True)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    lines = "".join(json.dumps(row, allow_nan=False) + "\n" for row in rows)
    paths = [stem.with_name(f"{stem.name}.{kind}") for kind in ("csv", "jsonl")]
    for path, text in zip(paths, (out.getvalue(), lines), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths
