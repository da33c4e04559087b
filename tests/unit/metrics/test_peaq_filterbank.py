"""The bank of filters of PEAQ's advanced version (ITU-R BS.1387-1, annex 2, section 2.2), its variables and
its network against slow versions that follow the text sample by sample and band by band."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dpcodec.metrics.peaq import bands, filterbank, network, variables
from dpcodec.metrics.peaq.ear import spread
from dpcodec.metrics.peaq.filterbank import FILTERS, FilterBank
from dpcodec.metrics.peaq.variables import FilterFrames, FilterTracker, filter_variables

LENGTHS = {0: 1456, 1: 1438, 5: 1244, 19: 390, 39: 52}


def slow_highpass(x: np.ndarray) -> np.ndarray:
    for a1, a2 in ((1.99517, -0.995174), (1.99799, -0.997998)):
        y = np.zeros(len(x))
        for n in range(len(x)):
            past = [(x[n - i], y[n - i]) if n >= i else (0.0, 0.0) for i in (1, 2)]
            y[n] = x[n] - 2 * past[0][0] + past[1][0] + a1 * past[0][1] + a2 * past[1][1]
        x = y
    return x


def slow_output(x: np.ndarray, band: int, length: int, now: int) -> complex:
    """Equations 29 to 31 and the ear's weight."""
    hz = FILTERS.centre_hz[band]
    total = 0j
    for n in range(length):
        t = now - n - 1 - (1456 - length) // 2
        if t >= 0:
            phase = 2 * math.pi * hz * (n - length / 2) / 48000
            h = 4 / length * math.sin(math.pi * n / length) ** 2 * complex(math.cos(phase), math.sin(phase))
            total += h * x[t]
    return total * math.sqrt(bands.ear_weight(np.array([hz]))[0])


def slow_spread(outputs: np.ndarray) -> np.ndarray:
    """Section 2.2.7 on [T, 40]."""
    bark = 7 * (math.asinh(18000 / 650) - math.asinh(50 / 650)) / 39
    ratio, keep, slope = 0.1 ** (bark / 20), math.exp(-32 / 4800), [0.0] * 40
    result = np.zeros_like(outputs)
    for t, out in enumerate(outputs):
        for k in range(40):
            level = 10 * math.log10(abs(out[k]) ** 2 + 1e-300)
            steep = max(4, 24 + 230 / FILTERS.centre_hz[k] - 0.2 * level)
            slope[k] += keep * (ratio**steep - slope[k])
            for j in range(k, 40):
                result[t, j] += out[k] * slope[k] ** (j - k)
        for k in range(38, -1, -1):
            result[t, k] += ratio**31 * result[t, k + 1]
    return result


def test_filters_run_from_50_hz_to_18_khz_in_equal_steps() -> None:
    assert FILTERS.count == 40
    assert FILTERS.centre_hz[[0, 1, 39]] == pytest.approx([50, 116.19, 18000], abs=0.01)
    assert np.diff(np.arcsinh(FILTERS.centre_hz / 650)) == pytest.approx(
        np.diff(np.arcsinh(FILTERS.centre_hz / 650))[0]
    )
    assert FILTERS.frames_per_second == 250


def test_hearing_follows_its_steps() -> None:
    x = 0.1 * np.random.default_rng(2).standard_normal(192 * 10)
    loud = slow_highpass(10 ** (92 / 20) * x)
    times = range(0, len(x), 32)
    clean = np.concatenate([np.zeros(1456), loud])
    outputs = filterbank._filtered(clean)
    for band, length in LENGTHS.items():
        slow = [slow_output(loud, band, length, now) for now in times]
        assert outputs[:, band] == pytest.approx(np.array(slow), rel=1e-9, abs=1e-6)
    energies = np.abs(slow_spread(outputs)) ** 2
    heard = FilterBank().hear(x)
    smear = [math.cos(math.pi * (i - 5) / 12) ** 2 * 0.9761 / 6 for i in range(11)]
    for frame in range(10):
        newest = 6 * frame + 5
        late = sum(h * energies[newest - i] for i, h in enumerate(smear) if newest >= i)
        assert heard[frame] == pytest.approx(late + FILTERS.internal_noise, rel=1e-9)


def test_a_tone_is_heard_at_its_level_in_its_band() -> None:
    t = np.arange(192 * 100) / 48000
    for band in (10, 20, 30):
        hz = FILTERS.centre_hz[band]
        heard = FilterBank().hear(np.sin(2 * np.pi * hz * t))[-1]
        level = 92 + 10 * np.log10(bands.ear_weight(hz))
        assert heard.argmax() == band
        assert 10 * np.log10(heard[band]) == pytest.approx(level, abs=0.6)


def test_blocks_and_channels_change_nothing() -> None:
    x = np.random.default_rng(3).standard_normal((2, 2, 192 * 12))
    whole, bank = FilterBank().hear(x), FilterBank()
    pieces = [bank.hear(x[..., start : start + 192 * 5]) for start in range(0, x.shape[-1], 192 * 5)]
    assert np.concatenate(pieces, axis=-2) == pytest.approx(whole, rel=1e-9)
    assert FilterBank().hear(x[1, 0]) == pytest.approx(whole[1, 0], rel=1e-9)


def test_spectra_have_55_bands_in_the_advanced_version() -> None:
    half = bands.HALF_BARK
    assert half.count == 55
    assert [half.lower_hz[0], half.centre_hz[0], half.upper_hz[54]] == pytest.approx(
        [80, 103.445, 18000], abs=0.003
    )
    assert -10 * np.log10(half.mask[[0, 24, 25, 54]]) == pytest.approx([3, 3, 3.125, 6.75])
    assert spread(np.ones(55), half) == pytest.approx(np.ones(55))


def test_variables_of_a_frame() -> None:
    """The last of some frames, band by band, from the patterns that the tracker has made."""
    heard = 10 ** np.random.default_rng(5).uniform(1, 7, (2, 1, 30, 40))
    got = FilterTracker().follow(heard)
    tracker = FilterTracker()
    excitation = tracker._smear(heard)
    adapted = tracker._adaptation(excitation)
    modulation, envelope = tracker._modulation(heard)
    noise = 10 ** (0.1456 * (FILTERS.centre_hz / 1000) ** -0.8)

    def loud(masker: float, noisy: float, m: float, n: float, k: int, wide: bool) -> float:
        alpha, factor = (2.5, 0.3) if wide else (1.5, 0.15)
        s, t = factor * m + 1, factor * n + 1
        beta = math.exp(-alpha * (noisy - masker) / masker)
        ratio = max(t * noisy - s * masker, 0) / (noise[k] + s * masker * beta)
        return float(24 / 40 * (noise[k] / t) ** 0.23 * ((1 + ratio) ** 0.23 - 1))

    added = missing = linear = difference = weight = 0.0
    for k in range(40):
        (r, e), (m, n) = adapted[:, 0, -1, k], modulation[:, 0, -1, k]
        added += loud(r, e, m, n, k, True)
        missing += loud(e, r, n, m, k, False)
        linear += loud(r, excitation[0, 0, -1, k], m, m, k, False)
        difference += 100 / math.sqrt(40) * abs(m - n) / (1 + m)
        mean = envelope[0, -1, k]
        weight += mean / (mean + noise[k] ** 0.3)
    assert got.added[0, -1] == pytest.approx(added if added >= 0.1 else 0)
    assert got.missing[0, -1] == pytest.approx(missing)
    assert got.linear[0, -1] == pytest.approx(linear)
    assert got.modulation[0, -1] == pytest.approx(difference)
    assert got.weight[0, -1] == pytest.approx(weight)
    seconds = -1 / 250 / np.log(FILTERS.decay(0.020, least=0.004))
    assert seconds == pytest.approx(0.004 + 100 / FILTERS.centre_hz * 0.016)


def test_averages_over_time_are_their_definitions() -> None:
    rng = np.random.default_rng(6)
    frames = FilterFrames(*rng.uniform(0.2, 3, (6, 2, 200)))
    frames.loudness[:, :140] = 0.1
    frames.loudness[1, 139] = 0.11
    got = filter_variables(frames, skipped=20)
    d, w = frames.modulation[:, 105:], frames.weight[:, 105:]
    late = slice(139 + 13, None)
    rms = [np.sqrt(np.mean(x[:, late] ** 2, axis=1)).mean() for x in (frames.added, frames.missing)]
    assert got == pytest.approx(
        {
            "RmsModDiffA": np.sqrt((w**2 * d**2).sum(1) / (w**2).sum(1)).mean(),
            "RmsNoiseLoudAsymA": rms[0] + rms[1] / 2,
            "AvgLinDistA": frames.linear[:, late].mean(),
        }
    )
    assert set(filter_variables(variables.join([frames], 0, 90), 0).values()) == {0.0}


def test_network_is_that_of_the_tables() -> None:
    least = dict(zip(network.ADVANCED.names, network.ADVANCED.least.tolist(), strict=True))

    def sigmoid(x: float) -> float:
        return 1 / (1 + math.exp(-x))

    biases = (1.330890, 2.686103, 2.096598, -1.327851, 3.087055)
    outputs = (-4.696996, -3.289959, 7.004782, 6.651897, 4.009144)
    resting = -1.360308 + sum(o * sigmoid(b) for o, b in zip(outputs, biases, strict=True))
    assert network.ADVANCED.distortion_index(least) == pytest.approx(resting)
    ranges = [(13.298751, 2166.5), (0.041073, 13.24326), (-25.018791, 13.46708)]
    ranges += [(0.061560, 10.226771), (0.02452, 14.224874)]
    assert list(zip(network.ADVANCED.least, network.ADVANCED.most, strict=True)) == ranges
    row = (11.556344, 3.892028, 9.720441, -3.287205, -11.031250)
    moved = -1.360308 + sum(o * sigmoid(b + w) for o, b, w in zip(outputs, biases, row, strict=True))
    assert network.ADVANCED.distortion_index(least | {"AvgLinDistA": 14.224874}) == pytest.approx(moved)
