"""Bandwidth: edges of bands that the format has, all of it where steps are fine or the rate is low."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.hearing.bandwidth import rows_coded
from dpcodec.transform.bands import band_edges


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_what_is_coded_ends_at_a_band(rate: int) -> None:
    coded, heard = rows_coded(0.1, 1024, rate)
    assert coded in band_edges(1024, rate)
    assert coded * rate / 2048 == pytest.approx(15500, abs=rate / 2048)
    assert heard * rate / 2048 == pytest.approx(20000, abs=rate / 2048)


def test_all_is_coded_of_low_rates_and_with_fine_steps() -> None:
    assert rows_coded(0.1, 1024, 22050) == (1024, 1024)
    assert rows_coded(0.001, 1024, 48000) == (1024, 1024)
    assert np.all(np.diff([rows_coded(s, 1024, 48000)[0] for s in (1.0, 0.1, 0.01, 0.001)]) >= 0)
