"""Clips are what is measured on: the same every time, mono, at the rate and of the length asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dpcodec import Audio, AudioError, FileAccessError, create_audio
from dpcodec.audio.audio import SampleFormat
from dpcodec.bench.clips import clips_of, digest, formula_clips, load_clips, melody


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


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_clips_by_formula_are_the_same_every_time_audible_and_different(rate: int) -> None:
    clips, again = formula_clips(rate, 1.0), formula_clips(rate, 1.0)
    for name, clip in clips.items():
        assert clip.samples.shape == (1, rate)
        assert np.abs(clip.samples).max() == pytest.approx(0.5)
        np.testing.assert_array_equal(clip.samples, again[name].samples)
    assert len({digest(clip) for clip in clips.values()}) == len(clips)


def test_a_longer_melody_begins_as_a_shorter_one() -> None:
    short, long = melody(8000, 1.0).samples, melody(8000, 3.0).samples[:, :8000]
    assert np.corrcoef(short, long)[0, 1] == pytest.approx(1)


def test_clips_are_mono_resampled_and_cut(tmp_path: Path) -> None:
    write(tmp_path / "b.wav", melody(44100, 2.0, 2))
    write(tmp_path / "a.wav", melody(16000, 0.5))
    clips = load_clips(tmp_path, 16000, 1.0)
    assert list(clips) == ["a", "b"]
    assert clips["a"].samples.shape == (1, 8000)
    assert clips["b"].samples.shape == (1, 16000)
    np.testing.assert_array_equal(clips["a"].samples, melody(16000, 0.5).samples)


@pytest.mark.parametrize(("seconds", "first"), [(5.0, 1.0), (6.5, 0.5), (9.0, 0.0)])
def test_clips_are_taken_from_a_second_on_or_as_late_as_they_allow(
    seconds: float, first: float, tmp_path: Path
) -> None:
    clip = melody(8000, 7.0, 2)
    write(tmp_path / "a.wav", clip)
    taken = load_clips(tmp_path, None, seconds, mono=False, start=1.0)["a"].samples
    begin = round(8000 * first)
    expected = clip.samples[:, begin : begin + round(8000 * seconds)]
    np.testing.assert_allclose(taken, expected, atol=1e-4)


def test_both_channels_are_heard(tmp_path: Path) -> None:
    left = melody(16000, 0.5).samples[0]
    write(tmp_path / "a.wav", Audio(np.stack([left, np.zeros_like(left)]), 16000))
    np.testing.assert_allclose(load_clips(tmp_path)["a"].samples[0], left / 2, atol=1e-7)


def test_a_digest_tells_samples_and_rates_apart() -> None:
    clip = melody(8000, 0.5)
    louder = Audio(clip.samples * np.float32(1.001), 8000)
    assert len({digest(clip), digest(louder), digest(Audio(clip.samples, 8001))}) == 3
    assert digest(clip) == digest(Audio(clip.samples.copy(), 8000))


def test_clips_can_be_chosen_by_name(tmp_path: Path) -> None:
    assert list(clips_of(None, 8000, 0.5, ["melody", "castanets"])) == ["melody", "castanets"]
    with pytest.raises(FileAccessError, match="no clip 'drum' here: there are castanets"):
        clips_of(None, 8000, 0.5, ["drum"])


def test_folders_without_usable_clips_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="no audio files"):
        load_clips(tmp_path / "nothing")
    with pytest.raises(FileAccessError, match="no audio files"):
        load_clips(tmp_path)
    write(tmp_path / "empty.wav", Audio(np.zeros((1, 0)), 16000))
    with pytest.raises(AudioError, match=r"empty\.wav: there are no samples"):
        load_clips(tmp_path)


def test_two_clips_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav", "a.WAV"):
        write(tmp_path / name, melody(8000, 0.1))
    with pytest.raises(FileAccessError, match=r"a\.(wav|WAV) and .*a\.(wav|WAV): two clips of one name"):
        load_clips(tmp_path)
