"""What the user sees: lines on stderr, and how far the work is. rich is loaded only once a bar is drawn."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dpcodec.cli import signals

if TYPE_CHECKING:
    import rich.progress

BAR_AFTER_S = 0.5
JSON_EVERY_S = 0.25


def escape(text: str) -> str:
    """Text without control characters, undecodable bytes or line ends, each shown as its code.

    >>> escape("a\\x1b[2J\\nb")
    'a\\\\x1b[2J\\\\nb'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _code(c) for c in text)


def _code(character: str) -> str:
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # a byte of a file name that is not UTF-8
        return f"\\x{number - 0xDC00:02x}"
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


@dataclass
class Screen:
    """How much to say, and where: all but results goes to stderr.

    quiet     1: no remarks and no progress; 2: no warnings either; errors are always told
    verbose   list every piece of damage and every remark
    progress  "auto" (a bar if stderr is a terminal), "json" (a line of JSON now and then) or "none"
    debug     show tracebacks
    lines     where lines go instead, if not None: in a worker, whose starter shows them
    digest    have the SHA-256 of each output in its record
    record    what came of the job at hand, in values that JSON holds: for summaries and manifests
    """

    quiet: int = 0
    verbose: bool = False
    progress: str = "auto"
    debug: bool = False
    lines: list[str] | None = None
    digest: bool = False
    record: dict[str, Any] = field(default_factory=dict)

    def arguments(self) -> list[str]:
        """The options that make a second `dpcodec` say as much, without a bar."""
        progress = "--progress=json" if self.progress == "json" else "--no-progress"
        return [progress, *["-q"] * self.quiet, *["-v"] * self.verbose, *["--debug"] * self.debug]

    def note(self, text: str) -> None:
        """A remark."""
        if not self.quiet:
            self._line(text)

    def warn(self, name: str, text: str) -> None:
        """Something that went well but not as it should."""
        if self.quiet < 2:
            self._line(f"dpcodec: {name}: warning: {text}")

    def error(self, name: str | None, text: str) -> None:
        """The one line an error gets."""
        self.record["error"] = escape(text)
        self._line(f"dpcodec: {name}: {text}" if name else f"dpcodec: {text}")

    @contextmanager
    def meter(self, name: str) -> Iterator[Meter]:
        """The progress of one file."""
        meter = Meter(self, name)
        try:
            with signals.at_leave(meter.restore_terminal):
                yield meter
        finally:
            meter.close()

    @contextmanager
    def counter(self, name: str) -> Iterator[Callable[[int, int, int], None]]:
        """The progress of many files: called with those that are over, all, and those that failed."""
        with self.meter(name) as meter:
            yield meter.count

    def show(self, line: str) -> None:
        """A line that another process made, whatever it is."""
        self._line(line)

    def _line(self, text: str) -> None:
        if self.lines is not None:
            self.lines.append(text)
            return
        if sys.stderr is None:
            return
        with suppress(BrokenPipeError):  # nobody listens any more: the work itself still counts
            sys.stderr.write(escape(text) + "\n")
            sys.stderr.flush()


class Meter:
    """Shows how far one file is; a `dpcodec` progress callback that never asks to stop."""

    def __init__(self, screen: Screen, name: str) -> None:
        self._name = name
        self._started = time.monotonic()
        self._told = -JSON_EVERY_S  # the first line comes at once
        self._bar: rich.progress.Progress | None = None
        self._json = screen.progress == "json"
        terminal = sys.stderr is not None and sys.stderr.isatty()
        self._draws = screen.progress == "auto" and terminal and not screen.quiet

    def __call__(self, done: float, total: float | None, detail: str) -> None:
        now = time.monotonic()
        if self._json:
            self._tell(now, done, total, detail)
        elif self._draws and now - self._started > BAR_AFTER_S:
            self._draw(done, total, detail)

    def count(self, done: int, total: int, failed: int) -> None:
        """As a call, of files."""
        if not self._json:
            self(done, total, f"{done} of {total}, {failed} failed")
            return
        now = time.monotonic()
        if now - self._told < JSON_EVERY_S and done < total:
            return
        self._told = now
        line = {"event": "files", "done": done, "total": total, "failed": failed,
                "elapsed_s": round(now - self._started, 3)}  # fmt: skip
        _write_json(line)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def restore_terminal(self) -> None:
        """Show the cursor again and clear the bar's line, without waiting for any lock."""
        if self._bar is not None:
            sys.stderr.write("\x1b[?25h\r\x1b[2K")
            sys.stderr.flush()

    def _tell(self, now: float, done: float, total: float | None, detail: str) -> None:
        last = total is not None and done >= total
        if now - self._told < JSON_EVERY_S and not last:
            return
        self._told = now
        eta = (now - self._started) * (total - done) / done if total and done > 0 else None
        line = {
            "event": "progress",
            "file": self._name,
            "done_s": round(done, 3),
            "total_s": None if total is None else round(total, 3),
            "elapsed_s": round(now - self._started, 3),
            "eta_s": None if eta is None else round(max(eta, 0.0), 3),
            "detail": detail,
        }
        _write_json(line)

    def _draw(self, done: float, total: float | None, detail: str) -> None:
        if self._bar is None:
            self._bar = _new_bar()
            self._bar.start()
            self._bar.add_task(escape(self._name), detail="")
        self._bar.update(self._bar.task_ids[0], completed=done, total=total, detail=escape(detail))


def _write_json(line: dict[str, Any]) -> None:
    import json

    sys.stderr.write(json.dumps(line) + "\n")
    sys.stderr.flush()


def _new_bar() -> rich.progress.Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[detail]}", markup=False),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True)
