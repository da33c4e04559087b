"""`dpcodec bench rate`."""

from __future__ import annotations

from pathlib import Path

import click

from dpcodec.cli.commands.bench.common import Common, common_options, run_experiment
from dpcodec.cli.options import Verb


@click.command("rate", cls=Verb)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@common_options
@click.pass_context
def command(context: click.Context, folder: Path | None, common: Common) -> int:
    """Bit rate of profiles stft and mdct against SNR, on the audio files in DIR at 16 kHz mono."""
    from dpcodec.bench.experiments import rate

    return run_experiment(context, rate.experiment(folder), common)
