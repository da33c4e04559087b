"""The options of experiments that fit the deep prior."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dpcodec.bench.fitting import Fitting


def fit_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--network, --fit, --iterations and --device."""
    for decorator in (
        click.option("--device", default="auto", help="For the deep prior: auto, cpu, cuda, cuda:N or mps."),
        click.option("--iterations", type=click.IntRange(1, 1_000_000), help="Steps of the deep prior."),
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
) -> Fitting:
    """The values of these options; a device is looked for only if a deep prior is to be fitted, and not on a
    cluster, `elsewhere`."""
    from dpcodec.bench.fitting import resolve_fitting

    return resolve_fitting(network, iterations, device if "deep-prior" in solvers else "cpu", fit, elsewhere)
