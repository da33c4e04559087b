"""The files of bad/ and unsupported/: README.md says what each is.

All are made byte by byte from files of good/, so they are the same wherever they are made.
"""

from __future__ import annotations

import pickle
import struct
import zlib
from dataclasses import replace

from streams import ATTACHMENT, DATA, END, HEAD, INDEX, PARITY, SYNC, Packet, close, join, split

from .bad_bodies import (
    exact_bodies,
    mdct_bodies,
    mdct_exact_bodies,
    part_of,
    perceptual_bodies,
    perceptual_pair_bodies,
    quantised_bodies,
    short_segment,
    with_body,
    zstd,
)
from .custom_files import custom_bodies

FIXED = struct.Struct("<BBBBIQQIIIIBBBBB")
FIELDS = (
    *("major", "minor", "flags", "channels", "rate", "samples", "seed", "n_fft", "hop", "drop", "frames"),
    *("parts", "window", "mask", "container", "subtype"),
)


def with_header(packets: list[Packet], end: bool = True, **changes: int) -> bytes:
    """Fields of the headers changed, that in END too (`end` False: no END), every checksum right."""

    def changed(packet: Packet) -> Packet:
        at = {HEAD: 0, END: 20}.get(packet.type)
        if at is None:
            return packet
        fields = dict(zip(FIELDS, FIXED.unpack_from(packet.body, at), strict=True)) | changes
        body = packet.body[:at] + FIXED.pack(*fields.values()) + packet.body[at + FIXED.size :]
        return replace(packet, body=body)

    return join(changed(p) for p in packets if end or p.type != END)


def place(packets: list[Packet], index: int) -> int:
    """Where a packet starts in the file."""
    return len(join(packets[:index]))


def flip(data: bytes, byte: int, bit: int = 0) -> bytes:
    """One bit changed."""
    return data[:byte] + bytes([data[byte] ^ 1 << bit]) + data[byte + 1 :]


def cuts(data: bytes, packets: list[Packet]) -> dict[str, bytes]:
    """The file ends too early."""
    fourth, end = place(packets, 5), place(packets, len(packets) - 1)
    return {
        "cut-in-magic": data[:5],
        "cut-after-magic": data[:8],
        "cut-in-header": data[:60],
        "cut-after-header": data[: place(packets, 1)],
        "cut-in-tags": data[: place(packets, 1) + 30],
        "cut-in-a-head": data[: fourth + 9],
        "cut-in-a-body": data[: fourth + 40],
        "cut-between-packets": data[:fourth],
        "cut-before-end": data[:end],
        "cut-in-end": data[: end + 40],
        "cut-last-byte": data[:-1],
    }


def flips(data: bytes, packets: list[Packet]) -> dict[str, bytes]:
    """One bit is wrong."""
    at = place(packets, 5)
    bytes_of = {"sync": 0, "type": 4, "segment": 8, "part": 12, "length": 15, "head-checksum": 19, "body": 40}
    bytes_of["body-checksum"] = len(packets[5].pack()) - 2
    return {
        **{f"flip-{name}": flip(data, at + byte) for name, byte in bytes_of.items()},
        "flip-magic": flip(data, 2),
        "flip-first-header": flip(data, 40),
        "flip-tags": flip(data, place(packets, 1) + 30),
        "flip-end": flip(data, len(data) - 20),
        "zeroed-block": data[:at] + bytes(200) + data[at + 200 :],
    }


def moves(data: bytes, packets: list[Packet]) -> dict[str, bytes]:
    """Bytes or packets come, go, and change places."""
    at = place(packets, 5)
    junk = b"junk" + SYNC + bytes(range(256)) * 3
    swapped = [replace(packets[4], body=packets[5].body), replace(packets[5], body=packets[4].body)]
    copy = replace(packets[0], body=packets[0].body[:16] + b"\x01" + packets[0].body[17:])
    coefficients = [p for p in packets if p.type == DATA]

    def tagged(body: bytes) -> Packet:
        return replace(packets[1], flags=0, body=body)

    def attached(body: bytes, flags: int = 0) -> Packet:
        return Packet(ATTACHMENT, flags, 0, 0, 0, body)

    def instead(*new: Packet) -> bytes:
        """Other packets where part 1 of segment 1 stands."""
        return join([*packets[:5], *new, *packets[6:]])

    return {
        "byte-deleted": data[: at + 40] + data[at + 41 :],
        "byte-inserted": data[: at + 40] + b"Z" + data[at + 40 :],
        "junk-between": data[:at] + junk + data[at:],
        "junk-before": junk + data,
        "junk-after": data + junk,
        "part-missing": join(packets[:5] + packets[6:]),
        "part-1-missing-everywhere": join(p for p in packets if p.part != 1),
        "segment-missing": join(p for p in packets if p.segment != 2),
        "first-segment-missing": join(packets[:2] + packets[4:]),
        "last-segment-missing": join(packets[:-3] + packets[-1:]),
        "all-data-missing": join(packets[:2] + packets[-1:]),
        "end-missing-copy-of-header": join([*packets[1:5], packets[0], *packets[5:-1]]),
        "first-header-destroyed": data[:8] + bytes(71) + data[79:],
        "all-headers-destroyed": join(packets[1:-1]),
        "packet-twice": join(packets[:6] + packets[5:]),
        "packets-reordered": join([*packets[:2], *coefficients[::-1], packets[-1]]),
        "end-first": join([packets[0], packets[-1], *packets[1:-1]]),
        "two-files": data + data,
        "duplicates-disagree": instead(packets[5], replace(packets[5], body=packets[7].body)),
        "headers-disagree": instead(copy, packets[5]),
        "bodies-swapped": join([*packets[:4], *swapped, *packets[6:]]),
        "parts-disagree": instead(replace(packets[5], parts=1, part=0)),
        "parts-disagree-late": join([*packets[:4], packets[5], replace(packets[4], parts=1), *packets[6:]]),
        "part-out-of-range": instead(replace(packets[5], part=9)),
        "segment-out-of-range": instead(replace(packets[5], segment=9)),
        "packet-strays": instead(replace(packets[5], segment=3000), packets[5]),
        "end-hash-wrong": join(
            [*packets[:-1], replace(packets[-1], body=b"\x00" * 16 + packets[-1].body[16:])]
        ),
        "tags-broken": join([packets[0], tagged(b"\xff\0\0\0A=1"), *packets[2:]]),
        "tags-not-utf-8": join([packets[0], tagged(b"\4\0\0\0A=\xff\xfe"), *packets[2:]]),
        "tags-twice": join([*packets[:2], tagged(b"\3\0\0\0B=2"), *packets[2:]]),
        "attachment-empty": join([*packets[:2], attached(b""), *packets[2:]]),
        "attachment-kind-cut": join([*packets[:2], attached(b"\x09riff:"), *packets[2:]]),
        "attachment-kind-not-ascii": join([*packets[:2], attached(b"\3a\0\xffdata"), *packets[2:]]),
        "attachment-bomb": join([*packets[:2], attached(zstd(b"\1a", 2**32 - 1), 1), *packets[2:]]),
        "index-wrong": join([*packets[:-1], Packet(INDEX, 0, 0, 0, 0, b"\5\0\1\1\1\1"), packets[-1]]),
    }


def headers(packets: list[Packet]) -> dict[str, bytes]:
    """Headers that pass their checksums and mean nothing, or too much."""
    body, end = packets[0].body, packets[-1].body
    cases: dict[str, dict[str, int]] = {
        "hop-0": {"hop": 0},
        "hop-over-n-fft": {"hop": 257},
        "hop-too-short": {"hop": 3},
        "not-invertible": {"hop": 256, "samples": 5000, "window": 0},
        "n-fft-odd": {"n_fft": 255},
        "n-fft-0": {"n_fft": 0},
        "n-fft-large": {"n_fft": 2**30},
        "channels-0": {"channels": 0},
        "rate-0": {"rate": 0},
        "rate-large": {"rate": 2**20},
        "parts-0": {"parts": 0},
        "parts-17": {"parts": 17},
        "frames-0": {"frames": 0},
        "frames-large": {"frames": 2**31},
        "window-unknown": {"window": 9},
        "mask-unknown": {"mask": 9},
        "major-0": {"major": 0},
        "samples-2-to-60": {"samples": 2**60},
        "samples-2-to-47": {"samples": 2**47},
    }

    def headed(body: bytes) -> bytes:
        return join([replace(packets[0], body=body), *packets[1:]])

    def ended(body: bytes) -> bytes:
        return join([*packets[:-1], replace(packets[-1], body=body)])

    return {
        **{f"header-{name}": with_header(packets, True, **changes) for name, changes in cases.items()},
        "header-coefficients-over-bytes": with_header(packets, end=False, samples=2**30, frames=2**20),
        "header-samples-2-to-40": with_header(packets, end=False, samples=2**40),
        "header-bytes-left": headed(body + b"?"),
        "header-short": headed(body[:30]),
        "header-columns-of-energy": headed(body[:45] + b"\1\0\0"),
        "header-varint-overlong": headed(body[:45] + b"\x80\0"),
        "end-segments-wrong": ended(end[:16] + b"\7" + end[17:]),
        "end-short": ended(b"0123456789"),
    }


def mdct_headers(packets: list[Packet]) -> dict[str, bytes]:
    """Headers of an MDCT that is none; its transform and largest split are the last two bytes."""
    body = packets[0].body

    def headed(new: bytes) -> bytes:
        return join([replace(packets[0], body=new), *packets[1:]])

    return {
        "header-mdct-hop": with_header(packets, hop=32),
        "header-mdct-hann": with_header(packets, window=0),
        "header-mdct-minor-0": with_header(packets, minor=0),
        "header-mdct-no-extension": headed(body[:-2]),
        "header-mdct-splits-cut": headed(body[:-1]),
        "header-mdct-split-8": headed(body[:-1] + b"\x08"),
        "header-mdct-split-6": headed(body[:-1] + b"\x06"),
        "header-extension-for-nothing": headed(body[:41] + b"\1\1" + body[43:-2] + b"\0\0"),
        "header-significance-unflagged": headed(body[:2] + b"\0" + body[3:-2]),
    }


def perceptual_headers(packets: list[Packet], stft: list[Packet]) -> dict[str, bytes]:
    """Headers in which the flag of perceptual files, their mask and what both need do not agree."""
    body = packets[0].body

    def headed(new: bytes) -> bytes:
        return join([replace(packets[0], body=new), *packets[1:]])

    return {
        "header-shaped-unmasked": with_header(stft, flags=0x10),
        "header-shaped-unflagged": with_header(packets, flags=0x08),
        "header-shaped-significance": with_header(packets, mask=3),
        "header-shaped-exact": with_header(packets, flags=0x19),
        "header-shaped-stft": with_header(stft, minor=2, flags=0x10, mask=4),
        "header-shaped-stft-extended": headed(body[:41] + b"\1" + body[42:-2] + b"\0\0"),
        "header-shaped-no-extension": headed(body[:-2]),
        "header-shaped-minor-1": with_header(packets, minor=1),
        "header-shaped-bytes-left": headed(body + b"?"),
        "header-revised-unmasked": with_header(stft, flags=0x20),
        "header-revised-minor-2": with_header(packets, minor=2, flags=0x38),
        "header-revised-unshaped": with_header(packets, minor=3, flags=0x28, mask=3),
        "header-frames-unmasked": with_header(stft, flags=0x40),
        "header-frames-minor-3": with_header(packets, minor=3, flags=0x78),
        "header-frames-unrevised": with_header(packets, minor=4, flags=0x58),
    }


def revised(packets: list[Packet]) -> dict[str, bytes]:
    """A file of version 1.3 whose header or body says that it is one of 1.2."""
    earlier = with_header(packets, minor=2, flags=0x18)
    at = part_of(packets, 1)
    body = packets[at].body
    return {
        "revised-as-1-2": earlier,
        "revised-mode-5": with_body(packets, at, body[:1] + b"\x05" + body[2:]),
    }


def frames(packets: list[Packet]) -> dict[str, bytes]:
    """A file of version 1.4 that says that it is one of 1.3, or has more parts than frames."""
    at = part_of(packets, 1)
    body = packets[at].body
    beyond = [replace(p, parts=3, part=2 if p.part == 1 else 0) if p.type == DATA else p for p in packets]
    return {
        "frames-as-1-3": with_header(packets, minor=3, flags=0x38),
        "frames-mode-6": with_body(packets, at, body[:1] + b"\x06" + body[2:]),
        "frames-part-beyond": join(close(beyond)),
    }


def claims(packets: list[Packet]) -> dict[str, bytes]:
    """A head that promises too much, and files that are something else."""
    head = SYNC + struct.pack("<HHIBBI", DATA, 0, 0, 0, 2, 2**32 - 1)
    data = join(packets)
    hop_10 = packets[0].body[:28] + b"\n\0\0\0" + packets[0].body[32:]
    wav = ("<4sI4s4sIHHIIHH4sI", b"RIFF", 52, b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16, b"data", 16)
    return {
        "packet-of-4-gib": join(packets[:2]) + head + struct.pack("<I", zlib.crc32(head)) + bytes(100),
        "text-mode": data.replace(b"\r\n", b"\n"),
        "text-mode-lf-to-crlf": join([replace(packets[0], body=hop_10), *packets[1:-1]]).replace(
            b"\n", b"\r\n"
        ),
        "seven-bit": bytes(b & 127 for b in data),
        "empty": b"",
        "text": b"This is no audio.\n" * 20,
        "pickle": pickle.dumps({"codes": [1, 2, 3]}, protocol=2),
        "png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(60),
        "wav": struct.pack(*wav) + bytes(16),
        "zeros": bytes(4096),
    }


def parity(packets: list[Packet]) -> dict[str, bytes]:
    """A file with parity loses more than that brings back, or is lied to."""
    parts = [i for i, p in enumerate(packets) if p.type == DATA]

    def forged(packet: Packet) -> Packet:
        body = packet.body
        return replace(packet, body=body[:-1] + bytes([body[-1] ^ 1])) if packet.type == PARITY else packet

    def without(kept: list[Packet], gone: list[int]) -> bytes:
        return join(p for i, p in enumerate(kept) if i not in gone)

    def between(kept: list[Packet], at: int, *pieces: bytes) -> bytes:
        return (
            join(kept[:at]) + b"".join([pieces[0], kept[at].pack(), *pieces[1:]]) + join(kept[at + 1 :])[8:]
        )

    malformed = Packet(PARITY, 0, 0, 0, 0, b"\xff" * 300)
    return {
        "parity-too-much-lost": without(packets, parts[:7]),
        "parity-forged": without([forged(p) for p in packets], parts[2:3]),
        "parity-malformed": join([*packets[:1], malformed, *packets[1:]]),
        "parity-junk": between(packets, parts[3], b"no packet", b"another", packets[parts[2]].pack()),
        "parity-stranger": between(packets, parts[3], replace(packets[parts[0]], part=1).pack()),
    }


def bad_files(good: dict[str, bytes]) -> dict[str, bytes]:
    """bad/, from the files of good/ by name."""
    data = good["six-segments"]
    packets = split(data)
    return {
        **cuts(data, packets),
        **flips(data, packets),
        **moves(data, packets),
        **headers(packets),
        **parity(split(good["parity"])),
        **claims(packets),
        **quantised_bodies(packets),
        **exact_bodies(split(good["one-part-exact"])),
        **mdct_headers(split(good["mdct-impulses"])),
        **mdct_bodies(split(good["mdct-impulses"])),
        **mdct_exact_bodies(split(good["mdct-impulses-exact"])),
        **perceptual_headers(split(good["shaped-impulses"]), packets),
        **revised(split(good["revised-bursts"])),
        **frames(split(good["frames-length-1"])),
        **perceptual_bodies(split(good["shaped-impulses"]), split(good["shaped-unsplit"])),
        **{
            f"{kind}short-segment": short_segment(split(good[f"{kind}from-a-pipe"]))
            for kind in ("", "mdct-", "shaped-")
        },
        **perceptual_pair_bodies(
            *(split(good[f"shaped-{name}"]) for name in ("equal", "opposite", "unequal"))
        ),
        **custom_bodies(split(good["custom-quantised"])),
        **custom_headers(split(good["custom-quantised"]), split(good["mdct-random"])),
    }


def custom_headers(packets: list[Packet], mdct: list[Packet]) -> dict[str, bytes]:
    """The custom mask and flag bit 7 go together, with an STFT, in version 1.4."""
    return {
        "custom-without-flag": with_header(packets, flags=0x08),
        "custom-without-extension": with_header(packets, flags=0x80),
        "custom-minor-3": with_header(packets, minor=3),
        "custom-flag-of-energy": with_header(packets, mask=1),
        "custom-mdct": with_header(mdct, mask=5, flags=0x88, minor=4),
    }


def unsupported_files(good: dict[str, bytes]) -> dict[str, bytes]:
    """unsupported/: intact, from a newer writer."""
    packets = split(good["six-segments"])

    def added(kind: int, at: int = 3) -> bytes:
        return join([*packets[:at], Packet(kind, 0, 0, 0, 0, b"from the future"), *packets[at:]])

    def flagged(index: int, flags: int) -> bytes:
        hurt = [*packets]
        hurt[index] = replace(hurt[index], flags=flags)
        return join(close(hurt))

    def with_extension(extension: bytes) -> bytes:
        body = bytearray(packets[0].body + extension)
        body[1:3] = 1, 8
        return join([replace(packets[0], body=bytes(body)), *packets[1:]])

    only_end = [*packets[:-1], split(with_header(packets, major=2))[-1]]
    return {
        "major-2": with_header(packets, major=2),
        "major-255-strange": with_header(packets, major=255, hop=0, n_fft=3),
        "major-2-in-end": join(only_end),
        "header-flag": with_header(packets, flags=4),
        "transform-2": with_extension(b"\2\0"),
        "transform-255": with_extension(b"\xff\xff"),
        "critical-packet": added(0x0777),
        "critical-packet-last": added(0x0010, len(packets) - 1),
        "critical-safe-to-copy": added(0x4777),
        "reserved-bit": added(0x2002),
        "reserved-bit-ancillary": added(0xA777),
        "data-flag": flagged(4, 2),
        "tags-flag": flagged(1, 0x8000),
        "attachment-flag": join([*packets[:2], Packet(ATTACHMENT, 2, 0, 0, 0, b"\1a"), *packets[2:]]),
        "end-flag": flagged(-1, 4),
    }
