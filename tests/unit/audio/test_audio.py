"""Audio made of arrays whose layout is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dpcodec import Audio, AudioError

STEREO = np.arange(10.0).reshape(2, 5) / 10


@pytest.mark.parametrize("layout, array", [("CN", STEREO), ("NC", STEREO.T), ("CN", STEREO.tolist())])
def test_channels_and_samples_are_told_apart_by_the_layout(layout: Any, array: Any) -> None:
    audio = Audio.from_array(array, 8000, layout)
    np.testing.assert_array_equal(audio.samples, STEREO.astype(np.float32))
    assert audio.to_array("NC").shape == (5, 2)
    np.testing.assert_array_equal(audio.to_array(layout), np.asarray(array, np.float32))


def test_one_channel_needs_no_axis() -> None:
    audio = Audio.from_array(STEREO[0], 8000, "N")
    assert audio.samples.shape == (1, 5)
    assert audio.to_array("N").shape == (5,)


def test_a_tensor_does() -> None:
    torch = pytest.importorskip("torch")
    assert Audio.from_array(torch.zeros(3, 7), 8000, "CN").samples.shape == (3, 7)


@pytest.mark.parametrize(
    "array, layout, message",
    [
        (STEREO, "N", r"samples have shape \(2, 5\): that is not layout N"),
        (STEREO[0], "CN", r"samples have shape \(5,\): that is not layout CN"),
        (STEREO, "LC", "layout is 'LC': use N, CN, NC"),
        (np.ones((2, 5), np.int16), "CN", "samples are of int16: give floats"),
        (np.ones((300, 5)), "CN", "1 to 255 channels"),
    ],
)
def test_what_does_not_fit_is_said(array: Any, layout: Any, message: str) -> None:
    with pytest.raises(AudioError, match=message):
        Audio.from_array(array, 8000, layout)


def test_channels_are_not_thrown_away() -> None:
    with pytest.raises(AudioError, match="2 channels have no layout 'N'"):
        Audio(STEREO, 8000).to_array("N")
