"""What a decoder must know before the first coefficient: `Header`, and its bytes.

The fixed fields stand first and keep their size, so that a writer can go back and put in the number of
samples; the dropped columns, if any, follow as variable-length integers. `docs/format.md` has the table.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from dpcodec.container import constants as c
from dpcodec.errors import FormatError, LimitError, VersionError
from dpcodec.settings import MASKS, TRANSFORMS, mode_name
from dpcodec.varint import read_varint, write_varint

_EXTENSION = struct.Struct("<BB")
_FIXED = struct.Struct("<BBBBIQQIIIIBBBBB")
_TRANSFORMS = {kind.number: name for name, kind in TRANSFORMS.items()}
_WINDOWS = {number: name for name, number in c.WINDOW_IDS.items()}
_MASKS = {kind.number: name for name, kind in MASKS.items()}
_CONTAINERS = {number: name for name, number in c.CONTAINER_IDS.items()}
_SUBTYPES = {number: name for name, number in c.SUBTYPE_IDS.items()}


@dataclass(frozen=True, kw_only=True)
class Header:
    """Stream parameters. Checked when made: `FormatError` for a value that means nothing, `LimitError` for
    a size over the limits of the format.

    sample_rate     Hz, 1 .. 1 048 575
    channels        C, 1 .. 255
    samples         N a channel, below 2^48; None while it is not known
    n_fft, hop      samples; n_fft even, 2^6 .. 2^16; n_fft / 64 <= hop <= n_fft
    transform       "stft", or "mdct", whose hop is n_fft / 2
    max_block_split  the MDCT's largest block split exponent, 0 .. 7; n_fft is a multiple of 4 *
                     2^max_block_split
    window, mask    names as in `EncodeSettings`
    drop_q32        share dropped in units of 2^-32, 0 .. 2^32 - 1
    seed            of the random mask, 0 .. 2^64 - 1
    segment_frames  frames F a segment, 1 .. 2^20
    parts           parts G a segment, 1 .. 16; a segment may use fewer
    exact           coefficients are float32, not quantised
    container, subtype  of the source; a name that is not in the tables is stored as "wav", "PCM_16"
    columns         dropped frames as inclusive ranges, sorted, with a gap between any two; only with mask
                    "columns"
    repaired        the file went through `repair`
    revised         coded as perceptual files are since version 1.3
    frame_parts     parts hold some of the frames each, coded as since version 1.4; only where `revised`
    """

    sample_rate: int
    channels: int
    samples: int | None
    n_fft: int
    hop: int
    window: str
    mask: str
    drop_q32: int
    seed: int = 0
    segment_frames: int
    parts: int
    exact: bool = False
    container: str = "wav"
    subtype: str = "PCM_16"
    columns: tuple[tuple[int, int], ...] = ()
    repaired: bool = False
    transform: str = "stft"
    max_block_split: int = 0
    revised: bool = False
    frame_parts: bool = False

    def __post_init__(self) -> None:
        _check("sample rate", self.sample_rate, 1, c.MAX_RATE_HZ)
        _check("channels", self.channels, 1, 255)
        if self.samples is not None:
            _check("samples", self.samples, 0, c.MAX_SAMPLES)
        _check("n_fft", self.n_fft, c.MIN_N_FFT, c.MAX_N_FFT)
        if self.n_fft % 2:
            raise FormatError(f"invalid field n_fft {self.n_fft}: it must be even")
        if not 1 <= self.hop <= self.n_fft:
            raise FormatError(f"invalid field hop {self.hop}: it must be 1 to n_fft, {self.n_fft}")
        if self.hop * c.MAX_REDUNDANCY < self.n_fft:
            raise LimitError(
                f"the file claims windows {self.n_fft / self.hop:.0f} times the hop, over the limit of "
                f"{c.MAX_REDUNDANCY}"
            )
        _check("segment_frames", self.segment_frames, 1, c.MAX_SEGMENT_FRAMES)
        _check("parts", self.parts, 1, c.MAX_PARTS)
        self._check_transform()
        if self.mask not in MASKS:
            raise FormatError(f"invalid field mask {self.mask!r}")
        if self.perceptual and (not TRANSFORMS[self.transform].switches_blocks or self.exact):
            raise FormatError(f"invalid field mask {self.mask!r}: it needs a quantised MDCT")
        if self.custom and TRANSFORMS[self.transform].switches_blocks:
            raise FormatError(f"invalid field mask {self.mask!r}: it needs an STFT")
        if self.revised and not self.perceptual:
            raise FormatError("invalid field flags: only perceptual files are coded in several ways")
        if self.frame_parts and not self.revised:
            raise FormatError("invalid field flags: parts of frames need the coding of version 1.3")
        if not 0 <= self.drop_q32 < 2**32:
            raise FormatError(f"invalid field drop_q32 {self.drop_q32}")
        if not 0 <= self.seed < 2**64:
            raise FormatError(f"invalid field seed {self.seed}")
        if self.samples is not None:
            _check("number of segments", segment_count(self, self.samples), 0, c.MAX_SEGMENTS)
        self._check_columns()

    def _check_transform(self) -> None:
        if self.transform not in TRANSFORMS:
            raise FormatError(f"invalid field transform {self.transform!r}")
        kind, split = TRANSFORMS[self.transform], self.max_block_split
        if self.window not in kind.windows:
            raise FormatError(f"invalid field window {self.window!r}")
        if not 0 <= split <= (c.MAX_BLOCK_SPLIT if kind.switches_blocks else 0):
            raise FormatError(f"invalid field max_block_split {split}")
        if kind.switches_blocks and (self.hop * 2 != self.n_fft or self.n_fft % (4 << split)):
            raise FormatError(f"invalid field hop {self.hop} or max_block_split {split}: no MDCT has them")

    def _check_columns(self) -> None:
        if self.columns and self.mask != "columns":
            raise FormatError(f"invalid field columns: the {self.mask} mask has none")
        previous = -2
        for first, last in self.columns:
            if not previous + 2 <= first <= last:
                raise FormatError("invalid field columns: ranges must be sorted and apart")
            if last > c.MAX_FRAME_INDEX:
                raise LimitError(f"column {last} is over the limit of {c.MAX_FRAME_INDEX}")
            previous = last

    @property
    def bins(self) -> int:
        """Number of bins K."""
        return self.n_fft // 2 + TRANSFORMS[self.transform].extra_bins

    @property
    def extended(self) -> bool:
        """Whether a reader of version 1.0 must refuse the file."""
        return self.minor >= c.EXTENDED_MINOR

    @property
    def perceptual(self) -> bool:
        """Whether a reader of version 1.1 must refuse the file: scale factors, stereo rotation."""
        return mode_name(self.transform, self.mask) == "perceptual"

    @property
    def custom(self) -> bool:
        """Whether the mask is stored cell by cell."""
        return MASKS[self.mask].listed

    @property
    def seeded(self) -> bool:
        """Whether the seed makes the mask."""
        return MASKS[self.mask].seeded

    @property
    def minor(self) -> int:
        """The lowest minor version that has all that the file uses."""
        if self.revised:
            return c.FRAME_PARTS_MINOR if self.frame_parts else c.REVISED_MINOR
        return _minor(self.transform, self.mask)

    @property
    def frames(self) -> int | None:
        """Number of frames L of the whole file, None while N is not known."""
        return None if self.samples is None else frame_count(self, self.samples)

    def coefficients(self, segments: int) -> int:
        """Coefficients C K L of so many segments, of no more than the file has where N is known."""
        frames = segments * self.segment_frames
        if self.frames is not None:
            frames = min(frames, self.frames)
        return self.channels * self.bins * frames

    def largest_body(self, parts: int) -> int:
        """Bytes that the body of one of so many parts may decompress to."""
        dealt, whole = self.bins, self.segment_frames
        if self.frame_parts:
            dealt, whole = whole, dealt
        cells = self.channels * -(-dealt // max(parts, 1)) * whole
        return min(c.MAX_BODY_BYTES, c.BODY_FREE_BYTES + c.BODY_BYTES_A_CELL * cells)

    @property
    def segments(self) -> int | None:
        """Number of segments S of the whole file, None while N is not known."""
        return None if self.samples is None else segment_count(self, self.samples)


def frame_count(header: Header, samples: int) -> int:
    """Frames L of N samples: ceil(N / hop) + 1, and 0 for N = 0."""
    return -(-samples // header.hop) + 1 if samples else 0


def segment_count(header: Header, samples: int) -> int:
    """Segments S = ceil(L / F) of N samples."""
    return -(-frame_count(header, samples) // header.segment_frames)


def pack_header(header: Header) -> bytes:
    """The body of a HEAD packet. Raises `LimitError` if so many columns are dropped that it passes 64 KiB."""
    flags = c.HEADER_EXACT * header.exact | c.HEADER_REPAIRED * header.repaired
    flags |= c.HEADER_EXTENDED * header.extended | c.HEADER_PERCEPTUAL * header.perceptual
    flags |= c.HEADER_REVISED * header.revised | c.HEADER_FRAME_PARTS * header.frame_parts
    flags |= c.HEADER_CUSTOM * header.custom
    fixed = _FIXED.pack(
        c.VERSION_MAJOR,
        header.minor,
        flags,
        header.channels,
        header.sample_rate,
        c.SAMPLES_UNKNOWN if header.samples is None else header.samples,
        header.seed,
        header.n_fft,
        header.hop,
        header.drop_q32,
        header.segment_frames,
        header.parts,
        c.WINDOW_IDS[header.window],
        MASKS[header.mask].number,
        c.CONTAINER_IDS.get(header.container, 0),
        c.SUBTYPE_IDS.get(header.subtype, 0),
    )
    body = fixed + _pack_columns(header.columns)
    if header.extended:
        body += _EXTENSION.pack(TRANSFORMS[header.transform].number, header.max_block_split)
    if len(body) > c.MAX_HEADER_BYTES:
        raise LimitError(
            f"{len(header.columns)} ranges of columns do not fit into a header: drop fewer ranges"
        )
    return body


def unpack_header(body: bytes) -> Header:
    """The header in the body of a HEAD packet.

    Raises `VersionError` for a newer major version or an unknown flag, `FormatError` for a value that means
    nothing, `LimitError` for a size over the limits. Bytes after the last field are a newer minor version's.
    """
    if body and body[0] > c.VERSION_MAJOR:
        raise VersionError(
            f"the file needs a dpcodec that reads format {body[0]}.x, "
            f"this one reads {c.VERSION_MAJOR}.x: upgrade"
        )
    if len(body) < _FIXED.size:
        raise FormatError(f"invalid field header length {len(body)}: at least {_FIXED.size} bytes are needed")
    major, minor, flags, channels, rate, samples, seed, n_fft, hop, drop, frames, parts, *ids = (
        _FIXED.unpack_from(body)
    )
    if major != c.VERSION_MAJOR:
        raise FormatError(f"invalid field version {major}.{minor}")
    if flags & ~c.HEADER_KNOWN_FLAGS:
        raise VersionError(f"the header has unknown flags {flags:#04x}: upgrade dpcodec")
    window, mask = _name("window", _WINDOWS, ids[0]), _name("mask", _MASKS, ids[1])
    columns, end = _unpack_columns(body, _FIXED.size)
    transform, max_block_split = "stft", 0
    if flags & c.HEADER_EXTENDED:
        if minor < c.EXTENDED_MINOR:
            raise FormatError(f"invalid field version {major}.{minor}: it has no extension")
        transform, max_block_split, end = _unpack_extension(body, end)
    if bool(flags & c.HEADER_EXTENDED) != (_minor(transform, mask) >= c.EXTENDED_MINOR):
        raise FormatError("invalid field flags: the extension is missing, or nothing needs it")
    if bool(flags & c.HEADER_PERCEPTUAL) != (mode_name(transform, mask) == "perceptual"):
        raise FormatError("invalid field flags: scale factors need mask perceptual, and it needs them")
    if bool(flags & c.HEADER_CUSTOM) != MASKS[mask].listed:
        raise FormatError("invalid field flags: bit 7 is for the custom mask, and it needs it")
    header = Header(
        sample_rate=rate,
        channels=channels,
        samples=None if samples == c.SAMPLES_UNKNOWN else samples,
        n_fft=n_fft,
        hop=hop,
        window=window,
        mask=mask,
        drop_q32=drop,
        seed=seed,
        segment_frames=frames,
        parts=parts,
        exact=bool(flags & c.HEADER_EXACT),
        container=_CONTAINERS.get(ids[2], "wav"),
        subtype=_SUBTYPES.get(ids[3], "PCM_16"),
        columns=columns,
        repaired=bool(flags & c.HEADER_REPAIRED),
        transform=transform,
        max_block_split=max_block_split,
        revised=bool(flags & c.HEADER_REVISED),
        frame_parts=bool(flags & c.HEADER_FRAME_PARTS),
    )
    if minor < header.minor:
        raise FormatError(
            f"invalid field version {major}.{minor}: what it uses came with {major}.{header.minor}"
        )
    if end < len(body) and minor <= header.minor:
        raise FormatError(f"invalid field header length {len(body)}: {end} bytes are used")
    return header


def _pack_columns(columns: tuple[tuple[int, int], ...]) -> bytes:
    out = bytearray(write_varint(len(columns)))
    previous = -2
    for first, last in columns:
        out += write_varint(first - previous - 2) + write_varint(last - first)
        previous = last
    return bytes(out)


def _unpack_columns(body: bytes, position: int) -> tuple[tuple[tuple[int, int], ...], int]:
    count, position = read_varint(body, position)
    if count > (len(body) - position) // 2:
        raise FormatError(f"invalid field columns: {count} ranges do not fit into the header")
    columns: list[tuple[int, int]] = []
    previous = -2
    for _ in range(count):
        distance, position = read_varint(body, position)
        length, position = read_varint(body, position)
        first = previous + 2 + distance
        previous = first + length
        columns.append((first, previous))
    return tuple(columns), position


def _unpack_extension(body: bytes, position: int) -> tuple[str, int, int]:
    """Transform, largest block split, and the offset after them. Raises `VersionError` for an unknown
    transform."""
    if len(body) < position + _EXTENSION.size:
        raise FormatError(f"invalid field header length {len(body)}: it ends within its extension")
    number, max_block_split = _EXTENSION.unpack_from(body, position)
    if number not in _TRANSFORMS:
        raise VersionError(f"the file uses transform {number}, which this dpcodec does not know: upgrade")
    return _TRANSFORMS[number], max_block_split, position + _EXTENSION.size


def _minor(transform: str, mask: str) -> int:
    """The minor version that both came with."""
    return max(TRANSFORMS[transform].since, MASKS[mask].since)


def _name(field: str, names: dict[int, str], number: int) -> str:
    if number not in names:
        raise FormatError(f"invalid field {field} {number}")
    return names[number]


def _check(field: str, value: int, low: int, high: int) -> None:
    if value < low:
        raise FormatError(f"invalid field {field} {value}: it must be at least {low}")
    if value > high:
        raise LimitError(f"the file claims {field} {value}, over the limit of {high}")
