"""PEAQ's ear model: tables and formulas of ITU-R BS.1387-1, annex 2, section 2, and slow versions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dpcodec.metrics.peaq import bands, ear
from dpcodec.metrics.peaq.bands import QUARTER_BARK

# Lower edge, centre, upper edge of some bands, as the standard's table prints them; bands count from 0.
PRINTED_HZ = {
    0: (80.000, 91.708, 103.445),
    1: (103.445, 115.216, 127.023),
    11: (350.207, 363.448, 376.805),
    28: (893.091, 912.959, 933.113),
    29: (933.119, 953.576, 974.336),
    47: (1915.121, 1951.543, 1988.587),
    59: (2987.238, 3042.309, 3098.350),
    70: (4452.890, 4533.963, 4643.482),
    71: (4616.482, 4700.473, 4785.962),
    89: (8811.450, 8970.639, 9132.688),
    100: (13061.229, 13294.850, 13536.710),
    107: (16775.035, 17077.504, 17385.420),
    108: (17385.420, 17690.045, 18000.000),
}


@pytest.mark.parametrize("band", PRINTED_HZ)
def test_bands_are_those_of_the_printed_table(band: int) -> None:
    ours = QUARTER_BARK.lower_hz[band], QUARTER_BARK.centre_hz[band], QUARTER_BARK.upper_hz[band]
    assert ours == pytest.approx(PRINTED_HZ[band], abs=0.003)


def test_there_are_109_bands_one_after_the_other() -> None:
    assert (
        len(QUARTER_BARK.lower_hz)
        == len(QUARTER_BARK.centre_hz)
        == len(QUARTER_BARK.upper_hz)
        == QUARTER_BARK.count
        == 109
    )
    gaps = QUARTER_BARK.lower_hz[1:] - QUARTER_BARK.upper_hz[:-1]
    misprints = np.flatnonzero(np.abs(gaps) > 1e-6)
    assert misprints.tolist() == [28, 65, 70]
    assert (QUARTER_BARK.lower_hz < QUARTER_BARK.centre_hz).all()
    assert (QUARTER_BARK.centre_hz < QUARTER_BARK.upper_hz).all()


@pytest.mark.parametrize("hz", [20.0, 100.0, 1000.0, 3300.0, 8000.0, 15000.0, 24000.0])
def test_outer_and_middle_ear_weigh_by_equation_7(hz: float) -> None:
    khz = hz / 1000
    decibels = -0.6 * 3.64 * khz**-0.8 + 6.5 * math.exp(-0.6 * (khz - 3.3) ** 2) - 1e-3 * khz**3.6
    assert 10 * np.log10(bands.ear_weight(np.array([hz]))[0]) == pytest.approx(decibels, abs=1e-9)


def test_the_ear_hears_nothing_at_0_hz() -> None:
    assert bands.ear_weight(np.array([0.0]))[0] < 1e-50


def test_fixed_patterns_at_known_frequencies() -> None:
    """1.456 (f / kHz)^-0.8 dB of internal noise, 3.64 (f / kHz)^-0.8 dB at the threshold; the mask is 3 dB
    down up to 12 Bark, which is band 48, and 0.25 dB per Bark above."""
    khz = QUARTER_BARK.centre_hz / 1000
    assert 10 * np.log10(QUARTER_BARK.internal_noise) == pytest.approx(0.4 * 3.64 * khz**-0.8)
    assert 10 * np.log10(QUARTER_BARK.threshold) == pytest.approx(3.64 * khz**-0.8)
    masks = -10 * np.log10(QUARTER_BARK.mask)
    assert masks[[0, 48, 49, 108]] == pytest.approx([3, 3, 3.0625, 6.75])


@pytest.mark.parametrize("at_100_hz", [0.030, 0.050])
def test_time_constants_run_from_100_hz_to_8_ms(at_100_hz: float) -> None:
    seconds = -1024 / 48000 / np.log(QUARTER_BARK.decay(at_100_hz))
    for band, centre in ((0, 91.708), (36, 1275.055), (108, 17690.045)):
        assert seconds[band] == pytest.approx(0.008 + 100 / centre * (at_100_hz - 0.008), rel=1e-5)
    assert (np.diff(seconds) < 0).all()


def test_grouping_shares_out_each_bin_by_its_overlap() -> None:
    width = 48000 / 2048
    slow = np.zeros((1025, 109))
    for k in range(1025):
        for band in range(109):
            low = max(QUARTER_BARK.lower_hz[band], (k - 0.5) * width)
            high = min(QUARTER_BARK.upper_hz[band], (k + 0.5) * width)
            slow[k, band] = max(high - low, 0) / width
    assert QUARTER_BARK.grouping == pytest.approx(slow, abs=1e-12)
    assert slow.sum(0) * width == pytest.approx(QUARTER_BARK.upper_hz - QUARTER_BARK.lower_hz)


# From samples


def test_a_sine_at_full_scale_is_heard_at_92_db() -> None:
    sine = np.sin(2 * np.pi * 1019.5 / 48000 * np.arange(2048) + 0.3)
    power = ear.hear(np.stack([sine, sine / 10])[:, np.newaxis, np.newaxis]).power[:, 0, 0]
    assert 10 * np.log10(power.max(-1)) == pytest.approx([92, 72], abs=0.002)
    assert power[0].argmax() == 43


def test_hearing_follows_its_steps() -> None:
    """Window, transform, weighting, grouping and noise in order, one frame at a time."""
    frames = np.random.default_rng(1).standard_normal((2, 2, 3, 2048)) * 0.1
    heard = ear.hear(frames)
    for c in range(2):
        for n in range(3):
            spectra = [np.abs(np.fft.rfft(frames[i, c, n] * np.hanning(2048))) ** 2 for i in range(2)]
            gain = heard.power[0, c, n, 100] / spectra[0][100]
            weight = gain * bands.ear_weight(np.arange(1025) * 48000 / 2048)
            for i in range(2):
                assert heard.power[i, c, n] == pytest.approx(gain * spectra[i])
                pitch = (weight * spectra[i]) @ QUARTER_BARK.grouping + QUARTER_BARK.internal_noise
                assert heard.excitation[i, c, n] == pytest.approx(ear.spread(pitch))
            # Equation 70's noise: the difference of the magnitudes, which is blind to phase.
            a, b = weight * spectra[0], weight * spectra[1]
            assert heard.noise[c, n] == pytest.approx((a - 2 * np.sqrt(a * b) + b) @ QUARTER_BARK.grouping)


def test_digital_silence_has_a_least_energy() -> None:
    heard = ear.hear(np.zeros((2, 1, 1, 2048)))
    assert (heard.noise == 1e-12).all()
    assert np.isfinite(np.log(heard.excitation)).all()


# Spreading


def slow_spreading(pitch: np.ndarray) -> np.ndarray:
    """Section 2.1.7 in decibels, band by band: each band's energy is shared out over slopes of 27 dB per Bark
    downwards and 24 + 230 / f - 0.2 L dB per Bark upwards, and the shares add as their powers of 0.4."""
    total = np.zeros(109)
    for source in range(109):
        level = 10 * math.log10(pitch[source])
        upwards = -24 - 230 / QUARTER_BARK.centre_hz[source] + 0.2 * level
        slopes = [27.0 if target < source else upwards for target in range(109)]
        shape = [10 ** (slope * 0.25 * (t - source) / 10) for t, slope in enumerate(slopes)]
        for target in range(109):
            total[target] += (pitch[source] * shape[target] / sum(shape)) ** 0.4
    return total**2.5


@pytest.mark.parametrize("loudest_db", [0, 40, 90, 125])
def test_spreading_is_what_the_slow_version_gives(loudest_db: float) -> None:
    pitch = 10 ** (np.random.default_rng(2).uniform(0, loudest_db / 10 + 0.1, (3, 109)))
    ones = slow_spreading(np.ones(109))
    for frame in pitch:
        assert ear.spread(frame) == pytest.approx(slow_spreading(frame) / ones, rel=1e-9)
    together = ear.spread(pitch.reshape(3, 1, 109))[:, 0]
    assert together == pytest.approx(np.stack([ear.spread(frame) for frame in pitch]), rel=1e-12)


def test_ones_stay_ones_and_a_slope_of_0_db_is_no_gap() -> None:
    assert ear.spread(np.ones(109)) == pytest.approx(np.ones(109))
    flat = 10 ** ((2.4 + 23 / QUARTER_BARK.centre_hz) * 5)  # the level at which the upper slope is level
    assert np.isfinite(ear.spread(flat)).all()
    assert ear.spread(flat) == pytest.approx(ear.spread(flat * (1 + 1e-9)), rel=1e-6)
