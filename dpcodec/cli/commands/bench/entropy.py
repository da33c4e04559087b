"""`dpcodec bench entropy`."""

from __future__ import annotations

from pathlib import Path

import click

from dpcodec.cli.commands.bench.common import Common, Numbers, common_options, run_experiment, shown
from dpcodec.cli.options import Number, Verb


@click.command("entropy", cls=Verb)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@shown("--drops", type=Numbers(0.05, 0.99), default="0.8,0.9", help="Shares removed.")
@shown("--seconds", type=Number(0.1, 3600), default=5.0, help="Of each clip.")
@common_options
@click.pass_context
def command(
    context: click.Context, /, folder: Path | None, common: Common, drops: tuple[float, ...], seconds: float
) -> int:
    """Bytes of files against the entropy of their symbols, on the audio files in DIR at 16 kHz mono."""
    from dpcodec.bench.experiments import entropy

    return run_experiment(context, entropy.experiment(folder, drops, seconds=seconds), common)
