"""The experiments measure what they say; full runs are commands, not tests."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dpcodec import Audio, DecodeSettings, EncodeSettings, FileAccessError, SettingsError, create_audio
from dpcodec.bench.catalogue import run
from dpcodec.bench.clips import load_clips, melody
from dpcodec.bench.loss import without_parts
from dpcodec.bench.trial import decode_timed, encode_timed, run_trial
from dpcodec.metrics.snr import snr
from dpcodec.signal.audio import SampleFormat


def write(path: Path, audio: Audio) -> None:
    with create_audio(
        path, audio.sample_rate, audio.samples.shape[0], SampleFormat("wav", "FLOAT")
    ) as writer:
        writer.write(audio.samples)


def test_melody_is_the_same_every_time_and_audible() -> None:
    a, b = melody(8000, 1.0, 2), melody(8000, 1.0, 2)
    np.testing.assert_array_equal(a.samples, b.samples)
    assert a.samples.shape == (2, 8000)
    assert np.abs(a.samples).max() == pytest.approx(0.5)
    np.testing.assert_array_equal(a.samples[1, 8:], a.samples[0, :-8])


def test_clips_are_mono_resampled_and_cut(tmp_path: Path) -> None:
    write(tmp_path / "b.wav", melody(44100, 2.0, 2))
    write(tmp_path / "a.wav", melody(16000, 0.5))
    clips = load_clips(tmp_path, 16000, 1.0)
    assert list(clips) == ["a", "b"]
    assert clips["a"].samples.shape == (1, 8000)
    assert clips["b"].samples.shape == (1, 16000)
    with pytest.raises(FileAccessError, match="no audio files"):
        load_clips(tmp_path / "nothing")


def test_a_trial_counts_the_bytes_of_the_file() -> None:
    clip = melody(8000, 1.0)
    settings, none = EncodeSettings(drop=0.9), DecodeSettings(solver="none")
    trial = run_trial(clip, settings, none)
    data, _ = encode_timed(clip, settings)
    assert trial.bytes == len(data)
    assert trial.kbps == pytest.approx(8e-3 * len(data))
    assert trial.snr_db == snr(clip.samples, decode_timed(data, none)[0].samples)


def test_parts_can_be_cut_out() -> None:
    data, _ = encode_timed(melody(8000, 1.0), EncodeSettings())
    assert without_parts(data, set()) == data
    _, report, _ = decode_timed(without_parts(data, {1, 5}), DecodeSettings(solver="none"))
    assert [("part 1" in d, "part 5" in d) for d in report.damage] == [(True, False), (False, True)]


def test_columns_are_taken_from_the_listing(tmp_path: Path) -> None:
    write(tmp_path / "clip.wav", melody(16000, 1.0))
    with pytest.raises(FileAccessError, match="missing_columns"):
        list(run("columns", tmp_path, "none"))
    (tmp_path / "missing_columns.json").write_text(
        json.dumps({"2": [3, 4], "4": [3, 4, 5, 6], "6": list(range(9, 15))})
    )
    rows = list(run("columns", tmp_path, "none"))
    assert [row["what"] for row in rows] == ["columns 2", "columns 4", "columns 6"]
    assert rows[0]["snr_db"] > rows[1]["snr_db"]


def test_wrong_names_are_refused() -> None:
    with pytest.raises(SettingsError, match="experiment"):
        list(run("everything", None, "none"))
    with pytest.raises(SettingsError, match="solver"):
        list(run("random", None, "magic"))
    with pytest.raises(SettingsError, match="name a folder"):
        list(run("random", None, "none"))
