"""What the commands of this folder print: results, and how far they are."""

from __future__ import annotations

import sys
import time


def say(text: str) -> None:
    """A result, to standard output."""
    sys.stdout.write(text + "\n")


def tell(text: str) -> None:
    """How far it is, with the time of day, to standard error."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
