"""Options that several verbs share, and the types of their values."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import click

from dpcodec.cli.batch import repeated_arguments
from dpcodec.cli.display import Screen
from dpcodec.cli.many import run_jobs
from dpcodec.cli.paths import Job, Request, plan
from dpcodec.cli.values import FileName

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
FILE_PARAMETERS = (
    *("output", "output_dir", "recursive", "names_from", "lines_from", "jobs", "dry_run", "force"),
    *("skip_existing", "scheduler", "manifest", "retries"),
)
"""What a worker that is given one job is told otherwise, or need not know."""


class Size(click.ParamType):  # type: ignore[type-arg] # generic only in recent releases of click
    """A number of bytes: 4194304, 512M, 4GiB."""

    name = "bytes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d{1,15})([KMGT]?)(?:i?B)?", value, re.IGNORECASE)
        if not match:
            self.fail(f"{value!r} is not a size: give bytes, or a number with K, M, G or T", param, ctx)
        return int(match[1]) << {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}[match[2].upper()]


class Number(click.ParamType):  # type: ignore[type-arg]
    """A finite number within a range: what click's own ranges make of nan is that it is within."""

    name = "number"

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not self.low <= number <= self.high:
            self.fail(f"{value!r} is not a number from {self.low:g} to {self.high:g}", param, ctx)
        return number


def limit_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What a file may ask for, for verbs that read one through."""
    for name, kind, text in (
        ("--max-expansion", click.IntRange(1, 1 << 50), "Coefficients for each byte of the file. [65536]"),
        ("--max-memory", Size(), "Memory for a segment, or a block of them. [4G]"),
    ):
        metavar = "BYTES" if isinstance(kind, Size) else "N"
        function = click.option(name, type=kind, metavar=metavar, help=text)(function)
    return function


def limits_of(options: dict[str, Any]) -> dict[str, int]:
    """Those of `limit_options` that were given."""
    names = ("max_memory", "max_expansion")
    return {name: options[name] for name in names if options[name] is not None}


class Verb(click.Command):
    """A command that takes the global options too, so that they may stand on either side of its name.

    `--help` shows options by the groups that `grouped` put them into, in the order of their first options.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_help_option = False
        self.params += [*screen_options(), help_option()]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            if (record := param.get_help_record(ctx)) is not None:
                groups.setdefault(_GROUPS.get(param.name or "", OTHER), []).append(record)
        for name in sorted(groups, key=lambda name: name == OTHER):
            with formatter.section(name):
                formatter.write_dl(groups[name])


OTHER = "Screen and help"
_GROUPS: dict[str, str] = {}
"""The group of each option, by the name of its parameter: the same in every command."""


def grouped(group: str, *options: Decorator) -> Decorator:
    """Options that `--help` shows under one heading."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        before = len(getattr(function, "__click_params__", []))
        for option in reversed(options):
            function = option(function)
        for param in function.__click_params__[before:]:  # type: ignore[attr-defined] # click's own list
            _GROUPS[param.name] = group
        return function

    return decorate


def help_option() -> click.Option:
    """-h and --help, without the files of translations that click's own looks for at each start."""

    def show(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if value and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), color=ctx.color)
            ctx.exit()

    names, told = ["-h", "--help"], "Show this message and exit."
    return click.Option(names, is_flag=True, is_eager=True, expose_value=False, callback=show, help=told)


def screen_options() -> list[click.Parameter]:
    """-q, -v, --progress, --no-progress and --debug; they set the `Screen` and reach no function."""

    def setter(ctx: click.Context, param: click.Parameter, value: Any) -> None:
        screen = ctx.find_root().ensure_object(Screen)
        if param.name == "no_progress" and value:
            screen.progress = "none"
        elif param.name == "quiet":
            screen.quiet += value
        elif param.name != "no_progress" and value:
            setattr(screen, param.name or "", value)

    def option(*names: str, **attributes: Any) -> click.Option:
        return click.Option(names, expose_value=False, callback=setter, **attributes)

    return [
        option("-q", "--quiet", count=True, help="No remarks; -qq: no warnings either."),
        option("-v", "--verbose", is_flag=True, help="All remarks and all damage."),
        option(
            "--progress", type=click.Choice(["auto", "json"]), help="A bar on a terminal, or lines of JSON."
        ),
        option("--no-progress", is_flag=True, help="No progress."),
        option("--debug", is_flag=True, help="Show tracebacks."),
    ]


def file_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """IN... [OUT] and the options on names, for verbs that make one output of each input."""
    decorators: list[Decorator] = [
        click.argument("operands", metavar="IN... [OUT]", nargs=-1, type=FileName()),
        click.option("-o", "--output", type=FileName(), metavar="OUT", help="Output; - is standard output."),
        click.option("-f", "--force", is_flag=True, help="Overwrite outputs that exist."),
        click.option("--skip-existing", is_flag=True, help="Leave out inputs whose output exists."),
        click.option(
            "--output-dir", type=FileName(), metavar="DIR", help="Outputs go below DIR, which is made."
        ),
        click.option("-r", "--recursive", is_flag=True, help="Take the files below folders."),
        click.option(
            "--files0-from",
            "names_from",
            type=FileName(),
            metavar="FILE",
            help="Inputs, NUL after each name.",
        ),
        click.option(
            "--files-from",
            "lines_from",
            type=FileName(),
            metavar="FILE",
            help="Inputs, one name or URL a line.",
        ),
        click.option("--dry-run", is_flag=True, help="Say what would become of what, and do nothing."),
        click.option(
            "-j",
            "--jobs",
            type=click.IntRange(1, 1024),
            help="Files worked on at a time, or cores on a long one. [1; a core each]",
        ),
    ]
    return grouped("Many files, many machines", *cluster_options())(grouped("Files", *decorators)(function))


def cluster_options() -> list[Decorator]:
    """--scheduler, --manifest and --retries."""
    return [
        click.option(
            "--scheduler",
            metavar="WHERE",
            help="Work over Dask: processes, which starts -j of them here, or tcp://HOST:PORT.",
        ),
        click.option(
            "--manifest",
            type=FileName(),
            metavar="FILE",
            help="A line of JSON for each file as it ends, or .parquet; a second run goes on from it.",
        ),
        click.option(
            "--retries",
            type=click.IntRange(0, 100),
            metavar="N",
            help="Try a failed file again so often. [2 with --scheduler or --manifest, else 0]",
        ),
    ]


def run_files(
    context: click.Context, suffix: str, input_suffixes: tuple[str, ...], work: Callable[[Job], int]
) -> int:
    """Do `work` for each job of a verb with `file_options`; return the exit code."""
    given = context.params
    request = Request(
        operands=given["operands"],
        output=given["output"],
        output_dir=given["output_dir"],
        recursive=given["recursive"],
        names_from=given["names_from"],
        lines_from=given["lines_from"],
        suffix=suffix,
        input_suffixes=input_suffixes,
        force=given["force"],
    )
    return run_jobs(context, plan(request), work, repeated_arguments(context, FILE_PARAMETERS))
