"""The document's example file and tables against the code."""

import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dpcodec.container import constants as c
from dpcodec.container.header import Header
from dpcodec.container.stream import Reader, Writer

DOCS = Path(__file__).parents[3] / "docs"
TEXT = "\n".join(path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md")))
DATA = DOCS.parent / "dpcodec" / "cli" / "data"


def example() -> bytes:
    found = re.search(r"^```dpc\n(.*?)^```", TEXT, re.M | re.S)
    assert found
    return bytes.fromhex(found[1])


def test_example_file() -> None:
    out = io.BytesIO()
    header = Header(
        sample_rate=16000,
        channels=1,
        samples=None,
        n_fft=64,
        hop=32,
        window="sine",
        mask="random",
        drop_q32=2**31,
        seed=7,
        segment_frames=8,
        parts=2,
    )
    writer = Writer(out, header, [("TITLE", "Hi")])
    writer.write_segment(0, [b"first part", b"second"])
    writer.close(200)
    assert out.getvalue() == example()


def test_reading_the_example() -> None:
    reader = Reader(io.BytesIO(example()))
    (segment,) = reader.segments()
    assert segment.parts == {0: b"first part", 1: b"second"}
    assert reader.tags == (("TITLE", "Hi"),)
    assert reader.whole


@pytest.mark.parametrize("kind", ["HEAD", "DATA", "END", "TAGS", "INDEX"])
def test_types(kind: str) -> None:
    assert f"| 0x{getattr(c, 'TYPE_' + kind):04X} | {kind} |" in TEXT


def test_source_tables() -> None:
    for names in (c.CONTAINER_IDS, c.SUBTYPE_IDS):
        assert list(names.values()) == list(range(len(names)))
        for name, number in names.items():
            assert f"| {number} | {name} |" in TEXT


@pytest.mark.skipif(shutil.which("file") is None, reason="file(1) is not installed")
def test_rule_for_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(example())
    command = ["file", "-b", "-m", str(DATA / "dpc.magic"), str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.strip() == "dpcodec audio, format 1.0, 16000 Hz, 1 channels, random mask"
