"""Tables -> files in the form of `coding/tables/`, and back."""

from __future__ import annotations

import json
from pathlib import Path

import dpcodec
from dpcodec.errors import FileAccessError, SettingsError
from dpcodec.training.coder import NAMES, Tables


def write(tables: Tables, folder: Path) -> list[Path]:
    """One file a table, in a folder that is made if it is not there: their paths. Raises as `check_folder`,
    and `FileAccessError` where writing fails."""
    check_folder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            (folder / f"{name}.json").write_text(text(tables[name]), encoding="ascii")
    except OSError as exc:
        raise FileAccessError(f"{folder}: {exc.strerror}") from exc
    return [folder / f"{name}.json" for name in NAMES]


def check_folder(folder: Path) -> None:
    """Raise `SettingsError` for a folder inside the package, where the frozen tables are."""
    package = Path(dpcodec.__file__).parent.resolve()
    if folder.resolve().is_relative_to(package):
        raise SettingsError(f"{folder}: audio files depend on the tables in there: name another folder")


def text(table: dict[str, object]) -> str:
    """A JSON object without spaces, keys sorted, a line for each of its own."""
    rows = (
        f'"{key}":{json.dumps(table[key], separators=(",", ":"), sort_keys=True)}' for key in sorted(table)
    )
    return "{\n" + ",\n".join(rows) + "\n}\n"


def read(folder: Path) -> Tables:
    """What `write` wrote. Raises `FileAccessError` where a file is missing."""
    try:
        return {name: json.loads((folder / f"{name}.json").read_text(encoding="ascii")) for name in NAMES}
    except OSError as exc:
        raise FileAccessError(f"{exc.filename}: {exc.strerror}") from exc
