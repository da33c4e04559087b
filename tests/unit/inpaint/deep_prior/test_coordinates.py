"""What the network sees: the way there and back, tones that stand still, values of one size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from dpcodec.inpaint.deep_prior.coordinates import EXPONENT, FLOOR, Coordinates, envelope
from dpcodec.inpaint.problem import Problem

from .conftest import STFT, Make


def tone(problem: Problem, bin_: float) -> torch.Tensor:
    """The STFT of a tone at so many bins, complex [1, K, L]."""
    t = np.arange(problem.span.samples)
    return torch.from_numpy(STFT.forward(np.cos(2 * np.pi * bin_ / STFT.n_fft * t + 0.3))[np.newaxis])


@pytest.mark.parametrize("phase", [True, False])
@pytest.mark.parametrize("whitening", [True, False])
@pytest.mark.parametrize("multiple", [1, 8])
def test_there_and_back(masked: Make, phase: bool, whitening: bool, multiple: int) -> None:
    _, problem = masked()
    coordinates = Coordinates(problem, multiple, "cpu", phase=phase, whitening=whitening)
    X = torch.randn(1, *problem.kept.shape[1:], dtype=torch.complex64)
    field = coordinates.field(X)
    assert field.shape == (1, 2, *coordinates.shape)
    assert all(n % multiple == 0 for n in coordinates.shape)
    torch.testing.assert_close(coordinates.cells(field), X[0])


def test_a_steady_partial_stands_still_only_where_phases_have_one_origin(masked: Make) -> None:
    _, problem = masked()
    inside = slice(6, -6)
    for phase, still in ((True, True), (False, False)):
        coordinates = Coordinates(problem, 1, "cpu", phase=phase, whitening=False)
        row = coordinates.field(tone(problem, 17.0))[0, :, 17, inside]
        row = row / row.square().sum(0).mean().sqrt()
        assert (float((row[:, 1:] - row[:, :-1]).abs().max()) < 1e-3) == still


def test_neighbouring_bins_have_one_sign(masked: Make) -> None:
    _, problem = masked()
    field = Coordinates(problem, 1, "cpu").field(tone(problem, 17.0))[0, :, 16:19, 20]
    assert float((field[:, 0] * field[:, 1]).sum()) > 0
    plain = Coordinates(problem, 1, "cpu", phase=False).field(tone(problem, 17.0))[0, :, 16:19, 20]
    assert float((plain[:, 0] * plain[:, 1]).sum()) < 0


def test_whitening_divides_by_a_power_of_the_envelope(masked: Make) -> None:
    _, problem = masked()
    plain = Coordinates(problem, 1, "cpu", whitening=False)
    assert plain.scale.unique().numel() == 1
    kept = problem.kept[0]
    E = envelope(np.where(kept, np.abs(problem.centre[0]), 0), kept)
    torch.testing.assert_close(Coordinates(problem, 1, "cpu").scale, plain.scale * E**EXPONENT)


def test_level_goes_with_the_signal(masked: Make) -> None:
    quiet, loud = (Coordinates(masked(level=level)[1], 1, "cpu").scale for level in (2.0**-20, 1.0))
    torch.testing.assert_close(quiet * 2.0**20, loud)


def test_envelope_of_equal_moduli_is_one_whatever_is_kept() -> None:
    kept = np.random.default_rng(0).random((65, 90)) < 0.2
    kept[:, 20:60] = False  # wider than the mean
    torch.testing.assert_close(envelope(3.0 * kept, kept), torch.ones(65, 90))


def test_envelope_follows_a_slope_over_what_was_dropped() -> None:
    rng = np.random.default_rng(0)
    slope = np.exp(-np.arange(257) / 100)[:, None] * np.ones((1, 60))
    kept = rng.random(slope.shape) < 0.3
    kept[:, 25:31] = False
    found = envelope(np.where(kept, slope, 0), kept).numpy()
    shape = slope / slope[:, :1].max()
    inside = (slice(20, -20), slice(None))
    assert np.abs(np.log(found / found[20, 0]) - np.log(shape / shape[20, 0]))[inside].max() < 0.15


@pytest.mark.parametrize("kept", [0.0, 0.5])
def test_envelope_of_silence_and_of_nothing_is_one(kept: float) -> None:
    mask = np.random.default_rng(0).random((33, 12)) < kept
    assert torch.equal(envelope(np.zeros((33, 12)), mask), torch.ones(33, 12))


def test_envelope_has_a_floor() -> None:
    modulus = np.zeros((200, 100))
    modulus[:5] = 1
    assert float(envelope(modulus, np.ones(modulus.shape, bool)).min()) == pytest.approx(FLOOR)


def test_silent_problem_has_a_scale_of_one(masked: Make) -> None:
    _, problem = masked()
    silent = replace(problem, centre=np.zeros_like(problem.centre))
    assert float(Coordinates(silent, 1, "cpu").scale.min()) == 1
