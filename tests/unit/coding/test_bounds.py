"""What a stored mask says of dropped coefficients: always true of them, and no looser than it must be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dpcodec.coding.body import interleave
from dpcodec.coding.bounds import StoredBound
from dpcodec.mask.energy import energy_mask
from dpcodec.mask.significance import significance_mask

from .test_stft_channel import SHAPE, decoded, encoded, mask, spectrum

MASKS: dict[str, tuple[StoredBound, Any]] = {
    "energy": (StoredBound(by_segment=False), energy_mask),
    "significance": (StoredBound(by_segment=True), significance_mask),
}
SOME = pytest.mark.parametrize(("rule", "choose"), MASKS.values(), ids=MASKS)
HALF = 2**31


def test_bounds_are_shared_between_parts_but_not_with_lost_ones() -> None:
    X = spectrum()
    kept = mask(X, "energy")
    steps = np.full(2, 0.5, np.float32)
    found, bound = np.zeros(SHAPE, bool), np.full(SHAPE, np.inf, np.float32)
    arrived = np.zeros(SHAPE[1], bool)
    for p in range(8):
        rows = interleave(p, 8)
        if p != 3:
            part = decoded(encoded(X, kept, "energy", p, 8, steps), p, 8, SHAPE, None, False)
            found[:, rows], bound[:, rows] = part.kept, part.bound
            arrived[rows] = True
    shared = StoredBound(False).share(bound, found, arrived, steps)
    assert (np.abs(X) <= shared)[~found].all()
    assert (shared <= bound).all()
    assert np.isinf(shared[:, ~arrived]).all()
    assert np.isfinite(shared[:, arrived]).all()


def test_a_column_that_the_quantiser_emptied_is_bounded_once_all_of_it_arrived() -> None:
    X = spectrum()
    X[:, :, 5] *= 1e-3
    kept = mask(X, "energy")
    step = 2.0 * float(np.abs(X[:, :, 5]).max())
    found, bound = np.zeros(SHAPE, bool), np.full(SHAPE, np.inf, np.float32)
    quiet = np.zeros(2)
    for p in range(8):
        rows = interleave(p, 8)
        body = encoded(X, kept, "energy", p, 8, np.full(2, step, np.float32))
        part = decoded(body, p, 8, SHAPE, None, False)
        found[:, rows], bound[:, rows] = part.kept, part.bound
        quiet = np.maximum(quiet, part.quiet)
    assert not found[:, :, 5].any()
    lost = np.arange(SHAPE[1]) % 8 != 0
    assert np.isinf(StoredBound(False).share(bound, found, lost, quiet)[:, :, 5]).all()
    everything = np.ones(SHAPE[1], bool)
    shared = StoredBound(False).share(bound, found, everything, quiet)
    assert (np.abs(X) <= shared)[~found].all()
    np.testing.assert_allclose(shared[:, :, 5], step / np.sqrt(2), rtol=1e-6)
    # A mask that keeps nothing anyway says nothing by an empty column.
    unsaid = StoredBound(False, keeps_none=True).share(bound, found, everything, quiet)
    assert np.isinf(unsaid[:, :, 5]).all()
    np.testing.assert_array_equal(np.delete(unsaid, 5, axis=2), np.delete(shared, 5, axis=2))


@SOME
def test_a_part_is_bounded_by_its_smallest_kept_value(rule: StoredBound, choose: Any) -> None:
    X = np.abs(spectrum((1, 20, 6)))
    kept = choose(X, HALF)[0]
    modulus = X[0]
    bound, quiet = rule.of_part(kept, modulus, 0.25)
    assert bound.dtype == np.float32
    assert quiet == pytest.approx(0.25)
    assert quiet >= 0.25
    assert (modulus <= bound)[~kept].all()
    assert not bound[kept].any()
    for frame in range(6):
        there = modulus[kept] if rule.by_segment else modulus[kept[:, frame], frame]
        np.testing.assert_allclose(bound[~kept[:, frame], frame], there.min(), rtol=2e-6)


@SOME
def test_where_nothing_is_kept_a_part_bounds_nothing(rule: StoredBound, choose: Any) -> None:
    bound, quiet = rule.of_part(np.zeros((4, 3), bool), np.zeros((4, 3)), 0.5)
    assert np.isinf(bound).all()
    assert quiet == pytest.approx(0.5)


@SOME
@pytest.mark.parametrize("lost", [(), (2,), (0, 5)])
def test_the_smallest_bound_of_all_parts_that_arrived_holds(
    rule: StoredBound, choose: Any, lost: tuple[int, ...]
) -> None:
    X = np.abs(spectrum((2, 24, 5), seed=4))
    kept = choose(X, HALF)
    found, bound = np.zeros(X.shape, bool), np.full(X.shape, np.inf, np.float32)
    arrived = np.zeros(24, bool)
    for p in range(6):
        rows = interleave(p, 6)
        if p in lost:
            continue
        arrived[rows] = True
        for c in range(2):
            found[c, rows] = kept[c, rows]
            bound[c, rows], _ = rule.of_part(kept[c, rows], X[c, rows], 0.0)
    shared = rule.share(bound, found, arrived, np.zeros(2))
    assert (shared >= X)[~kept].all()
    assert np.isinf(shared[:, ~arrived]).all()
    there = np.where(found, X, np.inf).min(axis=(1, 2) if rule.by_segment else 1, keepdims=True)
    expected = np.broadcast_to(there, X.shape)
    dropped = ~kept & arrived[:, None]
    np.testing.assert_allclose(shared[dropped], expected[dropped], rtol=2e-6)


def test_a_mask_without_a_threshold_bounds_nothing() -> None:
    rule = StoredBound(by_segment=None)
    kept = np.array([[True, False], [False, True]])
    bound, quiet = rule.of_part(kept, np.ones((2, 2)), 0.1)
    np.testing.assert_array_equal(bound, np.where(kept, 0, np.inf))
    assert quiet == np.inf
    whole = bound[None]
    np.testing.assert_array_equal(rule.share(whole, kept[None], np.ones(2, bool), np.ones(1)), whole)


@SOME
def test_what_float32_cannot_hold_is_no_bound(rule: StoredBound, choose: Any) -> None:
    kept = np.array([[True], [False]])
    bound, quiet = rule.of_part(kept, np.full((2, 1), 1e39), 1e39)
    assert np.isinf(bound[1, 0])
    assert quiet == np.finfo(np.float32).max
