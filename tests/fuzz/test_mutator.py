"""Mutants pass the checksums that they were made to pass, and are the same whenever they are made."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from random import Random

import pytest
from streams import DATA, END, HEAD, close, join, packet_hash, split

import dpcodec

from .audio_mutator import _crc, _flac_changed, _ogg_changed
from .bodies import with_canonical_codes
from .byte_changes import CHANGES
from .headers import HeaderBody
from .mutator import Mutator
from .seeds import audio_seeds, dpc_seeds, made

SEEDS = {seed.name: seed.data for seed in dpc_seeds()}
MADE = {seed.name: seed.data for seed in made()}
QUANTISED = [name for name in MADE if name.endswith("-quantised")] + [
    "mdct-stereo",
    "shaped",
    "shaped-three",
]


def passes(data: bytes) -> bool:
    """Whether the bytes are packets whose every checksum is right."""
    try:
        return bool(split(data))
    except (AssertionError, struct.error):
        return False


def end_hash_is_right(data: bytes) -> bool:
    packets = split(data)
    total = sum(packet_hash(p) for p in packets if p.type == DATA) % 2**128
    return packets[-1].type == END and packets[-1].body[:16] == total.to_bytes(16, "little")


def test_seeds_are_whole_and_of_every_kind() -> None:
    kinds = set()
    for name, data in MADE.items():
        info = dpcodec.inspect(data)
        assert info.whole, name
        kinds.add((info.transform, info.mask, info.exact, min(info.channels, 2)))
    assert {kind[:3] for kind in kinds} == {
        *(
            (transform, mask, exact)
            for transform in ("stft", "mdct")
            for exact in (False, True)
            for mask in ("energy", "random", "columns", "significance")
        ),
        ("mdct", "perceptual", False),
        *(("stft", "custom", exact) for exact in (False, True)),
    }
    assert {kind[3] for kind in kinds} == {1, 2}
    assert sum(len(seed.data) for seed in made()) < 500 * len(made())


def test_forged_mutants_pass_the_checksums() -> None:
    mutator = Mutator(list(SEEDS.values()))
    mutants = [mutator.mutant(Random(number)) for number in range(400)]
    forged = [m.data for m in mutants if m.forged]
    good = [data for data in forged if passes(data)]
    assert 200 < len(forged) < 320
    assert len(good) > 0.9 * len(forged)
    assert sum(map(end_hash_is_right, good)) > 0.7 * len(good)
    damaged = [m.data for m in mutants if not m.forged]
    assert sum(map(passes, damaged)) < 0.4 * len(damaged)
    assert [mutator.mutant(Random(number)) for number in range(20)] == mutants[:20]


def test_changed_headers_reach_their_checks() -> None:
    """Both that are refused and that are taken come, of every kind."""
    mutator, data = Mutator(list(SEEDS.values())), SEEDS["stft-energy-exact"]
    kinds, errors = set(), set()
    for number in range(300):
        changed = mutator.mutate(data, Random(number))
        heads = [p.body for p in split(changed) if p.type == HEAD] if passes(changed) else []
        if not heads or heads[0] == split(data)[0].body:
            continue
        try:
            info = dpcodec.inspect(changed)
        except dpcodec.DpcodecError as error:
            errors.add(type(error))
        else:
            kinds.add((info.transform, info.mask))
    assert len(kinds) >= 5
    assert {dpcodec.FormatError, dpcodec.VersionError} <= errors


def test_a_header_taken_apart_is_put_together_again() -> None:
    for name, data in MADE.items():
        for packet in split(data):
            if packet.type == HEAD:
                header = HeaderBody(packet.body)
                assert header.pack() == packet.body
                assert header.segments in (None, dpcodec.inspect(data).segments), name


@pytest.mark.parametrize("name", QUANTISED)
def test_any_payload_becomes_one_that_passes(name: str) -> None:
    packets = split(SEEDS[name])
    index = next(i for i, p in enumerate(packets) if p.type == DATA)
    packet, whole = packets[index], 0
    for number in range(3):
        body = packet.body[:9] + Random(number).randbytes(3) + packet.body[12:]
        good = with_canonical_codes(body, packets[0].body, packet.segment, packet.part, packet.parts, body[0])
        info = dpcodec.inspect(
            join(close([*packets[:index], replace(packet, body=good), *packets[index + 1 :]]))
        )
        whole += info.whole or packet.parts > 1  # parts may disagree on block switching
    assert whole


def test_changes_of_bytes_take_any_bytes() -> None:
    for number in range(50):
        for change in CHANGES:
            data = b"x"
            for _ in range(5):
                data = change(data, Random(number))


@pytest.mark.parametrize("name", ["ogg-VORBIS", "ogg-OPUS"])
def test_ogg_pages_have_right_checksums(name: str) -> None:
    data = next(seed.data for seed in audio_seeds() if seed.name == name)
    for number in range(40):
        for page in _ogg_changed(data, Random(number)).split(b"OggS")[1:]:
            whole = b"OggS" + page
            if len(whole) > 27 + whole[26]:
                blank = whole[:22] + bytes(4) + whole[26:]
                assert _crc(blank, 0x04C11DB7, 32) == int.from_bytes(whole[22:26], "little")


def test_flac_frames_have_right_checksums() -> None:
    data = next(seed.data for seed in audio_seeds() if seed.name == "flac-PCM_16")
    assert _crc(data[-100:][:-2], 0x8005, 16) >= 0
    read = 0
    for number in range(60):
        try:
            with dpcodec.open_audio(io.BytesIO(_flac_changed(data, Random(number)))) as reader:
                read += reader.read(1000).shape[1] > 0
        except dpcodec.DpcodecError:
            continue
    assert read > 20
