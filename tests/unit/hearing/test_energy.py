"""Symbols that keep a band's energy: only small ones change, towards the energy that was there."""

from __future__ import annotations

import numpy as np

from dpcodec.hearing.energy import NOISE, ONE, THRESHOLDS, USUAL, match_energy

EDGES = np.array([0, 8, 24])
RNG = np.random.default_rng(11)


def usual(scaled: np.ndarray) -> np.ndarray:
    symbols: np.ndarray = (np.sign(scaled) * np.floor(np.abs(scaled) + 1 - USUAL)).astype(np.int32)
    return symbols


def energy(q: np.ndarray) -> np.ndarray:
    """Of each band and frame, as decoded: [B, L]."""
    decoded = np.where(np.abs(q) > 1, q.astype(float) ** 2, np.where(q == 0, NOISE, ONE**2))
    found: np.ndarray = np.add.reduceat(decoded, EDGES, axis=0)
    return found


def test_only_small_symbols_near_the_threshold_change() -> None:
    scaled = RNG.laplace(0, 0.6, (64, 50))
    q = usual(scaled)
    found = match_energy(scaled, q, EDGES)
    changed = found != q
    assert changed.any()
    assert set(np.abs(found[changed])) <= {0, 1}
    magnitude = np.abs(scaled[changed])
    assert magnitude.min() >= min(THRESHOLDS)
    assert magnitude.max() <= max(THRESHOLDS)
    assert (np.sign(found) * np.sign(scaled) >= 0).all()


def test_energy_is_nearer_to_what_it_was() -> None:
    scaled = RNG.normal(0, 0.5, (64, 200))
    q = usual(scaled)
    wanted = np.add.reduceat(scaled**2, EDGES, axis=0)
    before, after = (np.abs(np.log2(energy(one) / wanted)) for one in (q, match_energy(scaled, q, EDGES)))
    assert after.mean() < 0.7 * before.mean()
    assert (after <= before + 1e-9).mean() > 0.99


def test_the_threshold_of_a_band_and_frame_is_the_best_of_those_tried() -> None:
    """Against trying them one by one; the usual one is preferred where others are hardly better."""
    scaled = RNG.laplace(0, 0.4, (24, 1))
    found = match_energy(scaled, usual(scaled), np.array([0]))
    costs = []
    for threshold in THRESHOLDS:
        ones = (np.abs(scaled) >= threshold) & (np.abs(usual(scaled)) < 2)
        symbols = np.where(ones, np.sign(scaled), np.where(np.abs(usual(scaled)) > 1, usual(scaled), 0))
        decoded = np.where(np.abs(symbols) > 1, symbols**2, np.where(symbols == 0, NOISE, ONE**2)).sum()
        costs.append((abs(np.log2(decoded / np.sum(scaled**2))) + 2.5 * abs(threshold - USUAL), symbols))
    best = min(costs, key=lambda pair: pair[0])[1]
    np.testing.assert_array_equal(found, best)


def test_nothing_comes_of_nothing() -> None:
    zeros = np.zeros((24, 3))
    assert not match_energy(zeros, zeros.astype(np.int32), EDGES).any()
    empty = np.zeros((0, 3))
    assert match_energy(empty, empty.astype(np.int32), EDGES).shape == (0, 3)
