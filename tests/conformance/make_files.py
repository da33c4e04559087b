"""Makes good/, bad/, unsupported/ and hashes.json anew: `cd tests && python -m conformance.make_files [good]`

Without "good" the files of good/ stay as they are, and those that are missing are made: encoding goes
through a floating-point FFT, so that they may differ on another machine, and a released file never changes.
The other two are made from good/ byte by byte.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

from dpcodec import DecodeSettings, DpcodecError, decode, inspect
from dpcodec.metrics.snr import snr

from .bad_files import bad_files, unsupported_files
from .good_file import Good
from .good_files import GOOD
from .ingredients import l1_hash, signal

HERE = Path(__file__).parent
HIGHEST_SNR_DB = 100.0
"""Above it rounding to float32 is what is measured."""


def write(folder: str, files: dict[str, bytes]) -> None:
    """These files and no others."""
    (HERE / folder).mkdir(exist_ok=True)
    for old in (HERE / folder).glob("*.dpc"):
        old.unlink()
    for name, data in files.items():
        (HERE / folder / f"{name}.dpc").write_bytes(data)


def facts(recipe: Good, data: bytes) -> dict[str, Any]:
    """What must come out of a good file."""
    samples = signal(recipe.kind, recipe.channels, recipe.samples)
    level = None
    if samples.any():
        level = snr(samples, decode(data, DecodeSettings(solver="none", device="cpu")).samples)
    return {
        "l1": l1_hash(io.BytesIO(data)),
        "rate": recipe.rate,
        "channels": recipe.channels,
        "samples": recipe.samples,
        "signal": recipe.kind,
        "snr_db": None if level is None else round(min(level, HIGHEST_SNR_DB), 3),
    }


def survivors(data: bytes) -> str | None:
    """The L1 hash of what a bad file still holds, None where that is nothing."""
    try:
        inspect(data)
        return l1_hash(io.BytesIO(data))
    except DpcodecError:
        return None


def main() -> None:
    """Write everything."""
    if sys.argv[1:] == ["good"]:
        write("good", {recipe.name: recipe.make() for recipe in GOOD})
    for recipe in GOOD:
        path = HERE / "good" / f"{recipe.name}.dpc"
        if not path.exists():
            path.write_bytes(recipe.make())
    good = {path.stem: path.read_bytes() for path in (HERE / "good").glob("*.dpc")}
    bad, unsupported = bad_files(good), unsupported_files(good)
    write("bad", bad)
    write("unsupported", unsupported)
    hashes = {
        "good": {recipe.name: facts(recipe, good[recipe.name]) for recipe in GOOD},
        "bad": {name: survivors(data) for name, data in bad.items()},
    }
    text = json.dumps(hashes, indent=1, sort_keys=True)
    (HERE / "hashes.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
