"""PEAQ's model output variables (ITU-R BS.1387-1, annex 2, sections 4 and 5) against loops over frames, bands
and bins, and its network (section 6) against its tables."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dpcodec.metrics.peaq import averages, network, precursors
from dpcodec.metrics.peaq.bands import QUARTER_BARK
from dpcodec.metrics.peaq.ear import Ear, hear
from dpcodec.metrics.peaq.harmonic import harmonic_structure
from dpcodec.metrics.peaq.patterns import Tracker
from dpcodec.metrics.peaq.precursors import Precursors

NOISE = 10 ** (0.1456 * (QUARTER_BARK.centre_hz / 1000) ** -0.8)


def sounds(count: int = 6, channels: int = 2) -> np.ndarray:
    """Frames [2, C, B, FRAME] of noise, tilted, and of the same with more noise."""
    rng = np.random.default_rng(5)
    n = np.cumsum(rng.standard_normal((channels, count * 1024 + 2048)), axis=-1)
    clean = 0.02 * (n - n.mean(-1, keepdims=True))
    pair = np.stack([clean, 0.9 * clean + 0.01 * rng.standard_normal(clean.shape)])
    return np.lib.stride_tricks.sliding_window_view(pair, 2048, axis=-1)[:, :, ::1024][:, :, :count]


@pytest.fixture(scope="module")
def sound() -> tuple[np.ndarray, Ear, Precursors]:
    frames = sounds()
    ear = hear(frames)
    return frames, ear, precursors.frame_precursors(frames, ear, Tracker().follow(ear.excitation))


# One frame


def test_modulation_noise_loudness_and_masking(sound: tuple[np.ndarray, Ear, Precursors]) -> None:
    _, ear, got = sound
    patterns = Tracker().follow(ear.excitation)
    for c, n in np.ndindex(got.noise_loudness.shape):
        first = second = weight = loud = 0.0
        ratios = []
        for k in range(109):
            mr, mt = patterns.modulation[:, c, n, k]
            er, et = patterns.adapted[:, c, n, k]
            first += 100 / 109 * abs(mt - mr) / (1 + mr)
            second += 100 / 109 * abs(mt - mr) / (0.01 + mr) * (1 if mt >= mr else 0.1)
            mean = patterns.envelope[c, n, k]
            weight += mean / (mean + 100 * NOISE[k] ** 0.3)
            sr, st = 0.15 * mr + 0.5, 0.15 * mt + 0.5
            beta = math.exp(-1.5 * (et - er) / er)
            ratio = max(st * et - sr * er, 0) / (NOISE[k] + sr * er * beta)
            loud += 24 / 109 * (NOISE[k] / st) ** 0.23 * ((1 + ratio) ** 0.23 - 1)
            mask = 10 ** (-max(3, 0.25 * k * 0.25) / 10) * patterns.excitation[0, c, n, k]
            ratios.append(ear.noise[c, n, k] / mask)
        assert got.modulation_1[c, n] == pytest.approx(first)
        assert got.modulation_2[c, n] == pytest.approx(second)
        assert got.modulation_weight[c, n] == pytest.approx(weight)
        assert got.noise_loudness[c, n] == pytest.approx(loud)
        assert got.noise_to_mask[c, n] == pytest.approx(sum(ratios) / 109)
        assert got.worst_noise_to_mask[c, n] == pytest.approx(max(ratios))


def test_detection_takes_the_better_ear_in_each_band(sound: tuple[np.ndarray, Ear, Precursors]) -> None:
    _, ear, got = sound
    excitation = Tracker().follow(ear.excitation).excitation
    for n in range(len(got.detection)):
        missed, steps = 1.0, 0.0
        for k in range(109):
            heard, more = 0.0, 0.0
            for c in range(2):
                r, t = (10 * math.log10(e) for e in excitation[:, c, n, k])
                level = 0.3 * max(r, t) + 0.7 * t
                just = 5.95072 * (6.39468 / level) ** 1.71332 + 9.01033e-11 * level**4 + 5.05622e-6 * level**3
                just += -0.00102438 * level**2 + 0.0550197 * level - 0.198719
                slope = 4 if r > t else 6
                heard = max(heard, 1 - 10 ** (math.log10(0.5) * (abs(r - t) / just) ** slope))
                more = max(more, abs(int(r - t)) / just)
            missed *= 1 - heard
            steps += more
        assert got.detection[n] == pytest.approx(1 - missed)
        assert got.steps[n] == pytest.approx(steps)


@pytest.mark.parametrize("level", [20.0, 40.0, 60.0, 80.0])
def test_one_just_noticeable_step_is_heard_half_of_the_time(level: float) -> None:
    step = float(precursors.just_noticeable(np.array([level]))[0])
    assert 0.2 < step < 1.5
    excitation = np.full((2, 1, 1, 109), 10 ** (level / 10))
    excitation[0, ..., 30] = 10 ** ((level - step) / 10)
    detection, _ = precursors.detection(excitation)
    assert detection[0] == pytest.approx(0.5, abs=1e-6)


def spectra(reference_end: int, estimate_end: int, floor: float = 1.0) -> np.ndarray:
    """Flat up to a bin, both with one floor above."""
    power = np.full((2, 1, 1, 1025), floor)
    power[0, ..., :reference_end] = 1e6
    power[1, ..., :estimate_end] = 1e6
    return power


@pytest.mark.parametrize(
    ("reference_end", "estimate_end", "expected"),
    [
        (800, 500, (800, 500)),
        (500, 800, (500, 500)),
        (348, 100, (348, 100)),
        (347, 100, (None, None)),
        (1025, 900, (921, 900)),
        (800, 0, (800, None)),
    ],
)
def test_bandwidth_ends_where_the_spectrum_does(
    reference_end: int, estimate_end: int, expected: tuple[int | None, int | None]
) -> None:
    got = precursors.bandwidths(spectra(reference_end, estimate_end))
    assert [None if np.isnan(x) else int(x) for x in (got[0][0, 0], got[1][0, 0])] == list(expected)


def test_bandwidth_of_digital_silence_and_of_white_noise_does_not_count() -> None:
    assert np.isnan(precursors.bandwidths(np.zeros((2, 1, 1, 1025)))).all()
    assert np.isnan(precursors.bandwidths(np.ones((2, 1, 1, 1025)))).all()


def test_bandwidth_thresholds_are_10_and_5_db() -> None:
    power = spectra(400, 400)
    power[0, ..., 600], power[0, ..., 700] = 10.001, 9.999
    power[1, ..., 500], power[1, ..., 550] = 3.163, 3.161
    assert [float(x[0, 0]) for x in precursors.bandwidths(power)] == [601, 501]


# Harmonics


def slow_harmonics(ratio: np.ndarray) -> float:
    """Section 4.8 on 511 log ratios, with the mean removed before the window."""
    first = ratio[:256]
    c = np.ones(256)
    for lag in range(256):
        other = ratio[lag : lag + 256]
        c[lag] = np.dot(first, other) / math.sqrt(np.dot(first, first) * np.dot(other, other))
    window = np.array([0.5 * (1 - math.cos(2 * math.pi * i / 255)) for i in range(256)]) * math.sqrt(8 / 3)
    spectrum = [
        abs(np.sum((c - c.mean()) * window * np.exp(-2j * np.pi * k * np.arange(256) / 256)) / 256) ** 2
        for k in range(129)
    ]
    return max([line for line in spectrum[1:] if line > spectrum[0]], default=0.0)


def test_harmonic_structure_is_what_the_slow_version_gives(sound: tuple[np.ndarray, Ear, Precursors]) -> None:
    frames, ear, got = sound
    for c, n in np.ndindex(got.harmonic.shape):
        ratio = np.log(ear.power[1, c, n, :511] / ear.power[0, c, n, :511])
        assert got.harmonic[c, n] == pytest.approx(slow_harmonics(ratio), rel=1e-9)
    assert harmonic_structure(frames, ear.power) == pytest.approx(got.harmonic)


def test_harmonic_error_gives_one_line() -> None:
    """A ratio that is a cosine over frequency correlates as one: its line in the spectrum of a Hann window
    with that norm is (8/3) / 16 = 1/6."""
    frames = np.ones((2, 1, 1, 2048))
    power = np.ones((2, 1, 1, 1025))
    power[1] = np.exp(0.1 * np.cos(2 * np.pi * np.arange(1025) * 16 / 256))
    assert harmonic_structure(frames, power)[0, 0] == pytest.approx(1 / 6, rel=0.01)


def test_harmonic_structure_counts_from_8000_steps_squared_in_the_new_half() -> None:
    frames, power = np.zeros((2, 1, 2, 2048)), np.ones((2, 1, 2, 1025))
    frames[..., :1024] = 1.0  # the old half does not matter
    frames[1, 0, 0, 1024] = math.sqrt(7999) / 32768
    frames[1, 0, 1, 1024] = math.sqrt(8001) / 32768
    got = harmonic_structure(frames, power)[0]
    assert np.isnan(got[0])
    assert got[1] == 0  # equal spectra
    power[1, 0, 1] = 0  # digital silence has no ratio
    assert harmonic_structure(frames, power)[0, 1] == 0


# Averages


def frames_of(count: int, channels: int = 2) -> Precursors:
    rng = np.random.default_rng(count)
    each_ear = rng.uniform(0.2, 3, (10, channels, count))
    shared = rng.uniform(0, 1, count), rng.uniform(0, 10, count)
    return Precursors(*[*each_ear, *shared])


def test_averages_over_time_are_their_definitions() -> None:
    frames = frames_of(60)
    frames.bandwidth_estimate[:, ::3] = np.nan
    frames.harmonic[0] = np.nan
    frames.loudness[:, :30] = 0.1
    frames.loudness[1, 29] = 0.11
    got = averages.output_variables(frames, skipped=4)

    def mean(per_channel: list[float]) -> float:
        return sum(per_channel) / len(per_channel)

    first, second, weight = (
        x[:, 20:] for x in (frames.modulation_1, frames.modulation_2, frames.modulation_weight)
    )
    windows = [
        [(sum(math.sqrt(v) for v in x[i - 3 : i + 1]) / 4) ** 4 for i in range(3, len(x))] for x in first
    ]
    smooth, peak = 0.0, 0.0
    for p in frames.detection:
        smooth = 0.9 * smooth + 0.1 * p
        peak = max(peak, smooth)
    distorted = [q for p, q in zip(frames.detection, frames.steps, strict=True) if p > 0.5]
    assert got == pytest.approx(
        {
            "BandwidthRefB": frames.bandwidth_reference.mean(),
            "BandwidthTestB": mean([float(np.nanmean(x)) for x in frames.bandwidth_estimate]),
            "TotalNMRB": mean([10 * math.log10(sum(x) / len(x)) for x in frames.noise_to_mask.tolist()]),
            "WinModDiff1B": mean([math.sqrt(sum(w) / len(w)) for w in windows]),
            "ADBB": math.log10(sum(distorted) / len(distorted)),
            "EHSB": 1000 * mean([0, frames.harmonic[1].mean()]),
            "AvgModDiff1B": mean([sum(x * w) / sum(w) for x, w in zip(first, weight, strict=True)]),
            "AvgModDiff2B": mean([sum(x * w) / sum(w) for x, w in zip(second, weight, strict=True)]),
            "RmsNoiseLoudB": mean([math.sqrt(np.mean(x[29 + 3 :] ** 2)) for x in frames.noise_loudness]),
            "MFPDB": peak,
            "RelDistFramesB": mean([np.mean(x > 10**0.15) for x in frames.worst_noise_to_mask]),
        }
    )


@pytest.mark.parametrize("count", [1, 5, 24, 26])
def test_averages_over_no_frame_are_0(count: int) -> None:
    frames = frames_of(count, channels=1)
    frames.bandwidth_reference[:] = frames.bandwidth_estimate[:] = frames.harmonic[:] = np.nan
    frames.detection[:], frames.worst_noise_to_mask[:] = 0.4, 2.0
    got = averages.output_variables(frames, skipped=0)
    empty = ["BandwidthRefB", "BandwidthTestB", "ADBB", "EHSB", "WinModDiff1B"]
    if count <= 24:
        empty += ["AvgModDiff1B", "AvgModDiff2B", "RmsNoiseLoudB"]
    assert {name for name, value in got.items() if value == 0} == set(empty)
    assert np.isfinite(list(got.values())).all()


def test_audible_frames_without_a_whole_step_count_as_minus_one_half() -> None:
    frames = frames_of(30)
    frames.detection[:], frames.steps[:] = 0.9, 0
    assert averages.output_variables(frames, 0)["ADBB"] == -0.5


# Network


def test_scaling_ranges_are_those_of_the_table() -> None:
    """The standard's amin and amax, by name."""
    ranges = {
        "BandwidthRefB": (393.916656, 921),
        "BandwidthTestB": (361.965332, 881.131226),
        "TotalNMRB": (-24.045116, 16.212030),
        "WinModDiff1B": (1.110661, 107.137772),
        "ADBB": (-0.206623, 2.886017),
        "EHSB": (0.074318, 13.933351),
        "AvgModDiff1B": (1.113683, 63.257874),
        "AvgModDiff2B": (0.950345, 1145.018555),
        "RmsNoiseLoudB": (0.029985, 14.819740),
        "MFPDB": (0.000101, 1),
        "RelDistFramesB": (0, 1),
    }
    assert list(ranges) == list(network.BASIC.names)
    assert list(zip(network.BASIC.least, network.BASIC.most, strict=True)) == list(ranges.values())


def test_network_at_the_ends_of_its_ranges() -> None:
    """All variables at their least leave the biases alone; each at its most adds its three weights."""
    least = dict(zip(network.BASIC.names, network.BASIC.least.tolist(), strict=True))

    def sigmoid(x: float) -> float:
        return 1 / (1 + math.exp(-x))

    biases, outputs = (-2.518254, 0.654841, -2.207228), (-3.817048, 4.107138, 4.629582)
    resting = -0.307594 + sum(o * sigmoid(b) for o, b in zip(outputs, biases, strict=True))
    assert network.BASIC.distortion_index(least) == pytest.approx(resting)
    weights = {"TotalNMRB": (4.984241, -2.211189, -0.192096), "EHSB": (-5.303901, -3.452257, -10.814982)}
    for name, row in weights.items():
        most = least | {name: float(network.BASIC.most[network.BASIC.names.index(name)])}
        args = [b + w for b, w in zip(biases, row, strict=True)]
        moved = -0.307594 + sum(o * sigmoid(a) for o, a in zip(outputs, args, strict=True))
        assert network.BASIC.distortion_index(most) == pytest.approx(moved)


def test_grade_runs_from_minus_3_98_to_0_22() -> None:
    assert network.difference_grade(-1e4) == pytest.approx(-3.98)
    assert network.difference_grade(1e4) == pytest.approx(0.22)
    assert network.difference_grade(0) == pytest.approx((-3.98 + 0.22) / 2)
