"""`dpcodec.read` and `dpcodec.write`."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from signals import chord

import dpcodec

RATE = 8000
AUDIO = dpcodec.Audio(np.stack([chord(4000), chord(4000, 1)]), RATE, dpcodec.SampleFormat("wav", "FLOAT"))


@pytest.mark.parametrize("name", ["x.wav", "x.flac", "x.caf"])
def test_other_audio_comes_back(tmp_path: Path, name: str) -> None:
    dpcodec.write(tmp_path / name, AUDIO)
    again = dpcodec.read(tmp_path / name)
    assert again.sample_rate == RATE
    assert again.sample_format.container == name[2:]
    np.testing.assert_allclose(again.samples, AUDIO.samples, atol=2**-23)


def test_our_own_files_are_encoded_and_decoded(tmp_path: Path) -> None:
    path, settings = tmp_path / "x.dpc", dpcodec.profile(drop=0.5)
    dpcodec.write(path, AUDIO, settings)
    assert path.read_bytes() == dpcodec.encode(AUDIO, settings)
    decoding = dpcodec.DecodeSettings(solver="none", start=0.1)
    wanted = dpcodec.decode(path.read_bytes(), decoding).samples
    np.testing.assert_array_equal(dpcodec.read(str(path), decoding).samples, wanted)


def test_file_objects_stay_open() -> None:
    out = io.BytesIO()
    dpcodec.write(out, AUDIO, dpcodec.profile(drop=0.5))
    dpcodec.write(out, AUDIO)
    out.seek(0)
    assert out.read(4) == b"\x89DPC"
    out.seek(out.getvalue().index(b"RIFF"))
    np.testing.assert_array_equal(dpcodec.read(out).samples, AUDIO.samples)
    assert not out.closed


def test_raw_samples_are_told(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(np.array([0, 16384, -16384], "<i2").tobytes())
    audio = dpcodec.read(path, raw=dpcodec.parse_raw("s16le,8000,1"))
    np.testing.assert_array_equal(audio.samples, [[0, 0.5, -0.5]])


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    with pytest.raises(dpcodec.AudioError, match="there is no such file"):
        dpcodec.read(tmp_path / "none.wav")
    with pytest.raises(dpcodec.SettingsError, match="this is a directory"):
        dpcodec.read(tmp_path)
    with pytest.raises(dpcodec.SettingsError, match=r"settings are for \.dpc files: this is called \.wav"):
        dpcodec.write(tmp_path / "x.wav", AUDIO, dpcodec.EncodeSettings())
    with pytest.raises(dpcodec.FileAccessError, match="it cannot be written"):
        dpcodec.write(tmp_path / "no" / "x.dpc", AUDIO)
    assert not list(tmp_path.iterdir())
