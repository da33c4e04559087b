"""`dpcodec bench loss`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dpcodec.cli.commands.bench.common import Common, Names, Numbers, common_options, run_experiment, shown
from dpcodec.cli.options import Number, Verb
from dpcodec.metrics import METRICS


@click.command("loss", cls=Verb)
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@shown("--losses", type=Numbers(0, 99), default="0,5,10,20,30,50", help="Packets lost at random, percent.")
@shown("--draws", type=click.IntRange(1, 1000), default=4, help="Seeded draws of each share.")
@shown("--bitrate", type=Number(6, 256), default=24.0, help="Of profile stft and of Opus, kbit/s.")
@shown(
    "--parts-lost",
    type=Numbers(0, 8, whole=True),
    default="0,1,2,4",
    help="Parts, of 8, lost in every segment, for the second table.",
)
@shown("--rate", type=click.IntRange(8000, 192000), default=16000, help="Resample to this.")
@shown("--seconds", type=Number(1, 3600), default=20.0, help="Take this much of it.")
@shown("--metrics", type=Names(tuple(METRICS)), default="snr", help="What to measure.")
@common_options
@click.pass_context
def command(context: click.Context, /, file: Path | None, common: Common, **settings: Any) -> int:
    """Quality against the share of packets lost, of FILE's audio or a melody, beside Opus and FLAC."""
    from dpcodec.bench.experiments import loss

    return run_experiment(context, loss.experiment(file, **settings), common)
