"""`python -m dpcodec.training`: render, encode, learn, export, compare."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dpcodec.errors import DpcodecError
from dpcodec.settings import check_integer
from dpcodec.training import collect, compare, counts, export, network
from dpcodec.training.coder import NETWORKED, Tables
from dpcodec.training.integers import integers
from dpcodec.training.pieces import KINDS, Piece, recordings
from dpcodec.training.printing import say, tell
from dpcodec.training.programs import check_installed

BAR = 1.01
"""Fresh tables may take so many times the bytes of the frozen ones."""
_LEARNT, _HELD_OUT = 0, 1
_TOLD_EVERY = 500

LEARNT = {"solo": 18, "ensemble": 14, "band": 14, "percussion": 4, "speech": 8, "synthetic": 5}
"""Pieces of each kind to learn from. Of noise there are few, since each takes many bytes."""


@dataclass(frozen=True)
class Size:
    """Of a run: pieces by kind to learn from and to measure on; their seconds; files of a piece and profile;
    steps of gradient descent."""

    learnt: Mapping[str, int]
    held_out: Mapping[str, int]
    seconds: float
    files: int
    steps: int


FULL = Size(LEARNT, dict.fromkeys(KINDS, 3), 6.0, 2, 9000)
_FEW = dict.fromkeys(("solo", "speech", "synthetic"), 1)
QUICK = Size(_FEW, _FEW, 1.0, 1, 60)
"""Shows that all of it works; its tables are poor."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 if the fresh tables reach the bar, or in a quick run, which has none."""
    options = _parser().parse_args(arguments)
    size = QUICK if options.quick else FULL
    try:
        check_integer("seed", options.seed, 0, 2**32 - 1)
        check_integer("jobs", options.jobs, 1, 64)
        export.check_folder(options.out)
        added = recordings(options.add) if options.add else []
        check_installed()
        learnt = _pieces(size.learnt, (options.seed, _LEARNT), size.seconds)
        tables = _learn([*learnt, *added], size, options.seed, options.jobs)
        for path in export.write(tables, options.out):
            say(str(path))
        others = _pieces(size.held_out, (options.seed, _HELD_OUT), size.seconds)
        sizes = compare.compare(tables, others, lambda i: tell(f"compared {i} of {len(others)} pieces"))
    except DpcodecError as exc:
        tell(str(exc))
        return 1
    say(compare.table(sizes))
    return 0 if options.quick or compare.ratio(sizes) <= BAR else 1


def _pieces(numbers: Mapping[str, int], seed: tuple[int, int], seconds: float) -> list[Piece]:
    """So many of each kind."""
    return [Piece(kind, (*seed, i), seconds) for kind, n in numbers.items() for i in range(n)]


def _learn(sources: list[collect.Source], size: Size, seed: int, jobs: int) -> Tables:
    """Tables from all that came."""
    found = []
    for collection in collect.collect(sources, size.files, seed, jobs):
        found.append(collection)
        tell(f"encoded {len(found)} of {len(sources)} pieces")
    all_of_them = collect.joined(found)
    tables = {"stft": counts.stft_tables(all_of_them.counts)}
    for name in NETWORKED:
        samples = [found for (table, _), found in all_of_them.samples.items() if table == name]
        trained = network.train(samples, size.steps, seed, _told_step)
        tables[name] = counts.mdct_tables([integers(one) for one in trained], samples)
    tables["frames"] |= counts.scale_factor_tables(all_of_them.counts)
    return tables


def _told_step(step: int, bits: float) -> None:
    if step % _TOLD_EVERY == 0:
        tell(f"step {step}: {bits:.3f} bits a coefficient")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dpcodec.training", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the tables")
    parser.add_argument("--seed", type=int, default=0, help="of the pieces and of the networks (0)")
    parser.add_argument("--add", type=Path, help="folder of own recordings to learn from too")
    parser.add_argument("--jobs", type=int, default=1, help="processes that render and encode (1)")
    parser.add_argument("--quick", action="store_true", help="a run of seconds, only to see that it works")
    return parser


if __name__ == "__main__":
    sys.exit(main())
