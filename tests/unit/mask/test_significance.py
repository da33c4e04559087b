"""The significance mask: one threshold for a whole segment."""

import numpy as np

from dpcodec.mask.significance import significance_mask


def test_the_weakest_of_the_segment_go_and_equal_ones_in_order() -> None:
    X = np.array([[[1, 5, 2], [9, 2, 2]]], float)
    assert significance_mask(X, 2**31)[0].astype(int).tolist() == [[0, 1, 0], [1, 0, 1]]


def test_channels_count_for_themselves_and_silence_keeps_nothing() -> None:
    X = np.stack([np.arange(12.0).reshape(3, 4), np.zeros((3, 4)), 100 + np.arange(12.0).reshape(3, 4)])
    kept = significance_mask(X, 3 << 30)
    assert kept.sum((1, 2)).tolist() == [3, 0, 3]


def test_complex_values_count_by_their_modulus() -> None:
    X = np.array([[[3 + 4j, 4.9, -6j, 0]]])
    assert significance_mask(X, 2**31)[0, 0].tolist() == [True, False, True, False]


def test_nothing_dropped_keeps_all() -> None:
    assert significance_mask(np.ones((1, 4, 5)), 0).all()
