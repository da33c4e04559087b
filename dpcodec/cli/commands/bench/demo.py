"""`dpcodec bench demo`."""

from __future__ import annotations

import click

from dpcodec.cli.commands.bench.common import Common, common_options, run_experiment
from dpcodec.cli.options import Verb


@click.command("demo", cls=Verb)
@common_options
@click.pass_context
def command(context: click.Context, common: Common) -> int:
    """A short melody made by formula through every mask and solver."""
    from dpcodec.bench.experiments import demo

    return run_experiment(context, demo.experiment(), common)
