"""The frozen files: each decodes, for ever, to the same numbers, or fails with the exit code in README.md."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streams import DATA, HEAD, INDEX, Pipe, split

import dpcodec
from dpcodec.audio.streams import AudioWriter
from dpcodec.cli import exits
from dpcodec.cli.main import run
from dpcodec.container.stream import Reader
from dpcodec.metrics.snr import snr
from dpcodec.modes import mode_of_file
from dpcodec.modes.base import Segment
from dpcodec.transform.stft import frame_count

from .bad_files import bad_files, unsupported_files
from .good_files import GOOD
from .ingredients import l1_hash, signal

HERE = Path(__file__).parent
TABLE = re.compile(r"^\| ([\w-]+)\.dpc \|(?: (\d) \|)? (\S.*) \|$", re.M)
NONE = dpcodec.DecodeSettings(solver="none", device="cpu")
OUT_OF_ORDER = {"layout-progressive", "packets-reordered"}
"""Segments come again after a reader of a pipe had to give them out; format.md lets it call that damage."""


def tables() -> dict[str, dict[str, int]]:
    """Exit codes from README.md: folder -> file -> code."""
    sections = (HERE / "README.md").read_text(encoding="utf-8").split("\n## ")
    return {
        folder: {name: int(code or 0) for name, code, _ in TABLE.findall(section)}
        for folder in ("good", "bad", "unsupported")
        for section in sections
        if section.startswith(f"{folder}/")
    }


CODES = tables()
HASHES: dict[str, dict[str, Any]] = json.loads((HERE / "hashes.json").read_text(encoding="utf-8"))


def read(folder: str, name: str) -> bytes:
    return (HERE / folder / f"{name}.dpc").read_bytes()


def code_of_reading(source: io.BytesIO) -> int:
    """The exit code that `dpcodec test` makes of it."""
    try:
        return exits.OK if dpcodec.inspect_stream(source).whole else exits.DAMAGED
    except dpcodec.DpcodecError as error:
        return exits.code_of(error)


def code_of_decoding(data: bytes) -> int:
    """The exit code of decoding with solver none; length and finiteness fail here."""
    written: list[np.ndarray] = []

    class Sink(AudioWriter):
        def __init__(self) -> None:
            self.clipped, self.warnings = 0, []

        def close(self) -> None:
            pass

        def abandon(self) -> None:
            pass

        def write(self, block: np.ndarray) -> None:
            assert np.isfinite(block).all()
            written.append(block)

    promised: list[int | None] = []

    def open_sink(info: dpcodec.StreamInfo) -> Sink:
        promised.append(info.samples)
        return Sink()

    try:
        report = dpcodec.decode_stream(io.BytesIO(data), open_sink, NONE)
    except dpcodec.DpcodecError as error:
        return exits.code_of(error)
    assert promised in ([None], [sum(block.shape[1] for block in written)])
    return exits.DAMAGED if report.damaged else exits.OK


def test_readme_hashes_and_folders_agree() -> None:
    assert len(CODES["good"]) >= 64
    assert len(CODES["bad"]) >= 48
    assert len(CODES["unsupported"]) >= 8
    size = 0
    for folder, codes in CODES.items():
        files = {path.stem: path.stat().st_size for path in (HERE / folder).iterdir()}
        assert files.keys() == codes.keys(), folder
        size += sum(files.values())
    assert size < 2 << 20
    assert HASHES["good"].keys() == CODES["good"].keys()
    assert HASHES["bad"].keys() == CODES["bad"].keys()
    assert set(CODES["unsupported"].values()) == {8}
    assert set(CODES["bad"].values()) == {0, 4, 5, 6}
    for name, code in CODES["bad"].items():
        assert (HASHES["bad"][name] is None) == (code in (4, 6)), name


@pytest.mark.parametrize("name", CODES["good"])
def test_good(name: str) -> None:
    facts, data = HASHES["good"][name], read("good", name)
    assert l1_hash(io.BytesIO(data)) == facts["l1"]
    assert code_of_reading(io.BytesIO(data)) == exits.OK
    audio = dpcodec.decode(data, NONE)
    assert audio.sample_rate == facts["rate"]
    assert audio.samples.shape == (facts["channels"], facts["samples"])
    truth = signal(facts["signal"], facts["channels"], facts["samples"])
    if facts["snr_db"] is None:
        assert not audio.samples.any()
    else:
        assert min(snr(truth, audio.samples), 100) == pytest.approx(facts["snr_db"], abs=0.1)


@pytest.mark.parametrize("name", CODES["good"])
def test_good_through_a_pipe(name: str) -> None:
    data = read("good", name)
    if name in OUT_OF_ORDER:
        assert code_of_reading(Pipe(data)) == exits.DAMAGED
    else:
        assert l1_hash(Pipe(data)) == HASHES["good"][name]["l1"]
        assert code_of_reading(Pipe(data)) == exits.OK


@pytest.mark.parametrize("name", CODES["good"])
def test_good_repaired_is_the_same(name: str) -> None:
    again = dpcodec.repair(read("good", name))
    assert l1_hash(io.BytesIO(again)) == HASHES["good"][name]["l1"]
    assert dpcodec.inspect(again).whole


@pytest.mark.parametrize(
    ("folder", "name"), [(folder, name) for folder in ("bad", "unsupported") for name in CODES[folder]]
)
def test_bad_and_unsupported(folder: str, name: str) -> None:
    code, data = CODES[folder][name], read(folder, name)
    assert code_of_reading(io.BytesIO(data)) == code
    assert code_of_decoding(data) == code
    piped = code_of_reading(Pipe(data))
    assert piped == (exits.DAMAGED if name in OUT_OF_ORDER else code)
    if code in (exits.OK, exits.DAMAGED):
        assert l1_hash(io.BytesIO(data)) == HASHES["bad"][name]


@pytest.mark.parametrize("name", [name for name, code in CODES["bad"].items() if code == exits.DAMAGED])
def test_repair_loses_nothing_that_survived(name: str) -> None:
    data = dpcodec.repair(read("bad", name))
    assert code_of_reading(io.BytesIO(data)) in (exits.OK, exits.DAMAGED)
    assert l1_hash(io.BytesIO(data)) == HASHES["bad"][name]


@pytest.mark.parametrize(
    ("folder", "name"),
    [(folder, name) for folder in CODES for name, code in CODES[folder].items() if code not in (0, 5)],
)
def test_repair_refuses_what_decoding_refuses(folder: str, name: str) -> None:
    with pytest.raises(dpcodec.DpcodecError) as caught:
        dpcodec.repair(read(folder, name))
    assert exits.code_of(caught.value) == CODES[folder][name]


@pytest.mark.parametrize("folder", CODES)
def test_the_command_says_the_same(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    for name, code in CODES[folder].items():
        assert run(["test", str(HERE / folder / f"{name}.dpc")]) == code, name
        shown = capsys.readouterr()
        assert ("whole" in shown.out) == (code == exits.OK), name
        assert code == exits.OK or len(shown.err.splitlines()) == 1, name
        assert "Traceback" not in shown.err


def test_damaged_files_are_made_from_good_ones_byte_by_byte() -> None:
    good = {name: read("good", name) for name in CODES["good"]}
    for folder, files in (("bad", bad_files(good)), ("unsupported", unsupported_files(good))):
        assert files.keys() == CODES[folder].keys()
        for name, data in files.items():
            assert data == read(folder, name), name


def test_good_files_can_be_made_again() -> None:
    """Not the same bytes on every machine, since encoding goes through an FFT, but the same audio. With the
    perceptual mask today's encoder makes other files than the one that made these: not far worse ones."""
    assert {recipe.name for recipe in GOOD} == CODES["good"].keys()
    for recipe in GOOD[::4]:
        facts, data = HASHES["good"][recipe.name], recipe.make()
        audio = dpcodec.decode(data, NONE)
        assert audio.samples.shape == (facts["channels"], facts["samples"]), recipe.name
        if facts["snr_db"] is not None:
            truth = signal(facts["signal"], facts["channels"], facts["samples"])
            found = min(snr(truth, audio.samples), 100)
            if recipe.settings.get("mask") == "perceptual":
                assert found >= facts["snr_db"] - 4, recipe.name
            else:
                assert found == pytest.approx(facts["snr_db"], abs=0.5), recipe.name


def test_layouts_and_masks_that_mean_the_same_hash_the_same() -> None:
    good = HASHES["good"]
    assert good["energy-exact-drop-00"]["l1"] == good["random-exact-drop-00"]["l1"]
    assert len({good[name]["l1"] for name in ("tags", "tags-compressed", "origin-unknown")}) == 1
    assert len({good[name]["l1"] for name in ("repaired", "minor-version-9", "unknown-ancillary")}) == 1
    untouched = ("junk-after", "packet-twice", "packets-reordered", "end-first", "two-files", "tags-broken")
    assert {HASHES["bad"][name] for name in untouched} == {good["six-segments"]["l1"]}
    whole = ("flip-magic", "first-header-destroyed", "cut-before-end", "junk-between", "end-hash-wrong")
    assert {HASHES["bad"][name] for name in whole} == {good["six-segments"]["l1"]}
    lost = {HASHES["bad"][name] for name in ("part-missing", "flip-body", "flip-length", "step-nan")}
    assert len(lost) == 1
    assert lost != {good["six-segments"]["l1"]}


def test_files_hold_what_readme_says() -> None:
    def parts(name: str) -> set[int]:
        return {p.parts for p in split(read("good", name)) if p.type == DATA}

    def count(name: str, kind: int) -> int:
        return sum(p.type == kind for p in split(read("good", name)))

    assert parts("silence") == {1}
    assert parts("silent-middle") == {1, 2}
    assert count("header-copies", HEAD) > 1
    assert count("segments-16", INDEX) == 0
    assert count("segments-17", INDEX) == 1
    first = split(read("good", "from-a-pipe"))[0]
    assert first.body[8:16] == b"\xff" * 8
    compressed = [p.flags for p in split(read("good", "tags-compressed")) if p.type == 0xC004]
    assert compressed == [1]
    for name, packets in (("six-segments", 12), ("one-part-exact", 1)):
        assert count(name, DATA) == packets


def perceptual_segments(name: str) -> list[Segment]:
    """What the segments of a good perceptual file hold."""
    reader = Reader(io.BytesIO(read("good", name)))
    mode, found = mode_of_file(reader.header), []
    for data in reader.segments():
        before = data.index * reader.header.segment_frames
        frames = frame_count(HASHES["good"][name]["samples"], reader.header.hop) - before
        segment, problems = mode.read(data, min(frames, reader.header.segment_frames))
        assert not problems
        found.append(segment)
    return found


def test_perceptual_files_hold_what_readme_says() -> None:
    names = [name for name in CODES["good"] if name.startswith("shaped-")]
    assert len(names) >= 18
    segments = {name.removeprefix("shaped-"): perceptual_segments(name) for name in names}
    for name in names:
        head = split(read("good", name))[0].body
        assert (head[1], head[2], head[42]) == (9 if name.endswith("-9") else 2, 0x18, 4)

    def angles(name: str) -> set[int]:
        return {int(angle) for segment in segments[name] for angle in segment.angles.ravel()}

    def bodies(name: str) -> list[bytes]:
        packets = split(read("good", f"shaped-{name}"))
        return [p.body for p in packets if p.type == DATA]

    assert (angles("equal"), angles("opposite"), angles("unequal")) == ({16}, {48}, {6})
    assert len(angles("channels-8")) > 8
    assert [segment.angles.shape[:2] for segment in segments["channels-3"]] == [(1, 14)] * 4
    assert all(
        (segment.angles == segment.angles[:, :, :1]).all()
        for several in segments.values()
        for segment in several
    )
    assert {body[1] for body in bodies("silent-first")} == {0}
    assert all(body[-1] == 0 for body in (*bodies("equal"), *bodies("silent-second")))
    for name in ("silent-first", "silent-second"):
        assert all(segment.block_splits.any() for segment in segments[name][::3])
        assert all((segment.block_splits[0] == segment.block_splits[1]).all() for segment in segments[name])
    assert bodies("silence") == [bytes([8, 0, 0])] * 3 + [bytes([2, 0, 0])]
    assert bodies("faint") == [bytes([8, 0])] * 3 + [bytes([2, 0])]
    assert {body[7] for body in bodies("constant")} == {0, 1, 4}
    assert segments["noise"][0].noise.shape[2] == 39
    assert len(segments["frames-300"]) == 1
    assert segments["frames-300"][0].noise.shape[2] > 256
    assert not any(segment.block_splits.any() for segment in segments["unsplit"])
    for segment in (one for several in segments.values() for one in several):
        assert not segment.noise[segment.kept].any()
        assert np.isfinite(segment.noise).all()


def test_revised_files_hold_what_readme_says() -> None:
    names = [name for name in CODES["good"] if name.startswith("revised-")]
    assert len(names) >= 15
    for name in names:
        head = split(read("good", name))[0].body
        assert (head[1], head[2], head[42]) == (9 if name.endswith("-9") else 3, 0x38, 4)
    shared_out = {}
    for name in ("revised-bursts", "revised-bursts-parts", "revised-2048"):
        found = perceptual_segments(name)
        cut = [segment.noise[:, :, segment.block_splits[0] > 0] for segment in found]
        shared_out[name] = sum(len(np.unique(noise[noise > 0])) for noise in cut)
    assert min(shared_out.values()) > 20
    bodies = [p.body for p in split(read("good", "revised-frames-300")) if p.type == DATA]
    assert all(len(body) > 500 for body in bodies)


def test_frames_files_hold_what_readme_says() -> None:
    names = [name for name in CODES["good"] if name.startswith("frames-")]
    assert len(names) >= 15
    for name in names:
        head = split(read("good", name))[0].body
        assert (head[1], head[2], head[42]) == (9 if name.endswith("-9") else 4, 0x78, 4)
    parts = {
        name: {p.parts for p in split(read("good", f"frames-{name}")) if p.type == DATA}
        for name in ("parts-16", "bursts", "length-500", "silent-middle", "segment-of-one-frame")
    }
    assert parts == {
        "parts-16": {8, 2},
        "bursts": {1},
        "length-500": {2, 1},
        "silent-middle": {2, 1},
        "segment-of-one-frame": {1},
    }


@pytest.mark.parametrize(
    "name, flags",
    [
        ("header-shaped-unmasked", 0x10),
        ("header-revised-unmasked", 0x20),
        ("header-frames-unmasked", 0x40),
    ],
)
def test_the_flags_that_got_a_meaning(name: str, flags: int) -> None:
    old = split(read("bad", name))[0].body
    new = split(read("good", "six-segments"))[0].body
    assert old == new[:2] + bytes([flags]) + new[3:]


def test_the_largest_noise_is_a_number() -> None:
    filled = dpcodec.decode(read("bad", "shaped-steps-large"), dpcodec.DecodeSettings(device="cpu"))
    assert np.isfinite(filled.samples).all()
