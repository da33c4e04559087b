"""Headerless PCM: its description, reading from files and pipes, writing."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

import numpy as np
import pytest
from streams import Pipe

from dpcodec.audio.audio import SampleFormat
from dpcodec.audio.byte_source import ByteSource
from dpcodec.audio.files import create_audio, open_audio
from dpcodec.audio.raw import PcmWriter, RawFormat, open_raw, parse_raw
from dpcodec.audio.samples import ENCODINGS
from dpcodec.audio.streams import write_all
from dpcodec.errors import FileAccessError, SettingsError

if TYPE_CHECKING:
    from typing_extensions import Buffer


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_parse_raw_takes_every_encoding(encoding: str) -> None:
    assert parse_raw(f"{encoding},44100,2") == RawFormat(encoding, 44100, 2)


REFUSED = """
s16le
s16le,44100
s16le,44100,2,1
s17le,44100,2
s16le,0,2
s16le,1048576,2
s16le,8000,0
s16le,8000,256
s16le,-8000,1
s16le,8e3,1
S16LE,8000,1
s16le, 8000,1
s16le,٣,1
"""


@pytest.mark.parametrize("text", [*REFUSED.strip().split("\n"), "", "u8,1,1\n"])
def test_parse_raw_refuses(text: str) -> None:
    with pytest.raises(SettingsError, match="raw"):
        parse_raw(text)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("piped", [False, True])
def test_what_is_written_is_read(encoding: str, piped: bool) -> None:
    x = (np.arange(-60, 60).reshape(3, 40) / 128).astype(np.float32)
    raw = RawFormat(encoding, 1048575, 3)
    fo = io.BytesIO()
    with create_audio(fo, 1048575, 3, SampleFormat(), raw=raw) as writer:
        for start in range(0, 40, 7):
            writer.write(x[:, start : start + 7])
    assert len(fo.getvalue()) == 120 * ENCODINGS[encoding].width_bytes
    source = Pipe(fo.getvalue(), 5) if piped else io.BytesIO(fo.getvalue())
    with open_audio(source, raw=raw) as reader:
        assert (reader.sample_rate, reader.channels, reader.samples) == (1048575, 3, None if piped else 40)
        assert reader.sample_format.container == "raw"
        blocks = []
        while (block := reader.read(9)).shape[1]:
            blocks.append(block)
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), x)
    assert reader.warnings == []


def test_a_part_of_a_frame_is_left_out_with_one_warning() -> None:
    with open_audio(io.BytesIO(bytes(4 * 10 + 3)), raw=parse_raw("s16le,8000,2")) as reader:
        assert reader.samples == 10
        assert reader.read(100).shape == (2, 10)
        assert reader.read(100).shape == (2, 0)
    assert reader.warnings == ["3 bytes at the end make no whole sample: left out"]


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no /dev/zero")
def test_an_endless_device_has_no_length_and_is_read_in_blocks() -> None:
    with open_audio("/dev/zero", raw=parse_raw("f32le,8000,1")) as reader:
        assert reader.samples is None
        assert reader.read(1000).shape == (1, 1000)


def test_reading_begins_where_the_file_object_stands() -> None:
    fo = io.BytesIO(b"xyz" + bytes([129, 130, 131]))
    fo.seek(3)
    reader = open_raw(ByteSource(fo), parse_raw("u8,8000,1"))
    assert reader.samples == 3
    assert (reader.read(10) * 128).tolist() == [[1, 2, 3]]
    assert not fo.closed


def test_a_writer_that_takes_bytes_piecemeal_gets_them_all() -> None:
    class Slow(io.BytesIO):
        def write(self, data: Buffer) -> int:
            return super().write(bytes(data)[:3])

    fo = Slow()
    writer = PcmWriter(fo, "u8")
    writer.write(np.zeros((1, 100), np.float32))
    writer.close()
    assert fo.getvalue() == bytes([128] * 100)


def test_a_pipe_that_does_not_wait_is_refused() -> None:
    class Impatient(Pipe):
        def read(self, size: int | None = -1) -> None:  # type: ignore[override]
            return None

        def write(self, data: object) -> None:  # type: ignore[override]
            return None

    with pytest.raises(FileAccessError, match="blocking"):
        ByteSource(Impatient(b"")).read(1)
    with pytest.raises(FileAccessError, match="blocking"):
        write_all(Impatient(b""), b"x")


@pytest.mark.skipif(not which("sox"), reason="sox is not installed")
@pytest.mark.parametrize("encoding", [name for name in ENCODINGS if name != "s32be"])
def test_sox_reads_the_same_samples(encoding: str, tmp_path: Path) -> None:
    """sox turns our bytes into 32-bit little-endian integers; both must mean the same."""
    x = (np.random.default_rng(3).integers(-128, 128, (2, 500)) / 128).astype(np.float32)
    path = tmp_path / "x.raw"
    with create_audio(path, 8000, 2, SampleFormat(), raw=RawFormat(encoding, 8000, 2)) as writer:
        writer.write(x)
    kind = {"u": "unsigned-integer", "s": "signed-integer", "f": "floating-point"}[encoding[0]]
    bits = str(8 * ENCODINGS[encoding].width_bytes)
    order = "-B" if encoding.endswith("be") else "-L"
    command = ["sox", "-D", "-t", "raw", "-r", "8000", "-c", "2", "-e", kind, "-b", bits, order, str(path)]
    out = subprocess.run([*command, "-t", "s32", "-L", "-"], check=True, capture_output=True).stdout
    np.testing.assert_array_equal(np.frombuffer(out, "<i4").reshape(-1, 2).T / 2.0**31, x)
