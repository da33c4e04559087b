"""`dpcodec eval` of many pairs: of two folders, or of a list."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dpcodec import AUDIO_SUFFIXES, FileAccessError, __version__, metrics
from dpcodec.batch import urls
from dpcodec.cli import trees, worker
from dpcodec.cli.batch import repeated_arguments
from dpcodec.cli.commands.figures import as_csv, as_json, as_table
from dpcodec.cli.display import Screen, escape
from dpcodec.cli.exits import AUDIO, UsageError
from dpcodec.cli.many import AGAIN, Wanted, by_engine, wanted_of

if TYPE_CHECKING:
    from dpcodec import batch

OWN = ("as_json", "as_csv", "pairs", "jobs", "scheduler", "manifest", "retries")
"""Options that are the batch's, and not those of one comparison."""


def are_folders(reference: str, degraded: str) -> bool:
    """Whether both are folders. Raises `UsageError` where only one is."""
    found = [name != "-" and urls.is_folder(urls.plain(name)) for name in (reference, degraded)]
    if any(found) and not all(found):
        folder = (reference, degraded)[found.index(True)]
        raise UsageError(f"{folder} is a folder: name two files, or two folders with files of the same names")
    return all(found)


def evaluate_folders(context: click.Context, reference: str, degraded: str) -> int:
    """Compare each pair; print the figures of each and the means of all; return the exit code."""
    screen = context.find_root().ensure_object(Screen)
    pairs, alone = _pairs(urls.plain(reference), urls.plain(degraded))
    for name in alone:
        screen.error(name, f"it has no namesake below {reference}: leave it out, or add the original")
    if not pairs:
        raise UsageError(f"no file below {degraded} has a namesake below {reference}: check the folders")
    return max(_evaluate(context, screen, pairs), AUDIO if alone else 0)


def evaluate_list(context: click.Context, name: str) -> int:
    """Compare the pairs of a list; print and return as `evaluate_folders`."""
    return _evaluate(context, context.find_root().ensure_object(Screen), listed(name))


def listed(name: str) -> list[tuple[str, str]]:
    """The pairs of a list: a reference, a tab and a degraded file on each line; empty ones, and those that
    begin with #, say nothing. Raises `UsageError` and `FileAccessError`."""
    try:
        text = Path(name).read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise FileAccessError(f"{name}: it cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise UsageError(f"{name}: this is no text: give lines of REF, a tab, DEG") from exc
    pairs = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = [field.strip() for field in line.split("\t")]
        if len(fields) != 2 or not all(fields):
            raise UsageError(f"{name}: line {number} is no pair: write REF, a tab, DEG")
        pairs.append((fields[0], fields[1]))
    if not pairs:
        raise UsageError(f"{name}: there is no pair in it: write REF, a tab, DEG on each line")
    return pairs


def leave_out_missing(context: click.Context) -> None:
    """Take metrics whose packages are not there off those asked for, and say so; the others are measured."""
    screen = context.find_root().ensure_object(Screen)
    asked = [name.strip() for name in context.params["names"].split(",")]
    missing = {name: why for name, why in metrics.unavailable().items() if name in asked}
    left = [name for name in asked if name not in missing]
    if left and missing:
        for why in missing.values():
            screen.note(f"left out: {why}")
        context.params["names"] = ",".join(left)


def _evaluate(context: click.Context, screen: Screen, pairs: list[tuple[str, str]]) -> int:
    rows: list[dict[str, Any]] = []
    wanted = wanted_of(context)
    tasks = _tasks(screen, pairs, repeated_arguments(context, OWN), wanted)
    tally = by_engine(screen, "eval", tasks, len(pairs), wanted, _rules(wanted), rows.append)
    rows = sorted((row for row in rows if "figures" in row), key=lambda row: str(row["target"]))
    found = [(row["source"], row["target"], row["figures"]) for row in rows]
    if context.params["as_json"] and found:
        click.echo("\n".join(as_json(found)))
    elif context.params["as_csv"] and found:
        click.echo(as_csv(found))
    elif found:
        click.echo("\n".join(map(escape, as_table(found))))
    screen.note(f"{len(rows)} pairs compared; {tally.skipped} known already, {tally.failed} failed")
    return tally.worst


def _pairs(reference: str, degraded: str) -> tuple[list[tuple[str, str]], list[str]]:
    """(reference, degraded) for each degraded file, and the degraded ones that have no reference."""
    originals: dict[str, str] = {}
    for name, inside in trees.inputs([reference], AUDIO_SUFFIXES, folders=True):
        originals.setdefault(urls.with_suffix(inside, ""), name)
    pairs, alone = [], []
    for name, inside in trees.inputs([degraded], AUDIO_SUFFIXES, folders=True):
        original = originals.get(urls.with_suffix(inside, ""))
        if original is None:
            alone.append(name)
        else:
            pairs.append((original, name))
    return pairs, alone


def _tasks(
    screen: Screen, pairs: list[tuple[str, str]], arguments: list[str], wanted: Wanted
) -> Iterator[batch.Task]:
    from dpcodec import batch

    command = shlex.join(arguments)
    for source, target in pairs:
        key = {"source": source, "target": target, "command": command, "version": __version__}
        yield batch.Task(key, worker.compare, ([*wanted.shown(screen), *arguments, "--", source, target],))


def _rules(wanted: Wanted) -> batch.Rules:
    from dpcodec import batch

    def is_whole(row: dict[str, Any]) -> bool:
        sizes = [urls.size(row[name], listed=True) for name in ("source", "target")]
        return sizes == [row.get("source_bytes"), row.get("target_bytes")]

    retries = wanted.retries if wanted.retries is not None else AGAIN if wanted.careful else 0
    return batch.Rules(retries, worker.without_lines, is_whole)
