"""What inputs reach of `dpcodec/container` and `dpcodec/coding`, encoding the seeds included.

`python -m fuzz.covered INPUTS` runs the seeds, and so many inputs, of every target but `audio`. Exit code 1
if it is under 95 %. `make fuzz-coverage` calls it.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import coverage

LEAST_PERCENT = 95.0
_ROOT = Path(__file__).parent.parent.parent


def main(inputs: int) -> int:
    """Run and print."""
    measured = coverage.Coverage(
        data_file=None, source=[str(_ROOT / "dpcodec" / name) for name in ("container", "coding")]
    )
    measured.start()
    from .targets import TARGETS
    from .worker import Inputs

    for target in [name for name in TARGETS if name != "audio"]:
        made = Inputs(target, 1, 0.0)
        for seed in made.seeds:
            TARGETS[target](seed, None)
        for number in range(inputs):
            data, origin = made.make(number)
            with contextlib.suppress(Exception):
                TARGETS[target](data, origin)
    measured.stop()
    return 0 if measured.report(show_missing=True, skip_covered=True, file=sys.stdout) >= LEAST_PERCENT else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
