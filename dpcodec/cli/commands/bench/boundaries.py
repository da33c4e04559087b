"""`dpcodec bench boundaries`."""

from __future__ import annotations

from pathlib import Path

import click

from dpcodec.cli.commands.bench.common import Common, common_options, run_experiment
from dpcodec.cli.options import Verb


@click.command("boundaries", cls=Verb)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@common_options
@click.pass_context
def command(context: click.Context, folder: Path | None, common: Common) -> int:
    """What cutting a long file into segments costs at the cuts, on the files in DIR strung together."""
    from dpcodec.bench.experiments import boundaries

    return run_experiment(context, boundaries.experiment(folder), common)
