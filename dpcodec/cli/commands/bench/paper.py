"""`dpcodec bench paper`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dpcodec import PLUGIN_MASKS, PROFILES, SOLVERS
from dpcodec.bench.fitting import MEASURED
from dpcodec.cli.commands.bench.common import Common, Names, Numbers, common_options, run_experiment, shown
from dpcodec.cli.commands.bench.fit import fit_options, fitting_of
from dpcodec.cli.options import Number, Verb
from dpcodec.metrics.catalogue import METRICS


@click.command("paper", cls=Verb)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@shown("--seconds", type=Number(0.1, 3600), default=5.0, help="Of each clip.")
@shown(
    "--masks",
    type=Names(("random", "energy"), PLUGIN_MASKS),
    default="random,energy",
    help="Which coefficients go.",
)
@shown(
    "--drops", type=Numbers(0, 0.99), default="0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9", help="Shares removed."
)
@shown(
    "--profile",
    type=click.Choice([name for name, preset in PROFILES.items() if preset.transform == "stft"]),
    default="paper",
    help="How they are encoded.",
)
@shown(
    "--solvers",
    type=Names(MEASURED, SOLVERS),
    default="none,least-squares,deep-prior",
    help="What estimates them.",
)
@shown(
    "--metrics",
    type=Names(METRICS, METRICS),
    default="snr,si-snr,sdr,si-sdr,pemoq,peaq",
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
    fit_budget: float | None,
    **choices: Any,
) -> int:
    """The paper's figure 1: both masks at drops 0.1 to 0.9, on the files in DIR at 16 kHz mono."""
    from dpcodec.bench.experiments import paper

    fitting = fitting_of(solvers, network, fit, iterations, device, common.scheduler is not None, fit_budget)
    return run_experiment(
        context, paper.experiment(folder, solvers=solvers, fitting=fitting, **choices), common
    )
