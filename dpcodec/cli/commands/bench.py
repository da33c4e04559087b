"""`dpcodec bench NAME [DIR]`: measure again what README and docs claim."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from dpcodec.cli.options import Verb


@click.command(cls=Verb)
@click.argument("name", metavar="NAME")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--solver", default="least-squares", show_default=True, help="Solver to measure, where it matters."
)
@click.option("--json", "as_json", is_flag=True, help="A line of JSON for each row instead of a table.")
def bench(name: str, folder: Path | None, solver: str, as_json: bool) -> None:
    """Run the experiment NAME, on the audio files in DIR where it needs some.

    \b
    demo        a melody by formula through every mask and solver
    random      random masks of the paper profile, drops 0.3 .. 0.9        DIR
    energy      energy masks, exact coefficients                           DIR
    columns     missing columns, listed in DIR/missing_columns.json        DIR
    rate        default profile at about 24 dB, 16 kHz                     DIR
    speed       real-time factors of encoder and decoder
    boundaries  errors at segment boundaries                               [DIR]
    loss        lost packets against lost quality
    step        one optimisation step of each network (loads torch)
    """
    from dpcodec.bench.catalogue import run  # lazy: it imports more than --help needs

    widths: list[int] = []
    for row in run(name, folder, solver):
        if as_json:
            click.echo(json.dumps(row))
            continue
        cells = [_cell(value) for value in row.values()]
        if not widths:
            widths = [_width(key, value) for key, value in row.items()]
            click.echo("  ".join(key.ljust(w) for key, w in zip(row, widths, strict=True)).rstrip())
        click.echo("  ".join(cell.ljust(w) for cell, w in zip(cells, widths, strict=False)).rstrip())


def _width(key: str, value: Any) -> int:
    """Columns of text are wide from the first row on: the rows come one by one."""
    return max(len(key), 24 if isinstance(value, str) and key != "solver" else 13 if key == "solver" else 8)


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "" if value is None else str(value)
