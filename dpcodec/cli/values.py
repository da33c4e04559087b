"""Values that people write in more than one way: times and bit rates."""

from __future__ import annotations

import re
from typing import Any

import click

_CLOCK = r"(?:(\d{1,6}):)?(\d{1,6}):([0-5]?\d(?:\.\d*)?)"
_KBPS = r"([^a-z]+?) ?(?:k|kbps|kbit/s)"


class FileName(click.ParamType):  # type: ignore[type-arg] # generic only in recent releases of click
    """A name of a file or folder, looked at by who opens it. click's own looks for translations of itself."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type="file")]


class Time(click.ParamType):  # type: ignore[type-arg]
    """Seconds, or minutes and hours with colons between: 62.5, 1:02.5, 0:01:02.5."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        clock = re.fullmatch(_CLOCK, str(value))
        if clock:
            hours, minutes, seconds = clock.groups(default="0")
            if clock[1] is not None and int(minutes) > 59:
                self.fail(f"{value!r} is not a time: there are 60 minutes in an hour", param, ctx)
            return 3600.0 * int(hours) + 60.0 * int(minutes) + float(seconds)
        try:
            return float(value)
        except ValueError:
            self.fail(f"{value!r} is not a time: give seconds, or 1:02.5", param, ctx)


class BitRate(click.ParamType):  # type: ignore[type-arg]
    """Kilobits a second: 32, 32k, 32kbps."""

    name = "bit rate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        match = re.fullmatch(_KBPS, str(value), re.IGNORECASE)
        try:
            return float(match[1] if match else value)
        except ValueError:
            self.fail(f"{value!r} is not a bit rate: give kbit/s, as 32 or 32k", param, ctx)
