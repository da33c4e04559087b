"""The memory that a file's own numbers ask for, counted and refused before any of it is taken.

The figures are the most that was measured over all kinds of files, rounded up (docs/reliability.md).
"""

from __future__ import annotations

from dpcodec.container.header import Header, frame_count
from dpcodec.errors import LimitError

READ_BYTES = 240
"""A cell of the channel that is being decoded."""
HELD_BYTES = 40
"""A cell of a channel that was decoded."""
REBUILT_BYTES = 100
"""A cell of a channel that goes back into samples."""
WAITING_BYTES = 40
"""A cell of a channel that waits for a hole to be filled, or for one to come."""


def check_reading(header: Header, most: int) -> None:
    """Raise `LimitError` if decoding one segment needs more than `most` bytes."""
    frames = _at_most(header, header.segment_frames)
    _check(frames * header.bins * (READ_BYTES + HELD_BYTES * header.channels), most)


def check_rebuilding(
    header: Header, batch: int, halo: int, solver_bytes: int, waiting: int, most: int, together: int = 1
) -> None:
    """Raise `LimitError` if rebuilding `together` blocks of `batch` segments at once needs more than `most`
    bytes.

    halo          frames on each side of a block that the solver sees at most
    solver_bytes  a cell that it sees
    waiting       frames that may wait where something was lost
    """
    F, C = header.segment_frames, header.channels
    block = _at_most(header, together * batch * F)
    seen = _at_most(header, batch * F + 2 * halo)
    held = _at_most(header, (together * batch + 2 * -(-halo // F) + 1) * F)
    copies = 2 if held > block else 1  # where there is more than one segment they are joined
    once = max(READ_BYTES * min(F, block), solver_bytes * seen)
    if together > 1:  # what their solver sees lies on a device, but is made ready here
        once = max(once, READ_BYTES * together * C * (batch * F + 2 * halo))
    late = WAITING_BYTES * _at_most(header, waiting)
    _check(header.bins * (C * (copies * HELD_BYTES * held + REBUILT_BYTES * block + late) + once), most)


def _at_most(header: Header, frames: int) -> int:
    """So many frames, or all of the file's where it is known to have fewer."""
    return frames if header.samples is None else min(frames, frame_count(header, header.samples))


def _check(needed: int, most: int) -> None:
    if needed > most:
        raise LimitError(
            f"a segment needs about {-(-needed >> 20)} MiB of memory, "
            f"the limit is {most >> 20} MiB: raise --max-memory"
        )
