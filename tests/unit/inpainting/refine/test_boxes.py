"""What a problem tells, frame by frame and in the quantiser's steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from quantised import quantised
from signals import chord

from dpcodec.inpainting.refine.boxes import channel_boxes


def test_boxes_are_the_problem_turned_and_scaled() -> None:
    problem = quantised(chord(6000), 0.02, noise=0.25, splits=np.arange(25) % 3)
    boxes = channel_boxes(problem, 0)
    assert boxes is not None
    L, K = boxes.value.shape
    assert L == 25
    kept = problem.kept[0, :K].T
    np.testing.assert_array_equal(boxes.value * boxes.level, problem.value[0, :K].T)
    np.testing.assert_allclose(boxes.step * boxes.level, 0.02, rtol=1e-6)
    np.testing.assert_allclose(boxes.noise[~kept], 0.25, rtol=1e-6)
    np.testing.assert_array_equal(boxes.symbol[kept], np.rint(np.abs(problem.value[0, :K].T / 0.02))[kept])
    assert not boxes.symbol[~kept].any()
    np.testing.assert_allclose(boxes.variance[kept], boxes.step[kept] ** 2 / 12, rtol=1e-6)
    np.testing.assert_allclose(np.sqrt(boxes.variance[~kept]) / boxes.step[~kept], 0.4, rtol=1e-6)
    np.testing.assert_array_equal(boxes.split[:, 0], np.arange(25) % 3 > 0)
    assert 1 <= np.abs(boxes.value).max() < 2


def test_the_box_is_that_of_the_problem() -> None:
    problem = quantised(chord(3000), 0.02)
    boxes = channel_boxes(problem, 0)
    assert boxes is not None
    K = boxes.value.shape[1]
    centre, half = problem.centre[0, :K].T, (problem.halfwidth + problem.bound)[0, :K].T
    unit = boxes.step * boxes.level
    np.testing.assert_allclose(problem.value[0, :K].T + boxes.low * unit, centre - half, atol=1e-8)
    np.testing.assert_allclose(problem.value[0, :K].T + boxes.high * unit, centre + half, atol=1e-8)


def test_values_of_one_do_not_shrink_where_noise_is_told() -> None:
    boxes = channel_boxes(quantised(chord(3000), 0.1, noise=0.2), 0)
    assert boxes is not None
    one, outwards = boxes.symbol == 1, boxes.value > 0
    assert not boxes.low[one & outwards].any()
    assert not boxes.high[one & ~outwards].any()
    assert (boxes.high[one & outwards] > 0.6).all()
    assert (boxes.low[boxes.symbol > 1] < 0).all()


def test_where_nothing_is_known_or_all_there_is_no_step() -> None:
    problem = quantised(chord(3000), 0.02)
    lost = replace(
        problem,
        kept=problem.kept & (np.arange(problem.kept.shape[2]) % 2 == 0),
        bound=np.where(np.arange(problem.kept.shape[2]) % 2, np.inf, problem.bound).astype(np.float32),
        value=np.where(np.arange(problem.kept.shape[2]) % 2, 0, problem.value).astype(np.float32),
    )
    boxes = channel_boxes(lost, 0)
    assert boxes is not None
    assert not boxes.step[1::2].any()
    assert not boxes.variance[1::2].any()
    assert boxes.step[::2].all()
    exact = replace(problem, halfwidth=0 * problem.halfwidth, bound=np.full_like(problem.bound, np.inf))
    assert channel_boxes(exact, 0) is None


def test_silence_has_no_cells() -> None:
    assert channel_boxes(quantised(np.zeros(3000), 0.02, noise=0.3), 0) is None


def test_there_and_back_is_the_transform() -> None:
    """But for the outermost frames, of which a part lies outside the signal."""
    problem = quantised(chord(6000), 0.02)
    boxes = channel_boxes(problem, 0)
    assert boxes is not None
    x = boxes.samples(boxes.value)
    np.testing.assert_allclose(x * boxes.level, problem.operator.adjoint(problem.value[0]), atol=1e-6)
    np.testing.assert_allclose(boxes.coefficients(x[None])[0, 2:-2], boxes.value[2:-2], atol=1e-5)
