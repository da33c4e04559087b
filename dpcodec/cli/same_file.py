"""What is wrong where an output would be its own input."""

from __future__ import annotations

from pathlib import Path

from dpcodec.cli.exits import UsageError

_DPC_MAGIC = b"\x89DPC\r\n\x1a\n"


def same_file_error(source: str, target: str) -> UsageError:
    """The error for a target that is the source's file, under whatever name."""
    same = "output and input are the same file"
    if _name(source) != _name(target):
        return UsageError(f"{same}: {target} is a link to it: give another name with -o")
    with Path(source).open("rb") as fo:
        coded = fo.read(len(_DPC_MAGIC)) == _DPC_MAGIC
    if coded:
        return UsageError(f"{same}, a .dpc file already: decode it into audio, or give another name with -o")
    return UsageError(f"{same}, which is no .dpc file: encode it into one, or give another name with -o")


def _name(path: str) -> Path:
    """The place of a name, links in its folders followed, itself not."""
    return Path(path).parent.resolve() / Path(path).name
