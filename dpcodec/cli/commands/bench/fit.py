"""The options of experiments that fit the deep prior."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from dpcodec.cli import exits
from dpcodec.cli.options import Number

if TYPE_CHECKING:
    from dpcodec.bench.fitting import Fitting


def fit_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--network, --fit, --iterations, --fit-budget and --device."""
    for decorator in (
        click.option("--device", default="auto", help="For the deep prior: auto, cpu, cuda, cuda:N or mps."),
        click.option("--iterations", type=click.IntRange(1, 1_000_000), help="Steps of the deep prior."),
        click.option(
            "--fit-budget",
            type=Number(1, 1e6),
            metavar="S",
            help="In place of --iterations: as many steps as take about S seconds for 5 s of audio.",
        ),
        click.option("--fit", default="guided", metavar="NAME", help="Of the deep prior: guided or paper."),
        click.option("--network", metavar="NAME", help="The deep prior's; default: by device."),
    ):
        function = decorator(function)
    return function


def fitting_of(
    solvers: tuple[str, ...],
    network: str | None,
    fit: str,
    iterations: int | None,
    device: str,
    elsewhere: bool = False,
    budget_s: float | None = None,
) -> Fitting:
    """The values of these options; a device is looked for only if a deep prior is to be fitted, and not on a
    cluster, `elsewhere`."""
    from dpcodec.bench.fitting import resolve_fitting, within

    if budget_s is not None and iterations is not None:
        raise exits.UsageError("--iterations and --fit-budget contradict each other: give one")
    wanted = device if "deep-prior" in solvers else "cpu"
    fitting = resolve_fitting(network, iterations, wanted, fit, elsewhere)
    return fitting if budget_s is None else within(fitting, budget_s)
