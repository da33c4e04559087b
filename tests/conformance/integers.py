"""`python -m conformance.integers`: what the good files decode to, as one SHA-256.

It is over the files' L1 hashes: masks, symbols, lengths, all that is read before anything is estimated. The
exit code is 1 where one is not the frozen one of hashes.json. Needs numpy, bitarray, zstandard and
array-api-compat, and constriction or, with --slow-coder, in its place the coder in Python integers. --python
leaves the compiled loops out, as --slow-coder does; --largest the larger files.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the hash, what made it, and the files that are not as they were."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--slow-coder", action="store_true")
    parser.add_argument("--python", action="store_true")
    parser.add_argument("--largest", type=int, default=1 << 30)
    options = parser.parse_args(arguments)
    if options.slow_coder or options.python:
        os.environ["DPCODEC_COMPILED"] = "0"
    if options.slow_coder:
        from .slow_range_coder import take_its_place

        take_its_place()
    import numpy as np

    from dpcodec.compiled import library

    from .ingredients import l1_hash

    frozen = json.loads((HERE / "hashes.json").read_text(encoding="utf-8"))["good"]
    total, differing, count = hashlib.sha256(), [], 0
    for path in sorted((HERE / "good").iterdir()):
        if path.stat().st_size > options.largest:
            continue
        with path.open("rb") as source:
            found = l1_hash(source)
        total.update(f"{path.stem} {found}\n".encode())
        count += 1
        if found != frozen[path.stem]["l1"]:
            differing.append(path.stem)
    word = 64 if sys.maxsize >> 32 else 32
    python = "{}.{}".format(*sys.version_info)
    what = f"{count} files, Python {python}, numpy {np.__version__}, {word} bits, {sys.byteorder}-endian"
    what += ", compiled" if library() else ""
    sys.stdout.write(f"{total.hexdigest()}  {what}\n")
    for name in differing:
        sys.stdout.write(f"{name}: not the frozen hash\n")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
