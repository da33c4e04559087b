"""One job of a command, and what becomes of what goes wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from dpcodec.batch import urls
from dpcodec.cli import exits, paths
from dpcodec.cli.display import Screen
from dpcodec.cli.paths import Job


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
            import traceback

            traceback.print_exc()
        screen.error(name if not isinstance(exc, OSError) else exc.filename or name, exits.message_of(exc))
        return exits.code_of(exc)


def run_job(screen: Screen, job: Job, work: Callable[[Job], int], *, skip_existing: bool = False) -> int:
    """Check one job and do it; `screen.record` tells what came of it."""
    screen.record = {}

    def action() -> int:
        if skip_existing and is_there(job.target):
            screen.note(f"{job.target}: exists, skipped")
            screen.record["skipped"] = True
            return exits.OK
        paths.check(job)
        return work(job)

    return guard(screen, job.source, action)


def is_there(target: str) -> bool:
    """Whether an output is there, and is one that could be left as it is."""
    return target != "-" and not paths.is_special(target) and urls.exists(target)


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
