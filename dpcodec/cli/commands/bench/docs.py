"""`dpcodec bench docs`."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import click

from dpcodec.cli.display import Screen
from dpcodec.cli.exits import UsageError
from dpcodec.cli.options import Verb
from dpcodec.cli.outputs import create
from dpcodec.cli.paths import Job


@click.command("docs", cls=Verb)
@click.argument("results", metavar="RESULTS", type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", required=True, metavar="OUT", type=click.Path(path_type=Path), help="The page, Markdown."
)
@click.option("-f", "--force", is_flag=True, help="Overwrite a page that exists.")
@click.pass_context
def command(context: click.Context, results: Path, out: Path, force: bool) -> None:
    """Write a page of all tables and plots from the results in the folder RESULTS.

    The plots are drawn anew first, of everything that the folder holds.
    """
    from dpcodec.bench.engine.canvas import can_draw
    from dpcodec.bench.engine.page import draw_plots, write_page

    if out.exists() and not force:
        raise UsageError(f"{out}: exists: give --force to overwrite it")
    if can_draw():
        draw_plots(results)
    link = PurePosixPath(Path(os.path.relpath(results, out.parent)).as_posix())
    text = write_page(results, link)
    screen = context.find_root().ensure_object(Screen)
    with create(Job("", str(out), force), screen) as output:
        output.file.write(text.encode())
        output.commit()
