"""Many jobs: one after the other here, or by an engine of `dpcodec.batch`. One bad file does not stop the
rest, and the exit code is the highest one met."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from dpcodec import __version__
from dpcodec.batch import urls
from dpcodec.cli import exits, paths, signals
from dpcodec.cli.batch import is_there, run_job
from dpcodec.cli.display import Screen, escape
from dpcodec.cli.paths import Job

if TYPE_CHECKING:
    from dpcodec import batch

AGAIN = 2
"""Tries beside the first, of runs that may be long: with a scheduler or a manifest."""


@dataclass
class Tally:
    """What came of the jobs so far."""

    files: int = 0
    failed: int = 0
    skipped: int = 0
    source_bytes: int = 0
    target_bytes: int = 0
    worst: int = exits.OK

    def add(self, code: int, record: dict[str, Any]) -> None:
        """Count one job that was begun."""
        self.worst = max(self.worst, code)
        if code not in (exits.OK, exits.DAMAGED):
            self.failed += 1
        elif record.get("skipped"):
            self.skipped += 1
        else:
            self.files += 1
            self.source_bytes += record.get("source_bytes") or 0
            self.target_bytes += record.get("bytes") or 0

    def line(self, seconds: float) -> str:
        """For people."""
        small, large = sorted((self.source_bytes, self.target_bytes))
        ratio = f", {large / small:.1f} to 1" if small else ""
        files = "1 file" if self.files == 1 else f"{self.files} files"
        return (
            f"{files}, {self.source_bytes} bytes became {self.target_bytes}{ratio}; "
            f"{self.skipped} skipped, {self.failed} failed; {seconds:.1f} s"
        )


class Wanted(NamedTuple):
    """How the jobs are to be done; the options of these names."""

    jobs: int | None
    scheduler: str | None
    manifest: str | None
    retries: int | None
    skip_existing: bool | None
    dry_run: bool | None

    def shown(self, screen: Screen) -> list[str]:
        """What a worker shows: on another machine nobody would see its progress."""
        return screen.arguments() if self.scheduler is None else [*screen.arguments()[1:], "--no-progress"]

    @property
    def workers(self) -> int:
        """Processes that are started here."""
        return self.jobs or (os.cpu_count() or 1 if self.scheduler else 1)

    @property
    def careful(self) -> bool:
        """Whether it may be a long run, whose tasks are tried again and whose outputs are its own."""
        return self.scheduler is not None or self.manifest is not None


def run_jobs(
    context: click.Context, jobs: Sequence[Job], work: Callable[[Job], int], arguments: Sequence[str]
) -> int:
    """Do all jobs: `work` does one here, a `dpcodec` with these arguments elsewhere. Return the exit code."""
    screen = context.find_root().ensure_object(Screen)
    wanted = wanted_of(context)
    if wanted.dry_run:
        return _show(jobs, wanted)
    started = time.monotonic()
    _make_folders(context.params["output_dir"], jobs)
    split = context.params.get("split") is not None  # then the workers share each file
    if not split and (wanted.careful or (wanted.workers > 1 and len(jobs) > 1)):
        by_id: dict[str, Job] = {}
        tasks = _tasks(screen, jobs, arguments, wanted, by_id)
        tally = by_engine(screen, arguments[0], tasks, len(jobs), wanted, _rules(wanted, by_id))
    else:
        tally = _in_turn(screen, jobs, work, wanted)
    if len(jobs) > 1 or wanted.careful:
        screen.note(tally.line(time.monotonic() - started))
    return tally.worst


def wanted_of(context: click.Context) -> Wanted:
    """The options of a verb, as far as it has them."""
    return Wanted(**{name: context.params.get(name) for name in Wanted._fields})


def _show(jobs: Sequence[Job], wanted: Wanted) -> int:
    """What would become of what. The exit code is that of what can be seen before the work."""
    worst = exits.OK
    for job in jobs:
        fate = ""
        if wanted.skip_existing and is_there(job.target):
            fate = "  (exists, skipped)"
        else:
            try:
                paths.check(job)
            except Exception as exc:  # noqa: BLE001 - shown, whatever it is
                worst = max(worst, exits.code_of(exc))
                fate = f"  ({exits.message_of(exc)})"
        click.echo(escape(f"{job.source} -> {job.target}{fate}"))
    return worst


def _make_folders(output_dir: str | None, jobs: Sequence[Job]) -> None:
    if output_dir is None or urls.is_url(urls.plain(output_dir)):
        return
    for folder in sorted({Path(urls.plain(output_dir)), *(Path(job.target).parent for job in jobs)}):
        folder.mkdir(parents=True, exist_ok=True)


def _in_turn(screen: Screen, jobs: Sequence[Job], work: Callable[[Job], int], wanted: Wanted) -> Tally:
    tally = Tally()
    for job in jobs:
        code = run_job(screen, job, work, skip_existing=bool(wanted.skip_existing))
        tally.add(code, {**screen.record, "source_bytes": _size(job.source) if len(jobs) > 1 else 0})
        if signals.interrupted():
            break
    return tally


def by_engine(
    screen: Screen,
    verb: str,
    tasks: Iterator[batch.Task],
    count: int,
    wanted: Wanted,
    rules: batch.Rules,
    on_row: Callable[[dict[str, Any]], object] = bool,
) -> Tally:
    """Run tasks of `worker` on the engine that is wanted; what they have to say is shown as they end."""
    from dpcodec import batch

    tally = Tally()

    def on_end(task: batch.Task, value: Any, row: dict[str, Any]) -> None:
        for line in value.get("lines", ()) if isinstance(value, dict) else ():
            screen.show(line)
        if "error" in row and not (isinstance(value, dict) and value.get("lines")):
            screen.error(task.key["source"], row["error"])
        tally.add(row.get("code", exits.INPUT_OUTPUT if "error" in row else exits.OK), row)
        on_row(row)

    with contextlib.ExitStack() as stack:
        manifest = stack.enter_context(batch.Manifest(wanted.manifest)) if wanted.manifest else None
        engine = stack.enter_context(engine_for(wanted, count, verb))
        if wanted.scheduler:
            screen.note(engine.about)
        if wanted.manifest:
            kept = f"what is done is told in {wanted.manifest}: run the same command again to go on"
            stack.enter_context(signals.telling(kept))
        meter = stack.enter_context(screen.counter(f"{verb}, {count} files"))
        summary = batch.run(
            tasks, manifest, engine, rules, on_end=on_end, on_known=on_row, progress=meter, total=count
        )
    tally.skipped += summary.skipped
    if wanted.careful:
        for failure in summary.failures:
            screen.note(f"failed: {failure}")
    return tally


def _tasks(
    screen: Screen, jobs: Sequence[Job], arguments: Sequence[str], wanted: Wanted, by_id: dict[str, Job]
) -> Iterator[batch.Task]:
    """A task a job: the command line that does it. Whether its output may go is asked before it begins, since
    a worker that dies may have made it."""
    import shlex

    from dpcodec import batch
    from dpcodec.cli import worker

    command = shlex.join(arguments)
    for job in jobs:
        key = {"source": job.source, "target": job.target, "command": command, "version": __version__}
        options = [*(["--force"] * (job.force or wanted.careful))]
        options += ["--skip-existing"] * bool(wanted.skip_existing and not wanted.careful)
        line = [*wanted.shown(screen), *arguments, *options, f"--output={job.target}", "--", job.source]
        task = batch.Task(key, worker.work, (line, wanted.manifest is not None))
        by_id[task.id] = job
        yield task


def _rules(wanted: Wanted, by_id: dict[str, Job]) -> batch.Rules:
    from dpcodec import batch
    from dpcodec.cli import worker

    def refuse(task: batch.Task) -> dict[str, Any] | None:
        job = by_id[task.id]
        if not wanted.careful or paths.is_special(job.target) or not urls.exists(job.target):
            return None
        if wanted.skip_existing:
            return {}
        if job.force:
            return None
        return {"error": str(paths.exists_error(job.target)), "code": exits.USAGE}

    def is_whole(row: dict[str, Any]) -> bool:
        return (
            urls.size(row["target"], listed=True) == row.get("bytes")
            and _size(row["source"]) == row.get("source_bytes")
        )  # fmt: skip

    retries = wanted.retries if wanted.retries is not None else AGAIN if wanted.careful else 0
    return batch.Rules(retries, worker.without_lines, is_whole, refuse)


@contextlib.contextmanager
def engine_for(wanted: Wanted, jobs: int, verb: str) -> Iterator[batch.Engine]:
    """The engine that is wanted, for so many jobs of a verb; a signal takes it along."""
    from dpcodec import batch
    from dpcodec.cli import worker

    workers = min(wanted.workers, max(1, jobs))
    engine = batch.open_engine(wanted.scheduler, workers, worker.modules_of(verb), worker.clean)
    with signals.at_leave(engine.leave):
        try:
            yield engine
        finally:
            engine.close()


def _size(name: str) -> int | None:
    return None if name == "-" else urls.size(name, listed=True)
