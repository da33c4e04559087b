"""Files that lose packets against what they were."""

from __future__ import annotations

import io
import itertools
import random
import zlib
from dataclasses import replace
from typing import BinaryIO

import pytest
from streams import DATA, END, HEAD, PARITY, TAGS, Packet, Pipe, close, join, pieces_of, split

from dpcodec.container.packets import pack_packet
from dpcodec.container.protect import protect_stream
from dpcodec.container.repair import repair_stream
from dpcodec.container.retag import retag_stream
from dpcodec.container.stream import Reader, Writer
from dpcodec.errors import DpcodecError, FormatError, SettingsError

from .small_files import HEADER, Opened, SlowPipe

SEGMENTS = 40


def made(
    percent: float, segments: int = SEGMENTS, known: bool = True, out: io.BytesIO | None = None
) -> bytes:
    """A file of segments of four parts of 10 to 90 bytes."""
    out, samples, draw = out or io.BytesIO(), segments * 256 - 32, random.Random(5)
    header = replace(HEADER, samples=samples if known else None)
    writer = Writer(out, header, [("TITLE", "Lost and found")], parity=percent)
    for segment in range(segments):
        writer.write_segment(segment, [draw.randbytes(draw.randint(10, 90)) for _ in range(4)])
    writer.close(samples)
    return out.getvalue()


def outcome(source: BinaryIO) -> tuple[bool, list[str], list[dict[int, bytes]]]:
    """Whether all is whole, the remarks, the bodies."""
    reader = Reader(source)
    bodies = [segment.parts for segment in reader.segments()]
    return reader.whole, reader.warnings, bodies


def mended(source: BinaryIO) -> bytes:
    out = io.BytesIO()
    repair_stream(source, out)
    return out.getvalue()


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("piped", [True, False])
def test_random_losses_come_back_bit_for_bit(known: bool, piped: bool) -> None:
    data = made(25, known=known, out=Pipe() if piped else None)
    whole = exact = 0
    for seed in range(30):
        draw = random.Random(seed)
        lost = join(p for p in pieces_of(data) if draw.random() >= 0.1)
        exact += mended(io.BytesIO(lost)) == mended(Pipe(lost)) == data
        whole += outcome(io.BytesIO(lost))[0] and outcome(Pipe(lost))[0]
    assert exact == 30
    assert whole >= 29


@pytest.mark.parametrize("known", [True, False])
def test_a_tenth_of_the_file_lost_in_one_piece(known: bool) -> None:
    """Wherever it is, over the start and over the end too."""
    data = made(25, known=known)
    pieces = pieces_of(data)
    burst = len(pieces) // 10
    for at in range(0, len(pieces) - burst + 1, 3):
        assert mended(io.BytesIO(join([*pieces[:at], *pieces[at + burst :]]))) == data, at


def test_a_tenth_of_a_long_file_lost_in_one_piece() -> None:
    """Of 4400 packets in one block of 23 groups."""
    data = made(25, 1100)
    pieces = pieces_of(data)
    burst = len(pieces) // 10
    for at in (0, 1500, len(pieces) - burst):
        assert mended(io.BytesIO(join([*pieces[:at], *pieces[at + burst :]]))) == data, at


def test_repair_copies_what_is_whole(opened: Opened) -> None:
    data = made(25, 6)
    assert mended(opened(data)) == data
    assert mended(opened(data + b"junk")) == data
    pieces = pieces_of(data)
    assert mended(opened(join([*pieces[:9], pieces[10], pieces[9], *pieces[11:]]))) == data


def test_a_burst(opened: Opened) -> None:
    data, truth = made(25), outcome(io.BytesIO(made(0)))[2]
    pieces = pieces_of(data)
    whole, remarks, bodies = outcome(opened(join([*pieces[:30], *pieces[60:]])))
    assert whole
    assert bodies == truth
    assert remarks == ["30 lost or damaged packets were rebuilt by parity"]


def test_every_single_loss_comes_back(opened: Opened) -> None:
    data = made(10, 6)
    pieces = pieces_of(data)
    truth = outcome(io.BytesIO(data))[2]
    for at in range(len(pieces)):
        lost = join(pieces[:at] + pieces[at + 1 :])
        assert mended(opened(lost)) == data
        whole, _, bodies = outcome(opened(lost))
        assert (whole, bodies) == (True, truth), at


def test_damaged_reordered_and_repeated_packets(opened: Opened) -> None:
    data = made(25, 6)
    pieces = pieces_of(data)
    hurt = [*pieces[:3], pieces[8], pieces[4], pieces[8], *pieces[6:8], pieces[5], *pieces[9:]]
    hurt[10] = hurt[10][:30] + b"?" + hurt[10][31:]
    hurt.insert(12, b"junk")
    whole, remarks, bodies = outcome(opened(join(hurt)))
    assert whole
    assert bodies == outcome(io.BytesIO(data))[2]
    assert any("rebuilt by parity" in remark for remark in remarks)
    assert mended(io.BytesIO(join(hurt))) == data


def forged_checksum(packet: Packet, checksum: int) -> Packet:
    """The packet with another body, of the same length, whose checksum is this."""
    head = packet.pack()[:18]
    for salt in itertools.count():
        body = salt.to_bytes(len(packet.body) - 4, "big") + bytes(4)
        # CRC-32 is linear: the last four bytes that give a checksum follow from four that are known
        rows = [zlib.crc32(head + body[:-4] + (1 << bit).to_bytes(4, "little")) for bit in range(32)]
        solved = _solve(checksum ^ zlib.crc32(head + body), [r ^ zlib.crc32(head + body) for r in rows])
        if solved is not None:
            return replace(packet, body=body[:-4] + solved.to_bytes(4, "little"))
    raise AssertionError


def _solve(target: int, rows: list[int]) -> int | None:
    """Which rows make the target when added modulo 2, as bits; None where none do."""
    basis: dict[int, tuple[int, int]] = {}
    for bit, row in enumerate(rows):
        used = 1 << bit
        while row and row.bit_length() in basis:
            other, more = basis[row.bit_length()]
            row, used = row ^ other, used ^ more
        if row:
            basis[row.bit_length()] = row, used
    total = 0
    while target:
        if target.bit_length() not in basis:
            return None
        row, used = basis[target.bit_length()]
        target, total = target ^ row, total ^ used
    return total


def test_two_packets_of_one_checksum(opened: Opened) -> None:
    """As happens by chance among many thousands: neither is taken for the other."""
    packets = split(made(0, 6))
    parts = [i for i, p in enumerate(packets) if p.type == DATA]
    checksum = int.from_bytes(packets[parts[2]].pack()[-4:], "little")
    packets[parts[9]] = forged_checksum(packets[parts[9]], checksum)
    out = io.BytesIO()
    protect_stream(io.BytesIO(join(close(packets))), out, 25)
    data = out.getvalue()
    truth = outcome(io.BytesIO(data))[2]
    assert outcome(opened(data))[::2] == (True, truth)
    pieces = pieces_of(data)
    for at in (parts[2], parts[5]):
        lost = join(p for p in pieces if p != packets[at].pack())
        assert outcome(io.BytesIO(lost))[::2] == (True, truth)
        assert mended(opened(lost)) == data


def test_more_losses_than_parity_are_damage(opened: Opened) -> None:
    pieces = pieces_of(made(10, 6))
    whole, _, bodies = outcome(opened(join([*pieces[:6], *pieces[16:]])))
    assert not whole
    assert len(bodies) == 6
    assert not outcome(io.BytesIO(mended(io.BytesIO(join([*pieces[:6], *pieces[16:]])))))[0]


def test_nothing_is_said_of_a_whole_file(opened: Opened) -> None:
    assert outcome(opened(made(25)))[:2] == (True, [])


def test_nothing_waits_as_long_as_nothing_is_missing() -> None:
    data = made(25, 6)
    cut = data.index(split(data)[15].pack())
    reader = Reader(SlowPipe(data[:cut]))
    segments = reader.segments()
    assert next(segments).index == 0


def test_protect_adds_changes_and_removes(opened: Opened) -> None:
    plain, quarter = made(0), made(25)
    for source, percent, expected in ((plain, 25, quarter), (made(50), 25, quarter), (quarter, 0, plain)):
        out = io.BytesIO()
        protect_stream(opened(source), out, percent)
        assert out.getvalue() == expected
    with pytest.raises(FormatError, match="repair"):
        protect_stream(opened(plain[:300] + b"?" + plain[301:]), io.BytesIO(), 25)
    with pytest.raises(SettingsError, match="parity"):
        protect_stream(opened(plain), io.BytesIO(), 101)


def test_other_tags_make_other_parity() -> None:
    out = io.BytesIO()
    retag_stream(io.BytesIO(made(25)), out, lambda found: ([("TITLE", "New")], ()))
    data = out.getvalue()
    assert outcome(io.BytesIO(data))[:2] == (True, [])
    lost = join(p for p in split(data) if p.type != TAGS)
    assert mended(io.BytesIO(lost)) == data


def test_tags_changed_by_a_program_that_knows_no_parity_stay() -> None:
    packets = split(made(25))
    new = [replace(p, body=b"\3\0\0\0B=2", flags=0) if p.type == TAGS else p for p in packets]
    reader = Reader(io.BytesIO(join(new[:9] + new[10:])))
    assert len(list(reader.segments())) == SEGMENTS
    assert reader.tags == (("B", "2"),)
    assert reader.whole


@pytest.mark.parametrize("at", [0, 4, 5, 6, 7, 8, 9, 12, 40])
def test_forged_parity_makes_nothing_wrong_pass(opened: Opened, at: int) -> None:
    """Its checksums right, one byte of it another, in every parity packet."""
    packets = split(made(25, 6))
    truth = outcome(io.BytesIO(made(0, 6)))[2]
    forged = [
        replace(p, body=p.body[:at] + bytes([p.body[at] ^ 85]) + p.body[at + 1 :]) if p.type == PARITY else p
        for p in packets
    ]
    lost = [p for i, p in enumerate(forged) if i not in (7, 11)]
    try:
        whole, _, bodies = outcome(opened(join(lost)))
    except DpcodecError:
        return
    assert not whole or bodies == truth
    for arrived, true in zip(bodies, truth, strict=True):
        assert arrived.items() <= true.items()


@pytest.mark.parametrize(("hurt", "other"), [("first of the last block", "last"), ("last", "first")])
def test_damage_is_told_where_parity_contradicts_itself(opened: Opened, hurt: str, other: str) -> None:
    """One parity packet is damaged; another says that its group is a byte longer."""
    packets = split(made(25, 6))
    own = [i for i, p in enumerate(packets) if p.type == PARITY]
    block = packets[own[-1]].body[:4]
    at = {"first": own[0], "last": own[-1]}
    at["first of the last block"] = next(i for i in own if packets[i].body[:4] == block)
    pieces = [p.pack() for p in packets]
    pieces[at[other]] = replace(packets[at[other]], body=packets[at[other]].body + b"\0").pack()
    assert outcome(opened(join(pieces)))[0]
    pieces[at[hurt]] = pieces[at[hurt]][:60] + bytes([pieces[at[hurt]][60] ^ 1]) + pieces[at[hurt]][61:]
    assert not outcome(opened(join(pieces)))[0]


@pytest.mark.parametrize("size", [0, 11, 12, 16, 40, 300])
def test_malformed_parity_is_left_out(opened: Opened, size: int) -> None:
    packets = split(made(0, 6))
    bad = Packet(PARITY, 0, 0, 0, 0, b"\xff" * size)
    assert outcome(opened(join([*packets[:2], bad, *packets[2:]])))[:2] == (
        True,
        ["malformed parity is left out"],
    )


def test_packets_that_are_too_long_have_none() -> None:
    assert len(pack_packet(DATA, b"")) == 26
    out = io.BytesIO()
    header = replace(HEADER, samples=256 * 2 - 32, parts=1)
    writer = Writer(out, header, parity=50)
    writer.write_segment(0, [bytes(9 << 20)])
    writer.write_segment(1, [b"short"])
    writer.close(header.samples)
    packets = split(out.getvalue())
    assert max(len(p.body) for p in packets if p.type == PARITY) < 1000
    kept = [p for p in packets if p.type not in (HEAD, END)]
    assert outcome(io.BytesIO(join(kept)))[0]
