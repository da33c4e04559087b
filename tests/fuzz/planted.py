"""A worker at a target that hangs (seed 0) or dies (seed 1) at its third input, for tests of the watchdog."""

from __future__ import annotations

import json
import os
import sys
import time
from unittest.mock import patch

from . import worker
from .targets import TARGETS, Origin

calls = 0


def planted(data: bytes, origin: Origin | None) -> bool:
    """Good twice."""
    global calls
    calls += 1
    if calls == 3 and job.seed == 0:
        time.sleep(60)
    elif calls == 3:
        os.abort()
    return True


if __name__ == "__main__":
    job = worker.Job(**json.loads(sys.argv[1]))
    with patch.dict(TARGETS, {job.target: planted}):
        worker.run(job)
