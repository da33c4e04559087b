"""`dpcodec bench batch`."""

from __future__ import annotations

import click

from dpcodec.cli.commands.bench.common import Common, common_options, run_experiment, shown
from dpcodec.cli.options import Number, Verb


@click.command("batch", cls=Verb)
@shown("--files", type=click.IntRange(1, 1_000_000), default=40, help="How many.")
@shown("--short", type=Number(0.1, 3600), default=3.0, help="Length of those for the pool, seconds.")
@shown("--long", type=Number(0.1, 3600), default=30.0, help="Length of those for Dask, seconds.")
@shown("--workers", type=click.IntRange(2, 1024), default=2, help="Against one.")
@common_options
@click.pass_context
def command(
    context: click.Context, /, common: Common, files: int, short: float, long: float, workers: int
) -> int:
    """What several workers gain over one on many files, by the pool and by Dask, and what that costs."""
    from dpcodec.bench.experiments import batch

    return run_experiment(context, batch.experiment(files, short, long, workers), common)
