"""What is timed is what is said, in processes of its own. How fast it is stays with the command."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from dpcodec import (
    Audio,
    DecodeSettings,
    DeviceError,
    DpcodecError,
    SettingsError,
    encode,
    profile,
)
from dpcodec.bench.clips import melody
from dpcodec.bench.engine.experiment import Experiment, Row, Task
from dpcodec.bench.engine.results import Results
from dpcodec.bench.engine.runner import run
from dpcodec.bench.experiments import speed
from dpcodec.bench.experiments.peers import quantised_16_bit
from dpcodec.bench.experiments.peers.adapter import write_16_bit
from dpcodec.bench.experiments.speed import startup, timed_work
from dpcodec.bench.experiments.speed.apart import (
    Discarded,
    Tiled,
    apart,
    decode_away,
    encode_tiled,
    nothing,
    peak_memory_mb,
)


@pytest.fixture
def tile(tmp_path: Path) -> Path:
    write_16_bit(tmp_path / "tile.wav", melody(16000, 0.5))
    return tmp_path / "tile.wav"


@pytest.mark.parametrize("seconds", [0.2, 0.5, 1.7])
def test_a_tile_is_repeated_to_the_sample(tile: Path, seconds: float) -> None:
    with Tiled(tile, seconds) as reader:
        blocks = [reader.read(3000)]
        while blocks[-1].shape[1]:
            blocks.append(reader.read(3000))
    x = np.concatenate(blocks, axis=1)
    expected = np.tile(quantised_16_bit(melody(16000, 0.5)).samples, 4)[:, : round(16000 * seconds)]
    np.testing.assert_array_equal(x, expected)


def test_work_is_the_library_s(tile: Path, tmp_path: Path) -> None:
    settings = profile("stft", drop=0.9)
    coded = tmp_path / "coded.dpc"
    done = encode_tiled(tile, 1.0, settings, coded, 2)
    clip = np.tile(quantised_16_bit(melody(16000, 0.5)).samples, 2)
    assert coded.read_bytes() == encode(
        Audio(clip, 16000, quantised_16_bit(melody()).sample_format), settings
    )
    assert done["bytes"] == coded.stat().st_size
    assert len(done["times_s"]) == 2
    assert encode_tiled(tile, 1.0, settings, None, 1)["bytes"] == done["bytes"]
    assert decode_away(coded, DecodeSettings(solver="none"), 3)["samples"] == 16000


def about_process(megabytes: int) -> Row:
    """Fills memory, and tells where it ran."""
    filled = np.ones(megabytes * 10**6, np.uint8)
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    threads = int(os.environ["OMP_NUM_THREADS"])
    return {"pid": os.getpid(), "sum": int(filled.sum()), "cores": cores, "threads": threads}


def test_memory_is_that_of_the_work_alone() -> None:
    """Whatever this process, its parent, has used before."""
    here = np.ones(300 * 10**6, np.uint8)
    (small,), (large,) = apart(about_process, 1), apart(about_process, 200)
    assert here.any()
    if peak_memory_mb() is not None:
        assert 190 < large["peak_mb"] - small["peak_mb"] < 260
        assert 10 < small["peak_mb"] < 280


def test_copies_run_in_processes_of_their_own_and_share_the_cores() -> None:
    before = os.environ.get("OMP_NUM_THREADS")
    done = apart(about_process, 1, copies=2, cores=1)
    assert len({row["pid"] for row in done} | {os.getpid()}) == 3
    assert [row["threads"] for row in done] == [1, 1]
    if hasattr(os, "sched_getaffinity"):
        assert [len(row["cores"]) for row in done] == [1, 1]
        assert len(os.sched_getaffinity(0)) >= 1
    assert os.environ.get("OMP_NUM_THREADS") == before


def leave() -> Row:
    os._exit(1)


def refused() -> Row:
    raise SettingsError("no")


def test_what_goes_wrong_is_told() -> None:
    with pytest.raises(DpcodecError, match="was killed"):
        apart(leave)
    with pytest.raises(SettingsError, match="no"):
        apart(refused)


def test_nothing_is_kept_of_what_is_decoded() -> None:
    with Discarded() as writer:
        writer.write(np.ones((1, 5), np.float32))
    assert (writer.clipped, writer.warnings) == (0, [])


# The experiment


def test_tasks_are_in_order_of_cost_and_lengths_within(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    experiment = speed.experiment(lengths=(600.0, 5.0, 60.0))
    costs = [task.cost_s for task in experiment.tasks]
    assert costs == sorted(costs)
    assert [t.key["seconds"] for t in experiment.tasks if t.key["what"] == "length"] == [5, 60, 600]
    assert {t.key["cores"] for t in experiment.tasks if t.key["what"] == "cores"} == {1, 2, 4, 6}
    assert experiment.timed
    assert speed.experiment(cores=(1, 64)).notes == ["there are no 64 cores here: left out"]


def test_what_is_not_there_is_refused_before_the_work() -> None:
    with pytest.raises(SettingsError, match="network is 'large'"):
        speed.experiment(networks=("large",))
    with pytest.raises(DeviceError, match="cuda:99"):
        speed.experiment(device="cuda:99")


def test_the_start_is_weighed_beside_opus(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = (sys.executable, "-c", "import time\nwhile time.process_time() < 0.3: pass")
    start = startup.Start(("--version",), busy, "<= 1")
    for name, value in (
        ("RUNS", 1),
        ("OPUSENC", (sys.executable, "-c", "pass")),
        ("STARTS", {"some": start}),
    ):
        monkeypatch.setattr(startup, name, value)
    row = {"name": "some", **startup.measure_start("some")}
    assert row["peer_cpu_s"] >= 0.3
    (line,) = startup.table_of_starts([row, {"name": "what there was before"}])
    assert (line["CPU s"], line["of Opus"], line["bar, CPU s"]) == (row["cpu_s"], row["peer_cpu_s"], "<= 1")
    monkeypatch.setattr(startup, "OPUSENC", ("no-such-codec",))
    assert startup.measure_start("some")["peer_cpu_s"] is None


def test_measurements_make_tables_and_plots(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    monkeypatch.setattr(timed_work, "TILE_SECONDS", 0.5)
    monkeypatch.setattr(startup, "RUNS", 1)
    monkeypatch.setattr(timed_work, "RUNS", 1)
    experiment = speed.experiment(lengths=(2.0, 1.0), cores=(1,), networks=("multiresunet-small",))
    kinds: dict[str, list[Task]] = {}
    for task in experiment.tasks:
        kinds.setdefault(task.key["what"], []).append(task)
    chosen = [*kinds["start"][:2], *kinds["length"]]
    few = Experiment("speed", chosen, experiment.tables, experiment.plots, timed=True)
    outcome = run(few, Results(tmp_path, "speed"))
    assert not outcome.failures
    begun, lengths = speed.tables(outcome.rows)
    assert [row["seconds"] for row in lengths.rows] == [1.0, 2.0]
    for row in lengths.rows:
        assert all(value > 0 for value in row.values())
    assert [row["bar, CPU s"] for row in begun.rows] == ["<= 0.12"] * 2
    assert all(row["CPU s"] > 0 and row["of import numpy"] > 0 for row in begun.rows)
    if apart(nothing)[0]["peak_mb"] is not None:
        assert lengths.rows[0]["encode, MB"] > 10
    pytest.importorskip("matplotlib")
    names = [f"speed-{name}.{kind}" for name in ("speed", "peak-memory") for kind in ("png", "svg")]
    assert [path.name for path in speed.plots(outcome.rows, tmp_path)] == names
