"""The fuzzer: `python -m fuzz.run` in `tests/`, or `make fuzz MINUTES=5`.

Every target gets an equal share of the time. Inputs are numbered, and number n of a seed is always the same
input. Prints a table; faults are kept in the output folder, and if there are any the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from .targets import USUAL_TARGETS
from .worker import Job, Status, keep

_POLL_SECONDS = 0.25
_GRACE = 4
"""So many times the limit of an input, by the wall clock, a worker may take before it is killed."""
_LEAST_SECONDS = 1
_START_SECONDS = 60
_TESTS = Path(__file__).parent.parent


@dataclass
class Tally:
    """What came of one target."""

    inputs: int = 0
    accepted: int = 0
    seconds: float = 0.0
    rss_bytes: int = 0


class Worker:
    """A process at a job, watched, and started again behind an input that killed it."""

    def __init__(self, job: Job, engine: str, tally: Tally) -> None:
        self._engine = engine
        self._job, self._tally, self._folder = job, tally, Path(job.folder)
        self._lane = job.lane
        self._start(job)

    def _start(self, job: Job) -> None:
        self._job, self._began = job, time.monotonic()
        path = self._folder / f"status-{self._lane}"
        path.unlink(missing_ok=True)
        self._status = Status(path)
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", f"fuzz.{self._engine}", job.to_json()]
        with (self._folder / f"stderr-{self._lane}").open("w") as errors:
            self._process = subprocess.Popen(command, cwd=_TESTS, env=environment, stderr=errors)
        self._seen, self._since = (-1, -1), time.monotonic()

    def over(self) -> bool:
        """Whether the job is done. Called again and again."""
        code = self._process.poll()
        number, done, accepted, rss, _, data = self._status.read()
        if code is None:
            if (number, done) != self._seen:
                self._seen, self._since = (number, done), time.monotonic()
            waited = time.monotonic() - self._since
            patience = _GRACE * self._job.seconds_an_input + _LEAST_SECONDS
            if waited < (patience if done or data else _START_SECONDS):
                return False
            self._kill()
        self._tally.inputs += done
        self._tally.accepted += accepted
        self._tally.rss_bytes = max(self._tally.rss_bytes, rss)
        self._process.wait()
        errors = (self._folder / f"stderr-{self._lane}").read_text(errors="replace")
        if code == 0:
            return True
        if not data:
            raise SystemExit(f"a worker died outside of any input:\n{errors}")
        self._tally.inputs += 1
        what = "hang" if code is None else f"killed by {_name(code)}"
        where = (self._folder / f"killed-{self._lane}").read_text()
        keep(self._folder, self._job.target, number, data, f"{what}\n{where}{errors}")
        left = self._job.seconds - (time.monotonic() - self._began)
        if left <= 0:
            return True
        self._start(replace(self._job, first=number + self._job.step, seconds=left))
        return False

    def _kill(self) -> None:
        self._process.send_signal(signal.SIGUSR1)  # it writes where it is
        time.sleep(0.5)
        self._process.kill()


def _name(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def fuzz(target: str, options: argparse.Namespace, seconds: float) -> Tally:
    """One target, in as many processes as asked."""
    tally, began = Tally(), time.monotonic()
    job = Job(
        target=target,
        folder=str(options.out),
        seed=options.seed,
        first=0,
        step=options.workers,
        last=options.inputs,
        seconds=seconds,
        large=options.large,
        seconds_an_input=options.seconds_an_input,
        memory_bytes=options.memory << 20,
    )
    engine = "guided" if options.guided else "worker"
    running = [Worker(replace(job, first=lane), engine, tally) for lane in range(options.workers)]
    while running:
        time.sleep(_POLL_SECONDS)
        running = [worker for worker in running if not worker.over()]
    tally.seconds = time.monotonic() - began
    return tally


def faults(folder: Path) -> dict[tuple[str, str, str], int]:
    """How often each kind of fault was met: (target, kind, file) -> count."""
    counts: dict[tuple[str, str, str], int] = {}
    path = folder / "faults.jsonl"
    for line in path.read_text().splitlines() if path.exists() else []:
        fault = json.loads(line)
        key = fault["target"], fault["kind"], fault["file"]
        counts[key] = counts.get(key, 0) + 1
    return counts


def table(tallies: dict[str, Tally], found: dict[tuple[str, str, str], int]) -> str:
    """The table, and below it a line for each kind of fault."""
    lines = [
        f"{'target':8} {'inputs':>8} {'accepted':>8} {'faults':>7} {'seconds':>8} {'largest RSS, MiB':>17}"
    ]
    for target, tally in tallies.items():
        number = sum(count for (name, _, _), count in found.items() if name == target)
        share = f"{100 * tally.accepted / max(1, tally.inputs):.0f} %"
        rss = f"{tally.rss_bytes / 2**20:.0f}"
        lines.append(f"{target:8} {tally.inputs:8} {share:>8} {number:7} {tally.seconds:8.0f} {rss:>17}")
    lines += [f"{count} x {target}: {kind} ({file})" for (target, kind, file), count in sorted(found.items())]
    return "\n".join(lines)


def arguments() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0, help="for all targets together")
    parser.add_argument("--targets", default=",".join(USUAL_TARGETS), help="with commas between")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--inputs", type=int, default=2**40, help="at most so many a target")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1), help="processes")
    parser.add_argument("--large", type=float, default=0.1, help="share of headers with numbers of any size")
    parser.add_argument(
        "--seconds-an-input", type=float, default=10.0, help="of process time; more is a fault"
    )
    parser.add_argument("--memory", type=int, default=3072, help="address space of a process, MiB")
    parser.add_argument(
        "--guided", action="store_true", help="let atheris choose inputs; it must be installed"
    )
    parser.add_argument("--out", type=Path, default=_TESTS.parent / "build" / "fuzz")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run, print, and return the exit code."""
    options = arguments().parse_args(argv)
    options.out = options.out.resolve()
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "faults.jsonl").unlink(missing_ok=True)
    targets = options.targets.split(",")
    tallies = {t: fuzz(t, options, 60 * options.minutes / len(targets)) for t in targets}
    found = faults(options.out)
    sys.stdout.write(table(tallies, found) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
