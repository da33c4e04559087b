"""Fresh tables against the frozen ones: bytes of files of pieces that neither has learnt from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from dpcodec import Audio, encode, profile
from dpcodec.settings import EncodeSettings
from dpcodec.training.coder import Tables, started_from
from dpcodec.training.pieces import Piece

WAYS: dict[str, tuple[EncodeSettings, ...]] = {
    "perceptual": tuple(profile("perceptual", quality=quality) for quality in (2.0, 5.0, 8.0)),
    "perceptual, mono": (profile("perceptual", mono=True),),
    "mdct, 16 kHz mono": tuple(profile("mdct", drop=drop, rate=16000, mono=True) for drop in (0.8, 0.93)),
    "stft, 16 kHz mono": tuple(profile("stft", drop=drop, rate=16000, mono=True) for drop in (0.8, 0.9)),
}
"""How each piece is encoded."""


@dataclass(frozen=True)
class Sizes:
    """Bytes of one file, of a kind of material, encoded one way."""

    kind: str
    way: str
    frozen: int
    fresh: int


def compare(tables: Tables, pieces: Sequence[Piece], progress: Callable[[int], None]) -> list[Sizes]:
    """Sizes of all files of pieces, each encoded in every way."""
    found = []
    for index, piece in enumerate(pieces):
        audio = piece.audio()
        for way, choices in WAYS.items():
            for settings in choices:
                frozen, fresh = (_size(audio, settings, start) for start in (None, tables))
                found.append(Sizes(piece.kind, way, frozen, fresh))
        progress(index + 1)
    return found


def table(sizes: Sequence[Sizes]) -> str:
    """Sums by kind of material, by way and of all, as a Markdown table."""
    rows = ["| | files | bytes, frozen | bytes, fresh | fresh / frozen |", "|---|---|---|---|---|"]
    for name in dict.fromkeys([s.kind for s in sizes] + [s.way for s in sizes]):
        rows.append(_row(name, [s for s in sizes if name in (s.kind, s.way)]))
    return "\n".join([*rows, _row("all", sizes)])


def ratio(sizes: Sequence[Sizes]) -> float:
    """Of all bytes, fresh over frozen."""
    return sum(s.fresh for s in sizes) / sum(s.frozen for s in sizes)


def _row(name: str, sizes: Sequence[Sizes]) -> str:
    frozen, fresh = sum(s.frozen for s in sizes), sum(s.fresh for s in sizes)
    return f"| {name} | {len(sizes)} | {frozen} | {fresh} | {ratio(sizes):.4f} |"


def _size(audio: Audio, settings: EncodeSettings, tables: Tables | None) -> int:
    with started_from(tables) if tables else nullcontext():
        return len(encode(audio, settings))
