"""Inputs of a command line as files: patterns, folders, URLs and lists taken apart."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from dpcodec.batch import urls
from dpcodec.cli import platforms
from dpcodec.cli.exits import UsageError
from dpcodec.cli.sources import open_source

MAX_NAMES_BYTES = 1 << 30


def expanded(operands: Sequence[str]) -> list[str]:
    """The operands with patterns as *.wav made into names where the shell does not do it; a name that is
    there, or that nothing matches, stays as it is. file:// URLs become paths."""
    names = [urls.plain(name) for name in operands]
    if not platforms.WINDOWS:
        return names
    import glob  # lazy: Windows only

    found: list[str] = []
    for name in names:
        pattern = glob.has_magic(name) and not urls.is_url(name) and not Path(name).exists()
        matches = sorted(glob.glob(name)) if pattern else []  # noqa: PTH207 - the pattern may be absolute
        found += matches or [name]
    return found


def inputs(names: Sequence[str], suffixes: Sequence[str], *, folders: bool) -> Iterator[tuple[str, str]]:
    """Each file, and its name below an output folder.

    A folder, or a URL below which there are files, gives those below it that have one of the suffixes, by
    their place below it; other names go by their place below the folder that they have in common.

    folders  take them; without, they are left to whoever opens them
    """
    opened = {name for name in names if folders and name != "-" and urls.is_folder(name)}
    common = _common([name for name in names if name not in opened])
    for name in names:
        if name not in opened:
            yield name, _below(name, common)
        elif urls.is_url(name):
            yield from urls.find(name, suffixes)
        else:
            top = Path(name)
            for path in _walk(top, suffixes):
                yield str(path), str(path.relative_to(top))


def files_to_read(operands: Sequence[str], suffixes: Sequence[str]) -> list[str]:
    """The files that a verb reads which makes none: names, those below folders, and - once at most. Raises
    `UsageError` where there is none."""
    names = [name for name, _ in inputs(expanded(operands), suffixes, folders=True)]
    if not names:
        raise UsageError(f"there is no {' or '.join(suffixes)} below {', '.join(operands)}: name files")
    if names.count("-") > 1:
        raise UsageError("standard input is named twice: it can be read once")
    return names


def names_from(list_name: str, *, end: bytes) -> list[str]:
    """Names from a file, a URL or standard input, each ended by a NUL byte or a line end; empty ones are left
    out. Raises `UsageError` where the list is longer than 1 GiB."""
    with open_source(list_name) as fo:
        data = fo.read(MAX_NAMES_BYTES + 1)
    if len(data) > MAX_NAMES_BYTES:
        raise UsageError(f"{list_name} is longer than 1 GiB: cut the list in two")
    if end == b"\n":
        data = data.replace(b"\r\n", b"\n")
    return [urls.plain(os.fsdecode(item)) for item in data.split(end) if item]


def _common(names: Sequence[str]) -> str | None:
    """The folder that paths have in common; None where they have none, or are of different kinds."""
    if any(name == "-" for name in names) or len({urls.is_url(name) for name in names}) != 1:
        return None
    parents = [_parent(name) for name in names]
    if urls.is_url(names[0]):
        steps = [parent.split("/") for parent in parents]
        shared = list(itertools.takewhile(lambda same: len(set(same)) == 1, zip(*steps, strict=False)))
        return "/".join(step[0] for step in shared) if len(shared) > 2 else None
    try:
        return os.path.commonpath(parents)
    except ValueError:  # different drives
        return None


def _parent(name: str) -> str:
    return name.rpartition("/")[0] if urls.is_url(name) else str(Path(os.path.abspath(name)).parent)  # noqa: PTH100


def _below(name: str, common: str | None) -> str:
    """A file's name below the common folder."""
    if common is None:
        return name.rpartition("/")[2] if urls.is_url(name) else Path(name).name
    if urls.is_url(name):
        return name[len(common) + 1 :]
    return os.path.relpath(os.path.abspath(name), common)  # noqa: PTH100 - links are kept as they are named


def _walk(folder: Path, suffixes: Sequence[str]) -> Iterator[Path]:
    """Files below a folder by suffix, sorted; links to folders are not followed, so loops end."""
    for where, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(names):
            if Path(name).suffix.lower() in suffixes:
                yield Path(where) / name
