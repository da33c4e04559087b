"""`dpcodec bench paper`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dpcodec import PROFILES
from dpcodec.bench.fitting import MEASURED
from dpcodec.cli.commands.bench.common import Common, Names, Numbers, common_options, run_experiment
from dpcodec.cli.commands.bench.fit import fit_options, fitting_of
from dpcodec.cli.options import Verb
from dpcodec.metrics.catalogue import METRICS


@click.command("paper", cls=Verb)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--seconds", type=click.FloatRange(0.1, 3600), default=5.0, show_default=True, help="Of each clip."
)
@click.option(
    "--masks",
    type=Names(("random", "energy")),
    default="random,energy",
    show_default=True,
    help="Which coefficients go.",
)
@click.option(
    "--drops",
    type=Numbers(0, 0.99),
    default="0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9",
    show_default=True,
    help="Shares removed.",
)
@click.option(
    "--profile",
    type=click.Choice([name for name, preset in PROFILES.items() if preset.transform == "stft"]),
    default="paper",
    show_default=True,
    help="How they are encoded.",
)
@click.option(
    "--solvers",
    type=Names(MEASURED),
    default="none,least-squares,deep-prior",
    show_default=True,
    help="What estimates them.",
)
@click.option(
    "--metrics",
    type=Names(tuple(METRICS)),
    default="snr,si-snr,sdr,si-sdr,pemoq,peaq",
    show_default=True,
    help="What is measured.",
)
@fit_options
@common_options
@click.pass_context
def command(
    context: click.Context,
    /,
    folder: Path | None,
    common: Common,
    solvers: tuple[str, ...],
    network: str | None,
    fit: str,
    iterations: int | None,
    device: str,
    **choices: Any,
) -> int:
    """The paper's figure 1: both masks at drops 0.1 to 0.9, on the files in DIR at 16 kHz mono."""
    from dpcodec.bench.experiments import paper

    fitting = fitting_of(solvers, network, fit, iterations, device)
    return run_experiment(
        context, paper.experiment(folder, solvers=solvers, fitting=fitting, **choices), common
    )
