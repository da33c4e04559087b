"""Which file goes where: names of inputs and outputs, decided and checked before any work."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from dpcodec import AUDIO_SUFFIXES
from dpcodec.batch import urls
from dpcodec.cli import trees
from dpcodec.cli.exits import MissingInputError, UsageError
from dpcodec.cli.same_file import same_file_error

DPC_SUFFIX = ".dpc"
STDOUT_NAMES = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")


class Job(NamedTuple):
    """One input and its output; "-" is standard input or output. `force`: an output that exists may go."""

    source: str
    target: str
    force: bool = False


class Request(NamedTuple):
    """What the command line says about files.

    operands        the names, in order; of two plain ones the second is the output, three are all inputs
    output          -o
    output_dir      --output-dir
    recursive       -r
    names_from      --files0-from
    lines_from      --files-from
    suffix          of outputs whose name is not given, with its dot
    input_suffixes  of files that -r looks for
    force           -f
    """

    operands: tuple[str, ...]
    output: str | None
    output_dir: str | None
    recursive: bool
    names_from: str | None
    suffix: str
    input_suffixes: tuple[str, ...]
    lines_from: str | None = None
    force: bool = False


def plan(request: Request) -> list[Job]:
    """The jobs of a command line. Raises `UsageError` where it contradicts itself or outputs collide."""
    operands = trees.expanded(request.operands)
    lists = (request.names_from, b"\0"), (request.lines_from, b"\n")
    listed = [(name, end) for name, end in lists if name is not None]
    many = request.recursive or request.output_dir is not None or bool(listed) or len(operands) > 2
    for name, end in listed:
        check_source(name)
        operands += trees.names_from(name, end=end)
    if not operands:
        raise UsageError("no input is given: name a file, or - for standard input")
    if not many:
        return [_single(operands, request)]
    if request.output is not None:
        raise UsageError("-o names one output, but there may be many: use --output-dir")
    found = trees.inputs(operands, request.input_suffixes, folders=request.recursive)
    jobs = [Job(name, _target(name, inside, request), request.force) for name, inside in found]
    _refuse_shared_targets(jobs)
    return jobs


def check(job: Job) -> None:
    """Raise `MissingInputError` or `UsageError` if the job must not start."""
    check_source(job.source)
    if job.target == "-":
        if sys.stdout is not None and os.isatty(1):
            raise UsageError("binary data is not written to a terminal: name an output with -o, or pipe it")
        return
    if urls.is_url(job.target):
        if not job.force and urls.exists(job.target):
            raise exists_error(job.target)
        return
    target = Path(job.target)
    if target.is_dir():
        raise UsageError(f"the output {job.target} is a folder: name a file in it, or use --output-dir")
    if not target.exists() or is_special(job.target):
        return
    if job.source != "-" and not urls.is_url(job.source) and target.samefile(job.source):
        raise same_file_error(job.source, job.target)
    if not job.force:
        raise exists_error(job.target)


def exists_error(target: str) -> UsageError:
    """What is said of an output that is there already."""
    return UsageError(f"the output {target} exists: overwrite it with -f, or keep it with --skip-existing")


def standard_or(target: str) -> str:
    """The target, "-" for every name of standard output."""
    return "-" if target in STDOUT_NAMES else target


def is_special(target: str) -> bool:
    """Whether the target is a pipe, a device or a descriptor: written directly, never replaced."""
    if urls.is_url(target):
        return False
    path = Path(target)
    if target in STDOUT_NAMES or target.startswith(("/dev/fd/", "/proc/self/fd/")):
        return True
    return path.exists() and not stat.S_ISREG(path.stat().st_mode)


def with_suffix(name: str, suffix: str) -> str:
    """The name with its suffix swapped, whatever is before it.

    >>> with_suffix("a/b.wav", ".dpc"), with_suffix("c", ".dpc"), with_suffix("-", ".dpc")
    ('a/b.dpc', 'c.dpc', '-')
    """
    if name == "-" or urls.is_url(name):
        return name if name == "-" else urls.with_suffix(name, suffix)
    return str(Path(name).with_suffix(suffix))


def _single(operands: list[str], request: Request) -> Job:
    source, *rest = operands
    if rest and request.output is not None:
        raise UsageError(f"{len(operands)} names are given with -o: for many inputs use --output-dir")
    if rest and request.suffix == DPC_SUFFIX and Path(rest[0]).suffix.lower() in AUDIO_SUFFIXES:
        # `encode a.wav b.wav` most likely means two inputs; with -f it would cost the second.
        raise UsageError(
            f"the output {rest[0]} is named like audio: for many inputs use -r or --output-dir, else -o"
        )
    if rest and request.suffix != DPC_SUFFIX and Path(rest[0]).suffix.lower() == DPC_SUFFIX:
        raise UsageError(
            f"the output {rest[0]} is named like an input: for many inputs use -r or --output-dir, else -o"
        )
    target = urls.plain(request.output or (rest[0] if rest else with_suffix(source, request.suffix)))
    return Job(source, standard_or(target), request.force)


def _target(source: str, inside: str, request: Request) -> str:
    if request.output_dir is None:
        return with_suffix(source, request.suffix)
    if source == "-":
        raise UsageError("standard input has no name for --output-dir: use -o")
    return urls.join(urls.plain(request.output_dir), with_suffix(inside, request.suffix))


def check_source(name: str) -> None:
    """Raise `MissingInputError` or `UsageError` if there is nothing to read; "-" is standard input."""
    if name == "-":
        if sys.stdin is not None and sys.stdin.isatty():
            raise UsageError("standard input is a terminal: name a file, or pipe one in")
        return
    if urls.is_url(name):
        return  # it is asked for when it is opened
    path = Path(name)
    if path.is_dir():
        raise UsageError("it is a folder: give -r to take the files below it")
    if not path.exists():
        raise MissingInputError("there is no such file: check the name")


def _refuse_shared_targets(jobs: Sequence[Job]) -> None:
    seen: dict[str, str] = {}
    folders: dict[Path, Path] = {}
    for job in jobs:
        if job.target == "-" and len(jobs) > 1:
            raise UsageError("many inputs cannot all go to standard output: use --output-dir")
        place = job.target if urls.is_url(job.target) else _place(job.target, folders)
        if place in seen:
            raise UsageError(f"{seen[place]} and {job.source} would both become {job.target}: rename one")
        seen[place] = job.source


def _place(target: str, folders: dict[Path, Path]) -> str:
    """The path without links in its folder, which is asked for once."""
    path = Path(target)
    if path.parent not in folders:
        folders[path.parent] = path.parent.resolve()
    return str(folders[path.parent] / path.name)
