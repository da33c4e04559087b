"""Decoding while playing: a thread decodes ahead, the main thread plays, shows the place and heeds keys."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

import dpcodec
from dpcodec.cli.play.sinks import OpenSink, Sink
from dpcodec.cli.sources import open_source

STEPS_S = {"forward": 5.0, "back": -5.0, "far forward": 60.0, "far back": -60.0}
SLICE_S = 0.05
"""So much is played between two looks at the keys."""
AHEAD_BLOCKS = 64


class _Stopped(Exception):  # noqa: N818 - no error: the player wants no more
    """The decoder is told to end."""


class Decoding:
    """A file that is decoded in a thread from `settings.start` on; iterate over its blocks."""

    def __init__(self, name: str, settings: dpcodec.DecodeSettings) -> None:
        self.info: dpcodec.StreamInfo | None = None
        self.error: Exception | None = None
        self.report: dpcodec.DecodeReport | None = None
        self._known = threading.Event()
        self._stop = threading.Event()
        self._blocks: queue.Queue[np.ndarray | None] = queue.Queue(AHEAD_BLOCKS)
        self._thread = threading.Thread(target=self._run, args=(name, settings), name="decoder", daemon=True)
        self._thread.start()

    def wait_for_info(self) -> dpcodec.StreamInfo:
        """What is played, once that is known. Raises what decoding raised."""
        self._known.wait()
        if self.info is None:
            raise self.error or dpcodec.FormatError("not a .dpc file")
        return self.info

    def next(self) -> np.ndarray | None:
        """The next block, None at the end. Raises what decoding raised."""
        block = self._blocks.get()
        if block is None and self.error is not None:
            raise self.error
        return block

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        while self._thread.is_alive():
            try:
                self._blocks.get(timeout=0.05)
            except queue.Empty:
                continue
        self._thread.join()

    def put(self, block: np.ndarray | None) -> None:
        """Called in the thread: hand a block over."""
        while not self._stop.is_set():
            try:
                self._blocks.put(block, timeout=0.1)
            except queue.Full:
                continue
            return
        raise _Stopped

    def _run(self, name: str, settings: dpcodec.DecodeSettings) -> None:
        try:
            with open_source(name) as source:
                self.report = dpcodec.decode_stream(source, self._open, settings)
        except _Stopped:
            return
        except Exception as exc:  # noqa: BLE001 - raised again where the blocks are taken
            self.error = exc
        self._known.set()
        try:
            self.put(None)
        except _Stopped:
            return

    def _open(self, info: dpcodec.StreamInfo) -> Any:
        self.info = info
        self._known.set()
        return _Writer(self, info)


class _Writer:
    """What `decode_stream` writes into."""

    clipped = 0

    def __init__(self, decoding: Decoding, info: dpcodec.StreamInfo) -> None:
        self.warnings: list[str] = []
        self._decoding = decoding
        self._slice = max(1, round(SLICE_S * info.sample_rate))

    def write(self, block: np.ndarray) -> None:
        """Hand over pieces that are short enough to heed keys between them."""
        for start in range(0, block.shape[1], self._slice):
            self._decoding.put(np.array(block[:, start : start + self._slice]))

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *about: object) -> None:
        """Nothing is held."""


class Player:
    """Plays one file.

    key   gives the name of a key that was pressed, "" for none
    show  is told the place and the length in seconds (None where it is not known), and whether it stands
    """

    def __init__(
        self,
        name: str,
        settings: dpcodec.DecodeSettings,
        open_sink: OpenSink,
        key: Callable[[], str],
        show: Callable[[float, float | None, bool], None],
    ) -> None:
        self._name, self._settings, self._key, self._show = name, settings, key, show
        self._open_sink = open_sink
        self._start = settings.start
        self._end = None if settings.duration is None else settings.start + settings.duration

    def play(self) -> dpcodec.DecodeReport | None:
        """Play to the end, or until told to quit; the report of the last decoding, None for quitting."""
        decoding = Decoding(self._name, self._settings)
        try:
            info = decoding.wait_for_info()
            length = None if info.samples is None else self._start + info.samples / info.sample_rate
            sink = self._open_sink(info.sample_rate, info.channels)
            finished = False
            try:
                decoding, finished = self._run(decoding, sink, info.sample_rate, length)
            finally:
                sink.close(finished)
            return decoding.report if finished else None
        finally:
            decoding.stop()

    def _run(self, decoding: Decoding, sink: Sink, rate: int, length: float | None) -> tuple[Decoding, bool]:
        """The decoding that was heard last, and whether it came to its end."""
        place, standing = self._start, False
        while True:
            key = self._key()
            if key == "quit":
                return decoding, False
            if key == "pause":
                standing = not standing
            if key in STEPS_S and self._name != "-":
                decoding.stop()
                sink.flush()
                place = self._inside(place + STEPS_S[key], length)
                decoding = self._decoding_from(place)
            self._show(place, length, standing)
            if standing:
                time.sleep(SLICE_S)
                continue
            block = decoding.next()
            if block is None:
                return decoding, True
            sink.write(block)
            place += block.shape[1] / rate

    def _inside(self, place: float, length: float | None) -> float:
        last = place if length is None else max(self._start, length - 1.0)
        return max(self._start, min(place, last))

    def _decoding_from(self, place: float) -> Decoding:
        left = None if self._end is None else max(0.0, self._end - place)
        return Decoding(self._name, replace(self._settings, start=place, duration=left))
