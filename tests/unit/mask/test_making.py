"""Masks by name against those that files hold."""

from __future__ import annotations

import io

import numpy as np
import pytest
from signals import chord

import dpcodec
from dpcodec.bench.experiments import paper
from dpcodec.container.stream import Reader
from dpcodec.metrics import snr
from dpcodec.modes import mode_of_file
from dpcodec.modes.frames import segments_and_frames

N, STFT = 3000, dpcodec.Stft(128, 64, "sine")


@pytest.mark.parametrize("mask", ["random", "energy", "significance", "columns:2-4,30"])
def test_it_is_the_encoder_s(mask: str) -> None:
    audio = dpcodec.Audio(np.stack([chord(N), chord(N, 1)]), 8000)
    name, columns = dpcodec.parse_mask(mask)
    shape = {"n_fft": 128, "hop": 64, "segment_frames": 100, "parts": 1, "exact": True}
    settings = dpcodec.profile("stft", mask=name, columns=columns, drop=0.3, seed=9, **shape)
    reader = Reader(io.BytesIO(dpcodec.encode(audio, settings)))
    ((packets, frames),) = segments_and_frames(reader)
    segment, _ = mode_of_file(reader.header).read(packets, frames)
    X = STFT.forward(audio.samples.astype(np.float64))
    made = dpcodec.make_mask(mask, X, drop=0.3, seed=9)
    np.testing.assert_array_equal(made, segment.kept)
    if "random" not in mask:
        np.testing.assert_array_equal(dpcodec.make_mask(mask, X[0], drop=0.3), made[0])


def test_a_cell_of_the_paper_s_figure() -> None:
    """What examples/own_network.py does is what `bench paper` measures."""
    (task,) = (
        task
        for task in paper.experiment(None, 1.0, ("random",), (0.5,), ("least-squares",), ("snr",)).tasks
        if task.key["clip"] == "melody"
    )
    x = task.arguments["clip"].samples[0].astype(np.float64)
    stft = dpcodec.Stft(2048, 512, "hann")
    X = stft.forward(x)
    mask = dpcodec.make_mask("random", X, drop=0.5)
    Y = dpcodec.inpaint(X, mask, stft, solver="least-squares", samples=x.size)
    assert snr(x, stft.inverse(Y, x.size)) == pytest.approx(task.measure(**task.arguments)["snr"], abs=0.05)


@pytest.mark.parametrize(
    "mask, change, message",
    [
        ("perceptual", {}, "mask perceptual is what a quantiser leaves"),
        ("chess", {}, "mask 'chess' is unknown"),
        ("random", {"drop": 1.0}, "drop is 1.0"),
        ("random", {"seed": -1}, "seed is -1"),
        ("random", {"X": np.zeros(3)}, r"X has shape \(3,\)"),
    ],
)
def test_what_does_not_fit_is_said(mask: str, change: dict[str, object], message: str) -> None:
    with pytest.raises(dpcodec.SettingsError, match=message):
        dpcodec.make_mask(mask, **{"X": np.zeros((3, 4)), **change})  # type: ignore[arg-type]
