"""`dpcodec protect`."""

from __future__ import annotations

import click

import dpcodec
from dpcodec.cli.batch import run_job
from dpcodec.cli.display import Screen
from dpcodec.cli.exits import OK
from dpcodec.cli.options import Number, Verb
from dpcodec.cli.outputs import create
from dpcodec.cli.paths import Job, standard_or
from dpcodec.cli.sources import open_source
from dpcodec.cli.values import FileName


@click.command(cls=Verb)
@click.argument("source", metavar="IN", type=FileName())
@click.argument("target", metavar="OUT", type=FileName())
@click.option(
    "--parity",
    type=Number(0, 100),
    required=True,
    metavar="P",
    help="Packets that may get lost of each group, percent; 0 takes parity away.",
)
@click.option("-f", "--force", is_flag=True, help="Overwrite an output that exists.")
@click.pass_context
def protect(context: click.Context, /, source: str, target: str, parity: float, force: bool) -> int:
    """Add parity to a .dpc file, change how much it has, or take it away; its audio stays byte for byte.

    IN may be - for standard input, OUT - for standard output. IN must be whole: dpcodec repair mends it.
    """
    screen = context.find_root().ensure_object(Screen)
    return run_job(screen, Job(source, standard_or(target), force), lambda job: _protect(job, parity, screen))


def _protect(job: Job, parity: float, screen: Screen) -> int:
    with create(job, screen) as output, open_source(job.source) as fo:
        report = dpcodec.protect_stream(fo, output.file, parity)
        output.commit()
    screen.note(f"{job.source} -> {job.target}: {report.bytes} bytes, {report.parity_bytes} of them parity")
    return OK
