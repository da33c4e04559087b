"""`dpcodec eval` of two folders: every file of the second against its namesake in the first."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from dpcodec import AUDIO_SUFFIXES, __version__
from dpcodec.batch import urls
from dpcodec.cli import trees, worker
from dpcodec.cli.batch import repeated_arguments
from dpcodec.cli.display import Screen
from dpcodec.cli.exits import AUDIO, UsageError
from dpcodec.cli.many import AGAIN, Wanted, by_engine, wanted_of

if TYPE_CHECKING:
    from dpcodec import batch

OWN = ("as_json", "jobs", "scheduler", "manifest", "retries")
"""Options that are the batch's, and not those of one comparison."""


def are_folders(reference: str, degraded: str) -> bool:
    """Whether both are folders. Raises `UsageError` where only one is."""
    found = [name != "-" and urls.is_folder(urls.plain(name)) for name in (reference, degraded)]
    if any(found) and not all(found):
        folder = (reference, degraded)[found.index(True)]
        raise UsageError(f"{folder} is a folder: name two files, or two folders with files of the same names")
    return all(found)


def evaluate_folders(context: click.Context, reference: str, degraded: str) -> int:
    """Compare each pair; print a line of JSON for each, or the means of all; return the exit code."""
    screen = context.find_root().ensure_object(Screen)
    pairs, alone = _pairs(urls.plain(reference), urls.plain(degraded))
    for name in alone:
        screen.error(name, f"it has no namesake below {reference}: leave it out, or add the original")
    if not pairs:
        raise UsageError(f"no file below {degraded} has a namesake below {reference}: check the folders")
    rows: list[dict[str, Any]] = []
    wanted = wanted_of(context)
    tasks = _tasks(screen, pairs, repeated_arguments(context, OWN), wanted)
    tally = by_engine(screen, "eval", tasks, len(pairs), wanted, _rules(wanted), rows.append)
    rows = sorted((row for row in rows if "figures" in row), key=lambda row: str(row["target"]))
    if context.params["as_json"]:
        for row in rows:
            click.echo(json.dumps({"reference": row["source"], "degraded": row["target"], **row["figures"]}))
    elif rows:
        click.echo("\n".join(_table([row["figures"] for row in rows])))
    screen.note(f"{len(rows)} pairs compared; {tally.skipped} known already, {tally.failed} failed")
    return max(tally.worst, AUDIO if alone else 0)


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


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    """For people: mean, least and most of each figure over the files that have it."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    width = max(map(len, names))
    yield f"{'':<{width}}  {'mean':>9} {'least':>9} {'most':>9}  files"
    for name in names:
        values = [float(row[name]) for row in rows if row.get(name) is not None]
        finite = [value for value in values if math.isfinite(value)]
        if not finite:
            yield f"{name:<{width}}  {'-':>9} {'-':>9} {'-':>9}  {len(values)}"
            continue
        mean = sum(finite) / len(finite)
        yield f"{name:<{width}}  {mean:>9.3f} {min(values):>9.3f} {max(values):>9.3f}  {len(values)}"
