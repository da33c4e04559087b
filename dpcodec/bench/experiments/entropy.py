"""What the entropy coder leaves on the table: bytes of whole files against the entropy of their symbols.

The entropy is the empirical conditional one, of symbols s counted in the coder's own contexts c over a clip,

    H = sum n(c, s) log2(n(c) / n(c, s)),

and raw bits (signs, low bits of large levels) as they are. A coder that knew the counts beforehand could not
take less with these contexts; ours learns them anew in each part of each segment.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import dpcodec
from dpcodec import Audio, encode, profile
from dpcodec.bench.clips import clips_of, digest
from dpcodec.bench.engine.experiment import Experiment, Row, Table, Task
from dpcodec.bench.engine.statistics import column, grouped, mean, rounded
from dpcodec.coding.body import BodyReader, body_frames, interleave
from dpcodec.coding.bounds import StoredBound
from dpcodec.coding.entropy import AdaptiveTable
from dpcodec.coding.stft_channel import decode_stft_channel
from dpcodec.coding.stft_symbols import walk
from dpcodec.container.stream import Reader

DROPS = (0.8, 0.9)


def experiment(
    folder: Path | None, drops: Sequence[float] = DROPS, rate: int = 16000, seconds: float = 5.0
) -> Experiment:
    """A task a clip and drop, profile stft, mono at `rate` Hz. Raises `FileAccessError` for no clips."""
    clips = clips_of(folder, rate, seconds)
    tasks = [
        Task(
            {
                "clip": name,
                "clip_digest": digest(clip),
                "rate": rate,
                "seconds": seconds,
                "drop": drop,
                "version": dpcodec.__version__,
            },
            measure,
            {"clip": clip, "drop": drop},
            cost_s=0.3 * seconds / 5,
        )
        for drop in drops
        for name, clip in clips.items()
    ]
    return Experiment("entropy", tasks, tables)


def measure(clip: Audio, drop: float) -> Row:
    """kbit/s of the file, of its coded parts alone, and of its symbols' entropy."""
    data = encode(clip, profile("stft", drop=drop))
    counter = Counter()
    body_bytes = 0
    for body, symbols in parts_of(data):
        body_bytes += len(body)
        for q in symbols:
            walk(counter, q.shape[:2], None, q)
    kbps = 8e-3 / clip.duration
    return {
        "bytes": len(data),
        "kbps": len(data) * kbps,
        "bodies_kbps": body_bytes * kbps,
        "entropy_kbps": counter.total_bits() / 8 * kbps,
    }


class Counter:
    """A coder that writes nothing and counts: symbols under their contexts, and raw bits."""

    def __init__(self) -> None:
        self.counts: dict[tuple[int, ...], np.ndarray] = {}
        self.raw_bits = 0

    def code(self, table: AdaptiveTable, context: np.ndarray, truth: np.ndarray | None) -> np.ndarray:
        """Count symbols int [n], each under its context int [n]; tables are known by their shapes."""
        symbols = np.asarray(truth, np.int64)
        counts = self.counts.setdefault(table.counts.shape, np.zeros(table.counts.shape, np.int64))
        np.add.at(counts, (context, symbols), 1)
        return symbols.astype(np.int32)

    def bits(self, count: int, truth: np.ndarray | None) -> np.ndarray:
        """Count raw bits."""
        self.raw_bits += count
        return np.asarray(truth, np.uint8)

    def total_bits(self) -> float:
        """H of all that was counted, and the raw bits."""
        return self.raw_bits + sum(conditional_entropy_bits(counts) for counts in self.counts.values())


def conditional_entropy_bits(counts: np.ndarray) -> float:
    """sum n(c, s) log2(n(c) / n(c, s)) of counts int [contexts, symbols].

    >>> conditional_entropy_bits(np.array([[2, 2], [7, 0]]))
    4.0
    """
    n = counts.astype(np.float64)
    share = n / np.maximum(n.sum(axis=1, keepdims=True), 1)
    return float(-np.sum(n * np.log2(share, out=np.zeros_like(share), where=share > 0)))


def parts_of(data: bytes) -> list[tuple[bytes, list[np.ndarray]]]:
    """The bodies of a `.dpc` file with an energy mask, each with the symbols that it codes: int32 [K, L, 2] a
    channel."""
    reader = Reader(io.BytesIO(data))
    header = reader.header
    found = []
    for segment in reader.segments():
        for part, body in segment.parts.items():
            grid = len(range(header.bins)[interleave(part, segment.total_parts)]), body_frames(body)
            fields = BodyReader(body, header.channels, grid[1])
            coded = [
                decode_stft_channel(fields, grid, None, header.exact, StoredBound(False))
                for _ in range(header.channels)
            ]
            found.append((body, [_symbols(channel.centre, channel.halfwidth) for channel in coded]))
    return found


def _symbols(centre: np.ndarray, halfwidth: np.ndarray) -> np.ndarray:
    """Back from values [K, L] to what was coded of them, up to the highest bin that holds anything."""
    step = 2 * float(halfwidth.max(initial=0))
    q = np.stack([centre.real, centre.imag], axis=-1).astype(np.float64)
    q = np.rint(q / step if step else q).astype(np.int32)
    used = np.flatnonzero(q.any(axis=(1, 2)))
    return q[: used[-1] + 1 if used.size else 0]


def tables(rows: Sequence[Row]) -> list[Table]:
    """A row a drop: means over clips, and their ratios."""
    shown = []
    for (drop,), group in sorted(grouped(rows, "drop").items()):
        whole, bodies, entropy = (
            column(group, name).sum() for name in ("kbps", "bodies_kbps", "entropy_kbps")
        )
        shown.append(
            {
                "drop": drop,
                "clips": len(group),
                "files kbit/s": rounded(mean(group, "kbps")),
                "bodies kbit/s": rounded(mean(group, "bodies_kbps")),
                "entropy kbit/s": rounded(mean(group, "entropy_kbps")),
                "bodies over entropy, %": rounded(100 * (bodies / entropy - 1), 1),
                "files over entropy, %": rounded(100 * (whole / entropy - 1), 1),
            }
        )
    return [Table("Default profile: files and their symbols' conditional entropy", shown)] if shown else []
