"""Runs of frames out of a stream: all samples come, where they stand, as soon as they may."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from dpcodec.transform.stft import frame_count
from dpcodec.transform.streaming import FrameRuns

N_FFT, HOP = 16, 6


@pytest.mark.parametrize("ahead", [0, 1])
@pytest.mark.parametrize("frames", [1, 3, 50])
@pytest.mark.parametrize("block", [1, 7, 1000])
@pytest.mark.parametrize("samples", [0, 1, 6, 7, 100])
def test_buffers_hold_what_lies_under_their_frames(samples: int, block: int, frames: int, ahead: int) -> None:
    x = np.arange(1, samples + 1, dtype=np.float32)[None]
    runs = FrameRuns(1, N_FFT, HOP, frames, ahead)
    total, done = frame_count(samples, HOP), 0
    padded = np.concatenate([np.zeros(N_FFT // 2), x[0], np.zeros((total + 1) * HOP + N_FFT)])
    for held, own, seen in runs.of(x[:, i : i + block] for i in range(0, samples, block)):
        assert own == min(frames, total - done)
        assert seen == min(frames + ahead, total - done)
        wanted = padded[done * HOP :][: (seen - 1) * HOP + N_FFT]
        there = held[0, : len(wanted)]
        np.testing.assert_array_equal(there, wanted[: len(there)])
        assert not wanted[len(there) :].any()
        done += own
    assert done == total
    assert runs.samples == samples


def test_a_run_is_given_before_the_stream_ends() -> None:
    fed = []

    def blocks() -> Iterator[np.ndarray]:
        for i in range(100):
            fed.append(i)
            yield np.zeros((2, HOP), np.float32)

    next(FrameRuns(2, N_FFT, HOP, 4, 1).of(blocks()))
    assert len(fed) < 10
