"""Forged packets, every checksum right, in files with parity: a pipe is called damaged where a file is."""

from __future__ import annotations

import struct
from dataclasses import replace

from streams import ATTACHMENT, DATA, END, HEAD, PARITY, Packet, join, split

from .slow_erasure import parity as parity_of
from .small_files import Opened
from .test_parity import made, outcome


def with_other_byte(packet: Packet, at: int) -> Packet:
    """Another packet, its checksums right."""
    body = bytearray(packet.body)
    body[at] ^= 1
    return replace(packet, body=bytes(body))


def test_what_parity_brings_back_disagrees_with_what_is_there(opened: Opened) -> None:
    """The start's parity brings back the header, which counts as there for the block of the audio: so that
    brings back the true end and the true part beside the forged ones."""
    packets = split(made(1, 2))  # two parities for the block
    part = next(i for i, p in enumerate(packets) if p.type == DATA)
    end = next(i for i, p in enumerate(packets) if p.type == END)
    packets[part] = with_other_byte(packets[part], 3)
    packets[end] = with_other_byte(packets[end], 8)
    for there in (packets, packets[1:]):
        assert not outcome(opened(join(there)))[0]


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
