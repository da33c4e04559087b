"""What C code asks of a file object: no place outside of it, and no exception lost."""

from __future__ import annotations

import io
import tempfile

import numpy as np
import pytest
from audio_files import written

from dpcodec.audio.audio import SampleFormat
from dpcodec.audio.files import open_audio
from dpcodec.audio.guarded_file import GuardedFile
from dpcodec.errors import AudioError


def guarded(data: bytes = b"0123456789", start: int = 3) -> GuardedFile:
    fo = io.BytesIO(data)
    fo.seek(start)
    return GuardedFile(fo)


def test_places_count_from_where_the_file_stood() -> None:
    file = guarded()
    assert (file.seek(0), file.read(2), file.tell()) == (0, b"34", 2)
    assert (file.seek(1, io.SEEK_CUR), file.read(1)) == (3, b"6")
    assert (file.seek(-1, io.SEEK_END), file.read(9)) == (6, b"9")
    assert (file.seek(100), file.read(9)) == (100, b"")
    file.check()


@pytest.mark.parametrize(
    ("offset", "whence"),
    [
        (-1, io.SEEK_SET),
        (-1, io.SEEK_CUR),
        (-8, io.SEEK_END),
        (2**63 - 1, io.SEEK_SET),
        (-(2**63), io.SEEK_END),
    ],
)
def test_places_outside_are_damage(offset: int, whence: int) -> None:
    file = guarded()
    file.seek(offset, whence)
    with pytest.raises(AudioError, match="lead out of the file"):
        file.check()


def test_places_too_far_for_the_file_system_are_damage() -> None:
    with tempfile.TemporaryFile() as fo:
        file = GuardedFile(fo)
        file.seek(2**63 - 2)
        try:
            file.check()
        except AudioError:
            return
        assert file.read(1) == b""


def test_every_cut_of_an_aiff_is_read_or_refused() -> None:
    """After 27 bytes libsndfile seeks to before the start."""
    data = written(np.zeros((2, 150), np.float32), SampleFormat("aiff", "PCM_16"))
    refused = 0
    for length in range(1, 100):
        try:
            with open_audio(io.BytesIO(data[:length])) as reader:
                reader.read(1000)
        except AudioError:
            refused += 1
    assert refused > 30
