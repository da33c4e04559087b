"""Speaker layouts: the channel mask of WAVE, which is the one that is kept, and what other containers say.

Channels in a `.dpc` file stand in the order of the mask's bits. Containers that have them in another order
are turned on the way in and back on the way out. An `order` lists, for each channel of the mask's order, the
channel of the container.
"""

from __future__ import annotations

import struct

import numpy as np

Order = tuple[int, ...]

_L, _R, _C, _LFE, _BL, _BR, _FLC, _FRC, _BC, _SL, _SR = (1 << bit for bit in range(11))

FLAC_MASKS = {
    1: _C,
    2: _L | _R,
    3: _L | _R | _C,
    4: _L | _R | _BL | _BR,
    5: _L | _R | _C | _SL | _SR,
    6: _L | _R | _C | _LFE | _SL | _SR,
    7: _L | _R | _C | _LFE | _BC | _SL | _SR,
    8: _L | _R | _C | _LFE | _BL | _BR | _SL | _SR,
}
"""What so many channels mean in FLAC (RFC 9639, section 9.1.3), in the order of the bits. Of five and six it
says "back or surround", which the programs flac and ffmpeg take for the speakers at the sides."""

_VORBIS = {
    1: (_C,),
    2: (_L, _R),
    3: (_L, _C, _R),
    4: (_L, _R, _BL, _BR),
    5: (_L, _C, _R, _BL, _BR),
    6: (_L, _C, _R, _BL, _BR, _LFE),
    7: (_L, _C, _R, _SL, _SR, _BC, _LFE),
    8: (_L, _C, _R, _SL, _SR, _BL, _BR, _LFE),
}
"""Vorbis I, section 4.3.9; RFC 7845, section 5.1.1.2."""

_APPLE = {
    100: (_C,),
    101: (_L, _R),
    108: (_L, _R, _BL, _BR),
    109: (_L, _R, _BL, _BR, _C),
    110: (_L, _R, _BL, _BR, _C, _BC),
    113: (_L, _R, _C),
    114: (_C, _L, _R),
    115: (_L, _R, _C, _BC),
    116: (_C, _L, _R, _BC),
    117: (_L, _R, _C, _BL, _BR),
    118: (_L, _R, _BL, _BR, _C),
    119: (_L, _C, _R, _BL, _BR),
    120: (_C, _L, _R, _BL, _BR),
    121: (_L, _R, _C, _LFE, _BL, _BR),
    122: (_L, _R, _BL, _BR, _C, _LFE),
    123: (_L, _C, _R, _BL, _BR, _LFE),
    124: (_C, _L, _R, _BL, _BR, _LFE),
    125: (_L, _R, _C, _LFE, _BL, _BR, _BC),
    126: (_L, _R, _C, _LFE, _BL, _BR, _FLC, _FRC),
    127: (_C, _FLC, _FRC, _L, _R, _BL, _BR, _LFE),
    128: (_L, _R, _C, _LFE, _SL, _SR, _BL, _BR),
    131: (_L, _R, _BC),
    132: (_L, _R, _BL, _BR),
    133: (_L, _R, _LFE),
    134: (_L, _R, _LFE, _BC),
    135: (_L, _R, _LFE, _BL, _BR),
    136: (_L, _R, _C, _LFE),
    137: (_L, _R, _C, _LFE, _BC),
    138: (_L, _R, _BL, _BR, _LFE),
}
"""Layout tags of AIFF's CHAN and CAF's chan chunk (Apple, CoreAudioBaseTypes.h) less their number of
channels."""
_BY_DESCRIPTIONS, _BY_BITMAP = 0, 1
_LABELS = 18
"""Channel labels 1 .. 18 of a description are the bits 0 .. 17 of a mask."""
_LAYOUT = struct.Struct(">III")
_DESCRIPTION_BYTES = 20


def usual_mask(channels: int) -> int:
    """The speakers that one or two channels mean where nothing is said; 0 for more channels."""
    return FLAC_MASKS[channels] if channels <= 2 else 0


def vorbis_layout(channels: int) -> tuple[int, Order]:
    """(mask, order) of so many channels in Vorbis and Opus; mask 0 where it defines none."""
    return _in_order(_VORBIS.get(channels, ()), channels)


def order_in_vorbis(mask: int, channels: int) -> Order:
    """What turns channels of this mask into the order of Vorbis and Opus, which call speakers at the sides
    rear ones where there are no others; no change for a mask that they do not have."""
    usual, order = vorbis_layout(channels)
    folded = mask if mask & (_BL | _BR) else mask & ~(_SL | _SR) | (mask & (_SL | _SR)) >> 5
    return inverse(order) if usual and usual in (mask, folded) else tuple(range(channels))


def parse_apple_layout(body: bytes, channels: int) -> tuple[int, Order]:
    """(mask, order) of a CHAN or chan chunk's body; mask 0 where it is none that a mask can say.

    >>> parse_apple_layout(bytes.fromhex("00010000 0000003f 00000000"), 6)[0]
    63
    """
    if len(body) < _LAYOUT.size:
        return 0, tuple(range(channels))
    tag, bitmap, count = _LAYOUT.unpack_from(body)
    if tag >> 16 == _BY_BITMAP:
        return bitmap, tuple(range(channels))
    if tag == _BY_DESCRIPTIONS:
        there = min(count, channels, (len(body) - _LAYOUT.size) // _DESCRIPTION_BYTES)
        starts = range(_LAYOUT.size, _LAYOUT.size + there * _DESCRIPTION_BYTES, _DESCRIPTION_BYTES)
        labels = [struct.unpack_from(">I", body, start)[0] for start in starts]
        speakers = tuple(1 << (label - 1) if 1 <= label <= _LABELS else 0 for label in labels)
        return _in_order(speakers, channels)
    return _in_order(_APPLE.get(tag >> 16, ()), channels)


def build_apple_layout(mask: int) -> bytes:
    """The body of a CHAN or chan chunk that gives the mask as it is."""
    return _LAYOUT.pack(_BY_BITMAP << 16, mask, 0)


def turned(block: np.ndarray, order: Order) -> np.ndarray:
    """float32 [C, n] of a container -> the order of the mask; the block itself where nothing changes."""
    return block if order == tuple(range(len(order))) else np.ascontiguousarray(block[list(order)])


def inverse(order: Order) -> Order:
    """What turns channels back.

    >>> inverse((0, 2, 1, 5, 3, 4))
    (0, 2, 1, 4, 5, 3)
    """
    return tuple(order.index(channel) for channel in range(len(order)))


def _in_order(speakers: tuple[int, ...], channels: int) -> tuple[int, Order]:
    """Speakers in a container's order -> (mask, order); mask 0 unless each of the channels has its own."""
    if len(speakers) != channels or 0 in speakers or len(set(speakers)) != channels:
        return 0, tuple(range(channels))
    order = sorted(range(channels), key=lambda channel: speakers[channel])
    return sum(speakers), tuple(order)
