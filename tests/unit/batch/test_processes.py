"""Processes that work for another: forked where that is safe, and nothing of their parent's is theirs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ALONE = """
import sys, threading
from dpcodec.batch import processes
from dpcodec.cli import signals
signals.install()
print(processes._way_to_start())
threading.Thread(target=threading.Event().wait, daemon=True).start()
print(processes._way_to_start())
"""
LEFT = """
import os, signal, sys
from pathlib import Path
from dpcodec.batch.processes import WarmPool
from dpcodec.cli import signals
from dpcodec.cli.worker import clean
signals.install()
pool = WarmPool(2, clean=clean)
unfinished = Path(sys.argv[1])
with signals.at_leave(unfinished.unlink):
    worker = pool.submit(os.getpid).result()
    os.kill(worker, signal.SIGHUP)
    os.kill(worker, signal.SIGTERM)
    for process in pool._processes():
        if process.pid == worker:
            process.join()
    print(unfinished.exists())
    pool.close()
"""


def said(script: str, *arguments: object) -> list[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.split("\n")[:-1]


def test_a_process_is_forked_where_no_thread_may_hold_a_lock() -> None:
    linux = sys.platform == "linux"
    assert said(ALONE) == (["fork", "forkserver"] if linux else ["spawn", "spawn"])


def test_what_is_unfinished_here_is_not_a_workers_to_remove(tmp_path: Path) -> None:
    """Nor does a signal that a worker gets end this process."""
    unfinished = tmp_path / "part"
    unfinished.touch()
    assert said(LEFT, unfinished) == ["True"]
    assert unfinished.exists()
