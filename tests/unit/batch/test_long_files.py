"""Segments of one file, shared out to workers: the bytes and samples are those of one go."""

from __future__ import annotations

import io
from collections import deque
from typing import Any

import numpy as np
import pytest
from signals import bursts

import dpcodec
from dpcodec import batch
from dpcodec.audio.streams import ArrayReader, ArrayWriter
from dpcodec.batch.engines import RETRIES, call
from dpcodec.codec.pieces import code_piece

RATE = 8000


class Shuffled:
    """An engine of so many workers, of which the last one to be given a task is the first to end."""

    about = "shuffled"

    def __init__(self, workers: int) -> None:
        self.workers = self.width = workers
        self.given: list[batch.Task] = []
        self._waiting: deque[batch.Task] = deque()

    def submit(self, task: batch.Task) -> None:
        self.given.append(task)
        self._waiting.append(task)

    def next_done(self) -> tuple[batch.Task, Any]:
        task = self._waiting.pop()
        return task, call(task)

    def close(self) -> None:
        """Nothing is held."""

    leave = close


def clip(seconds: float, channels: int = 1) -> dpcodec.Audio:
    return dpcodec.Audio(bursts(seconds, RATE, channels), RATE)


def in_one_go(audio: dpcodec.Audio, settings: dpcodec.EncodeSettings) -> tuple[bytes, dict[str, Any]]:
    out = io.BytesIO()
    report = dpcodec.encode_stream(ArrayReader(audio), out, settings)
    return out.getvalue(), vars(report)


def by_workers(
    audio: dpcodec.Audio, settings: dpcodec.EncodeSettings, engine: Any, known: bool = True
) -> tuple[bytes, dict[str, Any]]:
    out, reader = io.BytesIO(), ArrayReader(audio)
    if not known:
        reader.samples = None
    report = dpcodec.encode_stream(reader, out, settings, coder=batch.share_encoding(engine))
    return out.getvalue(), vars(report)


@pytest.mark.parametrize(
    "name, changes",
    [
        ("perceptual", {}),
        ("perceptual", {"quality": 9.0, "segment_frames": 7}),
        ("perceptual", {"rate": 16000, "parity": 10.0, "parts": 2}),
        ("perceptual", {"snr": 20.0, "segment_frames": 2}),
        ("perceptual", {"drop": 0.9, "segment_frames": 3}),
        ("perceptual", {"bitrate": 24.0, "segment_frames": 3}),
        ("perceptual", {"bitrate": 40.0, "segment_frames": 7, "parity": 10.0, "parts": 2}),
        ("mdct", {"bitrate": 24.0, "segment_frames": 2}),
        ("mdct", {}),
        ("mdct", {"snr": 20.0, "segment_frames": 11}),
        ("mdct", {"mask": "random", "segment_frames": 40}),
        ("stft", {"segment_frames": 9}),
        ("stft", {"exact": True, "segment_frames": 30}),
        ("stft", {"mask": "random", "drop": 0.3}),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_the_bytes_are_those_of_one_go(name: str, changes: dict[str, Any], channels: int) -> None:
    settings, audio = dpcodec.profile(name, **changes), clip(17.3, channels)
    whole = in_one_go(audio, settings)
    for workers in (1, 3):
        assert by_workers(audio, settings, Shuffled(workers)) == whole
    unknown = io.BytesIO()
    reader = ArrayReader(audio)
    reader.samples = None
    dpcodec.encode_stream(reader, unknown, settings)
    assert by_workers(audio, settings, Shuffled(2), known=False)[0] == unknown.getvalue()


def test_a_wrong_guess_is_coded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where silence keeps the blocks of what was before it, longer than a worker looks back."""
    audio = clip(12.0)
    guessed: list[Any] = []

    def wrong(piece: Any) -> Any:
        found = code_piece(piece)
        guessed.append(piece.state)
        if piece.state is None and piece.first:
            return type(found)([], ((9,), (9,)), found.left)
        return found

    monkeypatch.setattr("dpcodec.codec.pieces.code_piece", wrong)
    assert by_workers(audio, dpcodec.EncodeSettings(), Shuffled(2)) == in_one_go(
        audio, dpcodec.EncodeSettings()
    )
    assert sum(state is not None for state in guessed) == sum(state is None for state in guessed) - 1


@pytest.mark.parametrize("samples", [0, 1, 8192])
def test_what_is_very_short_too(samples: int) -> None:
    audio = dpcodec.Audio(np.ones((1, samples), np.float32) / 2, RATE)
    settings = dpcodec.EncodeSettings()
    assert by_workers(audio, settings, Shuffled(2)) == in_one_go(audio, settings)


def test_processes_code_it_and_what_one_file_leaves_does_not_hurt_the_next() -> None:
    engine = batch.LocalPool(2)
    audio, broken = clip(12.0, 2), clip(12.0, 2)
    broken.samples[1, -300] = np.nan
    settings = dpcodec.EncodeSettings(segment_frames=10)
    try:
        with pytest.raises(dpcodec.AudioError, match="channel 1 is nan"):
            by_workers(broken, settings, engine)
        assert by_workers(audio, settings, engine) == in_one_go(audio, settings)
    finally:
        engine.close()


def test_what_fails_in_a_worker_is_raised() -> None:
    class Failing(Shuffled):
        def next_done(self) -> tuple[batch.Task, Any]:
            return self._waiting.pop(), batch.WorkerLostError("it has ended")

    engine = Failing(1)
    with pytest.raises(batch.WorkerLostError, match="it has ended"):
        by_workers(clip(3.0), dpcodec.EncodeSettings(), engine)
    assert len(engine.given) == 2 + RETRIES


def decoded(data: bytes, settings: dpcodec.DecodeSettings, engine: Any = None) -> tuple[Any, dict[str, Any]]:
    writers: list[ArrayWriter] = []

    def collect(info: dpcodec.StreamInfo) -> ArrayWriter:
        writers.append(ArrayWriter(info.sample_rate, info.channels, info.sample_format, info.tags))
        return writers[0]

    share: Any = (lambda info: batch.share_decoding(engine)) if engine else (lambda info: None)
    report = dpcodec.decode_stream(io.BytesIO(data), collect, settings, share=share)
    return writers[0].audio.samples, vars(report)


@pytest.mark.parametrize(
    "name, changes, decoding",
    [
        ("perceptual", {}, {}),
        ("perceptual", {"parts": 3}, {"solver": "noise"}),
        ("perceptual", {"segment_frames": 3}, {"batch_segments": 2}),
        ("perceptual", {"segment_frames": 7}, {"solver": "none", "start": 1.3, "duration": 4.1}),
        ("mdct", {"mask": "random", "segment_frames": 11}, {"start": 2.0, "solver": "none"}),
        ("stft", {"segment_frames": 9}, {"solver": "none"}),
        ("stft", {"segment_frames": 40}, {"solver": "least-squares", "iterations": 2}),
    ],
)
@pytest.mark.parametrize("lost", [False, True])
def test_the_samples_are_those_of_one_go(
    name: str, changes: dict[str, Any], decoding: dict[str, Any], lost: bool
) -> None:
    data = bytearray(in_one_go(clip(7.3), dpcodec.profile(name, **changes))[0])
    if lost:
        for at in range(len(data) // 5, len(data), len(data) // 3):
            data[at] ^= 0x55
    settings = dpcodec.DecodeSettings(device="cpu", **decoding)
    samples, report = decoded(bytes(data), settings)
    assert report["damaged"] == lost or "start" in decoding
    for workers in (1, 3):
        engine = Shuffled(workers)
        found, told = decoded(bytes(data), settings, engine)
        assert engine.given
        np.testing.assert_array_equal(found, samples)
        assert told == report


@pytest.mark.parametrize("changes", [{"time_limit": 1000.0}])
def test_what_is_for_one_process_alone_is_decoded_there(changes: dict[str, Any]) -> None:
    engine = Shuffled(2)
    data = in_one_go(clip(5.0), dpcodec.EncodeSettings())[0]
    settings = dpcodec.DecodeSettings(**changes)
    np.testing.assert_array_equal(decoded(data, settings, engine)[0], decoded(data, settings)[0])
    assert not engine.given


def test_processes_decode_it_too() -> None:
    engine = batch.LocalPool(2)
    data = in_one_go(clip(13.0, 2), dpcodec.EncodeSettings(segment_frames=10))[0]
    settings = dpcodec.DecodeSettings()
    try:
        found, told = decoded(data, settings, engine)
    finally:
        engine.close()
    samples, report = decoded(data, settings)
    np.testing.assert_array_equal(found, samples)
    assert told == report
