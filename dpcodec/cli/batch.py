"""Many files: one bad file does not stop the rest, and the exit code is the highest one met."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from dpcodec.cli import exits, paths, signals
from dpcodec.cli.display import Screen
from dpcodec.cli.paths import Job

POLL_S = 0.02


def guard(screen: Screen, name: str | None, action: Callable[[], int]) -> int:
    """Run the action; whatever goes wrong becomes one line on stderr and an exit code."""
    try:
        return action()
    except click.UsageError as exc:
        command = exc.ctx.command_path if exc.ctx else "dpcodec"
        screen.error(name, f"{exc.format_message().rstrip('.')}: see {command} --help")
        return exits.USAGE
    except Exception as exc:  # noqa: BLE001 - the last line of defence: never a traceback unless asked for
        if exits.pipe_closed(exc):
            return exits.PIPE_CLOSED
        if screen.debug:
            traceback.print_exc()
        screen.error(name if not isinstance(exc, OSError) else exc.filename or name, exits.message_of(exc))
        return exits.code_of(exc)


def run_job(screen: Screen, job: Job, work: Callable[[Job], int], *, skip_existing: bool = False) -> int:
    """Check one job and do it."""

    def action() -> int:
        if (
            skip_existing
            and job.target != "-"
            and not paths.is_special(job.target)
            and Path(job.target).exists()
        ):
            screen.note(f"{job.target}: exists, skipped")
            return exits.OK
        paths.check(job)
        return work(job)

    return guard(screen, job.source, action)


def run_parallel(screen: Screen, jobs: Sequence[Job], arguments: Sequence[str], workers: int) -> int:
    """Do the jobs in up to `workers` processes, each a `dpcodec` with these arguments and one job's names."""
    waiting = list(reversed(jobs))
    running: list[subprocess.Popen[bytes]] = []
    worst = exits.OK

    def terminate() -> None:
        for process in running:
            process.terminate()

    with signals.at_leave(terminate):
        while waiting or running:
            while waiting and len(running) < workers:
                running.append(_start(screen, waiting.pop(), arguments, workers))
            time.sleep(POLL_S)
            for process in running.copy():
                code = process.poll()
                if code is not None:
                    running.remove(process)
                    worst = max(worst, code if code >= 0 else 128 - code)
    return worst


def repeated_arguments(context: click.Context, without: Sequence[str]) -> list[str]:
    """The verb and its options as the user gave them, except those whose parameter names are in `without`."""
    arguments = [context.info_name or ""]
    for parameter in context.command.params:
        name = parameter.name or ""
        given = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if (
            not isinstance(parameter, click.Option)
            or not given
            or name in without
            or name not in context.params
        ):
            continue
        value = context.params[name]
        if parameter.is_flag:
            arguments.append(parameter.opts[-1] if value else parameter.secondary_opts[-1])
        else:
            for item in value if parameter.multiple else [value]:
                arguments.append(f"{parameter.opts[-1]}={item}")
    return arguments


def _start(screen: Screen, job: Job, arguments: Sequence[str], workers: int) -> subprocess.Popen[bytes]:
    # The child imports what this process imports, and not a module that lies in the current folder.
    program = f"import sys; sys.path[:] = {sys.path!r}; from dpcodec.cli.entry import main; main()"
    threads = str(max(1, (os.cpu_count() or 1) // workers))
    return subprocess.Popen(
        [
            *(sys.executable, "-c", program, *screen.arguments(), *arguments),
            *(f"--output={job.target}", "--", job.source),
        ],
        stdin=subprocess.DEVNULL,
        env={"OMP_NUM_THREADS": threads, **os.environ},
    )
