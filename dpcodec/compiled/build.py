"""Compiles `source/` into a library beside it: `python -m dpcodec.compiled.build`, or `hatch_build.py` while
a package is built.

It is C that knows no Python, so that one library serves every version of Python, and needs no more than a C
compiler: the one that CC names, cc, gcc or clang, or else the one in the package ziglang.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from dpcodec.compiled import LIBRARY

SOURCE = Path(__file__).with_name("source")
FLAGS = ("-O3", "-std=gnu11", "-fPIC", "-shared", "-fvisibility=hidden", "-ffp-contract=off")
ZIG = "ziglang"


def compiler() -> list[str] | None:
    """The command that compiles C, None where there is none."""
    if os.environ.get("CC"):
        return shlex.split(os.environ["CC"])
    for name in ("cc", "gcc", "clang"):
        if found := shutil.which(name):
            return [found]
    return [sys.executable, "-m", ZIG, "cc"] if importlib.util.find_spec(ZIG) else None


def build(out: Path = LIBRARY) -> Path | None:
    """Compile the library; None where there is no compiler. Raises `subprocess.CalledProcessError` where that
    fails."""
    command = compiler()
    if command is None:
        return None
    sources = sorted(str(path) for path in SOURCE.glob("*.c"))
    part = out.with_suffix(".part")
    done = subprocess.run([*command, *FLAGS, *sources, "-o", str(part)], capture_output=True, text=True)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
    part.replace(out)
    return out


def main() -> None:
    """Compile, and say what came of it."""
    try:
        made = build()
    except subprocess.CalledProcessError as exc:
        sys.exit(f"{' '.join(exc.cmd)} failed:\n{exc.stderr}")
    sys.stdout.write(f"{made}\n" if made else "no C compiler: dpcodec runs without\n")


if __name__ == "__main__":
    main()
