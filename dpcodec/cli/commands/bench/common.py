"""What all experiments share on the command line."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dpcodec.cli import exits, signals
from dpcodec.cli.display import Screen, escape

if TYPE_CHECKING:
    from dpcodec import batch, plugins
    from dpcodec.bench.engine.experiment import Experiment, Table
    from dpcodec.bench.engine.results import Results

shown = partial(click.option, show_default=True)
"""An option whose help tells its default."""
COMMON = ("out", "fresh", "jobs", "budget", "as_json", "scheduler")
QUIET = ("out", "fresh", "jobs", "as_json", "scheduler")
"""Options that change nothing in what is measured."""


class Duration(click.ParamType):  # type: ignore[type-arg] # generic only in recent releases of click
    """Seconds, or a number with s, m, h or d: 90, 10m, 1.5h."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", value)
        if not match or not 0 < float(match[1]) < 1e9:
            self.fail(f"{value!r} is not a time: give seconds, or a number with m, h or d", param, ctx)
        return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]


class Numbers(click.ParamType):  # type: ignore[type-arg]
    """Numbers with commas between them, each within a range."""

    name = "numbers"

    def __init__(self, low: float, high: float, whole: bool = False) -> None:
        self.low, self.high, self.whole = low, high, whole

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Any, ...]:
        if isinstance(value, tuple):
            return value
        numbers = []
        for text in value.split(","):
            try:
                number = int(text) if self.whole else float(text)
            except ValueError:
                self.fail(f"{text!r} is not a {'whole ' if self.whole else ''}number", param, ctx)
            if not self.low <= number <= self.high:
                self.fail(f"{text} is not within {self.low:g} ... {self.high:g}", param, ctx)
            numbers.append(number)
        return tuple(dict.fromkeys(numbers))


class Names(click.ParamType):  # type: ignore[type-arg]
    """Names with commas between them, each one of some choices, or of plug-ins."""

    name = "names"

    def __init__(self, choices: Collection[str], outside: plugins.Table[Any] | None = None) -> None:
        self.choices, self.outside = choices, outside

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        names = value if isinstance(value, tuple) else tuple(dict.fromkeys(value.split(",")))
        for name in names:
            if name in self.choices or (self.outside is not None and name in self.outside):
                continue
            outside = [] if self.outside is None else self.outside.names()
            known = ", ".join(dict.fromkeys([*self.choices, *outside]))
            self.fail(f"{name!r} is none of {known}", param, ctx)
        return names


scheduler_option = click.option(
    "--scheduler",
    metavar="WHERE",
    help="Measure over Dask: processes, which starts -j of them here, or tcp://HOST:PORT.",
)


@dataclass(frozen=True)
class Common:
    """The values of the options below."""

    out: Path
    fresh: bool
    jobs: int
    budget: float | None
    as_json: bool
    scheduler: str | None = None


def common_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options every experiment takes; they arrive as one argument, `common`."""

    def gathered(**arguments: Any) -> Any:
        return function(common=Common(**{name: arguments.pop(name) for name in COMMON}), **arguments)

    gathered.__name__, gathered.__doc__ = function.__name__, function.__doc__
    gathered.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
    decorators = [
        click.option(
            "-o", "--out", default="bench-results", show_default=True, help="Folder for results and plots.",
            type=click.Path(file_okay=False, path_type=Path),
        ),
        click.option("--fresh", is_flag=True, help="Begin anew: forget earlier results of this experiment."),
        click.option(
            "-j", "--jobs", type=click.IntRange(1, 1024), default=os.cpu_count() or 1,
            help="Measurements at a time, where no times are measured; default: one a core.",
        ),
        click.option("--budget", type=Duration(), help="Take only what fits this time: 90, 10m, 2h."),
        click.option("--json", "as_json", is_flag=True, help="Print each row as a line of JSON, no tables."),
        scheduler_option,
    ]  # fmt: skip
    decorated: Callable[..., Any] = gathered
    for decorator in reversed(decorators):
        decorated = decorator(decorated)
    return decorated


def run_experiment(context: click.Context, experiment: Experiment, common: Common) -> int:
    """Run it, print its tables (or rows), draw its plots; return the exit code."""
    from dpcodec.bench.engine.results import Results

    screen = context.find_root().ensure_object(Screen)
    if common.fresh:
        (common.out / f"{experiment.name}.jsonl").unlink(missing_ok=True)
    results = Results(common.out, experiment.name, command_line(context))
    with contextlib.ExitStack() as stack:
        engine = stack.enter_context(engine_for(screen, experiment, common)) if common.scheduler else None
        return _run(screen, experiment, common, results, engine)


@contextlib.contextmanager
def engine_for(screen: Screen, experiment: Experiment, common: Common) -> Iterator[batch.Engine]:
    """The Dask cluster that measures. Raises `UsageError` where times are measured."""
    from dpcodec import batch

    if experiment.timed:
        raise exits.UsageError(f"bench {experiment.name} measures times, here: leave out --scheduler")
    gpu = {"GPU": 1.0} if any(task.alone for task in experiment.tasks) else None
    engine = batch.open_engine(common.scheduler, common.jobs, resources=gpu)
    screen.note(engine.about)
    with signals.at_leave(engine.leave):
        try:
            yield engine
        finally:
            engine.close()


def _run(
    screen: Screen, experiment: Experiment, common: Common, results: Results, engine: batch.Engine | None
) -> int:
    from dpcodec.bench.engine.runner import outstanding, run

    workers = engine.workers if engine else None
    _announce(screen, experiment, common, results, workers)

    def tell(row: dict[str, Any]) -> None:
        if common.as_json:
            click.echo(json.dumps(row))

    for task in experiment.tasks:
        if task.id in results.rows:
            tell(results.rows[task.id])
    kept = f"what was measured is kept in {results.path}: run the same command again to go on"
    with signals.telling(kept), screen.meter(f"bench {experiment.name}") as meter:
        outcome = run(experiment, results, meter, common.jobs, common.budget, tell, engine)
    for failure in outcome.failures:
        screen.error(f"bench {experiment.name}", failure)
    if outcome.left_out:
        shortest = min(task.cost_s for task in outstanding(experiment, results))
        _tell_what_is_left(screen, outcome.left_out, shortest, common.budget)
    if outcome.rows:
        if not common.as_json:
            print_tables(experiment.tables(outcome.rows))
        for path in experiment.files(outcome.rows, common.out):
            screen.note(f"wrote {path}")
        draw(screen, experiment, outcome.rows, common.out)
    return exits.INPUT_OUTPUT if outcome.failures else exits.OK


def _announce(
    screen: Screen, experiment: Experiment, common: Common, results: Results, workers: int | None
) -> None:
    from dpcodec.bench.engine.experiment import spell
    from dpcodec.bench.engine.runner import duration_s, outstanding, workers_for

    for note in experiment.notes:
        screen.note(note)
    left = outstanding(experiment, results)
    if not left:
        screen.note(f"all {len(experiment.tasks)} measurements are known already; results in {results.path}")
        return
    known = len(experiment.tasks) - len(left)
    already = f", {known} known already" if known else ""
    cost = duration_s(left, workers or workers_for(experiment, common.jobs))
    advice = ": --budget takes what fits" if cost > 3600 and common.budget is None else ""
    screen.note(f"{len(left)} measurements{already}: about {spell(cost)}{advice}; results in {results.path}")


def _tell_what_is_left(screen: Screen, count: int, shortest_s: float, budget_s: float | None) -> None:
    from dpcodec.bench.engine.experiment import spell

    remedy = "run the same command again to go on"
    if budget_s is not None and shortest_s > budget_s:
        remedy = f"each takes {spell(shortest_s)} or more: give a longer --budget"
    screen.note(f"{count} measurements are left: {remedy}")


def draw(screen: Screen, experiment: Experiment, rows: list[dict[str, Any]], folder: Path) -> None:
    """The experiment's plots, if it has any and the package that draws is installed."""
    from dpcodec.bench.engine.canvas import can_draw
    from dpcodec.bench.engine.experiment import no_plots

    if experiment.plots is no_plots:
        return
    if can_draw():
        for path in experiment.plots(rows, folder):
            screen.note(f"drew {path}")
    else:
        screen.note("no plots: matplotlib is not installed: pip install dpcodec[bench]")


def command_line(context: click.Context) -> str:
    """The command as given, without what decides only where, how fast and how loud; folders by name alone."""
    words = context.command_path.split()
    for parameter in context.command.params:
        value = context.params.get(parameter.name or "")
        if isinstance(parameter, click.Argument):
            words += [value.name] if value is not None else []
        elif parameter.name in context.params and _given(context, parameter.name):
            words += [parameter.opts[-1], *([] if value is True else [_spell_value(value)])]
    return shlex.join(words)


def _given(context: click.Context, name: str | None) -> bool:
    source = context.get_parameter_source(name or "")
    return name not in QUIET and source is click.core.ParameterSource.COMMANDLINE


def _spell_value(value: Any) -> str:
    if isinstance(value, Path):
        return value.name
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def print_tables(tables: list[Table]) -> None:
    """Aligned text, one table after the other."""
    for i, table in enumerate(tables):
        click.echo(("\n" if i else "") + table.title)
        header = list(table.rows[0])
        cells = [header, *([cell(row.get(name)) for name in header] for row in table.rows)]
        widths = [max(len(line[i]) for line in cells) for i in range(len(header))]
        for line in cells:
            click.echo("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip())


def cell(value: Any) -> str:
    """A value in few digits."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.5g}" if isinstance(value, float) else "" if value is None else escape(str(value))
