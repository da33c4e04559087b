"""`dpcodec bench peers`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dpcodec.bench.experiments.peers import CODECS, PROFILES
from dpcodec.cli.commands.bench.common import Common, Names, Numbers, common_options, run_experiment, shown
from dpcodec.cli.options import Number, Verb
from dpcodec.metrics.catalogue import METRICS


@click.command("peers", cls=Verb)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@shown("--bitrates", type=Numbers(1, 1000), default="16,24,32,48,64", help="Asked for, kbit/s.")
@shown("--codecs", type=Names(CODECS), default=",".join(CODECS), help="Which to compare.")
@shown(
    "--solvers",
    type=Names(("none", "least-squares", "janssen", "auto")),
    default="none,least-squares",
    help="What dpcodec decodes profile stft with.",
)
@shown("--profiles", type=Names(PROFILES), default=",".join(PROFILES), help="Which of dpcodec's to compare.")
@click.option(
    "--metrics",
    type=Names(tuple(METRICS)),
    help="What is measured.  [default: snr,si-sdr,peaq,peaq-advanced,2f,pemoq, and visqol where installed]",
)
@click.option(
    "--rate", type=click.IntRange(8000, 192000), help="Resample clips to this, Hz; default: each its own."
)
@shown("--seconds", type=Number(0.1, 3600), default=5.0, help="Of each clip.")
@click.option("--clips", "count", type=click.IntRange(1), help="The first N clips only.", metavar="N")
@click.option("--mono", is_flag=True, help="Mix clips to one channel; default: as they are.")
@shown(
    "--start", type=click.FloatRange(0, 3600), default=0.0, help="Second of a clip from which it is taken."
)
@click.option(
    "--foreign",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV of other codecs' scores on the same clips, for rates at equal score.",
)
@click.option(
    "--classes",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV with columns clip and class, for rates at equal score by class.",
)
@common_options
@click.pass_context
def command(context: click.Context, /, folder: Path | None, common: Common, **choices: Any) -> int:
    """dpcodec beside opus, mp3, vorbis, aac and others at the same bit rates, on the files in DIR."""
    from dpcodec.bench.experiments import peers

    return run_experiment(context, peers.experiment(folder, **choices), common)
