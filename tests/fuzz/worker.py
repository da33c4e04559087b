"""One process that runs inputs: each made from its number, its outcome checked, faults kept as files.

What it is at stands in a file that it shares with its parent (`Status`), so that an input which hangs or
kills the process is not lost.
"""

from __future__ import annotations

import faulthandler
import json
import mmap
import re
import resource
import signal
import struct
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from random import Random

from .audio_mutator import AudioMutator
from .javascript import decoder
from .mutator import Mutator
from .seeds import audio_seeds, dpc_seeds, made
from .targets import TARGETS, FaultError, Origin

LARGEST_INPUT_BYTES = 1 << 20
_SHARE_STORED = 0.15
"""Of inputs that start from conformance files, which are slower than those made here."""
_TESTS = Path(__file__).parent.parent


@dataclass(frozen=True)
class Job:
    """Inputs `first`, `first + step`, ... of a target, until `seconds` are over or `last` is reached."""

    target: str
    folder: str
    seed: int
    first: int
    step: int
    last: int
    seconds: float
    large: float
    seconds_an_input: float
    memory_bytes: int

    @property
    def lane(self) -> int:
        """Which of the processes at this target."""
        return self.first % self.step

    def to_json(self) -> str:
        """As one argument."""
        return json.dumps(asdict(self))


class Status:
    """Numbers and the present input in a file in memory."""

    _FORMAT = struct.Struct("<QQQQdI")

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(self._FORMAT.size + LARGEST_INPUT_BYTES))
        with path.open("r+b") as fo:
            self._map = mmap.mmap(fo.fileno(), 0)

    def begin(self, number: int, done: int, accepted: int, data: bytes) -> None:
        """The input that comes now, and how many came before."""
        data = data[:LARGEST_INPUT_BYTES]
        self._map[self._FORMAT.size : self._FORMAT.size + len(data)] = data
        rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        self._FORMAT.pack_into(self._map, 0, number, done, accepted, rss, time.process_time(), len(data))

    def read(self) -> tuple[int, int, int, int, float, bytes]:
        """Number of the present input, inputs done and accepted, largest RSS in bytes, process time at which
        it began, the input."""
        number, done, accepted, rss, began, length = self._FORMAT.unpack_from(self._map)
        return number, done, accepted, rss, began, self._map[self._FORMAT.size : self._FORMAT.size + length]


class Inputs:
    """Input number n of a target: the same whenever it is made."""

    def __init__(self, target: str, seed: int, large: float) -> None:
        self._name = f"{seed} {target}"
        found = audio_seeds() if target == "audio" else dpc_seeds()
        self.seeds = [s.data for s in found]
        self.mutator = AudioMutator(self.seeds) if target == "audio" else Mutator(self.seeds, large)
        few = made()
        weights = [s.weight for s in few]
        self._few = None if target == "audio" else Mutator([s.data for s in few], large, weights)
        self._origins: dict[int, Origin] = {}

    def make(self, number: int) -> tuple[bytes, Origin | None]:
        """The input, and what it was, if it was only damaged."""
        random = Random(f"{self._name} {number}")
        mutator = self._few if self._few and random.random() >= _SHARE_STORED else self.mutator
        mutant = mutator.mutant(random)
        if mutant.forged:
            return mutant.data, None
        return mutant.data, self._origins.setdefault(mutant.seed, Origin(self.seeds[mutant.seed]))


@contextmanager
def guarded(job: Job) -> Iterator[None]:
    """Little memory, and a word of where a process was when it died."""
    with (Path(job.folder) / f"killed-{job.lane}").open("w") as where:
        faulthandler.enable(where)
        faulthandler.register(signal.SIGUSR1, where)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (job.memory_bytes, job.memory_bytes))
        yield


def run(job: Job) -> None:
    """All inputs of a job."""
    status = Status(Path(job.folder) / f"status-{job.lane}")
    inputs, checker = Inputs(job.target, job.seed, job.large), Checker(job)
    stop, done, accepted = time.monotonic() + job.seconds, 0, 0
    number = job.first
    if job.target == "javascript":
        decoder()
    with guarded(job):
        while number < job.last and time.monotonic() < stop:
            data, origin = inputs.make(number)
            status.begin(number, done, accepted, data)
            accepted += checker.check(data, origin, number)
            done, number = done + 1, number + job.step
            status.begin(number, done, accepted, b"")


class Checker:
    """Runs the target on inputs and keeps faults."""

    def __init__(self, job: Job) -> None:
        self._job, self._target = job, TARGETS[job.target]

    def check(self, data: bytes, origin: Origin | None, number: int) -> bool:
        """Whether the target accepted the input. A fault is kept, and is no refusal."""
        began = time.process_time()
        try:
            accepted = self._target(data, origin)
            spent = time.process_time() - began
            if spent > self._job.seconds_an_input:
                raise FaultError(f"slow\n{spent:.1f} s")
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            keep(Path(self._job.folder), self._job.target, number, data, error)
            return True
        return accepted


def signature(error: BaseException) -> str:
    """The kind of a fault: what does not hold, or the exception and where it comes from."""
    if isinstance(error, FaultError):
        return str(error).splitlines()[0]
    frames = traceback.extract_tb(error.__traceback__)
    ours = [
        f for f in frames if "dpcodec" in Path(f.filename).parts and _TESTS not in Path(f.filename).parents
    ]
    frame = (ours or frames)[-1]
    return f"{type(error).__name__} in {Path(frame.filename).stem}.{frame.name}, line {frame.lineno}"


def keep(folder: Path, target: str, number: int, data: bytes, error: BaseException | str) -> None:
    """The shortest input of each kind of fault with its traceback, and a line for every one."""
    kind = error.splitlines()[0] if isinstance(error, str) else signature(error)
    text = error if isinstance(error, str) else "".join(traceback.format_exception(error))
    name = re.sub(r"[^a-z0-9]+", "-", f"{target} {kind}".lower()).strip("-")
    with (folder / "faults.jsonl").open("a") as out:
        out.write(
            json.dumps({"target": target, "kind": kind, "number": number, "file": f"{name}.bin"}) + "\n"
        )
    path = folder / f"{name}.bin"
    if not path.exists() or path.stat().st_size > len(data):
        path.write_bytes(data)
        about = f"input {number}, {len(data)} bytes, sha256 {sha256(data).hexdigest()}"
        head = f"{kind}\ntarget {target}, {about}\n\n"
        path.with_suffix(".txt").write_text(head + text)


if __name__ == "__main__":
    run(Job(**json.loads(sys.argv[1])))
