"""A trial measures the file that a user would have."""

from __future__ import annotations

import pytest

from dpcodec import DecodeSettings, decode, encode, profile
from dpcodec.bench.clips import melody
from dpcodec.bench.trial import decode_timed, encode_timed, run_trial
from dpcodec.metrics.snr import snr


def test_a_trial_counts_the_bytes_of_the_file() -> None:
    clip = melody(8000, 1.0)
    settings, none = profile("stft", drop=0.9), DecodeSettings(solver="none")
    trial = run_trial(clip, settings, none)
    data = encode(clip, settings)
    assert trial.bytes == len(data)
    assert trial.kbps == pytest.approx(8e-3 * len(data))
    assert trial.snr_db == snr(clip.samples, decode(data, none).samples)
    assert trial.solvers == "none: as asked"


def test_times_are_those_of_the_calls() -> None:
    data, encode_s = encode_timed(melody(8000, 0.5), profile("stft"))
    _, report, decode_s = decode_timed(data, DecodeSettings(solver="none"))
    assert encode_s > 0
    assert decode_s > 0
    assert report.samples == 4000
