"""Changed headers: the fields of a HEAD body, and the same in END."""

from __future__ import annotations

from random import Random

from damaged_files import FIELDS, HEADER

from .byte_changes import any_number, change, near

_BYTES = {"B": 1, "I": 4, "Q": 8}
WIDTHS = dict(zip(FIELDS, (8 * _BYTES[letter] for letter in HEADER.format.lstrip("<")), strict=True))
"""Bits of each field."""

_SMALL = {
    "major": (1,),
    "minor": (0, 1, 2, 3, 4),
    "flags": (0, 1, 2, 8, 9, 10, 24, 26, 56, 58, 120, 136, 137),
    "channels": (1, 2, 3, 4),
    "rate": (1, 8000, 44100, 1048575),
    "samples": (0, 1, 31, 32, 33, 64, 65, 100, 129, 200, 400, 2**64 - 1),
    "seed": (0, 1, 2**32, 2**64 - 1),
    "n_fft": (64, 66, 96, 100, 128, 256),
    "hop": (1, 16, 27, 32, 33, 48, 50, 64, 128),
    "drop": (0, 1, 2**31, 2**32 - 2, 2**32 - 1),
    "frames": (1, 2, 3, 4, 8, 16, 300),
    "parts": (1, 2, 3, 4, 16),
    "window": (0, 1, 2, 3),
    "mask": (0, 1, 2, 3, 4, 5, 6),
    "container": (0, 9, 10, 255),
    "subtype": (0, 11, 12, 255),
}
"""Values for which a file stays quick to decode."""

_KINDS = (
    *((flags, 0, mask, b"") for mask in (0, 1, 2) for flags in (0, 1)),
    *((8 | exact, 1, mask, b"\1") for mask in (0, 1, 2, 3) for exact in (0, 1)),
    *((8 | exact, 1, 3, b"\0") for exact in (0, 1)),
    (24, 2, 4, b"\1"),
    (56, 3, 4, b"\1"),
    (120, 4, 4, b"\1"),
    *((136 | exact, 4, 5, b"\0") for exact in (0, 1)),
)
"""Flags, minor version, mask and transform that go together."""


class HeaderBody:
    """The body of a HEAD packet taken apart: fields by name, column ranges as they are, the extension."""

    def __init__(self, body: bytes) -> None:
        self.fields = dict(zip(FIELDS, HEADER.unpack_from(body), strict=True))
        rest = body[HEADER.size :]
        extended = 2 if self.fields["flags"] & 8 else 0
        self.columns, self.extension = rest[: len(rest) - extended], rest[len(rest) - extended :]

    def pack(self) -> bytes:
        """The body."""
        return HEADER.pack(*self.fields.values()) + self.columns + self.extension

    @property
    def segments(self) -> int | None:
        """S, as docs/format.md has it; None where N is not known or nothing can be divided."""
        samples, hop, frames = (int(self.fields[name]) for name in ("samples", "hop", "frames"))
        if samples == 2**64 - 1 or not hop or not frames:
            return None
        total = -(-samples // hop) + 1 if samples else 0
        return min(-(-total // frames), 2**32 - 1)

    def change(self, random: Random, large: bool) -> None:
        """One field, or several that go together. `large`: numbers may be of any size."""
        way = random.randrange(8)
        if way == 0:
            self._become(random)
        elif way == 1:
            self.columns = _ranges(random)
        elif way == 2:
            self.extension = bytes((random.choice((0, 1, 1, 1, 2)), random.choice((0, 1, 2, 3, 4, 7, 8))))
        elif way == 3:
            self.columns += self.extension
            self.extension = change(self.extension, random)
        else:
            name = random.choice(FIELDS)
            self.fields[name] = self._value(random, name, large)

    def _value(self, random: Random, name: str, large: bool) -> int:
        top = (1 << WIDTHS[name]) - 1
        if large:
            return any_number(random, WIDTHS[name])
        if random.random() < 0.3 and self.fields[name] < 1000:
            return min(near(random, self.fields[name]), top)
        return random.choice(_SMALL[name])

    def _become(self, random: Random) -> None:
        """Another kind of file, with all that this kind needs."""
        fields = self.fields
        fields["flags"], fields["minor"], fields["mask"], transform = random.choice(_KINDS)
        self.columns = _ranges(random) if fields["mask"] == 2 else b"\0"
        self.extension = transform + bytes([random.randrange(4)]) if transform == b"\1" else transform * 2
        fields["window"] = random.choice((1, 2) if transform == b"\1" else (0, 1))
        if transform == b"\1":
            fields["n_fft"] = random.choice((64, 128))
            fields["hop"] = fields["n_fft"] // 2


def _ranges(random: Random) -> bytes:
    """Column ranges, mostly well formed."""
    out = bytearray()
    count = random.randrange(4)
    for number in (count, *(random.randrange(5) for _ in range(2 * count))):
        out += varint(any_number(random, 50) if random.random() < 0.05 else number)
    return change(bytes(out), random) if random.random() < 0.2 else bytes(out)


def varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
