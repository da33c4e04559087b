"""`python -m dpcodec.training.refine`: render, encode, learn, write, measure beside ours."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dpcodec.errors import DpcodecError, FileAccessError
from dpcodec.inpainting.refine.gate import Gate, gates, read_gates
from dpcodec.settings import check_integer
from dpcodec.training.export import check_folder
from dpcodec.training.pieces import KINDS, Piece, recordings
from dpcodec.training.printing import say, tell
from dpcodec.training.programs import check_installed
from dpcodec.training.refine.fit import integers
from dpcodec.training.refine.problems import Example, examples
from dpcodec.training.refine.stages import gain, trained

_LEARNT, _HELD_OUT = 10, 11

LEARNT = {"solo": 44, "ensemble": 36, "band": 32, "percussion": 14, "speech": 24, "synthetic": 15}
"""Pieces of each kind to learn from."""


@dataclass(frozen=True)
class Size:
    """Of a run: pieces by kind to learn from and to measure on; their seconds; coefficients of a channel;
    steps of descent of a gate."""

    learnt: Mapping[str, int]
    held_out: Mapping[str, int]
    seconds: float
    count: int
    steps: int


FULL = Size(LEARNT, dict.fromkeys(KINDS, 6), 3.0, 6000, 6000)
_FEW = dict.fromkeys(("solo", "speech", "synthetic"), 1)
QUICK = Size(_FEW, _FEW, 1.0, 500, 60)
"""Shows that all of it works; its gates are poor."""
ROUNDS = 2


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 unless something is missing."""
    options = _parser().parse_args(arguments)
    size = QUICK if options.quick else FULL
    try:
        check_integer("seed", options.seed, 0, 2**32 - 1)
        if options.measure is not None:
            fresh: Sequence[Gate] = read_gates(options.measure)
            check_installed()
        else:
            fresh = _learnt(options, size)
        others = _examples(size.held_out, (options.seed, _HELD_OUT), size.seconds)
    except DpcodecError as exc:
        tell(str(exc))
        return 1
    _compare(others, fresh)
    return 0


def _learnt(options: argparse.Namespace, size: Size) -> list[Gate]:
    """Gates for the pieces, and the recordings beside them, written into the folder."""
    check_folder(options.out)
    added = recordings(options.add) if options.add else []
    check_installed()
    learnt = _examples(size.learnt, (options.seed, _LEARNT), size.seconds)
    for i, recording in enumerate(added):
        learnt += examples(recording, (options.seed, _LEARNT, i, len(KINDS)), recording.path.name)
    found = trained(learnt, ROUNDS, size.count, size.steps, options.seed, tell)
    say(str(_written({"gates": [integers(gate) for gate in found]}, options.out)))
    return found


def _compare(others: list[Example], fresh: Sequence[Gate]) -> None:
    """Print what these gates and dpcodec's own gain on each channel, and on all."""
    gains = np.array([[gain(example, both) for both in (fresh, gates())] for example in others])
    for example, (one, ours) in zip(others, gains, strict=True):
        say(f"{one:+.2f} dB, dpcodec's {ours:+.2f} dB  {example.name}")
    (mean, ours), (least, least_ours) = gains.mean(axis=0), gains.min(axis=0)
    say(f"mean {mean:+.3f} dB, least {least:+.3f} dB, {len(gains)} channels")
    say(f"dpcodec's: mean {ours:+.3f} dB, least {least_ours:+.3f} dB")


def _examples(numbers: Mapping[str, int], seed: tuple[int, int], seconds: float) -> list[Example]:
    """Of so many pieces of each kind."""
    found: list[Example] = []
    for kind, n in numbers.items():
        for i in range(n):
            piece = Piece(kind, (*seed, i), seconds)
            found += examples(piece, (*piece.seed, KINDS.index(kind)), f"{kind} {i}")
        tell(f"{kind}: {n} pieces, {len(found)} channels so far")
    return found


def _written(table: dict[str, object], folder: Path) -> Path:
    """`refine.json` in the folder, which is made if it is not there. Raises `FileAccessError`."""
    path = folder / "refine.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(table, separators=(",", ":")) + "\n", encoding="ascii")
    except OSError as exc:
        raise FileAccessError(f"{path}: {exc.strerror}") from exc
    return path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dpcodec.training.refine", description=__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", type=Path, help="folder for the table")
    where.add_argument("--measure", type=Path, metavar="FILE", help="learn nothing: measure this table")
    parser.add_argument(
        "--add", type=Path, metavar="FOLDER", help="recordings to learn from, beside the pieces"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the pieces and of the gates (0)")
    parser.add_argument("--quick", action="store_true", help="a run of seconds, only to see that it works")
    return parser


if __name__ == "__main__":
    sys.exit(main())
