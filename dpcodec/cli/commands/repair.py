"""`dpcodec repair`."""

from __future__ import annotations

import click

import dpcodec
from dpcodec.cli.batch import run_job
from dpcodec.cli.display import Screen
from dpcodec.cli.exits import DAMAGED, OK
from dpcodec.cli.options import Verb, limit_options, limits_of
from dpcodec.cli.outputs import create
from dpcodec.cli.paths import Job, standard_or
from dpcodec.cli.sources import open_source
from dpcodec.cli.values import FileName


@click.command(cls=Verb)
@click.argument("source", metavar="IN", type=FileName())
@click.argument("target", metavar="OUT", type=FileName())
@click.option("-f", "--force", is_flag=True, help="Overwrite an output that exists.")
@limit_options
@click.pass_context
def repair(context: click.Context, /, source: str, target: str, force: bool, **limits: int | None) -> int:
    """Copy the good packets of a damaged file into a well-formed one, with all its headers and its index.

    IN may be - for standard input, OUT - for standard output.

    Exit code 0 if the new file is whole, 5 if parts of it are missing and will be inpainted.
    """
    screen = context.find_root().ensure_object(Screen)
    return run_job(
        screen, Job(source, standard_or(target), force), lambda job: _repair(job, screen, limits_of(limits))
    )


def _repair(job: Job, screen: Screen, limits: dict[str, int]) -> int:
    with create(job, screen) as output, open_source(job.source) as fo:
        report = dpcodec.repair_stream(fo, output.file, **limits)
        output.commit()
    for warning in report.warnings:
        screen.warn(job.source, warning)
    if screen.verbose:
        for line in report.damage:
            screen.note(f"{job.source}: {line}")
    screen.note(f"{job.source} -> {job.target}: {report.copied} packets copied, {report.missing} missing")
    return OK if report.complete else DAMAGED
