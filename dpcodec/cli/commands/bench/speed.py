"""`dpcodec bench speed`."""

from __future__ import annotations

import click

from dpcodec.cli.commands.bench.common import Common, Numbers, common_options, run_experiment, shown
from dpcodec.cli.options import Verb


@click.command("speed", cls=Verb)
@shown("--lengths", type=Numbers(1, 86400), default="5,60,600,3600", help="Of audio, seconds.")
@click.option(
    "--cores", type=Numbers(1, 1024, whole=True), help="To run on; default: 1, 2, 4 and so on, and all."
)
@shown("--networks", default="multiresunet,multiresunet-small", help="Whose step is timed.")
@shown("--device", default="cpu", help="For the networks: cpu, cuda, cuda:N or mps.")
@shown("--kinds", default="start,case,cores,step,length,beside,shared,memory", help="Of measurements.")
@click.option(
    "--clip",
    metavar="FILE",
    help="Repeated beside other codecs and on all cores; else music made by formula.",
)
@common_options
@click.pass_context
def command(
    context: click.Context,
    /,
    common: Common,
    lengths: tuple[float, ...],
    cores: tuple[int, ...] | None,
    networks: str,
    device: str,
    kinds: str,
    clip: str | None,
) -> int:
    """Real-time factors, peak memory, start-up, how they change with length and cores, CPU seconds
    beside opusenc, opusdec and lame, as far as they are on PATH, and what all cores gain."""
    from dpcodec.bench.experiments import speed

    return run_experiment(
        context,
        speed.experiment(
            lengths,
            cores,
            tuple(dict.fromkeys(networks.split(","))),
            device,
            tuple(dict.fromkeys(kinds.split(","))),
            clip,
        ),
        common,
    )
