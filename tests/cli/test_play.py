"""`dpcodec play` with a sound card that is a list, scripted keys, and programs that keep what they get."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from command_line import Run

import dpcodec
from dpcodec.cli.exits import OutputError
from dpcodec.cli.play import keys, sinks
from dpcodec.cli.play.player import Player


class Card:
    """What sounddevice is to the player."""

    def __init__(self, cards: int = 1) -> None:
        self.heard: list[np.ndarray] = []
        self.events: list[str] = []
        self._cards = cards

    def query_devices(self, kind: str) -> None:
        if not self._cards:
            raise ValueError("no device")

    def OutputStream(self, **about: Any) -> Any:  # noqa: N802 - sounddevice's name
        self.about = about

        def note(event: str) -> Callable[[], None]:
            return lambda: self.events.append(event)

        return SimpleNamespace(
            start=note("start"),
            stop=note("stop"),
            abort=note("abort"),
            close=note("close"),
            write=self.heard.append,
        )

    @property
    def samples(self) -> np.ndarray:
        return np.concatenate(self.heard).T


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    found = Card()
    monkeypatch.setitem(sys.modules, "sounddevice", found)
    return found


def whole(dpc: Path) -> np.ndarray:
    return dpcodec.decode(dpc.read_bytes()).samples


def test_all_of_it_is_heard(cli: Run, dpc: Path, card: Card) -> None:
    done = cli("play", dpc).succeeds()
    assert "sounddevice" in done.err
    np.testing.assert_allclose(card.samples, whole(dpc), atol=1e-6)
    assert card.about == {"samplerate": 8000, "channels": 1, "dtype": "float32"}
    assert card.events == ["start", "stop", "close"]


def test_a_part_of_it(cli: Run, dpc: Path, card: Card) -> None:
    cli("play", dpc, "--start", "0:01", "--duration", "0.5", "-q").succeeds()
    np.testing.assert_allclose(card.samples, whole(dpc)[:, 8000:12000], atol=1e-6)
    cli("play", dpc, "--start", "9", "-q").fails(2, "ends at 2 s")


def test_damage_is_told(cli: Run, dpc: Path, card: Card, tmp_path: Path) -> None:
    data = bytearray(dpc.read_bytes())
    data[len(data) // 2] ^= 1
    dpc.write_bytes(data)
    assert cli("play", dpc).code == 5
    (tmp_path / "text").write_text("text")
    cli("play", tmp_path / "text", "-q").fails(4, "not a .dpc file")
    cli("play", tmp_path / "none", "-q").fails(3, "no such file")


def played(dpc: Path, pressed: Iterator[str]) -> tuple[Card, list[tuple[float, float | None, bool]], Any]:
    card, shown = Card(), []
    report = Player(
        str(dpc),
        dpcodec.DecodeSettings(),
        lambda rate, channels: sinks.CardSink(card, rate, channels),
        lambda: next(pressed, ""),
        lambda *place: shown.append(place),
    ).play()
    return card, shown, report


def test_keys(dpc: Path) -> None:
    card, shown, report = played(dpc, iter(["", "", "pause", "", "", "pause", "", "quit"]))
    assert report is None
    assert [standing for _, _, standing in shown] == [False, False, True, True, True, False, False]
    assert card.samples.shape == (1, 4 * 400)
    assert card.events == ["start", "abort", "close"]
    assert {length for _, length, _ in shown} == {2.0}


def test_seeking(dpc: Path) -> None:
    card, shown, report = played(dpc, iter(["", "", "forward", "", "", "far back"]))
    assert report is not None
    x = whole(dpc)
    heard = [x[:, :800], x[:, 8000:9200], x]
    np.testing.assert_allclose(card.samples, np.concatenate(heard, axis=1), atol=1e-5)
    assert card.events == ["start", "abort", "start", "abort", "start", "stop", "close"]
    assert shown[2][0] == 1.0, "a second before the end at most"


@pytest.mark.parametrize("name", ["ffplay", "mpv", "aplay"])
def test_programs_are_the_way_out(
    cli: Run, dpc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", Card(cards=0))
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / name).write_text(f"#!/bin/sh\n/bin/cat > {tmp_path / 'heard'}\n")
    (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    assert name in cli("play", dpc).succeeds().err
    x, rate = soundfile.read(io.BytesIO((tmp_path / "heard").read_bytes()))
    assert rate == 8000
    np.testing.assert_allclose(x, whole(dpc)[0], atol=2e-5)
    (folder / name).write_text("#!/bin/sh\n/bin/cat > /dev/null\nexit 3\n")
    cli("play", dpc, "-q").fails(1, name, "code 3")


def test_nothing_to_play_with(cli: Run, dpc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    monkeypatch.setenv("PATH", "")
    cli("play", dpc).fails(1, "dpcodec[play]", "ffplay")


def test_keys_of_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    with os.fdopen(slave, "r") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        with keys.pressed() as key:
            assert key() == ""
            for typed, name in ((b" ", "pause"), (b"\x1b[C", "forward"), (b"q", "quit"), (b"?", "")):
                os.write(master, typed)
                time.sleep(0.05)
                assert key() == name
    os.close(master)


def test_a_player_that_ends_early_is_an_error() -> None:
    """One that does not read at all: that is told as the player's end, not as a closed pipe."""
    sink = sinks.PipeSink((sys.executable, "-c", "raise SystemExit(3)"), 8000, 1)
    with pytest.raises(OutputError, match=r"ended early, with code 3: see what it says above"):
        for _ in range(1000):
            sink.write(np.zeros((1, 8000), np.float32))


def test_a_program_that_fails_at_once_is_told(
    cli: Run, dpc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", Card(cards=0))
    (tmp_path / "ffplay").write_text("#!/bin/sh\nexit 4\n")
    (tmp_path / "ffplay").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    long = tmp_path / "long.dpc"
    long.write_bytes(dpcodec.encode(dpcodec.Audio(np.zeros(8000 * 60), 8000)))
    cli("play", long, "-q").fails(1, "ffplay", "code 4")
