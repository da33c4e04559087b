"""Faults 20 to 27, 29 and 40: files cut, flipped, shuffled and made up. The packets are taken apart and put
together here by their own few lines, from docs/format.md."""

from __future__ import annotations

import io
import pickle
import struct
import time
import tracemalloc
import zlib
from dataclasses import dataclass, replace

import numpy as np
import pytest

import dpcodec
from dpcodec.cli import exits

SYNC = bytes.fromhex("f26470b1")
HEAD, DATA, TAGS, END = 1, 2, 0xC004, 3
FRAMES, HOP, RATE = 4, 128, 8000
SAMPLES = 2500


@dataclass(frozen=True)
class Packet:
    type: int
    flags: int
    segment: int
    part: int
    parts: int
    body: bytes

    def pack(self) -> bytes:
        fields = (self.type, self.flags, self.segment, self.part, self.parts, len(self.body))
        head = SYNC + struct.pack("<HHIBBI", *fields)
        tail = struct.pack("<I", zlib.crc32(head + self.body))
        return head + struct.pack("<I", zlib.crc32(head)) + self.body + tail


def split(data: bytes) -> list[Packet]:
    packets, position = [], 8
    while position < len(data):
        *fields, length = struct.unpack_from("<HHIBBI", data, position + 4)
        packets.append(Packet(*fields, data[position + 22 : position + 22 + length]))
        assert packets[-1].pack() == data[position : position + 26 + length]
        position += 26 + length
    return packets


def join(packets: list[Packet], magic: bytes = bytes.fromhex("894450430d0a1a0a")) -> bytes:
    return magic + b"".join(packet.pack() for packet in packets)


@pytest.fixture(scope="module")
def small() -> bytes:
    """Five segments of two parts, about 2 KB."""
    t = np.arange(SAMPLES) / RATE
    samples = 0.4 * np.sin(2000 * t) + 0.2 * np.sin(5000 * t + 1)
    settings = dpcodec.EncodeSettings(
        n_fft=256, hop=HOP, parts=2, segment_frames=FRAMES, drop=0.8, tags=(("TITLE", "Five segments"),)
    )
    data = dpcodec.encode(dpcodec.Audio(samples, RATE), settings)
    assert len([p for p in split(data) if p.type == DATA]) >= 10
    return data


class Pipe(io.BytesIO):
    """Bytes that come through a pipe."""

    def seekable(self) -> bool:
        return False


def outcome(source: io.BytesIO | bytes) -> tuple[int, np.ndarray]:
    """Exit code and samples float32 [N] of a decoding with solver none."""
    source = io.BytesIO(source) if isinstance(source, bytes) else source
    out = io.BytesIO()
    raw = dpcodec.RawFormat("f32le", RATE, 1)

    def open_writer(info: dpcodec.StreamInfo) -> object:
        return dpcodec.create_audio(out, info.sample_rate, info.channels, info.sample_format, raw=raw)

    try:
        settings = dpcodec.DecodeSettings(solver="none", device="cpu")
        report = dpcodec.decode_stream(source, open_writer, settings)
    except dpcodec.DpcodecError as error:
        return exits.code_of(error), np.zeros(0)
    samples = np.frombuffer(out.getvalue(), "<f4")
    assert np.isfinite(samples).all()
    return (exits.DAMAGED if report.damaged else exits.OK), samples


def away_from(segment: int) -> np.ndarray:
    """Which samples no frame of this segment reaches, and no bound either."""
    first, last = (segment * FRAMES - 1) * HOP, ((segment + 1) * FRAMES) * HOP
    position = np.arange(SAMPLES)
    return (position < first) | (position >= last)


def test_fault_20_cut_at_each_byte_of_the_start_and_some_after(small):
    _, whole = outcome(small)
    header_end = 8 + len(split(small)[0].pack())
    for cut in [*range(200), *range(200, len(small), 5)]:
        code, samples = outcome(small[:cut])
        if cut < header_end:
            assert code == exits.FORMAT, cut
            continue
        assert code == exits.DAMAGED, cut
        assert samples.shape == whole.shape, cut
    assert outcome(small)[0] == exits.OK


def test_fault_20_cut_pipes(small):
    header_end = 8 + len(split(small)[0].pack())
    for cut in range(header_end, len(small), 37):
        code, samples = outcome(Pipe(small[:cut]))
        assert (code, len(samples)) == (exits.DAMAGED, SAMPLES), cut


def test_fault_20_the_command_tells(cli, tmp_path, small):
    (tmp_path / "a.dpc").write_bytes(small[: len(small) // 2])
    done = cli("decode", tmp_path / "a.dpc", tmp_path / "a.wav")
    assert done.code == 5
    assert "warning: damaged: " in done.err
    assert cli("test", tmp_path / "a.dpc").code == 5
    info = cli("info", tmp_path / "a.dpc", "--json")
    assert info.code == 5
    assert info.json["samples"] == SAMPLES
    assert not info.json["whole"]
    (first, last) = info.json["damaged_s"][-1]
    assert 0 < first < last <= SAMPLES / RATE
    assert b"damaged" in cli("info", tmp_path / "a.dpc").out


def test_fault_21_flipped_bits_never_pass_unseen(small):
    """A few bits of everything."""
    _, whole = outcome(small)
    packets = split(small)
    position, bits = 8, [*range(0, 64, 5)]
    for index, packet in enumerate(packets):
        length = len(packet.pack())
        bits += range(
            8 * position, 8 * (position + length), 197 if packet.type == DATA and index != 4 else 13
        )
        position += length
    assert position == len(small)
    seen = set()
    for bit in bits:
        hurt = bytearray(small)
        hurt[bit // 8] ^= 1 << bit % 8
        code, samples = outcome(bytes(hurt))
        assert code in (0, 4, 5, 8), bit
        assert code != 0 or np.array_equal(samples, whole), bit
        seen.add(code)
    assert 5 in seen


def test_fault_22_what_moves_is_found_again(small):
    _, whole = outcome(small)
    packets = split(small)
    data = [i for i, packet in enumerate(packets) if packet.type == DATA]
    shuffled = [*packets]
    shuffled[data[0]], shuffled[data[5]] = shuffled[data[5]], shuffled[data[0]]
    doubled = [*packets[: data[3]], packets[data[3]], *packets[data[3] :]]
    start = len(join(packets[: data[4]]))
    junk = small[:start] + b"junk \xf2dp\xb1 with a sync word" * 50 + small[start:]
    for name, hurt in {"reordered": join(shuffled), "doubled": join(doubled), "junk": junk}.items():
        code, samples = outcome(hurt)
        assert code in (0, 5), name
        assert np.array_equal(samples, whole), name
    assert outcome(junk)[0] == exits.DAMAGED


@pytest.mark.parametrize("damage", ["byte deleted", "zeroed", "overwritten"])
def test_fault_22_the_rest_is_exact(small, damage):
    _, whole = outcome(small)
    packets = split(small)
    index = next(i for i, p in enumerate(packets) if p.type == DATA and p.segment == 2)
    start = len(join(packets[:index]))
    length = len(packets[index].pack())
    hurt = {
        "byte deleted": small[: start + 30] + small[start + 31 :],
        "zeroed": small[:start] + bytes(length) + small[start + length :],
        "overwritten": small[: start + 5] + b"\xff" * (length - 9) + small[start + length - 4 :],
    }[damage]
    code, samples = outcome(hurt)
    assert code == exits.DAMAGED
    assert samples.shape == whole.shape
    assert np.array_equal(samples[away_from(2)], whole[away_from(2)])
    assert not np.array_equal(samples, whole)


def test_fault_22_a_block_of_a_long_file_is_lost(cli, dpc, tmp_path):
    data = dpc.read_bytes()
    hole = min(4096, len(data) // 3)
    (tmp_path / "hole.dpc").write_bytes(data[: len(data) // 2] + bytes(hole) + data[len(data) // 2 + hole :])
    assert cli("decode", tmp_path / "hole.dpc", "-q").code == 5
    assert cli("repair", tmp_path / "hole.dpc", tmp_path / "good.dpc").code == 5
    assert cli("decode", tmp_path / "good.dpc", "-q").code == 5
    assert (tmp_path / "hole.wav").stat().st_size == (tmp_path / "good.wav").stat().st_size


def test_fault_23_first_header_destroyed(cli, tmp_path, small):
    _, whole = outcome(small)
    for hurt in (small[:8] + bytes(30) + small[38:], bytes(60) + small[60:], small[50:]):
        code, samples = outcome(hurt)
        assert code == exits.DAMAGED
        assert np.array_equal(samples, whole)
    (tmp_path / "a.dpc").write_bytes(small[50:])
    cli("repair", tmp_path / "a.dpc", tmp_path / "b.dpc").succeeds()
    cli("test", tmp_path / "b.dpc").succeeds()
    assert outcome((tmp_path / "b.dpc").read_bytes())[0] == exits.OK


def test_fault_24_two_files_behind_each_other(cli, tmp_path, small):
    _, whole = outcome(small)
    second = dpcodec.encode(dpcodec.Audio(np.ones(9000) / 4, RATE))
    code, samples = outcome(small + second)
    assert code == exits.OK
    assert np.array_equal(samples, whole), "the first file only"
    (tmp_path / "a.dpc").write_bytes(small + second)
    done = cli("decode", tmp_path / "a.dpc").succeeds()
    assert "warning: " in done.err


HEADER = struct.Struct("<BBBBIQQIIIIBBBBB")
FIELDS = (
    *("major", "minor", "flags", "channels", "rate", "samples", "seed", "n_fft", "hop", "drop", "frames"),
    *("parts", "window", "mask", "container", "subtype"),
)


def with_header(data: bytes, **changes: int) -> bytes:
    """The file with fields of its first header changed, its end taken off, every checksum right."""
    packets = [p for p in split(data) if p.type != END]
    body = packets[0].body
    fields = dict(zip(FIELDS, HEADER.unpack_from(body), strict=True)) | changes
    packets[0] = replace(packets[0], body=HEADER.pack(*fields.values()) + body[HEADER.size :])
    return join(packets)


def too_long_a_packet(data: bytes) -> bytes:
    head = SYNC + struct.pack("<HHIBBI", DATA, 0, 0, 0, 2, 2**32 - 1)
    return join(split(data)[:1]) + head + struct.pack("<I", zlib.crc32(head)) + bytes(100)


@pytest.mark.parametrize("claim", ["samples", "all frames", "n_fft", "frames", "packet"])
def test_fault_25_claims_over_the_limits(small, claim):
    hurt = {
        "samples": lambda: with_header(small, samples=2**60),
        "all frames": lambda: with_header(
            small, samples=2**47, hop=1, n_fft=65536, frames=2**20, channels=255
        ),
        "n_fft": lambda: with_header(small, n_fft=2**30),
        "frames": lambda: with_header(small, frames=2**31),
        "packet": lambda: too_long_a_packet(small),
    }[claim]()
    for source in (io.BytesIO(hurt), Pipe(hurt)):
        tracemalloc.start()
        started = time.process_time()
        code, _ = outcome(source)
        seconds = time.process_time() - started
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert code == exits.LIMIT
        assert seconds < 0.5  # 0.1 s of processor time, and what tracemalloc adds
        assert peak < 50 << 20


def test_fault_25_memory_is_a_limit_of_the_reader_too(cli, tmp_path, small):
    (tmp_path / "a.dpc").write_bytes(with_header(small, frames=2**20, samples=2**31))
    cli("decode", tmp_path / "a.dpc", "--max-memory", "64M").fails(6, "--max-memory")
    cli("decode", tmp_path / "a.dpc", "--max-memory", "0").fails(2, "max_memory")
    (tmp_path / "b.dpc").write_bytes(small)
    cli("decode", tmp_path / "b.dpc", "--max-duration", "0.1").fails(6, "--max-duration")


@pytest.mark.parametrize(
    "changes",
    [
        *({"hop": 0}, {"hop": 257}, {"n_fft": 255}, {"n_fft": 0}, {"window": 9}, {"mask": 9}, {"parts": 0}),
        *({"frames": 0}, {"channels": 0}, {"rate": 0}, {"major": 0}),
    ],
    ids=str,
)
def test_fault_26_fields_that_mean_nothing(cli, tmp_path, small, changes):
    (tmp_path / "a.dpc").write_bytes(with_header(small, **changes))
    cli("decode", tmp_path / "a.dpc").fails(4, "invalid field")
    cli("info", tmp_path / "a.dpc").fails(4, "invalid field")


BODIES = {
    "empty": lambda body: b"",
    "zeros": lambda body: bytes(len(body)),
    "ones": lambda body: b"\xff" * len(body),
    "cut": lambda body: body[: len(body) // 2],
    "longer": lambda body: body + body,
    "one byte": lambda body: b"\x07",
    "nan": lambda body: struct.pack("<f", float("nan")) * (len(body) // 4),
    "inf": lambda body: struct.pack("<f", float("inf")) * (len(body) // 4),
    "denormal": lambda body: struct.pack("<f", 1e-40) * (len(body) // 4),
    "noise": lambda body: np.random.default_rng(0).bytes(len(body)),
    "much noise": lambda body: np.random.default_rng(1).bytes(100_000),
}


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("exact", [False, True], ids=["quantised", "exact"])
@pytest.mark.parametrize("mask", ["energy", "random"])
def test_faults_26_and_27_bodies_that_mean_nothing(kind, exact, mask):
    """Steps of zero or NaN, runs past the end: one part is lost, the others are exact."""
    samples = 0.4 * np.sin(np.arange(SAMPLES) / 4)
    settings = dpcodec.EncodeSettings(
        n_fft=256, hop=HOP, parts=2, segment_frames=FRAMES, exact=exact, mask=mask, drop=0.5
    )
    data = dpcodec.encode(dpcodec.Audio(samples, RATE), settings)
    _, whole = outcome(data)
    packets = split(data)
    index = next(i for i, p in enumerate(packets) if p.type == DATA and p.segment == 2)
    packets[index] = replace(packets[index], body=BODIES[kind](packets[index].body))
    for flags in (packets[index].flags, 0, 1):
        packets[index] = replace(packets[index], flags=flags)
        started = time.process_time()
        code, found = outcome(join(packets))
        assert time.process_time() - started < 2
        assert code == exits.DAMAGED
        assert np.array_equal(found[away_from(2)], whole[away_from(2)])


def test_faults_26_and_27_scrambled_bodies(small):
    rng = np.random.default_rng(3)
    packets = split(small)
    _, whole = outcome(small)
    data = [i for i, p in enumerate(packets) if p.type == DATA]
    for _ in range(60):
        index = int(rng.choice(data))
        body = bytearray(packets[index].body)
        for _ in range(int(rng.integers(1, 4))):
            body[int(rng.integers(len(body)))] = int(rng.integers(256))
        hurt = [*packets]
        hurt[index] = replace(packets[index], body=bytes(body))
        code, samples = outcome(join(hurt))
        assert samples.shape == whole.shape
        assert code == exits.DAMAGED or np.array_equal(samples, whole)


def test_fault_29_versions_and_unknown_packets(cli, tmp_path, small):
    packets = split(small)
    _, whole = outcome(small)

    def changed(minor: int, major: int = 1) -> bytes:
        """All headers, that in the END packet too, of another version."""
        out = []
        for packet in packets:
            at = packet.body.find(packets[0].body[: HEADER.size]) if packet.type in (HEAD, END) else -1
            body = packet.body
            if at >= 0:
                body = body[:at] + bytes((major, minor)) + body[at + 2 :]
            out.append(replace(packet, body=body))
        return join(out)

    assert outcome(changed(0, 2))[0] == 8
    code, samples = outcome(changed(9))
    assert code == 0
    assert np.array_equal(samples, whole)

    def added(kind: int) -> bytes:
        return join([*packets[:3], Packet(kind, 0, 0, 0, 0, b"from the future"), *packets[3:]])

    assert outcome(added(0x0777))[0] == 8, "critical"
    assert outcome(added(0x2002))[0] == 8, "reserved bit"
    code, samples = outcome(added(0xC777))
    assert (code, np.array_equal(samples, whole)) == (0, True), "ancillary"
    (tmp_path / "a.dpc").write_bytes(added(0xC777))
    cli("repair", tmp_path / "a.dpc", tmp_path / "b.dpc").succeeds()
    assert b"from the future" in (tmp_path / "b.dpc").read_bytes()
    assert outcome((tmp_path / "b.dpc").read_bytes())[0] == 0
    (tmp_path / "c.dpc").write_bytes(added(0x0777))
    cli("decode", tmp_path / "c.dpc").fails(8, "upgrade")


class Bomb:
    def __reduce__(self) -> object:
        return (exec, ("raise SystemExit('executed')",))


def test_fault_40_other_files_are_refused_and_not_run(cli, tmp_path):
    array = io.BytesIO()
    np.save(array, np.array([Bomb()], dtype=object), allow_pickle=True)
    for content in (
        pickle.dumps(Bomb()),
        array.getvalue(),
        b"",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"text\n" * 99,
    ):
        (tmp_path / "a.dpc").write_bytes(content)
        for verb in ("decode", "info", "test"):
            cli(verb, tmp_path / "a.dpc").fails(4, "not a .dpc file")
        cli("repair", tmp_path / "a.dpc", tmp_path / "b.dpc").fails(4, "not a .dpc file")
    assert not (tmp_path / "b.dpc").exists()
