"""`encode --parity`, `protect`, and what the other verbs make of losses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from streams import DATA, join, split

import dpcodec
from dpcodec.cli.main import run


@pytest.fixture
def protected(tmp_path: Path) -> Path:
    """A file of eight segments with 25 % parity."""
    draw = np.random.default_rng(1)
    settings = dpcodec.EncodeSettings(segment_frames=4, parity=25.0)
    samples = 0.1 * draw.standard_normal((1, 30000))
    path = tmp_path / "in.dpc"
    path.write_bytes(dpcodec.encode(dpcodec.Audio(samples, 16000), settings))
    return path


def lose(path: Path, count: int) -> Path:
    """The file without its first packets of audio."""
    packets = split(path.read_bytes())
    gone = [i for i, p in enumerate(packets) if p.type == DATA][:count]
    lost = path.with_name("lost.dpc")
    lost.write_bytes(join(p for i, p in enumerate(packets) if i not in gone))
    return lost


def test_what_parity_brings_back_is_whole(protected: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lost, out = lose(protected, 2), protected.with_name("out.wav")
    assert run(["decode", str(lost), str(out)]) == 0
    assert "2 lost or damaged packets were rebuilt by parity" in capsys.readouterr().err
    assert run(["decode", str(protected), str(protected.with_name("true.wav"))]) == 0
    assert "by parity" not in capsys.readouterr().err
    assert out.read_bytes() == protected.with_name("true.wav").read_bytes()
    for verb in ("test", "info"):
        assert run([verb, str(lost)]) == 0
        shown = capsys.readouterr()
        assert "rebuilt by parity" in shown.out + shown.err
    assert run(["repair", str(lost), str(protected.with_name("mended.dpc"))]) == 0
    assert protected.with_name("mended.dpc").read_bytes() == protected.read_bytes()


def test_more_is_damage(protected: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lost = lose(protected, 7)
    assert run(["test", str(lost)]) == 5
    assert run(["repair", str(lost), str(protected.with_name("mended.dpc"))]) == 5
    assert run(["info", str(protected)]) == 0
    assert "parity:       25 %; comes back whole where 10.1 % of packets" in capsys.readouterr().out


def test_protect(protected: Path) -> None:
    plain, again = protected.with_name("plain.dpc"), protected.with_name("again.dpc")
    assert run(["protect", str(protected), str(plain), "--parity", "0"]) == 0
    assert dpcodec.inspect(plain.read_bytes()).survival is None
    assert run(["protect", str(plain), str(again), "--parity", "25"]) == 0
    assert again.read_bytes() == protected.read_bytes()
    assert run(["protect", str(plain), str(again), "--parity", "25"]) == 2
    assert run(["protect", str(plain), str(again), "-f", "--parity", "101"]) == 2
    assert run(["protect", str(lose(plain, 0)), str(again), "-f"]) == 2
    hurt = protected.with_name("hurt.dpc")
    hurt.write_bytes(plain.read_bytes()[:-3])
    assert run(["protect", str(hurt), str(again), "-f", "--parity", "5"]) == 4


def test_the_bit_rate_is_that_of_the_audio() -> None:
    audio = dpcodec.Audio(0.1 * np.random.default_rng(2).standard_normal((1, 40000)), 16000)
    settings = {"bitrate": 24.0, "segment_frames": 4}
    plain = split(dpcodec.encode(audio, dpcodec.EncodeSettings(**settings)))  # type: ignore[arg-type]
    more = split(dpcodec.encode(audio, dpcodec.EncodeSettings(**settings, parity=50.0)))  # type: ignore[arg-type]
    assert [p for p in plain if p.type == DATA] == [p for p in more if p.type == DATA]
