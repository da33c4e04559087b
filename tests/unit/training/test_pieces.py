"""Pieces are made again from their seeds; nothing that the benchmarks measure on gets in."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from dpcodec import FileAccessError, SettingsError
from dpcodec.training import programs
from dpcodec.training.midi import DRUMS, Note, Voice, midi_file
from dpcodec.training.pieces import KINDS, Piece, Recording, check_allowed, recordings
from dpcodec.training.scores import band, ensemble, percussion, solo

needs_programs = pytest.mark.skipif(bool(programs.missing()), reason=f"not here: {programs.missing()}")


@needs_programs
@pytest.mark.parametrize("kind", KINDS)
def test_a_piece_is_its_kind_and_seed(kind: str) -> None:
    first, again, other = (Piece(kind, (3, 0, n), 1.0).audio() for n in (1, 1, 2))
    assert first.samples.shape == (2, first.sample_rate)
    assert first.samples.dtype == np.float32
    assert 0.0999 <= np.abs(first.samples).max() <= 0.9001
    np.testing.assert_array_equal(first.samples, again.samples)
    assert not np.array_equal(first.samples, other.samples)


@needs_programs
@pytest.mark.parametrize("number", range(5))
def test_each_synthetic_sound_comes_out_at_its_length_in_two_channels(number: int) -> None:
    x = Piece("synthetic", (3, 0, number), 0.7).audio().samples
    assert x.shape == (2, round(0.7 * 44100))
    assert all(np.abs(channel).max() > 0.01 for channel in x)


@pytest.mark.parametrize(
    "path",
    [
        "/data/SQAM/27.flac",
        "/data/sqam-2008/27.flac",
        "/music/Sqam.wav",
        "/home/a/shared/data/music/guitar.wav",
        "shared/data/music",
        "/home/../a/shared/data/music/a.wav",
    ],
)
def test_what_the_benchmarks_measure_on_is_refused(path: str) -> None:
    for refuse in (lambda: check_allowed(Path(path)), Recording(Path(path)).audio):
        with pytest.raises(SettingsError, match="benchmarks measure on"):
            refuse()


def test_a_folder_that_leads_there_by_a_link_is_refused(tmp_path: Path) -> None:
    clips = tmp_path / "SQAM"
    clips.mkdir()
    (clips / "27.wav").write_bytes(b"")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "violin.wav").symlink_to(clips / "27.wav")
    (tmp_path / "innocent").symlink_to(clips)
    for folder in (clips, mine, tmp_path / "innocent", tmp_path):
        with pytest.raises(SettingsError, match="sqam"):
            recordings(folder)


def test_other_recordings_are_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "b.wav").write_bytes(b"")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.FLAC").write_bytes(b"")
    (tmp_path / "notes.txt").write_bytes(b"")
    assert [r.path.name for r in recordings(tmp_path)] == ["b.wav", "a.FLAC"]
    with pytest.raises(FileAccessError, match="no audio files"):
        recordings(tmp_path / "nowhere")


def test_a_program_that_fails_says_so() -> None:
    with pytest.raises(FileAccessError, match="made no sound"):
        programs.made_by(["python3", "-c", "import sys; sys.exit(3)"])


def test_missing_programs_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dpcodec.training.programs.shutil.which", lambda name: None)
    with pytest.raises(FileAccessError, match="apt-get install fluidsynth espeak-ng sox"):
        programs.check_installed()


def test_a_midi_file_byte_by_byte() -> None:
    """As the standard writes it: two notes on drums, one after the other."""
    notes = [Note(0.0, 0.1, DRUMS, 36, 100), Note(0.5, 0.1, DRUMS, 38, 64)]
    track = bytes.fromhex(
        "00 B9 0A 40"  # pan
        "00 B9 5B 28"  # reverberation
        "00 C9 05"
        "00 99 24 64"
        "60 89 24 00"  # 96 ticks later
        "83 00 99 26 40"  # 480 - 96 = 384 = 3 * 128 + 0
        "60 89 26 00"
        "00 FF 2F 00"
    )
    head = bytes.fromhex("4D 54 68 64 00 00 00 06 00 00 00 01 01 E0")
    expected = head + b"MTrk" + len(track).to_bytes(4, "big") + track
    assert midi_file(notes, {DRUMS: Voice(5)}) == expected


@pytest.mark.parametrize("score", [solo, ensemble, band, percussion])
def test_scores_keep_to_what_midi_can_say(score: object) -> None:
    assert callable(score)
    for seed in range(20):
        notes, voices = score(np.random.default_rng(seed), 3.0)
        assert notes
        assert {note.channel for note in notes} <= set(voices)
        assert all(0 <= voice.pan <= 127 and 0 <= voice.program <= 127 for voice in voices.values())
        for note in notes:
            assert 0 <= note.start < 3.5
            assert note.length > 0
            assert 1 <= note.key <= 127
            assert 1 <= note.velocity <= 127
    drums = sum(note.channel == DRUMS for note in notes)
    assert (drums > 10) == (score in (band, percussion))


@needs_programs
def test_a_song_is_as_long_as_the_score_says(tmp_path: Path) -> None:
    """sox, which is told nothing of MIDI, finds sound where the note is and silence long after it."""
    song = midi_file([Note(0.0, 0.5, 0, 69, 100)], {0: Voice(73, 64, 0)})
    (tmp_path / "song.mid").write_bytes(song)
    subprocess.run(
        ["fluidsynth", "-n", "-i", "-q", "-T", "wav", "-F", "out.wav", str(programs.SOUND_FONT), "song.mid"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    x = programs.read(tmp_path / "out.wav").samples[0]
    spectrum = np.abs(np.fft.rfft(x[4410:22050] * np.hanning(17640)))
    assert abs(np.argmax(spectrum) * 44100 / 17640 - 440) < 5
