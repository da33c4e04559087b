"""The target `javascript`: the decoder in JavaScript comes to what Python's does, file by file."""

from __future__ import annotations

import json
import struct
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from dpcodec.cli import exits

CLOSE = 1e-4
"""Of the loudest sample, or of 1."""
_PROGRAM = Path(__file__).with_name("decoder.js")
_COMMAND = ("node", "--expose-gc", "--max-old-space-size=1024", str(_PROGRAM))
MOST_RSS_BYTES = 3 << 30


@dataclass(frozen=True)
class Verdict:
    """What a decoder says: the exit code, and where there are any, samples [C, N]."""

    code: int
    rate: int = 0
    samples: np.ndarray | None = None
    why: str = ""


class JavaScriptDecoder:
    """A process that decodes one file after the other."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def decode(self, data: bytes) -> Verdict:
        """With solver "none"; an `EOFError` where the process died, an `AssertionError` where it threw what
        is no `DpcError`, took too much memory, or gave other samples piece by piece."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(struct.pack("<I", len(data)) + data)
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            decoder.cache_clear()
            raise EOFError("the process with the decoder in JavaScript died")
        told: dict[str, Any] = json.loads(line)
        why = "; ".join(told["damage"])
        assert "fault" not in told, told["fault"] + "\n" + told["stack"]
        if told["code"] not in (exits.OK, exits.DAMAGED):
            return Verdict(told["code"], why=why)
        shape = told["channels"], told["samples"]
        raw = self._process.stdout.read(4 * shape[0] * shape[1])
        assert told["rss"] < MOST_RSS_BYTES, "it took too much memory"
        assert not told["pieces"], told["pieces"]
        return Verdict(told["code"], told["sampleRate"], np.frombuffer(raw, "<f4").reshape(shape), why)


@cache
def decoder() -> JavaScriptDecoder:
    """The one of this process. It needs more address space than what is fuzzed may take: start it before."""
    return JavaScriptDecoder()


def difference(ours: Verdict, theirs: Verdict) -> str:
    """What the two decoders do not agree on, empty where they do. Limits are each decoder's own."""
    if exits.LIMIT in (ours.code, theirs.code):
        return ""
    if ours.code != theirs.code:
        return f"Python's verdict is {ours.code}, that of JavaScript {theirs.code}"
    if ours.samples is None or theirs.samples is None:
        return ""
    about = [(v.rate, v.samples.shape) for v in (ours, theirs) if v.samples is not None]
    if about[0] != about[1]:
        return "another rate or another number of samples"
    if not np.isfinite(theirs.samples).all():
        return "samples in JavaScript are not finite"
    peak = max(1.0, float(np.abs(ours.samples).max(initial=0)))
    off = float(np.abs(ours.samples.astype(float) - theirs.samples).max(initial=0))
    return "other samples in JavaScript" if off > CLOSE * peak else ""
