"""`dpcodec encode`."""

from __future__ import annotations

import time
from typing import Any

import click

import dpcodec
from dpcodec.cli.display import Screen
from dpcodec.cli.exits import OK, OutputError, UsageError
from dpcodec.cli.options import Verb, file_options, run_files
from dpcodec.cli.outputs import Output, create
from dpcodec.cli.paths import AUDIO_SUFFIXES, DPC_SUFFIX, Job
from dpcodec.cli.sources import open_source

DAY_S = 86400.0
OF_STFT = ("transform", "drop", "mask", "seed", "n_fft", "hop", "window", "snr", "exact")
"""Options that mean profile stft where no profile is named."""


@click.command(cls=Verb)
@file_options
@click.option("--profile", help="Preset: perceptual, mdct, stft or paper; options given change it.")
@click.option("--transform", metavar="NAME", help="stft or mdct, each with the presets of its profile.")
@click.option("--drop", type=float, metavar="R", help="Share of coefficients removed, 0 <= R < 1.")
@click.option("--mask", metavar="KIND", help="energy, significance, perceptual, random or columns:A-B,C,...")
@click.option("--seed", type=int, metavar="N", help="Of the random mask, 64 bit. [0]")
@click.option("--n-fft", type=int, metavar="N", help="Window length, samples. [2048]")
@click.option("--hop", type=int, metavar="N", help="Distance of frames, samples. [1024]")
@click.option("--window", metavar="NAME", help="sine or hann, of the MDCT sine or kbd. [sine]")
@click.option("--max-split", type=int, metavar="S", help="The MDCT cuts frames into 2^S blocks at most. [4]")
@click.option("--rate", type=int, metavar="HZ", help="Resample to this rate first.")
@click.option("--snr", type=float, metavar="DB", help="Quantisation noise this far below the signal.")
@click.option(
    "--bitrate", type=float, metavar="KBPS", help="Mean of the whole file, kbit/s; what the ear hears."
)
@click.option("--quality", type=float, metavar="Q", help="0 to 10: a constant noise-to-mask ratio.")
@click.option("--effort", type=int, metavar="N", help="0 to 9: other windows tried. [0]")
@click.option("--exact/--quantised", default=None, help="Keep float32 coefficients, or quantise them.")
@click.option("--parts", type=int, metavar="N", help="Independently coded parts a segment, 1 to 16.")
@click.option("--mono/--all-channels", default=None, help="Mix the channels into one first, or keep them.")
@click.option("--sanitize", is_flag=True, default=None, help="Set NaN and infinite samples to 0.")
@click.option("--raw", metavar="FMT,RATE,CH", help="The input is PCM without a header, as s16le,44100,2.")
@click.option("--tag", "tags", multiple=True, metavar="K=V", help="Add a tag; may be repeated.")
@click.option("--no-tags", is_flag=True, help="Do not carry the input's own tags over.")
@click.option("--max-duration", type=float, default=DAY_S, metavar="S", help="Longest input. [86400]")
@click.option("--verify", is_flag=True, help="Read the file back and compare before it is kept.")
@click.pass_context
def encode(context: click.Context, /, **options: Any) -> int:
    """Encode audio into .dpc files.

    IN is WAV, RF64, W64, FLAC, AIFF, Ogg or raw PCM (--raw), or - for standard input. OUT defaults to IN with
    the suffix .dpc; for standard input to standard output.
    """
    settings = settings_of(options)
    raw = None if options["raw"] is None else dpcodec.parse_raw(options["raw"])
    screen = context.find_root().ensure_object(Screen)
    limit_s, verify = options["max_duration"], options["verify"]

    def work(job: Job) -> int:
        return encode_file(job, settings, raw, limit_s, verify, screen)

    return run_files(context, DPC_SUFFIX, AUDIO_SUFFIXES, work)


def settings_of(options: dict[str, Any]) -> dpcodec.EncodeSettings:
    """The profile, changed by the options that were given. Raises `SettingsError` or `UsageError`."""
    names = (
        "transform",
        "drop",
        "seed",
        "n_fft",
        "hop",
        "window",
        "max_split",
        "rate",
        "snr",
        "bitrate",
        "quality",
        "effort",
        "exact",
        "parts",
    )
    changes = {name: options[name] for name in (*names, "mono", "sanitize") if options[name] is not None}
    base = options["profile"] or _profile_meant(options)
    transform = options["transform"] or getattr(dpcodec.PROFILES.get(base), "transform", "stft")
    if transform == "mdct" and "n_fft" in changes:
        changes.setdefault("hop", changes["n_fft"] // 2)
    if options["mask"] is not None:
        changes["mask"], changes["columns"] = dpcodec.parse_mask(options["mask"])
    if options["snr"] is not None:
        changes.setdefault("exact", False)  # a quantiser is asked for, whatever the profile says
    changes["tags"] = tuple(_tag(text) for text in options["tags"])
    changes["keep_tags"] = not options["no_tags"]
    return dpcodec.profile(base, **changes)


def _profile_meant(options: dict[str, Any]) -> str:
    """The profile whose presets the other options ask for."""
    if options["mask"] == "perceptual" or (options["mask"] is None and _given(options, "bitrate", "quality")):
        return "perceptual"
    if options["transform"] == "mdct" or _given(options, "bitrate"):
        return "mdct"
    return "stft" if _given(options, *OF_STFT) else "perceptual"


def _given(options: dict[str, Any], *names: str) -> bool:
    return any(options[name] is not None for name in names)


def encode_file(
    job: Job,
    settings: dpcodec.EncodeSettings,
    raw: dpcodec.RawFormat | None,
    limit_s: float,
    verify: bool,
    screen: Screen,
) -> int:
    """Encode one file; the output appears only if all went well."""
    started = time.monotonic()
    with create(job.target, spool=verify) as output, open_source(job.source) as source:
        with dpcodec.open_audio(source, raw=raw) as reader, screen.meter(job.source) as meter:

            def progress(done: float, total: float | None, detail: str) -> None:
                if done > limit_s:
                    raise dpcodec.LimitError(
                        f"it is longer than the limit of {limit_s:g} s: raise --max-duration"
                    )
                meter(done, total, detail)

            report = dpcodec.encode_stream(reader, output.file, settings, progress)
            if verify:
                _verify(output, report)
        output.commit()
    for warning in report.warnings:
        screen.warn(job.source, warning)
    screen.note(_summary(job, report, time.monotonic() - started))
    return OK


def _verify(output: Output, report: dpcodec.EncodeReport) -> None:
    """Decode every symbol that was written; the file's own hash says whether it is what was meant."""
    output.file.flush()
    output.file.seek(0)
    info = dpcodec.inspect_stream(output.file)
    if not info.whole or (info.samples, info.cells) != (report.samples, report.cells):
        raise OutputError("what was written does not read back: this is a fault in dpcodec or in the disk")


def _summary(job: Job, report: dpcodec.EncodeReport, seconds: float) -> str:
    kept = 100 * report.kept / report.cells if report.cells else 0.0
    speed = report.samples / report.sample_rate / seconds
    return (
        f"{job.source} -> {job.target}: {report.bytes} bytes, {report.kbps:.1f} kbit/s, "
        f"{kept:.1f} % of coefficients kept by the mask, {seconds:.2f} s ({speed:.0f}x real time)"
    )


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"tag {text!r} is not understood: give KEY=VALUE")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as exc:
            raise UsageError(f"tag {text!r} is not UTF-8: give it in UTF-8") from exc
    return key, value
