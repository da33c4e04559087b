"""What is weighed on all cores is all of it, and a ratio is one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dpcodec import DpcodecError
from dpcodec.bench.experiments.speed import shared

HOLDING = """
import os, sys, time
megabytes, child = map(int, sys.argv[1:])
held = bytearray(os.urandom(1 << 20))
held *= megabytes
pid = os.fork() if child else 0
if child and not pid:
    more = bytearray(os.urandom(1 << 20))
    more *= child
    time.sleep(1.0)
    os._exit(0)
time.sleep(0.5)
if pid:
    os.waitpid(pid, 0)
"""


def test_what_is_shared_is_timed_on_one_core_and_on_all(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = {"three minutes": 1.0, "ten minutes": 1.5}
    for name, value in (("LONG_S", lengths), ("NAMES", ["0.wav", "1.wav"]), ("FILE_S", 0.2), ("REPEATS", 1)):
        monkeypatch.setattr(shared, name, value)
    monkeypatch.setitem(
        shared.WORK, "many short files", ("encode", ["0.wav", "1.wav", "--output-dir", "out"])
    )
    row = {"what": "shared", "cores": 2, **shared.measure_shared(2)}
    lines = shared.tables_shared([row])
    assert [line["what"] for line in lines] == list(shared.WORK)
    for line in lines:
        assert line["ratio"] == pytest.approx(line["one core, s"] / line["all, s"], abs=0.01)
        at_best = 2 * row[f"{line['what']}, one, CPU s"] / row[f"{line['what']}, all, CPU s"]
        assert line["ratio at best"] == pytest.approx(at_best, abs=0.01)


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="the system does not tell")
def test_memory_is_that_of_all_processes_and_what_they_share_counts_once(tmp_path: Path) -> None:
    def weighed(*megabytes: int) -> float:
        found = shared.weigh([sys.executable, "-c", HOLDING, *map(str, megabytes)], str(tmp_path))
        assert found is not None
        return found

    alone = weighed(1, 0)
    assert weighed(100, 0) - alone == pytest.approx(100, abs=15)
    assert weighed(60, 50) - alone == pytest.approx(110, abs=15)  # the first 60 are both processes'
    with pytest.raises(DpcodecError, match="code 3"):
        shared.weigh([sys.executable, "-c", "raise SystemExit(3)"], str(tmp_path))
