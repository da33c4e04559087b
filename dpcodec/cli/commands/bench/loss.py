"""`dpcodec bench loss`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dpcodec.cli.commands.bench.common import Common, Names, Numbers, common_options, run_experiment, shown
from dpcodec.cli.options import Number, Verb
from dpcodec.metrics import METRICS

PATTERNS = ("random", "burst", "bytes")
SYSTEMS = ("default", "parts", "parity", "opus", "stft", "paper", "flac", "silence")


@click.command("loss", cls=Verb)
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@shown("--losses", type=Numbers(0, 99), default="0,1,5,10,20", help="Packets lost, percent.")
@shown(
    "--patterns",
    type=Names(PATTERNS),
    default=",".join(PATTERNS),
    help="Ways to lose packets.",
)
@shown("--draws", type=click.IntRange(1, 1000), default=10, help="Seeded draws of each share.")
@shown("--systems", type=Names(SYSTEMS), default="default,parts,parity,opus", help="What is measured.")
@shown("--bitrate", type=Number(6, 256), default=24.0, help="Of the default, profile stft and Opus, kbit/s.")
@shown("--parities", type=Numbers(1, 100), default="5,10,25,50", help="Percent, for what parity survives.")
@click.option(
    "--parts-lost",
    type=Numbers(0, 8, whole=True),
    default=(),
    help="Parts, of 8, lost in every segment of profiles stft and paper: another table.",
)
@shown("--rate", type=click.IntRange(8000, 192000), default=16000, help="Resample to this.")
@shown("--seconds", type=Number(1, 3600), default=20.0, help="Take this much of it.")
@shown("--metrics", type=Names(tuple(METRICS)), default="snr,pemoq", help="What to measure.")
@common_options
@click.pass_context
def command(context: click.Context, /, file: Path | None, common: Common, **settings: Any) -> int:
    """What lost and damaged packets of FILE's audio or a melody cost, beside Opus; what parity survives."""
    from dpcodec.bench.experiments import loss

    return run_experiment(context, loss.experiment(file, **settings), common)
