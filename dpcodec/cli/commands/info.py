"""`dpcodec info`."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

import dpcodec
from dpcodec.cli import exits
from dpcodec.cli.batch import guard
from dpcodec.cli.display import Screen, escape
from dpcodec.cli.options import Verb, limit_options, limits_of
from dpcodec.cli.paths import DPC_SUFFIX, check_source
from dpcodec.cli.sources import open_source
from dpcodec.cli.trees import files_to_read
from dpcodec.cli.values import FileName

SHOWN = 20
"""Tags and damages listed without -v."""


@click.command(cls=Verb)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FileName())
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object, whose names stay; of many files a line each."
)
@limit_options
@click.pass_context
def info(context: click.Context, /, files: tuple[str, ...], as_json: bool, **limits: int | None) -> int:
    """Say what .dpc files hold, what they weigh, and what is damaged in them.

    FILE may be a folder, whose .dpc files are taken, a URL, or - for standard input.

    Exit code 0 if all are whole, 5 if one is damaged.
    """
    screen = context.find_root().ensure_object(Screen)
    names = files_to_read(files, (DPC_SUFFIX,))
    many, worst = len(names) > 1, exits.OK
    for name in names:
        code = guard(screen, name, lambda name=name: _show(name, as_json, many, screen, limits_of(limits)))  # type: ignore[misc]
        worst = max(worst, code)
    return worst


def _show(name: str, as_json: bool, many: bool, screen: Screen, limits: dict[str, int]) -> int:
    check_source(name)
    with open_source(name) as source, screen.meter(name) as meter:
        found = dpcodec.inspect_stream(source, meter, **limits)
    if as_json:
        told = {"file": escape(name), **found.to_dict()} if many else found.to_dict()
        click.echo(json.dumps(told, indent=None if many else 2))
    else:
        if many:
            click.echo(f"file:         {escape(name)}")
        for line in _lines(found, None if screen.verbose else SHOWN):
            click.echo(escape(line))
    return exits.OK if found.whole else exits.DAMAGED


def _lines(found: dpcodec.FileInfo, most: int | None) -> Iterator[str]:
    """The text form; lines may hold anything, the caller escapes them."""
    seconds = "unknown length" if found.duration_s is None else f"{found.duration_s:.3f} s"
    samples = "" if found.samples is None else f" ({found.samples} samples)"
    rate = "" if found.kbps is None else f", {found.kbps:.1f} kbit/s"
    kept = 100 * found.kept / found.cells if found.cells else 0.0
    mask = {"random": f"random, seed {found.seed}", "columns": _columns(found)}.get(found.mask, found.mask)
    yield f"audio:        {seconds}{samples}, {found.channels} channels, {found.sample_rate} Hz"
    yield f"source:       {found.container} {found.subtype}"
    yield f"size:         {found.bytes} bytes{rate}"
    yield f"transform:    {found.transform.upper()}, {found.window} window {found.n_fft}, hop {found.hop}"
    if found.splits:
        yield f"splits:       {_splits(found)}"
    yield f"mask:         {mask}, drop {found.drop:.6g}"
    what = "kept, exact" if found.exact else "kept and not quantised to zero"
    yield f"coefficients: {kept:.2f} % of {found.cells} {what}"
    yield f"segments:     {found.segments} of {_segment(found)}, {found.parts} parts each"
    if found.survival:
        yield f"parity:       {_survival(found.survival)}"
    for key, value in found.tags[:most]:
        yield f"tag:          {key}={value}"
    yield from _rest("tag:          ", len(found.tags), most)
    for kind, size in found.attachments[:most]:
        yield f"attachment:   {kind}, {size} bytes"
    yield from _rest("attachment:   ", len(found.attachments), most)
    for warning in found.warnings:
        yield f"warning:      {warning}"
    yield f"state:        {'whole' if found.whole else 'damaged'}"
    for first, last in found.damaged_s[:most]:
        yield f"damaged:      {first:.3f} s to {last:.3f} s"
    yield from _rest("damaged:      ", len(found.damaged_s), most)
    for line in found.damage[:most]:
        yield f"damage:       {line}"
    yield from _rest("damage:       ", len(found.damage), most)


def _rest(label: str, count: int, most: int | None) -> Iterator[str]:
    if most is not None and count > most:
        yield f"{label}{count - most} more, listed with -v"


def _segment(found: dpcodec.FileInfo) -> str:
    """How long a segment is: what a pipe holds back, beside a window."""
    return f"{found.segment_frames} frames ({found.segment_frames * found.hop / found.sample_rate:.3g} s)"


def _splits(found: dpcodec.FileInfo) -> str:
    """How many frames there are of each number of blocks."""
    counts = [f"{count} of {1 << split}" for split, count in enumerate(found.splits) if count]
    return f"frames in blocks: {', '.join(counts)}" if counts else "no frames"


def _survival(found: dpcodec.Survival) -> str:
    """What the file survives."""
    return (
        f"{found.parity_percent:g} %; comes back whole where {found.random_percent:g} % of packets get lost "
        f"at random (99 of 100 cases), or {found.row_packets} in a row"
    )


def _columns(found: dpcodec.FileInfo) -> str:
    return "columns " + ",".join(f"{a}-{b}" if a != b else f"{a}" for a, b in found.columns)
