"""`dpcodec play`."""

from __future__ import annotations

import sys
from typing import Any

import click

import dpcodec
from dpcodec.cli import exits
from dpcodec.cli.batch import guard
from dpcodec.cli.display import Screen
from dpcodec.cli.options import Verb
from dpcodec.cli.paths import check_source
from dpcodec.cli.play import keys
from dpcodec.cli.play.player import Player
from dpcodec.cli.play.sinks import choose_sink
from dpcodec.cli.values import FileName, Time


@click.command(cls=Verb)
@click.argument("file", type=FileName())
@click.option("--start", type=Time(), metavar="S", help="Begin at this time: 62.5 or 1:02.5. [0]")
@click.option("--duration", type=Time(), metavar="S", help="End after this much. [to the end]")
@click.option("--solver", metavar="NAME", help=f"auto, {', '.join(dpcodec.SOLVERS)}. [auto]")
@click.pass_context
def play(context: click.Context, /, file: str, **options: Any) -> int:
    """Play a .dpc file aloud.

    FILE may be - for standard input, which cannot be sought in.

    The sound goes to the sound card with dpcodec[play], else through ffplay, mpv or aplay. Keys on a
    terminal: space pauses, left and right go 5 s, down and up 60 s, q ends.
    """
    screen = context.find_root().ensure_object(Screen)
    given = {name: value for name, value in options.items() if value is not None}
    settings = dpcodec.DecodeSettings(**given)
    return guard(screen, file, lambda: _play(file, settings, screen))


def _play(name: str, settings: dpcodec.DecodeSettings, screen: Screen) -> int:
    check_source(name)
    through, open_sink = choose_sink()
    line = _Line(screen)
    with keys.pressed() as key:
        screen.note(f"{name}: through {through}; {keys.HELP}")
        try:
            report = Player(name, settings, open_sink, key, line.show).play()
        finally:
            line.clear()
    if report is None:
        return exits.OK
    for warning in report.warnings:
        screen.warn(name, warning)
    if report.damaged:
        screen.warn(name, "damaged: see dpcodec info")
        return exits.DAMAGED
    return exits.OK


class _Line:
    """The place in the file, on one line of a terminal."""

    def __init__(self, screen: Screen) -> None:
        terminal = sys.stderr is not None and sys.stderr.isatty()
        self._draws = terminal and not screen.quiet and screen.progress == "auto"
        self._shown = ""

    def show(self, place: float, length: float | None, standing: bool) -> None:
        """Write it where it has changed."""
        total = "" if length is None else f" / {_clock(length)}"
        text = f"{_clock(place)}{total}{' paused' if standing else ''}"
        if self._draws and text != self._shown:
            sys.stderr.write(f"\r\x1b[2K{text}")
            sys.stderr.flush()
            self._shown = text

    def clear(self) -> None:
        """Take it away."""
        if self._shown:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
