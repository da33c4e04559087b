"""The same targets, with inputs that atheris chooses by the lines they reach (`pip install atheris`).

Nothing is known of what such an input was before, so audio is compared with no other. What comes depends on
the machine, and its inputs have no numbers.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from random import Random


def run(argument: str) -> None:
    """Until the job's seconds are over; does not return."""
    import atheris

    with atheris.instrument_imports(include=["dpcodec"]):
        from .worker import Checker, Inputs, Job, Status, guarded

    job = Job(**json.loads(argument))
    inputs, checker = Inputs(job.target, job.seed, job.large), Checker(job)
    status = Status(Path(job.folder) / f"status-{job.lane}")
    done = accepted = 0

    def one(data: bytes) -> None:
        nonlocal done, accepted
        status.begin(done, done, accepted, data)
        accepted += checker.check(data, None, done)
        done += 1
        status.begin(done, done, accepted, b"")

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        return inputs.mutator.mutate(data, Random(seed))[:most]

    with tempfile.TemporaryDirectory() as folder, guarded(job):
        for number, seed in enumerate(inputs.seeds):
            (Path(folder) / str(number)).write_bytes(seed)
        options = {
            "max_total_time": max(1, round(job.seconds)),
            "runs": min(job.last, 2**31 - 1),
            "seed": job.seed + job.lane + 1,
            "max_len": 1 << 14,
            "timeout": 1_000_000,  # the parent watches
            "rss_limit_mb": 0,
            "verbosity": 0,
            "artifact_prefix": f"{job.folder}/",
        }
        arguments = [f"-{name}={value}" for name, value in options.items()]
        atheris.Setup([sys.argv[0], folder, *arguments], one, custom_mutator=mutate)
        atheris.Fuzz()


if __name__ == "__main__":
    run(sys.argv[1])
