"""`dpcodec decode`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import click

import dpcodec
from dpcodec.cli import cores, exits, memory, signals
from dpcodec.cli.display import Screen
from dpcodec.cli.formats import check_name, choose_format, default_suffix
from dpcodec.cli.options import Verb, file_options, grouped, limit_options, run_files
from dpcodec.cli.outputs import Output, create
from dpcodec.cli.paths import DPC_SUFFIX, Job
from dpcodec.cli.sources import open_source
from dpcodec.cli.tag_edits import TagEdit, edit_of, tag_options
from dpcodec.cli.values import Time

INTERRUPTED = 130


class Wanted(NamedTuple):
    """How the decoded audio is to be written."""

    format: str | None
    raw: str | None
    rescale: bool
    strict: bool
    tags: TagEdit


@click.command(cls=Verb)
@grouped(
    "What to do about what was dropped",
    click.option("--solver", metavar="NAME", help=f"auto, {', '.join(dpcodec.SOLVERS)}. [auto]"),
    click.option(
        "--time-limit",
        type=float,
        metavar="S",
        help="Seconds for each file; the best so far is taken. [none]",
    ),
    click.option("--start", type=Time(), metavar="S", help="Begin at this time: 62.5 or 1:02.5. [0]"),
    click.option("--duration", type=Time(), metavar="S", help="End after this much. [to the end]"),
)
@file_options
@grouped(
    "Output and limits",
    click.option(
        "--format", "audio_format", metavar="FMT", help="wav, flac, ... and/or pcm16, pcm24, float, ..."
    ),
    click.option("--raw", metavar="FMT", help="Write PCM without a header: s16le, f32le, ..."),
    click.option("--rescale", is_flag=True, help="Scale down what would clip."),
    tag_options,
    click.option("--strict", is_flag=True, help="Write nothing of a damaged file, exit 4."),
    limit_options,
    click.option("--max-duration", type=float, metavar="S", help="Longest audio. [360000, which is 100 h]"),
)
@grouped(
    "The solver in detail",
    click.option(
        "--context/--no-context", default=None, help="Put kept coefficients back after the solver. [yes]"
    ),
    click.option("--device", metavar="NAME", help="auto, cpu, cuda, cuda:N or mps. [auto]"),
    click.option("--iterations", type=int, metavar="N", help="Steps of the solver. [its own]"),
    click.option("--seed", type=int, metavar="N", help="Of the deep prior. [0]"),
    click.option("--network", metavar="NAME", help="Of the deep prior. [by device]"),
    click.option("--fit", metavar="NAME", help="Of the deep prior: guided or paper. [guided]"),
    click.option("--loss", metavar="NAME", help="Of the deep prior: mse, l1 or mse+stft. [by fit]"),
    click.option("--batch-segments", type=int, metavar="N", help="Segments solved together. [by solver]"),
    click.option("--no-check", is_flag=True, help="Do not assert that kept coefficients came back."),
)
@click.pass_context
def decode(context: click.Context, /, **options: Any) -> int:
    """Decode .dpc files into audio.

    IN may be - for standard input. OUT defaults to IN with the suffix .wav, or that of --format; for standard
    input to standard output. The format is that of the encoded source unless OUT's suffix or --format says
    otherwise; a suffix that is not written is refused.
    """
    memory.keep()
    settings = settings_of(options)
    wanted = Wanted(
        options["audio_format"], options["raw"], options["rescale"], options["strict"], edit_of(options)
    )
    suffix = default_suffix(wanted.format, wanted.raw)
    screen = context.find_root().ensure_object(Screen)

    with cores.of(context) as found:

        def work(job: Job) -> int:
            return decode_file(job, settings, wanted, screen, found)

        return run_files(context, suffix, (DPC_SUFFIX,), work)


def settings_of(options: dict[str, Any]) -> dpcodec.DecodeSettings:
    """The defaults, changed by the options that were given. Raises `SettingsError`."""
    names = (
        *("solver", "context", "device", "iterations", "time_limit", "seed", "network", "fit", "loss"),
        *("start", "duration", "max_memory", "max_duration", "max_expansion", "batch_segments"),
    )
    given = {name: options[name] for name in names if options[name] is not None}
    dpcodec.check_solver(given.get("solver", "auto"))
    return dpcodec.DecodeSettings(**given, check=not options["no_check"])


def decode_file(
    job: Job, settings: dpcodec.DecodeSettings, wanted: Wanted, screen: Screen, found: cores.Cores
) -> int:
    """Decode one file. Damage gives exit code 5 and the output all the same, with --strict 4 and none."""
    check_name(job.target, wanted.format, wanted.raw)
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(create(job, screen, spool=wanted.strict))
        source = stack.enter_context(open_source(job.source))
        meter = stack.enter_context(screen.meter(job.source))
        stack.enter_context(signals.polite())

        def progress(done: float, total: float | None, detail: str) -> bool:
            meter(done, total, detail)
            # Only a deep prior has a loss to tell, and only it is worth waiting for.
            return "loss" in detail and signals.stop_asked()

        def share(info: dpcodec.StreamInfo) -> Any:
            engine = found.engine_for(job.source, info.samples, info.sample_rate)
            if engine is None:
                return None
            from dpcodec.batch import share_decoding

            return share_decoding(engine)

        report = dpcodec.decode_stream(source, _opener(output, job, wanted), settings, progress, share)
        meter.close()
        _tell(job, report, settings, time.monotonic() - started, screen)
        if report.damaged and wanted.strict:
            screen.error(
                job.source, f"damaged: {_damage(report)}: decode it without --strict, nothing is written"
            )
            return exits.FORMAT
        output.commit()
    if signals.interrupted():
        signals.settle()
        screen.warn(job.source, "interrupted: the best so far is kept, the rest was rebuilt with solver none")
        return INTERRUPTED
    if not report.damaged:
        return exits.OK
    screen.warn(job.source, f"damaged: {_damage(report)}: see dpcodec info")
    return exits.DAMAGED


def _opener(output: Output, job: Job, wanted: Wanted) -> Callable[[dpcodec.StreamInfo], Any]:
    """What `decode_stream` calls once it knows what it decodes."""

    def open_writer(info: dpcodec.StreamInfo) -> Any:
        raw = None
        if wanted.raw is not None:
            raw = dpcodec.RawFormat(wanted.raw, info.sample_rate, info.channels)
        sample_format = choose_format(info, wanted.format, job.target)
        writer = dpcodec.create_audio(
            output.file,
            info.sample_rate,
            info.channels,
            sample_format,
            info.samples,
            wanted.tags.apply(info.tags),
            raw=raw,
            attachments=info.attachments,
        )
        subtype = raw.subtype if raw else sample_format.subtype
        if not wanted.rescale:
            return writer
        from dpcodec.cli.rescale import Rescaling  # lazy: it loads what packs and unpacks archives

        return Rescaling(writer, subtype)

    return open_writer


def _tell(
    job: Job, report: dpcodec.DecodeReport, settings: dpcodec.DecodeSettings, seconds: float, screen: Screen
) -> None:
    for warning in report.warnings:
        screen.warn(job.source, warning)
    if report.clipped:
        screen.warn(job.source, f"{report.clipped} samples were clipped: give --rescale or --format float")
    length = report.samples / report.sample_rate
    screen.record |= {"seconds": round(length, 6), "damaged": report.damaged}
    chosen = "; ".join(
        f"{choice} ({count}x)" if count > 1 else choice for choice, count in report.choices.items()
    )
    screen.note(
        f"{job.source} -> {job.target}: {length:.2f} s, {report.channels} channels, {report.sample_rate} Hz, "
        f"{'auto chose ' if settings.solver == 'auto' and chosen else ''}{chosen or settings.solver}, "
        f"{seconds:.2f} s"
    )
    if report.concealed_places:
        places = f"{report.concealed_places} place" + ("s" if report.concealed_places > 1 else "")
        screen.note(f"{job.source}: {report.concealed_s:.1f} s in {places} inpainted")
    if screen.verbose:
        for line in report.damage:
            screen.note(f"{job.source}: {line}")


def _damage(report: dpcodec.DecodeReport) -> str:
    if not report.damage:
        return "the end is missing or does not match"
    more = f" and {len(report.damage) - 1} more" if len(report.damage) > 1 else ""
    return report.damage[0] + more
