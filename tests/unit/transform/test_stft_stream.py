"""Streamed analysis and synthesis against the whole signal at once."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.transform.stft import Stft
from dpcodec.transform.streaming import StftAnalysis, StftSynthesis

TRANSFORMS = [Stft(64, 16, "hann"), Stft(64, 48, "sine"), Stft(100, 33, "sine")]


def noise(samples: int) -> np.ndarray:
    return np.random.default_rng(samples).standard_normal((2, samples)).astype(np.float32)


def segments_of(stft: Stft, x: np.ndarray, frames: int, block: int) -> list[np.ndarray]:
    analysis = StftAnalysis(stft, 2, frames)
    blocks = (x[:, i : i + block] for i in range(0, x.shape[1], block))
    return [analysis.coefficients(run) for run in analysis.runs(blocks)]


@pytest.mark.parametrize("stft", TRANSFORMS, ids=str)
@pytest.mark.parametrize("samples", [0, 1, 5, 63, 64, 65, 200, 1000])
@pytest.mark.parametrize("frames", [1, 2, 7, 100])
def test_segments_are_cuts_of_the_whole_spectrogram(stft: Stft, samples: int, frames: int) -> None:
    x = noise(samples)
    whole = stft.forward(x.astype(np.float64))
    found = segments_of(stft, x, frames, 37)
    assert [s.shape[2] for s in found[:-1]] == [frames] * (len(found) - 1)
    assert sum(s.shape[2] for s in found) == whole.shape[2]
    if found:
        np.testing.assert_allclose(np.concatenate(found, axis=2), whole, atol=1e-12)


@pytest.mark.parametrize("stft", TRANSFORMS, ids=str)
@pytest.mark.parametrize("samples", [0, 1, 65, 1000])
@pytest.mark.parametrize("frames", [1, 3, 100])
def test_synthesis_gives_the_signal_back(stft: Stft, samples: int, frames: int) -> None:
    x = noise(samples)
    synthesis = StftSynthesis(stft, 2)
    out = [synthesis.push(s) for s in segments_of(stft, x, frames, 1000)]
    y = np.concatenate([*out, synthesis.finish(samples)], axis=1)[:, :samples]
    np.testing.assert_allclose(y, x, atol=1e-5)


@pytest.mark.parametrize("stft", TRANSFORMS, ids=str)
def test_synthesis_from_the_middle_gives_the_rest(stft: Stft) -> None:
    x = noise(1000)
    found = segments_of(stft, x, 4, 1000)
    synthesis = StftSynthesis(stft, 2, 4)
    out = [synthesis.push(s) for s in found[1:]]
    y = np.concatenate([*out, synthesis.finish(1000)], axis=1)
    rest = x[:, synthesis.start :]
    np.testing.assert_allclose(y[:, : rest.shape[1]], rest, atol=1e-5)
