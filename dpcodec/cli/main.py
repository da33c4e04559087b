"""Finds the verb, runs it, turns what goes wrong into one line and an exit code."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click

import dpcodec
from dpcodec.cli import exits
from dpcodec.cli.batch import guard
from dpcodec.cli.display import Screen
from dpcodec.cli.options import help_option, screen_options

COMMANDS = {
    "encode": "dpcodec.cli.commands.encode:encode",
    "decode": "dpcodec.cli.commands.decode:decode",
    "info": "dpcodec.cli.commands.info:info",
    "test": "dpcodec.cli.commands.test:test",
    "tag": "dpcodec.cli.commands.tag:tag",
    "play": "dpcodec.cli.commands.play:play",
    "serve": "dpcodec.cli.commands.serve:serve",
    "repair": "dpcodec.cli.commands.repair:repair",
    "protect": "dpcodec.cli.commands.protect:protect",
    "eval": "dpcodec.cli.commands.eval:evaluate",
    "bench": "dpcodec.cli.commands.bench:bench",
    "completion": "dpcodec.cli.commands.completion:completion",
    "desktop": "dpcodec.cli.commands.desktop:desktop",
}


SHORT_HELP = {
    "encode": "Encode audio into .dpc files.",
    "decode": "Decode .dpc files into audio.",
    "info": "Say what .dpc files hold, what they weigh, and what is damaged in them.",
    "test": "Check .dpc files: structure, every checksum, every symbol, the end hash.",
    "tag": "Show the tags of a .dpc file, or change them; its audio stays byte for byte as it is.",
    "play": "Play a .dpc file aloud.",
    "serve": "Show a folder of .dpc files as a page that plays them, in any browser.",
    "repair": "Copy the good packets of a damaged file into a well-formed one, with all its headers and its "
    "index.",
    "protect": "Add parity to a .dpc file, change how much it has, or take it away; its audio stays byte for "
    "byte.",
    "eval": "Measure how far DEG is from REF, two audio files of the same rate, channels and length, two "
    "folders whose files have the same names but for suffixes, or the pairs of a list.",
    "bench": "Measure again what README and docs claim.",
    "completion": "Print a script that completes dpcodec's commands and options.",
    "desktop": "Install the man pages, the MIME type of .dpc files, and the rule by which file(1) knows "
    "them.",
}
"""The first sentence of each verb's help: telling it need not load them all."""


class Verbs(click.Group):
    """Loads each verb when it is asked for."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        room = formatter.width - 6 - max(map(len, SHORT_HELP))
        told = {name: click.Command(name, help=text) for name, text in SHORT_HELP.items()}
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.get_short_help_str(room)) for name, verb in told.items()])

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            import difflib  # lazy: few mistype

            near = difflib.get_close_matches(name, COMMANDS, n=2, cutoff=0.5)
            hint = f", did you mean {' or '.join(near)}?" if near else ""
            raise click.UsageError(f"No such command {name!r}{hint}", ctx)
        found = super().resolve_command(ctx, args)
        if (
            not gc.isenabled()
        ):  # as `entry` leaves it: there is no garbage yet that could be frozen with the rest
            gc.freeze()
            gc.enable()
        return found

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module, _, attribute = COMMANDS.get(cmd_name, "").partition(":")
        if not module:
            return None
        try:
            command: click.Command = getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as exc:
            if exc.name != module:
                raise
            return None  # a package without it
        return command


def _show_version(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if not value:
        return
    click.echo(f"dpcodec {dpcodec.__version__}")
    if ctx.find_root().ensure_object(Screen).verbose:
        click.echo("file format {}.{}".format(*dpcodec.FORMAT_VERSION))
        from importlib import metadata

        for package in ("torch", "numpy", "scipy", "soundfile", "soxr", "constriction", "zstandard"):
            try:
                click.echo(f"{package} {metadata.version(package)}")
            except metadata.PackageNotFoundError:
                click.echo(f"{package} is not installed")
    ctx.exit(0)


COMMAND = Verbs(
    "dpcodec",
    help="""Audio codec that drops time-frequency coefficients and inpaints them at the decoder.

    \b
    dpcodec encode in.wav out.dpc
    dpcodec decode out.dpc out.wav

    Exit codes: 0 whole, 1 input/output, 2 usage, 3 audio not usable, 4 not a .dpc file, 5 decoded but
    damaged, 6 over a limit, 7 no such device, 8 needs a newer dpcodec, 130 and 143 interrupted.""",
    no_args_is_help=False,
    add_help_option=False,
    context_settings={"help_option_names": ["-h", "--help"]},  # of groups below
    params=[
        *screen_options(),
        click.Option(
            ["-V", "--version"],
            is_flag=True,
            expose_value=False,
            callback=_show_version,
            help="The version; with -v those of the libraries.",
        ),
        help_option(),
    ],
)


def run(arguments: Sequence[str], screen: Screen | None = None) -> int:
    """Run one command line and return its exit code."""
    screen = screen or Screen()

    def action() -> int:
        try:
            code = COMMAND.main(list(arguments), prog_name="dpcodec", standalone_mode=False, obj=screen)
        except SystemExit as exc:  # click's way out of completions
            code = exc.code
        if sys.stdout is not None:
            sys.stdout.flush()
        return code if isinstance(code, int) else exits.OK

    return guard(screen, None, action)
