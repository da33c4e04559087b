"""How many segments of a file make a piece that one worker codes."""

from __future__ import annotations


def piece_size(left: int | None, workers: int, fewest: int, most: int) -> int:
    """Segments of a piece where so many are left, or nobody knows: fewer towards the end, so that no worker
    waits long for another's last piece."""
    return most if left is None else min(max(left // (2 * workers), fewest), most)
