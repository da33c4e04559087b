"""Bodies of parts that pass every checksum and the end hash and still mean nothing: only the part is lost."""

from __future__ import annotations

import struct
from dataclasses import replace

from streams import DATA, END, Packet, close, join

FRAMES, BINS = (8, 33)
"Of the one segment of one-part-exact: 200 samples, n_fft 64, hop 32."


def varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def runs(*lengths: int, padding: str = "0") -> bytes:
    """The mask in runs, by turns dropped and kept."""
    numbers = [lengths[0] + 1, *lengths[1:]]
    low = [bin(n)[3:] for n in numbers]
    first = "".join("1" * len(bits) + "0" for bits in low)
    bits = first + "".join(low)
    bits += padding * (-len(bits) % 8)
    return varint(len(first)) + bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def exact_body(mask: bytes, values: int, real: float = 0.25) -> bytes:
    """One channel in mode 2: the mask, and so many equal values."""
    planes = b"".join(bytes([b]) * values for v in (real, -0.5) for b in struct.pack(">f", v))
    return varint(FRAMES) + b"\x02" + varint(len(mask)) + mask + planes


def zstd(content: bytes, stated: int | None) -> bytes:
    """A zstandard frame of one raw block; `stated` None: without a content size."""
    block = struct.pack("<I", len(content) << 3 | 1)[:3] + content
    if stated is None:
        return b"\x28\xb5\x2f\xfd\x00\x58" + block
    return b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", stated) + block


def quantised_bodies(packets: list[Packet]) -> dict[str, bytes]:
    """Part 1 of segment 1 of six-segments."""
    body = packets[5].body
    assert packets[5].type == DATA
    assert body[1] == 1, "mode 1"

    def put(new: bytes) -> bytes:
        return join(close([*packets[:5], replace(packets[5], body=new), *packets[6:]]))

    def step(value: float) -> bytes:
        return put(body[:2] + struct.pack("<f", value) + body[6:])

    return {
        "step-0": step(0.0),
        "step-nan": step(float("nan")),
        "step-infinite": step(float("inf")),
        "step-negative": step(-1.0),
        "step-denormal": step(1e-40),
        "step-largest": step(2.0**127),
        "body-empty": put(b""),
        "body-cut": join([*packets[:5], replace(packets[5], body=body[: len(body) // 2]), *packets[6:]]),
        "body-cut-in-step": put(body[:4]),
        "body-longer": put(body + b"\x00"),
        "body-ones": put(body[:7] + b"\xff" * len(body[7:])),
        "body-other-frames": put(b"\x05" + body[1:]),
        "body-frames-overlong": put(b"\x84\x00" + body[1:]),
        "body-mode-7": put(body[:1] + b"\x07" + body[2:]),
        "body-mode-exact": put(body[:1] + b"\x02" + body[2:]),
        "body-too-many-bins": put(body[:6] + b"\x7f" + body[7:]),
    }


def exact_bodies(packets: list[Packet]) -> dict[str, bytes]:
    """The one part of one-part-exact."""
    index = next(i for i, p in enumerate(packets) if p.type == DATA)
    cells = FRAMES * BINS

    def put(body: bytes, flags: int = 0) -> bytes:
        changed = replace(packets[index], body=body, flags=flags)
        return join(close([*packets[:index], changed, *packets[index + 1 :]]))

    fair = exact_body(runs(9, 3, cells - 12), 3)
    odd = runs(9, 3, cells - 12, padding="1")
    return {
        "exact-by-hand": put(fair),
        "exact-runs-past-end": put(exact_body(runs(9, 3, cells), 3)),
        "exact-runs-short": put(exact_body(runs(9, 3), 3)),
        "exact-run-of-2-to-31": put(exact_body(runs(2**31), 0)),
        "exact-padding": put(exact_body(odd, 3)),
        "exact-value-missing": put(exact_body(runs(9, 3, cells - 12), 2)),
        "exact-nan": put(exact_body(runs(9, 3, cells - 12), 3, float("nan"))),
        "exact-infinite": put(exact_body(runs(9, 3, cells - 12), 3, float("inf"))),
        "zstd-by-hand": put(zstd(fair, len(fair)), 1),
        "zstd-size-wrong": put(zstd(fair, len(fair) + 1), 1),
        "zstd-no-size": put(zstd(fair, None), 1),
        "zstd-broken": put(fair, 1),
        "zstd-bomb": put(zstd(fair, 2**32 - 1), 1),
        "zstd-two-frames": put(zstd(fair, len(fair)) * 2, 1),
    }


def mdct_bodies(packets: list[Packet]) -> dict[str, bytes]:
    """Part 1 of the first segment of mdct-impulses: varint frames, mode 3, step, bias, rows, payload."""
    index = next(i for i, p in enumerate(packets) if p.type == DATA and p.part == 1)
    body = packets[index].body
    assert body[1] == 3, "mode 3"

    def put(new: bytes) -> bytes:
        return join(close([*packets[:index], replace(packets[index], body=new), *packets[index + 1 :]]))

    return {
        "mdct-mode-1": put(body[:1] + b"\x01" + body[2:]),
        "mdct-mode-5": put(body[:1] + b"\x05" + body[2:]),
        "mdct-mode-4": put(body[:1] + b"\x04" + body[2:]),
        "mdct-silent-part": put(body[:1] + b"\x00"),
        "mdct-step-0": put(body[:2] + bytes(4) + body[6:]),
        "mdct-cut-before-bias": put(body[:6]),
        "mdct-cut-in-step": put(body[:4]),
        "mdct-too-many-bins": put(body[:7] + b"\x7f" + body[8:]),
        "mdct-payload-ones": put(body[:8] + b"\xff" * len(body[8:])),
        "mdct-longer": put(body + b"\x01"),
    }


def mdct_exact_bodies(packets: list[Packet]) -> dict[str, bytes]:
    """The first part of mdct-impulses-exact: varint frames, mode 4, block switching, mask,
    planes."""
    index = next(i for i, p in enumerate(packets) if p.type == DATA and p.part == 0)
    frames = 8

    def put(body: bytes) -> bytes:
        changed = replace(packets[index], body=body, flags=0)
        return join(close([*packets[:index], changed, *packets[index + 1 :]]))

    def body(block_splits: bytes, value: float = 0.5) -> bytes:
        mask = runs(9, 3, frames * 32 - 12)
        planes = b"".join(bytes([b]) * 3 for b in struct.pack(">f", value))
        return varint(frames) + b"\x04" + block_splits + varint(len(mask)) + mask + planes

    return {
        "mdct-splits-of-8": put(body(b"\x08" * frames)),
        "mdct-splits-over-header": put(body(b"\x04" * frames)),
        "mdct-splits-differ": put(body(b"\x02" * frames)),
        "mdct-splits-short": put(varint(frames) + b"\x04\x00\x00"),
        "mdct-nan": put(body(bytes(frames), float("nan"))),
    }


def part_of(packets: list[Packet], part: int) -> int:
    """Where this part of the first segment stands."""
    return next(i for i, p in enumerate(packets) if p.type == DATA and p.part == part)


def with_body(packets: list[Packet], index: int, body: bytes) -> bytes:
    """The file with another body, the end hash right."""
    return join(close([*packets[:index], replace(packets[index], body=body), *packets[index + 1 :]]))


def perceptual_bodies(packets: list[Packet], unsplit: list[Packet]) -> dict[str, bytes]:
    """Part 1 of the first segment of shaped-impulses: varint frames, mode 5, step, bias, rows, payload; and
    of shaped-unsplit, which has the same grid."""
    index, other = part_of(packets, 1), part_of(unsplit, 1)
    body = packets[index].body
    assert body[:2] == bytes([8, 5]), "frames and mode 5"

    def put(new: bytes) -> bytes:
        return with_body(packets, index, new)

    return {
        "shaped-mode-3": put(body[:1] + b"\x03" + body[2:]),
        "shaped-mode-6": put(body[:1] + b"\x06" + body[2:]),
        "shaped-other-frames": put(b"\x07" + body[1:]),
        "shaped-silent-part": put(body[:1] + b"\x00"),
        "shaped-step-0": put(body[:2] + bytes(4) + body[6:]),
        "shaped-steps-large": put(body[:2] + struct.pack("<f", 2.0**127) + body[6:]),
        "shaped-cut-in-step": put(body[:4]),
        "shaped-cut-before-bias": put(body[:6]),
        "shaped-cut-before-bins": put(body[:7]),
        "shaped-too-many-bins": put(body[:7] + b"\x7f" + body[8:]),
        "shaped-bins-fewer": put(body[:7] + bytes([body[7] - 1]) + body[8:]),
        "shaped-payload-empty": put(body[:8]),
        "shaped-payload-ones": put(body[:8] + b"\xff" * len(body[8:])),
        "shaped-longer": put(body + b"\x01"),
        "shaped-splits-differ": put(unsplit[other].body),
        "shaped-splits-over-header": with_body(unsplit, other, body),
    }


def short_segment(packets: list[Packet]) -> bytes:
    """Segment 0 in one frame of silence, where others follow; N is not known, and END is lost."""
    assert packets[-1].type == END
    return join(replace(p, body=b"\1\0") if p.type == DATA and p.segment == 0 else p for p in packets[:-1])


def perceptual_pair_bodies(
    equal: list[Packet], opposite: list[Packet], unequal: list[Packet]
) -> dict[str, bytes]:
    """Part 1 of the first segment of files of one pair: shaped-equal and shaped-opposite, which differ in
    their angles alone, and shaped-unequal, whose first channel has a payload of 128 bytes or more."""
    index = part_of(unequal, 1)
    body = unequal[index].body
    assert body[1] == 5, "mode 5"
    length = body[8] & 127 | body[9] << 7
    second = 10 + length
    assert body[8] > 127, "a length of two bytes"
    assert body[second] == 5, "mode 5 of the second channel"

    def put(new: bytes) -> bytes:
        return with_body(unequal, index, new)

    return {
        "shaped-angles-differ": with_body(equal, part_of(equal, 1), opposite[part_of(opposite, 1)].body),
        "shaped-pair-untold": put(body[:1] + b"\x00" + body[second:]),
        "shaped-length-past-end": put(body[:8] + b"\xff\x7f" + body[10:]),
        "shaped-channel-missing": put(body[:second]),
    }
