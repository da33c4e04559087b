"""Where the sound goes: the sound card through sounddevice, or a pipe into a player that is installed."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, cast

import numpy as np

import dpcodec
from dpcodec.cli.exits import OutputError

PLAYERS = (
    ("ffplay", ("-v", "error", "-nodisp", "-autoexit", "-")),
    ("mpv", ("--no-video", "--really-quiet", "-")),
    ("aplay", ("-q", "-")),
)
"""Programs that play WAV from standard input, the best first."""


class Sink(Protocol):
    """Takes samples and gives them time: `write` returns about when they are heard."""

    def write(self, block: np.ndarray) -> None:
        """Play float32 [C, n]."""

    def flush(self) -> None:
        """Forget what was not heard yet, as far as that can be done."""

    def close(self, wait: bool) -> None:
        """End, at once or after all was heard."""


OpenSink = Callable[[int, int], Sink]
"""Opens a sink for (sample rate in Hz, channels)."""


def choose_sink() -> tuple[str, OpenSink]:
    """(name, opener) of the best way to play here. Raises `OutputError` where there is none."""
    device = _sound_device()
    if device is not None:
        return "sounddevice", partial(CardSink, device)
    for name, arguments in PLAYERS:
        program = shutil.which(name)
        if program is not None:
            return name, partial(PipeSink, (program, *arguments))
    raise OutputError(
        "there is nothing to play with: pip install 'dpcodec[play]', or install ffplay, mpv or aplay"
    )


def _sound_device() -> Any:
    """The module sounddevice where it is installed and has a card to play on, else None."""
    try:
        import sounddevice

        sounddevice.query_devices(kind="output")
    except Exception:  # noqa: BLE001 - PortAudio missing, no card, a server that is not there: all mean no
        return None
    return sounddevice


class CardSink(Sink):
    """The sound card."""

    def __init__(self, module: Any, rate: int, channels: int) -> None:
        self._stream = module.OutputStream(samplerate=rate, channels=channels, dtype="float32")
        self._stream.start()

    def write(self, block: np.ndarray) -> None:
        self._stream.write(np.ascontiguousarray(np.clip(block.T, -1, 1), np.float32))

    def flush(self) -> None:
        self._stream.abort()
        self._stream.start()

    def close(self, wait: bool) -> None:
        if wait:
            self._stream.stop()
        else:
            self._stream.abort()
        self._stream.close()


class PipeSink(Sink):
    """A program that reads WAV from its standard input."""

    def __init__(self, command: tuple[str, ...], rate: int, channels: int) -> None:
        self._command, self._about = command, (rate, channels)
        self._start()

    def write(self, block: np.ndarray) -> None:
        if not self._takes(block):
            raise self._failed(self._process.wait())

    def flush(self) -> None:
        self._end(wait=False)
        self._start()

    def close(self, wait: bool) -> None:
        self._end(wait)

    def _takes(self, block: np.ndarray) -> bool:
        """Whether the program is still there to take it. No `BrokenPipeError` gets out, which would say that
        our own reader has gone."""
        try:
            self._writer.write(block)
        except BrokenPipeError:
            with contextlib.suppress(OSError):
                cast(Any, self._process.stdin).close()  # what it did not take is lost
            return False
        return True

    def _start(self) -> None:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE)
        pipe = cast(Any, self._process.stdin)
        self._writer = dpcodec.create_audio(pipe, *self._about, dpcodec.SampleFormat("wav", "PCM_16"))

    def _end(self, wait: bool) -> None:
        if not wait:
            self._process.terminate()
        pipe = cast(Any, self._process.stdin)
        if not pipe.closed:
            with contextlib.suppress(OSError):  # the program has ended
                self._writer.close()
                pipe.close()
        code = self._process.wait()
        if wait and code:
            raise self._failed(code)

    def _failed(self, code: int) -> OutputError:
        return OutputError(f"{self._command[0]} ended early, with code {code}: see what it says above")
