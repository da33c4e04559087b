"""Forged packets, every checksum right, in files with parity: a pipe is called damaged where a file is."""

from __future__ import annotations

import io
import struct
from dataclasses import replace

from streams import ATTACHMENT, DATA, END, HEAD, PARITY, Packet, join, split

from dpcodec.container.stream import Writer

from .slow_erasure import parity as parity_of
from .small_files import HEADER, Opened
from .test_parity import made, outcome


def written(bodies: list[bytes]) -> list[Packet]:
    """A file of one segment with little parity."""
    out = io.BytesIO()
    writer = Writer(out, replace(HEADER, samples=200), [("TITLE", "Forged")], parity=1)
    writer.write_segment(0, bodies)
    writer.close(200)
    return split(out.getvalue())


def test_what_parity_brings_back_disagrees_with_what_is_there(opened: Opened) -> None:
    """The start's parity brings back the header, which counts as there for the block of the audio: so that
    brings back the true part and the true end beside those of another file."""
    packets = written([b"one", b"two", b"three", b"four"])
    others = written([b"one", b"two", b"other", b"four"])
    swapped = [
        other if p.type == END or (p.type, p.part) == (DATA, 2) else p
        for p, other in zip(packets, others, strict=True)
    ]
    for there in (packets[1:], others[1:]):
        assert outcome(opened(join(there)))[0]
    assert not outcome(opened(join(swapped[1:])))[0]


def test_a_damaged_packet_may_be_what_no_parity_knows(opened: Opened) -> None:
    """Beside an attachment that no parity knows; without one all that there was is there."""
    packets = split(made(25, 6))
    pieces = [p.pack() for p in packets]
    hurt = next(i for i, p in enumerate(packets) if p.type == PARITY and i > 8)  # of the audio
    pieces[hurt] = pieces[hurt][:60] + bytes([pieces[hurt][60] ^ 1]) + pieces[hurt][61:]
    assert outcome(opened(join(pieces)))[0]
    other = Packet(ATTACHMENT, 0, 0, 0, 0, b"\4noteof another program")
    before = next(i for i, p in enumerate(packets) if p.type == DATA)
    assert not outcome(opened(join([*pieces[:before], other, *pieces[before:]])))[0]


def test_parity_of_another_header(opened: Opened) -> None:
    """It names a member that is nowhere, in a block that is over: a header of another rate."""
    packets = split(made(25, 6))
    head = packets[0]
    assert head.type == HEAD
    forged = replace(head, body=head.body[:4] + struct.pack("<I", 11025) + head.body[8:]).pack()
    fixed = struct.pack("<IBBBBBBHBB", 0, 0, 1, 1, 1, 0, 0, 2500, 0, 0)
    string = bytes(parity_of([forged], 0))
    parity = Packet(PARITY, 0, 0, 0, 0, fixed + forged[-4:] + string)
    start = [i for i, p in enumerate(packets) if p.type == PARITY]
    assert outcome(opened(join(packets)))[0]
    assert not outcome(opened(join([*packets[: start[0] + 2], parity, *packets[start[0] + 2 :]])))[0]


def test_a_header_that_comes_late_is_not_lost(opened: Opened) -> None:
    """A pipe has it of parity before; but nothing was lost that would tell what the damaged parity was."""
    packets = split(made(25, 6))
    start = [i for i, p in enumerate(packets) if p.type == PARITY and p.body[:4] == bytes(4)]
    audio = [p for p in packets if p.type == PARITY and p.body[:4] != bytes(4)]
    late = [*packets[1 : start[-1] + 1], *(p for p in packets if p.type in (DATA, END)), packets[0]]
    hurt = [p.pack()[:-1] + b"\0" for p in audio]
    assert not outcome(opened(join([*hurt, *late])))[0]
    assert outcome(opened(join([*packets[1:], packets[0]])))[1] in (
        [],
        ["what does not belong to the file is left out, as its parity tells"],
    )
