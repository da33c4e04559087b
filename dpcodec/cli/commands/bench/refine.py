"""`dpcodec bench refine`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dpcodec.cli.commands.bench.common import Common, Names, Numbers, common_options, run_experiment, shown
from dpcodec.cli.options import Number, Verb
from dpcodec.metrics import METRICS


@click.command("refine", cls=Verb)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@shown("--bitrates", type=Numbers(6, 256), default="24,32,48", help="Of the files, kbit/s.")
@shown("--rate", type=click.IntRange(8000, 192000), default=44100, help="Resample to this.")
@shown("--seconds", type=Number(1, 3600), default=10.0, help="Of each clip.")
@shown("--start", type=Number(0, 1e6), default=0.0, help="From here on, in seconds.")
@shown("--metrics", type=Names(tuple(METRICS)), default="snr,peaq,peaq-advanced", help="What to measure.")
@common_options
@click.pass_context
def command(context: click.Context, /, folder: Path | None, common: Common, **settings: Any) -> int:
    """What solver refine gains over noise on files of the default, mono, of the audio in DIR."""
    from dpcodec.bench.experiments import refine

    return run_experiment(context, refine.experiment(folder, **settings), common)
