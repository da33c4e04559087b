"""One long file, coded in runs by all workers: the same bytes and words as in one go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import MakeFile, Run

import dpcodec
from dpcodec import batch
from dpcodec.cli import cores


def test_a_long_file_is_shared_by_workers(command: Run, tone: MakeFile, tmp_path: Path) -> None:
    source = tone("long.wav", 16)
    command("encode", source, tmp_path / "1.dpc").succeeds()
    for name, jobs in (("2", 1), ("3", 2)):
        target = tmp_path / f"{name}.dpc"
        command("encode", source, target, "--split", 6, "-j", jobs).succeeds()
        assert target.read_bytes() == (tmp_path / "1.dpc").read_bytes()
    command("encode", source, tmp_path / "4.dpc", "--split", 6, "--manifest", tmp_path / "m").fails(
        2, "--split"
    )
    source.write_bytes(source.read_bytes()[:200000])
    plain = command("encode", source, tmp_path / "5.dpc")
    assert command("encode", source, tmp_path / "6.dpc", "--split", 6).code == plain.code == 0
    assert (tmp_path / "6.dpc").read_bytes() == (tmp_path / "5.dpc").read_bytes()


def test_what_is_long_is_shared_without_being_asked(
    cli: Run, tone: MakeFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same bytes and words, of a file cut short too, and of one that has what no encoder takes."""
    monkeypatch.setattr(cores, "LONG_S", 4.0)
    engines: list[batch.Engine] = []
    shared = batch.share_encoding

    def counted(engine: batch.Engine) -> Any:
        engines.append(engine)
        return shared(engine)

    monkeypatch.setattr(batch, "share_encoding", counted)
    sources = [tone("long.wav", 13), tone("cut.wav", 13), tone("short.wav", 3)]
    sources[1].write_bytes(sources[1].read_bytes()[:150_001])
    for source in sources:
        outcomes = []
        for jobs in (1, 2):
            target = tmp_path / f"{source.stem}-{jobs}.dpc"
            done = cli("encode", source, target, "-j", jobs)
            outcomes.append((done.code, target.read_bytes(), done.err.count("warning")))
        assert outcomes[0] == outcomes[1]
    assert [engine.workers for engine in engines] == [2, 2]  # the short one is coded here


def test_a_sample_that_cannot_be_coded_is_told_by_its_place_in_the_file(
    cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cores, "LONG_S", 4.0)
    samples = np.zeros((1, 80_000), np.float32)
    samples[0, 70_123] = np.nan
    source = tmp_path / "nan.wav"
    dpcodec.write(source, dpcodec.Audio(samples, 8000, dpcodec.SampleFormat("wav", "FLOAT")))
    for jobs in (1, 2):
        cli("encode", source, tmp_path / "nan.dpc", "-j", jobs).fails(3, "sample 70123")
        assert not (tmp_path / "nan.dpc").exists()
