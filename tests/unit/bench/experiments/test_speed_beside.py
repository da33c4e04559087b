"""What is timed beside other codecs, and that a ratio is one."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import dpcodec
from dpcodec import DpcodecError
from dpcodec.bench.experiments import speed
from dpcodec.bench.experiments.speed import beside


@pytest.mark.parametrize("seconds", [0.3, 11.0])
def test_music_by_formula_is_stereo_and_repeated_to_the_sample(tmp_path: Path, seconds: float) -> None:
    beside.write_stereo(tmp_path / "in.wav", seconds)
    x = dpcodec.read(tmp_path / "in.wav").samples
    assert x.shape == (2, round(seconds * 44100))
    assert not np.array_equal(x[0], x[1])
    if seconds > beside.TILE_S:
        np.testing.assert_array_equal(x[:, 441000:], x[:, :44100])


def test_a_clip_is_repeated_in_stereo(tmp_path: Path) -> None:
    clip = dpcodec.Audio(np.array([[0.5, -0.25, 0.125]]), 8000)
    dpcodec.write(tmp_path / "clip.wav", clip)
    beside.write_stereo(tmp_path / "in.wav", 0.001, str(tmp_path / "clip.wav"))
    x = dpcodec.read(tmp_path / "in.wav")
    assert x.sample_rate == 8000
    np.testing.assert_array_equal(x.samples, np.tile(clip.samples, (2, 3))[:, :8])


def test_a_command_is_weighed_and_its_failure_told(tmp_path: Path) -> None:
    busy = "import time\nwhile time.process_time() < 0.2: pass"
    cpu, seconds = beside.run([sys.executable, "-c", busy], str(tmp_path))
    assert 0.2 <= cpu < seconds + 5
    with pytest.raises(DpcodecError, match="code 3"):
        beside.run([sys.executable, "-c", "raise SystemExit(3)"], str(tmp_path))


def test_every_codec_is_run_and_ratios_are_of_one_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commands = {name: command for name, command in beside.COMMANDS.items() if command[0] == sys.executable}
    fake = (sys.executable, "-c", "import time\nwhile time.process_time() < 0.3: pass")
    monkeypatch.setattr(
        beside, "COMMANDS", {"opusenc": fake, "lame": ("no-such-codec",), "opusdec": fake} | commands
    )
    monkeypatch.setattr(beside, "REPEATS", 1)
    row = {"what": "beside", "seconds": 1.0, **beside.measure_beside(1.0)}
    shown = {line["what"]: line for line in beside.tables_beside([row])}
    assert shown["encode / lame"]["ratio"] is None
    for name, own, peer in (
        ("encode / opusenc", "encode", "opusenc"),
        ("decode noise / opusdec", "decode noise", "opusdec"),
    ):
        assert shown[name]["ratio"] == pytest.approx(row[f"{own}, CPU s"] / row[f"{peer}, CPU s"], abs=0.01)
    drawn = speed.plots([row], tmp_path)
    assert {path.name for path in drawn} == {"speed-beside.svg", "speed-beside.png"}


def test_kinds_are_chosen_and_a_wrong_one_is_refused() -> None:
    found = speed.experiment((5.0,), (1,), (), kinds=("beside", "start"), clip="/some/where/clip.wav")
    assert {task.key["what"] for task in found.tasks} == {"beside", "start"}
    assert [task.key["clip"] for task in found.tasks if task.key["what"] == "beside"] == ["clip.wav"]
    with pytest.raises(dpcodec.SettingsError, match="weight"):
        speed.experiment((5.0,), (1,), (), kinds=("weight",))
