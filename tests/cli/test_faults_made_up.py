"""Faults 25 to 27, 29 and 40: claims, fields, bodies and versions that are made up, and other files."""

from __future__ import annotations

import io
import pickle
import struct
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import Run
from damaged_files import (
    FRAMES,
    HEADER,
    HOP,
    RATE,
    SAMPLES,
    away_from,
    outcome,
    too_long_a_packet,
    with_header,
)
from streams import DATA, END, HEAD, Packet, Pipe, join, split

import dpcodec
from dpcodec.cli import exits


@pytest.mark.parametrize("claim", ["samples", "all frames", "n_fft", "frames", "packet"])
def test_fault_25_claims_over_the_limits(small: bytes, claim: str) -> None:
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
        code, _ = outcome(source)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert code == exits.LIMIT
        assert peak < 50 << 20


def test_fault_25_memory_is_a_limit_of_the_reader_too(cli: Run, tmp_path: Path, small: bytes) -> None:
    (tmp_path / "a.dpc").write_bytes(with_header(small, frames=2**20, samples=2**31))
    cli("decode", tmp_path / "a.dpc").fails(6, "--max-expansion")
    for command in ("decode", "info", "test"):
        limits = ("--max-expansion", "1000000000", "--max-memory", "64M")
        cli(command, tmp_path / "a.dpc", *limits).fails(6, "--max-memory")
    cli("repair", tmp_path / "a.dpc", tmp_path / "c.dpc", *limits).fails(6, "--max-memory")
    assert not (tmp_path / "c.dpc").exists()
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
def test_fault_26_fields_that_mean_nothing(
    cli: Run, tmp_path: Path, small: bytes, changes: dict[str, int]
) -> None:
    (tmp_path / "a.dpc").write_bytes(with_header(small, **changes))
    cli("decode", tmp_path / "a.dpc").fails(4, "invalid field")
    cli("info", tmp_path / "a.dpc").fails(4, "invalid field")


BODIES: dict[str, Callable[[bytes], bytes]] = {
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
def test_faults_26_and_27_bodies_that_mean_nothing(kind: str, exact: bool, mask: str) -> None:
    """Steps of zero or NaN, runs past the end: one part is lost, the others are exact."""
    samples = 0.4 * np.sin(np.arange(SAMPLES) / 4)
    settings = dpcodec.profile(
        "stft", n_fft=256, hop=HOP, parts=2, segment_frames=FRAMES, exact=exact, mask=mask, drop=0.5
    )
    data = dpcodec.encode(dpcodec.Audio(samples, RATE), settings)
    _, whole = outcome(data)
    packets = split(data)
    index = next(i for i, p in enumerate(packets) if p.type == DATA and p.segment == 2)
    packets[index] = replace(packets[index], body=BODIES[kind](packets[index].body))
    for flags in (packets[index].flags, 0, 1):
        packets[index] = replace(packets[index], flags=flags)
        code, found = outcome(join(packets))
        assert code == exits.DAMAGED
        assert np.array_equal(found[away_from(2)], whole[away_from(2)])


def test_faults_26_and_27_scrambled_bodies(small: bytes) -> None:
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


def test_fault_29_versions_and_unknown_packets(cli: Run, tmp_path: Path, small: bytes) -> None:
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
    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("raise SystemExit('executed')",))


def test_fault_40_other_files_are_refused_and_not_run(cli: Run, tmp_path: Path) -> None:
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
