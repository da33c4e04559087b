"""`dpcodec bench report`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from dpcodec import PROFILES
from dpcodec.bench.experiments.peers import PEER_NAMES
from dpcodec.bench.experiments.report.systems import NAMES, Choice
from dpcodec.cli.commands.bench.common import (
    Common,
    Duration,
    Names,
    Numbers,
    run_experiment,
    scheduler_option,
    shown,
)
from dpcodec.cli.display import Screen
from dpcodec.cli.exits import UsageError
from dpcodec.cli.options import Number, Verb
from dpcodec.cli.outputs import create
from dpcodec.cli.paths import Job, is_special
from dpcodec.metrics.catalogue import METRICS

CHOICES = ("profile", "drop", "solvers", "time_limit", "bitrates", "codecs", "decoded")


@click.command("report", cls=Verb)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@shown("-o", "--output", default="report.html", type=click.Path(), help="The page.")
@click.option("-f", "--force", is_flag=True, help="Overwrite a page that exists.")
@shown(
    "--results",
    default="bench-results",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of results: the plots there come onto the page, and measurements made for it go there.",
)
@shown("--title", default="Listen", help="Of the page.")
@click.option("--note", default="", metavar="TEXT", help="A paragraph at the top: what the clips are.")
@click.option("--clips", "count", type=click.IntRange(1), metavar="N", help="The first N clips only.")
@shown("--seconds", type=Number(0.1, 600), default=5.0, help="Of each clip.")
@shown("--rate", type=click.IntRange(8001, 96000), default=16000, help="Of all, Hz.")
@shown("--profile", type=click.Choice(list(PROFILES)), default="paper", help="What the solvers rebuild from.")
@shown("--drop", type=Number(0, 0.999999), default=0.8, help="Share of coefficients that lacks.")
@shown(
    "--solvers",
    type=Names(tuple(NAMES)),
    default="none,least-squares",
    help="Each makes a version; none: the masked signal.",
)
@click.option("--time-limit", type=Duration(), help="For each clip that a solver rebuilds.")
@shown("--bitrates", type=Numbers(1, 512), default="32", help="kbit/s of dpcodec and the other codecs.")
@shown("--codecs", type=Names(PEER_NAMES), default="opus,mp3,vorbis,aac", help="The other codecs.")
@click.option(
    "--decoded", is_flag=True, help="They stand in the page decoded, for browsers that cannot play them."
)
@shown("--metrics", type=Names(tuple(METRICS)), default="snr,si-sdr,peaq,pemoq", help="For the tables.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1, 1024),
    default=os.cpu_count() or 1,
    help="Versions made at a time; default: one a core.",
)
@scheduler_option
@click.option("--fresh", is_flag=True, help="Make all anew, whatever the results hold.")
@click.pass_context
def command(context: click.Context, /, **options: Any) -> int:
    """A page to listen: each clip in DIR through several systems, in one HTML file.

    The file plays them in step, shows spectrograms, figures and plots, lets a listener grade them blind, and
    needs no network.
    """
    from dpcodec.bench.engine.results import Results
    from dpcodec.bench.experiments.report.measurement import experiment
    from dpcodec.bench.experiments.report.page import build, plots_in

    output, results = options["output"], options["results"]
    _check_output(output, options["force"])
    choice = Choice(**{name: options[name] for name in CHOICES})
    work = experiment(
        options["folder"], choice, options["rate"], options["seconds"], options["count"], options["metrics"]
    )
    screen = context.find_root().ensure_object(Screen)
    with create(
        Job("", output, options["force"]), screen
    ) as target:  # before the work: a folder that is missing shows at once
        common = Common(results, options["fresh"], options["jobs"], None, False, options["scheduler"])
        code = run_experiment(context, work, common)
        known = Results(results, work.name).rows
        rows = [known[task.id] for task in work.tasks if task.id in known]
        if not rows:
            return code
        page = build(rows, plots_in(results), options["title"], options["note"]).encode()
        target.file.write(page)
        target.commit()
    screen.note(f"{output}: {len(rows)} versions, {len(page) / 1e6:.1f} MB")
    return code


def _check_output(output: str, force: bool) -> None:
    path = Path(output)
    if output == "-" or path.is_dir():
        raise UsageError(f"{output}: the page is a file: name one with --output")
    if path.exists() and not force and not is_special(output):
        raise UsageError(f"{output}: exists: overwrite it with --force")
