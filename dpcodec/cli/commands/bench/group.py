"""The experiments by name, each loaded when it is asked for."""

from __future__ import annotations

import importlib

import click

from dpcodec.cli.options import screen_options

EXPERIMENTS = (
    "demo",
    "paper",
    "columns",
    "rate",
    "peers",
    "loss",
    "refine",
    "speed",
    "entropy",
    "batch",
    "report",
    "docs",
)


class Experiments(click.Group):
    """Loads each experiment's command from the file of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(EXPERIMENTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in EXPERIMENTS:
            return None
        command: click.Command = importlib.import_module(f"{__package__}.{cmd_name}").command
        return command


bench = Experiments(
    "bench",
    params=screen_options(),
    help="""Measure again what README and docs claim.

    Each experiment writes a line of JSON for every measurement to OUT/EXPERIMENT.jsonl as it is made, goes on
    where it stopped when it is run again, and ends with its tables and plots. Where DIR is not given, clips
    made by formula stand in for recordings.""",
)
