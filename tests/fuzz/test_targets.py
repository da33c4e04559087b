"""Every target passes good files, and finds a fault that is planted."""

from __future__ import annotations

import io
import json
import shutil
import time
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest

import dpcodec
from dpcodec.audio.wav import WavReader
from dpcodec.cli import exits
from dpcodec.codec import whole
from dpcodec.codec.rebuild import TimeRange
from dpcodec.container.damage import DamageLog
from dpcodec.container.reader import Reader

from . import run
from .javascript import Verdict, difference
from .seeds import audio_seeds, made
from .targets import TARGETS, FaultError, Origin
from .worker import Checker, Job

DATA = {seed.name: seed.data for seed in made()}["stft-random-exact"]
HURT = DATA[:200] + bytes([DATA[200] ^ 1]) + DATA[201:]
WAV = audio_seeds()[0].data


def job(target: str, folder: Path) -> Job:
    return Job(target, str(folder), 1, 0, 1, 10, 10.0, 0.0, 10.0, 3 << 30)


@pytest.mark.parametrize("name", ["decode", "inspect", "repair", "pipe"])
def test_good_and_damaged_files_pass(name: str) -> None:
    for data in [seed.data for seed in made()[::5]]:
        assert TARGETS[name](data, Origin(data))
    assert TARGETS[name](HURT, Origin(DATA))
    assert not TARGETS[name](b"nothing", None)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_decoder_in_javascript_says_the_same() -> None:
    for data in [seed.data for seed in made()[::5]]:
        assert TARGETS["javascript"](data, Origin(data))
    assert TARGETS["javascript"](HURT, Origin(DATA))
    assert not TARGETS["javascript"](b"nothing", None)


def test_what_two_decoders_may_not_differ_in() -> None:
    loud = np.full((2, 9), 5.0, np.float32)
    good = Verdict(exits.OK, 8000, loud)
    assert not difference(good, Verdict(exits.OK, 8000, loud + np.float32(4e-4)))
    assert not difference(Verdict(exits.FORMAT), Verdict(exits.FORMAT))
    assert not difference(good, Verdict(exits.LIMIT))  # limits are each decoder's own
    assert "verdict" in difference(good, Verdict(exits.DAMAGED, 8000, loud))
    assert "rate" in difference(good, Verdict(exits.OK, 8001, loud))
    assert "number" in difference(good, Verdict(exits.OK, 8000, loud[:, 1:]))
    assert "samples" in difference(good, Verdict(exits.OK, 8000, loud + np.float32(6e-4)))
    assert "finite" in difference(good, Verdict(exits.OK, 8000, loud * np.float32(np.nan)))


def test_good_audio_passes() -> None:
    for seed in audio_seeds():
        piped_adpcm = seed.name.startswith("WAV-") and len(seed.data) % 4 == 0  # that is refused
        assert TARGETS["audio"](seed.data, None) != piped_adpcm, seed.name
    assert not TARGETS["audio"](b"nothing", None)


def silent(*_: Any, **__: Any) -> None:
    """Notes nothing."""


def short(self: TimeRange, block: np.ndarray, position: int, total: int | None) -> list[np.ndarray]:
    return [block[:, 1:]]


def infinite(self: TimeRange, block: np.ndarray, position: int, total: int | None) -> list[np.ndarray]:
    return [block + np.float32(np.inf)]


def longer(source: BinaryIO, out: BinaryIO) -> dpcodec.RepairReport:
    report = whole.repair_stream(source, out)
    out.write(b"x")
    return report


def broken(*_: Any, **__: Any) -> Any:
    raise KeyError("planted")


PLANTED: list[tuple[str, bytes, Any, str, Any, str]] = [
    ("decode", HURT, DamageLog, "add", silent, "damaged audio, and no word of it"),
    ("decode", DATA, TimeRange, "clipped", short, "not the promised length"),
    ("decode", DATA, TimeRange, "clipped", infinite, "an error of no class"),
    ("decode", DATA, Reader, "segments", broken, "KeyError in "),
    ("inspect", HURT, DamageLog, "add", silent, "whole, with damaged seconds"),
    ("inspect", DATA, Reader, "segments", broken, "KeyError in "),
    ("repair", DATA, dpcodec, "repair_stream", longer, "repaired again, it is another file"),
    ("pipe", HURT, DamageLog, "add", silent, "damaged audio, and no word of it"),
    ("pipe", DATA, TimeRange, "clipped", infinite, "an error of no class"),
    ("audio", WAV, WavReader, "read", broken, "KeyError in "),
]


@pytest.mark.parametrize(("target", "data", "where", "name", "fault", "kind"), PLANTED)
def test_planted_faults_are_found(
    target: str,
    data: bytes,
    where: Any,
    name: str,
    fault: Any,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    origin = Origin(DATA)
    assert origin.samples.size
    assert origin.info.whole
    monkeypatch.setattr(where, name, fault)
    if where is DamageLog:
        monkeypatch.setattr(Reader, "whole", True)
    with pytest.raises((FaultError, KeyError)):
        TARGETS[target](data, origin)
    assert Checker(job(target, tmp_path)).check(data, origin, 7)
    (line,) = [json.loads(text) for text in (tmp_path / "faults.jsonl").read_text().splitlines()]
    assert line["kind"].startswith(kind)
    assert (line["target"], line["number"]) == (target, 7)
    assert (tmp_path / line["file"]).read_bytes() == data
    assert "Traceback" in (tmp_path / line["file"]).with_suffix(".txt").read_text()


def test_the_shortest_input_of_a_kind_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WavReader, "read", broken)
    checker = Checker(job("audio", tmp_path))
    for data in (WAV, WAV[:200], WAV):
        checker.check(data, None, 1)
    (found,) = run.faults(tmp_path).items()
    assert found[1] == 3
    assert (tmp_path / found[0][2]).read_bytes() == WAV[:200]


def test_an_input_that_takes_long_is_a_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--targets", "audio", "--inputs", "5", "--workers", "1", "--seconds-an-input", "0"]
    assert run.main([*options, "--out", str(tmp_path)]) == 1
    shown = capsys.readouterr().out
    assert "5 x audio: slow (audio-slow.bin)" in shown
    assert list(tmp_path.glob("audio-slow.*"))


@pytest.mark.parametrize(("seed", "kind"), [(0, "hang"), (1, "killed by SIGABRT")])
def test_an_input_that_hangs_or_kills_is_kept(seed: int, kind: str, tmp_path: Path) -> None:
    one = Job("audio", str(tmp_path), seed, 0, 1, 3, 20.0, 0.0, 0.3, 3 << 30)
    tally = run.Tally()
    worker = run.Worker(one, "planted", tally)
    while not worker.over():
        time.sleep(0.05)
    assert tally.inputs == 3
    (found,) = run.faults(tmp_path).items()
    assert found[0][:2] == ("audio", kind)
    text = (tmp_path / found[0][2]).with_suffix(".txt").read_text()
    assert "in planted" in text


def test_repair_is_given_what_decode_is(tmp_path: Path) -> None:
    out = io.BytesIO()
    dpcodec.repair_stream(io.BytesIO(HURT), out)
    assert dpcodec.inspect(out.getvalue()).samples == 60
