"""Scores that other programs have measured on the same clips, and kinds of clips, from CSV files."""

from __future__ import annotations

import csv
from pathlib import Path

from dpcodec.bench.engine.experiment import Row
from dpcodec.errors import FileAccessError

_TEXT = ("clip", "channels", "codec", "setting")


def read_foreign(path: Path) -> list[Row]:
    """The rows of a CSV with columns clip, channels (`stereo` or `mono`), codec, setting, bytes, if known
    stream_bytes (without fixed headers), and scores by their names in `evaluate`; numbers as float, those
    that are missing left out.

    Raises `FileAccessError` if it cannot be read, lacks a column, or holds what is no number.
    """
    return [_numbers(path, row) for row in _read(path, (*_TEXT, "bytes"))]


def read_classes(path: Path) -> dict[str, str]:
    """Clip -> class, of a CSV with these two columns. Raises `FileAccessError` as `read_foreign` does."""
    return {row["clip"]: row["class"] for row in _read(path, ("clip", "class"))}


def _read(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            table = csv.DictReader(file)
            names, rows = table.fieldnames or (), list(table)
    except OSError as error:
        raise FileAccessError(f"{path}: {error.strerror}") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise FileAccessError(f"{path}: this is no CSV: {error}") from error
    for name in columns:
        if name not in names:
            raise FileAccessError(f"{path}: there is no column {name!r}: give {', '.join(columns)}")
    return rows


def _numbers(path: Path, row: dict[str, str]) -> Row:
    result: Row = {name: row[name] for name in _TEXT}
    for name, text in row.items():
        if name in _TEXT or not text:
            continue
        try:
            result[name] = float(text)
        except (TypeError, ValueError) as error:
            raise FileAccessError(f"{path}: {name} is {text!r}: give a number") from error
    return result
