"""`dpcodec encode`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

import click

import dpcodec
from dpcodec.cli import cores, memory
from dpcodec.cli.commands.encode_split import by_runs
from dpcodec.cli.display import Screen
from dpcodec.cli.exits import OK, OutputError, UsageError
from dpcodec.cli.options import Decorator, Number, Verb, file_options, grouped, run_files
from dpcodec.cli.outputs import Output, create
from dpcodec.cli.paths import DPC_SUFFIX, Job
from dpcodec.cli.sources import open_source
from dpcodec.cli.tag_edits import TagEdit, edit_of, tag_options
from dpcodec.cli.values import BitRate

if TYPE_CHECKING:
    from dpcodec.batch.long_files import Begin

DAY_S = 86400.0
Coder = Callable[..., dpcodec.EncodeReport]
"""Encodes a source, by its name, into a file object."""
SETTINGS = (
    *("transform", "drop", "seed", "n_fft", "hop", "window", "max_block_split", "rate", "snr", "bitrate"),
    *("quality", "effort", "exact", "parts", "latency", "mono", "sanitize", "parity"),
)
"""Options that are settings of the same name."""
PROFILE_NAMES = ", ".join(dpcodec.PROFILES)
MASK_NAMES = ", ".join(name for name in dpcodec.MASKS if name not in ("columns", "custom"))
MASK_FILE = ".npy"


def _default(setting: str) -> str:
    """What a setting is where its option is not given, by profile where profiles differ."""
    by_value: dict[object, list[str]] = {}
    for name, preset in dpcodec.PROFILES.items():
        if (value := getattr(preset, setting)) is not None:
            by_value.setdefault(value, []).append(name)
    if len(by_value) == 1 and len(*by_value.values()) == len(dpcodec.PROFILES):
        return f"[{_told(next(iter(by_value)))}]"
    told = [f"{_told(value)} in {', '.join(names)}" for value, names in by_value.items()]
    return f"[{'; '.join(told)}]"


def _told(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _option(*names: str, help: str, metavar: str, type: type = str) -> Decorator:
    """An option that is a setting of the same name, with its default told."""
    setting = names[0].removeprefix("--").replace("-", "_")
    return click.option(*names, type=type, metavar=metavar, help=f"{help} {_default(setting)}")


@click.command(cls=Verb)
@grouped(
    "How good, how large (one of these; quality 5 without any)",
    click.option("--quality", type=float, metavar="Q", help="0 to 10: a constant noise-to-mask ratio. [5]"),
    click.option(
        "--bitrate",
        type=BitRate(),
        metavar="KBPS",
        help="Mean of the file, kbit/s: 32 or 32k; not of pictures.",
    ),
    click.option("--snr", type=float, metavar="DB", help="Quantisation noise this far below the signal."),
    _option("--drop", type=float, metavar="R", help="Share of coefficients removed, 0 <= R < 1."),
)
@grouped(
    "What kind of file",
    click.option(
        "--profile",
        metavar="NAME",
        help=f"Preset, changed by options given: {PROFILE_NAMES}. [the one that they mean]",
    ),
    _option("--rate", type=int, metavar="HZ", help="Resample the input to this rate first."),
    _option("--latency", type=float, metavar="S", help="Seconds of a segment, 0.1 to 10."),
    click.option(
        "--mono/--all-channels",
        default=None,
        help="Mix the channels into one first, or keep them. [keep; mix in paper]",
    ),
)
@file_options
@grouped(
    "Losses",
    click.option(
        "--parity",
        type=Number(0, 100),
        metavar="P",
        help="Packets that may get lost of each group, percent; comes beside the bit rate. [0]",
    ),
)
@grouped(
    "Input and tags",
    click.option("--raw", metavar="FMT,RATE,CH", help="The input is PCM without a header, as s16le,44100,2."),
    click.option("--sanitize", is_flag=True, default=None, help="Set NaN and infinite samples to 0."),
    click.option(
        "--max-duration", type=Number(0, 1e12), default=DAY_S, metavar="S", help="Longest input. [86400]"
    ),
    click.option(
        "--split", type=Number(1, 1e6), metavar="S", help="Runs of S seconds, shared by -j or --scheduler."
    ),
    click.option("--verify", is_flag=True, help="Read the file back and compare before it is kept."),
    tag_options,
    click.option("--no-tags", is_flag=True, help="Do not carry the input's own tags over."),
)
@grouped(
    "The codec in detail",
    _option("--transform", metavar="NAME", help="stft or mdct, each with the presets of its profile."),
    _option(
        "--mask",
        metavar="KIND",
        help=f"{MASK_NAMES}, columns:A-B,C,... or a file of numpy's, bool [K, L] or [C, K, L].",
    ),
    _option("--seed", type=int, metavar="N", help="Of the random mask, 64 bit."),
    _option("--n-fft", type=int, metavar="N", help="Window length, samples."),
    _option("--hop", type=int, metavar="N", help="Distance of frames, samples; of an MDCT half a window."),
    _option("--window", metavar="NAME", help="sine or hann, of an MDCT sine or kbd."),
    click.option(
        "--max-block-split",
        "--max-split",
        type=int,
        metavar="S",
        help="An MDCT cuts frames into 2^S blocks at most. [4]",
    ),
    _option("--effort", type=int, metavar="N", help="0 to 9: other windows of an MDCT tried."),
    click.option(
        "--exact/--quantised",
        default=None,
        help="Keep float32 coefficients, or quantise them. [quantise; keep in paper]",
    ),
    _option("--parts", type=int, metavar="N", help="Independently coded parts a segment, 1 to 16."),
)
@click.pass_context
def encode(context: click.Context, /, **options: Any) -> int:
    """Encode audio into .dpc files.

    IN is WAV, RF64, W64, FLAC, AIFF, CAF, AU, Ogg, MP3 or raw PCM (--raw), with dpcodec[media] also MP4 and
    the sound of videos, or - for standard input. OUT defaults to IN with the suffix .dpc; for standard input
    to standard output.
    """
    memory.keep()
    base, settings = settings_of(options)
    tags = edit_of(options)
    raw = None if options["raw"] is None else dpcodec.parse_raw(options["raw"])
    screen = context.find_root().ensure_object(Screen)
    limit_s, verify = options["max_duration"], options["verify"]
    with contextlib.ExitStack() as stack:
        if options["split"] is not None:
            coder = stack.enter_context(by_runs(context, options["split"]))
        else:
            coder = partial(_by_cores, stack.enter_context(cores.of(context)))

        def work(job: Job) -> int:
            return encode_file(job, base, settings, tags, raw, limit_s, verify, screen, coder)

        return run_files(context, DPC_SUFFIX, dpcodec.readable_suffixes(), work)


def settings_of(options: dict[str, Any]) -> tuple[str, dpcodec.EncodeSettings]:
    """The profile that the options name or mean, and its settings changed by them. Raises `SettingsError` or
    `UsageError`."""
    changes = {name: options[name] for name in SETTINGS if options[name] is not None}
    if options["mask"] is not None:
        changes |= _mask_of(options["mask"], changes)
    base = options["profile"] or dpcodec.profile_meant(changes)
    settings = dpcodec.profile(base, **changes, keep_tags=not options["no_tags"])
    if options["mask"] is not None and base in dpcodec.PROFILES:
        meant = dpcodec.PROFILES[base].mode
        if settings.mode != meant and options["transform"] is None:
            raise UsageError(
                f"mask {changes['mask']} does not belong to profile {base}: give --profile {settings.mode}"
            )
    return base, settings


def _mask_of(told: str, changes: dict[str, Any]) -> dict[str, Any]:
    """What --mask changes."""
    if not told.endswith(MASK_FILE):
        mask, columns = dpcodec.parse_mask(told)
        return {"mask": mask, "columns": columns}
    if "drop" in changes:
        raise UsageError("a mask in a file says itself what is dropped: leave out --drop")
    return {"mask": "custom", "custom": dpcodec.load_mask(told), "drop": 0.0}


def encode_file(
    job: Job,
    base: str,
    settings: dpcodec.EncodeSettings,
    tags: TagEdit,
    raw: dpcodec.RawFormat | None,
    limit_s: float,
    verify: bool,
    screen: Screen,
    coder: Coder,
) -> int:
    """Encode one file; the output appears only if all went well."""
    started = time.monotonic()

    def tagged(reader: Any, settings: dpcodec.EncodeSettings) -> dpcodec.EncodeSettings:
        if not settings.keep_tags:
            return replace(settings, tags=tags.apply(()))
        reader.tags = tags.apply(reader.tags)
        return settings

    with create(job, screen, spool=verify) as output:
        with screen.meter(job.source) as meter:

            def progress(done: float, total: float | None, detail: str) -> None:
                if done > limit_s:
                    raise dpcodec.LimitError(
                        f"it is longer than the limit of {limit_s:g} s: raise --max-duration"
                    )
                meter(done, total, detail)

            report = coder(job.source, output.file, settings, raw, progress, tagged)
            if verify:
                _verify(output, report)
        output.commit()
    for warning in report.warnings:
        screen.warn(job.source, warning)
    screen.record |= {"seconds": round(report.samples / report.sample_rate, 6), "kbps": round(report.kbps, 3)}
    screen.note(_summary(job, base, settings, report, time.monotonic() - started))
    return OK


def _by_cores(
    found: cores.Cores,
    name: str,
    out: BinaryIO,
    settings: dpcodec.EncodeSettings,
    raw: dpcodec.RawFormat | None,
    progress: Any,
    begin: Begin,
) -> dpcodec.EncodeReport:
    with open_source(name) as source, dpcodec.open_audio(source, raw=raw) as reader:
        engine = found.engine_for(name, reader.samples, reader.sample_rate)
        if engine is None:
            return dpcodec.encode_stream(reader, out, begin(reader, settings), progress)
        from dpcodec.batch import share_encoding

        return dpcodec.encode_stream(reader, out, begin(reader, settings), progress, share_encoding(engine))


def _verify(output: Output, report: dpcodec.EncodeReport) -> None:
    """Decode every symbol that was written; the file's own hash says whether it is what was meant."""
    output.file.flush()
    output.file.seek(0)
    info = dpcodec.inspect_stream(output.file)
    if not info.whole or (info.samples, info.cells) != (report.samples, report.cells):
        raise OutputError("what was written does not read back: this is a fault in dpcodec or in the disk")


def _summary(
    job: Job, base: str, settings: dpcodec.EncodeSettings, report: dpcodec.EncodeReport, seconds: float
) -> str:
    kept = 100 * report.kept / report.cells if report.cells else 0.0
    speed = report.samples / report.sample_rate / seconds
    by_mask = f"{kept:.1f} % of coefficients kept by the mask, " if settings.masked else ""
    return (
        f"{job.source} -> {job.target}: profile {base}, {report.bytes} bytes, {report.kbps:.1f} kbit/s, "
        f"{by_mask}{seconds:.2f} s ({speed:.0f}x real time)"
    )
