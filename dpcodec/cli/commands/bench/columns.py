"""`dpcodec bench columns`."""

from __future__ import annotations

from pathlib import Path

import click

from dpcodec.bench.fitting import MEASURED
from dpcodec.cli.commands.bench.common import Common, Names, Numbers, common_options, run_experiment, shown
from dpcodec.cli.commands.bench.fit import fit_options, fitting_of
from dpcodec.cli.options import Number, Verb


@click.command("columns", cls=Verb)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@shown("--seconds", type=Number(0.1, 3600), default=5.0, help="Of each clip.")
@shown("--gaps", type=Numbers(1, 100, whole=True), default="1,2,3,4,5,6", help="Columns missing a gap.")
@shown("--solvers", type=Names(MEASURED), default="none,least-squares", help="What estimates them.")
@fit_options
@common_options
@click.pass_context
def command(
    context: click.Context,
    /,
    folder: Path | None,
    common: Common,
    seconds: float,
    gaps: tuple[int, ...],
    solvers: tuple[str, ...],
    network: str | None,
    fit: str,
    iterations: int | None,
    device: str,
    fit_budget: float | None,
) -> int:
    """Missing columns: DPAI's task, on the files in DIR at 16 kHz mono.

    The gaps are those of DIR/missing_columns.json, or five spread over each clip. Figures in
    DIR/published_snr.csv stand beside the measured ones."""
    from dpcodec.bench.experiments import columns

    fitting = fitting_of(solvers, network, fit, iterations, device, common.scheduler is not None, fit_budget)
    return run_experiment(context, columns.experiment(folder, seconds, gaps, solvers, fitting), common)
