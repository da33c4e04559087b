"""The bit rate asked for is met from below, and nearly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dpcodec import Audio, SettingsError, encode, profile
from dpcodec.bench.clips import formula_clips
from dpcodec.bench.target import fit

BINS = 1025


@pytest.mark.parametrize("kbps", [4, 16, 48])
@pytest.mark.parametrize("name", ["castanets", "glides", "melody"])
def test_the_file_is_within_its_bit_rate_and_a_coefficient_a_column_more_is_not(name: str, kbps: int) -> None:
    clip = formula_clips(16000, 2.0)[name]
    data, drop = fit(clip, kbps)
    limit = kbps * 1000 * 2.0 / 8
    assert len(data) <= limit
    assert encode(clip, profile("stft", drop=drop)) == data
    assert len(encode(clip, profile("stft", drop=drop - 1 / BINS))) > 0.998 * limit


def test_no_drop_of_a_fine_grid_gives_a_larger_file_within_the_limit() -> None:
    clip = formula_clips(16000, 1.0)["glides"]
    data, _ = fit(clip, 24)
    sizes = [len(encode(clip, profile("stft", drop=drop))) for drop in np.arange(0.5, 0.999, 0.003)]
    assert len(data) >= 0.998 * max(size for size in sizes if size <= 24 * 125)


def test_other_settings_are_kept() -> None:
    clip = formula_clips(16000, 1.0)["melody"]
    settings = profile("stft", n_fft=1024, hop=512, parts=1)
    data, drop = fit(clip, 16, settings)
    assert data == encode(clip, replace(settings, drop=drop))


def test_more_than_there_is_to_say_gives_the_largest_file() -> None:
    clip = formula_clips(16000, 1.0)["melody"]
    data, drop = fit(clip, 5000)
    assert drop == pytest.approx(0.1)
    assert len(data) < 5000 * 125


def test_silence_takes_what_it_takes() -> None:
    data, _ = fit(Audio(np.zeros((1, 16000)), 16000), 8)
    assert len(data) < 1000


def test_a_bit_rate_below_the_smallest_file_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"0\.1 kbit/s are 12 bytes here, and the smallest file is \d+"):
        fit(formula_clips(16000, 1.0)["melody"], 0.1)
