"""`dpcodec test`."""

from __future__ import annotations

from collections import Counter

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


@click.command(cls=Verb)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FileName())
@limit_options
@click.pass_context
def test(context: click.Context, /, files: tuple[str, ...], **limits: int | None) -> int:
    """Check .dpc files: structure, every checksum, every symbol, the end hash. No audio is rebuilt.

    FILE may be a folder, whose .dpc files are taken, a URL, or - for standard input.

    Exit code 0 if all are whole, 5 if one is damaged, 4 if one is no .dpc file or beyond use.
    """
    screen = context.find_root().ensure_object(Screen)
    names, given = files_to_read(files, (DPC_SUFFIX,)), limits_of(limits)
    codes = Counter[int]()
    for name in names:
        codes[guard(screen, name, lambda name=name: _test_file(name, screen, given))] += 1  # type: ignore[misc]
    if len(names) > 1:
        bad = len(names) - codes[exits.OK] - codes[exits.DAMAGED]
        told = f"{codes[exits.OK]} whole, {codes[exits.DAMAGED]} damaged, {bad} not read"
        if not screen.quiet:
            click.echo(f"{len(names)} files: {told}")
    return max(codes)


def _test_file(name: str, screen: Screen, limits: dict[str, int]) -> int:
    check_source(name)
    with open_source(name) as source, screen.meter(name) as meter:
        info = dpcodec.inspect_stream(source, meter, **limits)
    for warning in info.warnings:
        screen.warn(name, warning)
    if info.whole:
        if not screen.quiet:
            click.echo(f"{escape(name)}: whole")
        return exits.OK
    damage = info.damage if screen.verbose else info.damage[:1]
    for line in damage or ("the end is missing or does not match",):
        screen.error(name, f"damaged: {line}: rebuild the rest with dpcodec decode")
    return exits.DAMAGED
