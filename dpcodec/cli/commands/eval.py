"""`dpcodec eval`: how far one audio file is from another."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click
import numpy as np

import dpcodec
from dpcodec import metrics
from dpcodec.cli import exits
from dpcodec.cli.batch import guard
from dpcodec.cli.commands.eval_many import are_folders, evaluate_folders, evaluate_list, leave_out_missing
from dpcodec.cli.commands.figures import as_csv
from dpcodec.cli.display import Screen
from dpcodec.cli.options import Number, Verb, cluster_options, grouped
from dpcodec.cli.paths import check_source
from dpcodec.cli.sources import open_source
from dpcodec.cli.values import FileName

SCHEMA = "dpcodec-eval/1"
_BLOCK = 1 << 16


@dataclass
class Wanted:
    """What to measure, and what may be done to the signals before."""

    names: list[str]
    align: bool
    max_delay_ms: float
    cut: bool
    resample: bool
    mono: bool


@dataclass
class Result:
    """What was compared, and what came out."""

    reference: str
    degraded: str
    sample_rate: int
    channels: int
    samples: int
    delay: int | None
    figures: dict[str, float]
    undefined: dict[str, str]
    names: list[str]


@click.command("eval", cls=Verb)
@click.argument("reference", metavar="[REF", required=False, type=FileName())
@click.argument("degraded", metavar="DEG]", required=False, type=FileName())
@click.option(
    "--metrics",
    "names",
    metavar="LIST",
    default=",".join(metrics.DEFAULT_METRICS),
    help=f"Names with commas between, or all: {', '.join(metrics.METRICS)}. [all but those ending in -movs, "
    "visqol]",
)
@click.option("--align", is_flag=True, help="Take a delay off first, then cut the longer file.")
@click.option(
    "--max-delay", type=Number(0, 1e9), default=1000.0, metavar="MS", help="Largest for --align. [1000]"
)
@click.option("--cut", is_flag=True, help="Cut the longer file to the shorter.")
@click.option("--resample", is_flag=True, help="Resample DEG to the rate of REF.")
@click.option("--mono", is_flag=True, help="Mix the channels of each file into one first.")
@click.option("--max-duration", type=Number(0, 1e12), default=600.0, metavar="S", help="Longest input. [600]")
@click.option(
    "--pairs",
    type=FileName(),
    metavar="FILE",
    help="Compare these: REF, a tab, DEG on each line.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON, whose names stay as they are: an object a pair.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV: a line a pair.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1, 1024),
    help="Of folders and lists: pairs at a time. [1; Dask: a core each]",
)
@grouped("Many files, many machines", *cluster_options())
@click.pass_context
def evaluate(context: click.Context, /, **options: Any) -> int:
    """Measure how far DEG is from REF, two audio files of the same rate, channels and length, two folders
    whose files have the same names but for suffixes, or the pairs of a list.

    One of them may be - for standard input. A .dpc file is decoded first: dpcodec decode x.dpc - | dpcodec
    eval in.wav -
    """
    screen = context.find_root().ensure_object(Screen)
    names = [options["reference"], options["degraded"]]
    if options["as_json"] and options["as_csv"]:
        raise exits.UsageError("--json and --csv contradict each other: give one")
    if options["pairs"] is not None:
        if names != [None, None]:
            raise exits.UsageError("--pairs names the files: leave out REF and DEG, or --pairs")
        leave_out_missing(context)
        _wanted(options | {"names": context.params["names"]}, screen)
        return evaluate_list(context, options["pairs"])
    if None in names:
        raise exits.UsageError("REF or DEG is missing: name two files or folders, or give --pairs")
    if "-" not in names and are_folders(*names):
        leave_out_missing(context)
        _wanted(options | {"names": context.params["names"]}, screen)
        return evaluate_folders(context, *names)
    wanted = _wanted(options, screen)
    if names == ["-", "-"]:
        raise exits.UsageError("both files are standard input: name one of them")
    are_folders(*names)
    signals: list[dpcodec.Audio] = []

    def load(name: str) -> int:
        signals.append(_load(name, options["max_duration"], screen))
        return exits.OK

    def compare() -> int:
        result = _compare(names, signals, wanted, screen)
        screen.record["figures"] = {key: metrics.to_json_value(v) for key, v in result.figures.items()}
        screen.record["seconds"] = result.samples / result.sample_rate
        if screen.lines is None:  # in a worker the row tells it all
            click.echo(_shown(result, options))
        return exits.OK

    for name in names:
        code = guard(screen, name, lambda name=name: load(name))  # type: ignore[misc]
        if code:
            return code
    return guard(screen, names[1], compare)


def _wanted(options: dict[str, Any], screen: Screen) -> Wanted:
    """Raises `SettingsError` or `UsageError` before any file is read."""
    asked = [name.strip() for name in options["names"].split(",")]
    names = metrics.select(asked)
    if "all" in asked:
        for reason in metrics.unavailable().values():
            screen.note(f"left out: {reason}")
    flags = {name: options[name] for name in ("align", "cut", "resample", "mono")}
    return Wanted(names, max_delay_ms=options["max_delay"], **flags)


def _load(name: str, limit_s: float, screen: Screen) -> dpcodec.Audio:
    check_source(name)
    with open_source(name) as source, dpcodec.open_audio(source) as reader:
        blocks = [np.zeros((reader.channels, 0), np.float32)]
        length, limit = 0, limit_s * reader.sample_rate
        while (block := reader.read(_BLOCK)).shape[1]:
            blocks.append(block)
            length += block.shape[1]
            if length > limit:
                raise dpcodec.LimitError(
                    f"it is longer than the limit of {limit_s:g} s: cut it, or raise --max-duration"
                )
        for warning in reader.warnings:
            screen.warn(name, warning)
        return dpcodec.Audio(np.concatenate(blocks, axis=1), reader.sample_rate)


def _compare(names: list[str], signals: list[dpcodec.Audio], wanted: Wanted, screen: Screen) -> Result:
    reference, degraded, delay = _in_step(names, signals, wanted, screen)
    rate = signals[0].sample_rate
    undefined: dict[str, dpcodec.AudioError] = {}
    figures: dict[str, float] = {}
    with screen.meter(names[1]) as meter:
        seconds = reference.shape[1] / rate
        groups = _groups(wanted.names)
        for i, group in enumerate(groups):
            meter(seconds * i / len(groups), seconds, ", ".join(group))
            figures |= metrics.evaluate(reference, degraded, rate, group, undefined.__setitem__)
    if len(undefined) == len(wanted.names):
        raise next(iter(undefined.values()))
    for name, error in undefined.items():
        screen.warn(names[1], f"{name} is not defined here: {error}")
    ordered = {key: figures[key] for name in wanted.names for key in metrics.METRICS[name].figures}
    reasons = {name: str(error) for name, error in undefined.items()}
    channels, samples = reference.shape
    return Result(names[0], names[1], rate, channels, samples, delay, ordered, reasons, wanted.names)


def _groups(names: list[str]) -> list[list[str]]:
    """The names, those together that share their computation."""
    groups: dict[object, list[str]] = {}
    for name in names:
        groups.setdefault(metrics.METRICS[name].compute, []).append(name)
    return list(groups.values())


def _in_step(
    names: list[str], signals: list[dpcodec.Audio], wanted: Wanted, screen: Screen
) -> tuple[np.ndarray, np.ndarray, int | None]:
    """Both signals float32 [C, N] of one rate and shape, and the delay that was taken off.

    Raises `AudioError` naming the option that is missing.
    """
    rate, other = (audio.sample_rate for audio in signals)
    reference, degraded = (audio.samples for audio in signals)
    if wanted.mono:
        reference, degraded = (x.mean(axis=0, keepdims=True) for x in (reference, degraded))
    if reference.shape[0] != degraded.shape[0]:
        raise dpcodec.AudioError(
            f"{names[0]} has {reference.shape[0]} channels, this {degraded.shape[0]}: mix both with --mono"
        )
    if rate != other:
        if not wanted.resample:
            raise dpcodec.AudioError(
                f"{names[0]} has {rate} Hz, this {other} Hz: bring them together with --resample"
            )
        degraded = metrics.resample(degraded, other, rate)
    if wanted.align:
        limit = round(wanted.max_delay_ms * rate / 1000)
        reference, degraded, delay = metrics.align(reference, degraded, limit)
        if abs(delay) == limit > 0:
            screen.warn(names[1], f"the delay is the largest tried, {delay} samples: raise --max-delay")
        return reference, degraded, delay
    n = min(reference.shape[1], degraded.shape[1])
    if reference.shape != degraded.shape and not wanted.cut:
        raise dpcodec.AudioError(
            f"{names[0]} has {reference.shape[1]} samples, this {degraded.shape[1]}: compare the first {n} "
            "with --cut, or give --align where there may be a delay"
        )
    return reference[:, :n], degraded[:, :n], None


def _shown(result: Result, options: dict[str, Any]) -> str:
    if options["as_json"]:
        return _json(result)
    if options["as_csv"]:
        return as_csv([(result.reference, result.degraded, result.figures)])
    return "\n".join(_table(result))


def _json(result: Result) -> str:
    figures = {key: metrics.to_json_value(value) for key, value in result.figures.items()}
    return json.dumps(
        {
            "schema": SCHEMA,
            "reference": result.reference,
            "degraded": result.degraded,
            "sample_rate": result.sample_rate,
            "channels": result.channels,
            "samples": result.samples,
            "delay_samples": result.delay,
            "metrics": figures,
            "undefined": result.undefined,
        },
        indent=2,
        allow_nan=False,
    )


def _table(result: Result) -> Iterator[str]:
    """For people: a line a figure, which way is better in the last column."""
    seconds = result.samples / result.sample_rate
    yield (
        f"compared {seconds:.3f} s ({result.samples} samples), {result.channels} channels, "
        f"{result.sample_rate} Hz"
    )
    if result.delay is not None:
        yield f"after a delay of {result.delay} samples ({1000 * result.delay / result.sample_rate:.3f} ms)"
    about = {key: figure for name in result.names for key, figure in metrics.METRICS[name].figures.items()}
    width = max(map(len, result.figures))
    for key, value in result.figures.items():
        figure = about[key]
        shown = "-" if math.isnan(value) else f"{value:.3f}"
        better = {True: "higher is better", False: "lower is better", None: ""}[figure.higher_is_better]
        yield f"{key:<{width}}  {shown:>9} {figure.unit:<4}  {better}".rstrip()
