"""Faults 20 to 24: files cut, flipped, shuffled and joined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command_line import Run
from damaged_files import HOP, RATE, SAMPLES, away_from, outcome
from streams import DATA, Pipe, join, split

import dpcodec
from dpcodec.cli import exits


def test_fault_20_cut_at_each_byte_of_the_start_and_some_after(small: bytes) -> None:
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


def test_fault_20_cut_pipes(small: bytes) -> None:
    header_end = 8 + len(split(small)[0].pack())
    for cut in range(header_end, len(small), 37):
        code, samples = outcome(Pipe(small[:cut]))
        assert (code, len(samples)) == (exits.DAMAGED, SAMPLES), cut


def test_fault_20_the_command_tells(cli: Run, tmp_path: Path, small: bytes) -> None:
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


def test_fault_21_flipped_bits_never_pass_unseen(small: bytes) -> None:
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


def test_fault_22_what_moves_is_found_again(small: bytes) -> None:
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
def test_fault_22_the_rest_is_exact(small: bytes, damage: str) -> None:
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


def test_fault_22_a_block_of_a_long_file_is_lost(cli: Run, dpc: Path, tmp_path: Path) -> None:
    data = dpc.read_bytes()
    hole = min(4096, len(data) // 3)
    (tmp_path / "hole.dpc").write_bytes(data[: len(data) // 2] + bytes(hole) + data[len(data) // 2 + hole :])
    assert cli("decode", tmp_path / "hole.dpc", "-q").code == 5
    assert cli("repair", tmp_path / "hole.dpc", tmp_path / "good.dpc").code == 5
    assert cli("decode", tmp_path / "good.dpc", "-q").code == 5
    assert (tmp_path / "hole.wav").stat().st_size == (tmp_path / "good.wav").stat().st_size


def test_fault_22_what_was_inpainted_is_told(cli: Run, tmp_path: Path) -> None:
    tone = 0.3 * np.sin(np.arange(5 * RATE) / 3)
    settings = dpcodec.EncodeSettings(n_fft=256, hop=HOP, segment_frames=16)
    packets = split(dpcodec.encode(dpcodec.Audio(tone, RATE), settings))
    (tmp_path / "lost.dpc").write_bytes(join([p for p in packets if (p.type, p.segment) != (DATA, 9)]))
    found = cli("decode", tmp_path / "lost.dpc")
    assert found.code == 5
    assert "0.3 s in 1 place inpainted" in found.err
    found = cli("decode", tmp_path / "lost.dpc", tmp_path / "zeros.wav", "--solver", "none")
    assert found.code == 5
    assert "inpainted" not in found.err


def test_fault_23_first_header_destroyed(cli: Run, tmp_path: Path, small: bytes) -> None:
    _, whole = outcome(small)
    for hurt in (small[:8] + bytes(30) + small[38:], bytes(60) + small[60:], small[50:]):
        code, samples = outcome(hurt)
        assert code == exits.DAMAGED
        assert np.array_equal(samples, whole)
    (tmp_path / "a.dpc").write_bytes(small[50:])
    cli("repair", tmp_path / "a.dpc", tmp_path / "b.dpc").succeeds()
    cli("test", tmp_path / "b.dpc").succeeds()
    assert outcome((tmp_path / "b.dpc").read_bytes())[0] == exits.OK


def test_fault_24_two_files_behind_each_other(cli: Run, tmp_path: Path, small: bytes) -> None:
    _, whole = outcome(small)
    second = dpcodec.encode(dpcodec.Audio(np.ones(9000) / 4, RATE))
    code, samples = outcome(small + second)
    assert code == exits.OK
    assert np.array_equal(samples, whole), "the first file only"
    (tmp_path / "a.dpc").write_bytes(small + second)
    done = cli("decode", tmp_path / "a.dpc").succeeds()
    assert "warning: " in done.err
