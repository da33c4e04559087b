"""Any audio through any settings: what comes back, what is counted; and damage is never taken for good."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import dpcodec
from dpcodec import Audio, DecodeSettings, EncodeSettings, profile
from dpcodec.container.stream import Reader
from dpcodec.modes import mode_of_file
from dpcodec.transform.stft import Stft, frame_count
from dpcodec.transform.streaming import StftAnalysis

NONE = DecodeSettings(solver="none", device="cpu")
HALF_ULP = 2.0**-24
"""Largest relative error of rounding to float32."""
SEEDS = st.integers(0, 2**32 - 1)


def some(examples: int) -> settings:
    """The same examples in every run; a busy machine may take its time."""
    return settings(max_examples=examples, deadline=None, derandomize=True, database=None)


@st.composite
def audios(draw: st.DrawFn) -> Audio:
    """Up to 3 channels and 700 samples: noise and a tone at any level, silent stretches, silent channels."""
    channels, samples = draw(st.integers(1, 3)), draw(st.one_of(st.integers(0, 8), st.integers(0, 700)))
    rng = np.random.default_rng(draw(SEEDS))
    tone = np.sin(np.arange(samples) * draw(st.floats(0.01, 3)))
    x = draw(st.sampled_from([0.0, 0.01, 1.0])) * rng.uniform(-1, 1, (channels, samples)) + tone
    x *= 10.0 ** draw(st.integers(-8, 6))
    first = draw(st.integers(0, samples))
    x[:, first : first + draw(st.integers(0, samples))] *= draw(st.sampled_from([0.0, 1.0]))
    x[channels - 1] *= draw(st.sampled_from([0.0, 1.0, 1.0]))
    return Audio(x, draw(st.sampled_from([1, 8000, 44100, 1048575])))


@st.composite
def encodings(draw: st.DrawFn) -> EncodeSettings:
    """Any mask, kind, transform that can be inverted, and cut into segments and parts."""
    n_fft, window = draw(st.sampled_from([64, 66, 100, 128])), draw(st.sampled_from(["sine", "hann"]))
    mask = draw(st.sampled_from(["energy", "random", "columns"]))
    exact = draw(st.booleans())
    ranges = st.tuples(st.integers(0, 30), st.integers(0, 9)).map(lambda r: (r[0], sum(r)))
    return profile(
        "stft",
        n_fft=n_fft,
        hop=draw(st.integers(n_fft // 8, n_fft // 2)),
        window=window,
        mask=mask,
        exact=exact,
        drop=draw(st.one_of(st.sampled_from([0.0, 0.5, 0.9]), st.floats(0, 1, exclude_max=True))),
        seed=draw(st.integers(0, 2**64 - 1)) if mask == "random" else 0,
        snr=None if exact else draw(st.one_of(st.none(), st.floats(-10, 120))),
        columns=tuple(draw(st.lists(ranges, min_size=1, max_size=4))) if mask == "columns" else (),
        segment_frames=draw(st.integers(1, 12)),
        parts=draw(st.integers(1, 16)),
    )


def spectra(audio: Audio, encoding: EncodeSettings) -> list[np.ndarray]:
    """The encoder's own coefficients, a segment each, complex [C, K, L]."""
    stft = Stft(encoding.n_fft, encoding.hop, encoding.window)
    assert encoding.segment_frames
    analysis = StftAnalysis(stft, audio.samples.shape[0], encoding.segment_frames)
    return [analysis.coefficients(run) for run in analysis.runs([np.asarray(audio.samples, np.float32)])]


def grids(data: bytes) -> list[Any]:
    """What the decoder has before a solver, a segment each."""
    reader = Reader(io.BytesIO(data))
    header = reader.header
    mode = mode_of_file(header)
    found = []
    for segment in reader.segments():
        frames = None
        if reader.total_samples is not None:
            left = frame_count(reader.total_samples, header.hop) - segment.index * header.segment_frames
            frames = min(header.segment_frames, left)
        found.append(mode.read(segment, frames)[0])
    return found


def fingerprint(data: bytes) -> tuple[int | None, str]:
    """Number of samples, and a hash of masks and values."""
    hasher = hashlib.blake2b()
    for grid in grids(data):
        hasher.update(grid.kept.tobytes() + grid.centre.tobytes() + grid.halfwidth.tobytes())
    return dpcodec.inspect(data).samples, hasher.hexdigest()


@given(audios(), encodings())
@some(60)
def test_shape_comes_back_and_the_same_input_gives_the_same_bytes(
    audio: Audio, encoding: EncodeSettings
) -> None:
    data = dpcodec.encode(audio, encoding)
    assert dpcodec.encode(audio, encoding) == data
    info = dpcodec.inspect(data)
    assert info.whole
    assert info.samples == audio.samples.shape[1]
    out = dpcodec.decode(data, NONE)
    assert out.samples.shape == audio.samples.shape
    assert out.sample_rate == audio.sample_rate
    assert np.isfinite(out.samples).all()


@given(audios(), encodings())
@some(100)
def test_kept_cells_come_back_within_half_a_step_and_dropped_ones_under_their_bound(
    audio: Audio, encoding: EncodeSettings
) -> None:
    data = dpcodec.encode(audio, encoding)
    true, found = spectra(audio, encoding), grids(data)
    assert [X.shape for X in true] == [grid.kept.shape for grid in found]
    for X, grid in zip(true, found, strict=True):
        for values, centre in ((X.real, grid.centre.real), (X.imag, grid.centre.imag)):
            # float32 has nothing finer than its least denormal
            tolerance = grid.halfwidth * (1 + 1e-6) + np.abs(values) * HALF_ULP * 1.01 + 1e-45
            assert np.all(np.abs(values - centre)[grid.kept] <= tolerance[grid.kept])
        assert not grid.centre[~grid.kept].any()
        assert np.all(np.abs(X)[~grid.kept] <= grid.bound[~grid.kept] * (1 + 1e-6) + 1e-45)


@given(audios(), encodings())
@some(60)
def test_dropped_cells_are_as_many_as_documented(audio: Audio, encoding: EncodeSettings) -> None:
    assert encoding.drop is not None
    drop_q32 = min(round(encoding.drop * 2**32), 2**32 - 1)
    assert encoding.segment_frames
    for index, grid in enumerate(grids(dpcodec.encode(audio, encoding))):
        channels, bins, frames = grid.kept.shape
        kept = grid.kept.sum(axis=1)
        if encoding.mask == "random":
            count = bins * frames - (drop_q32 * bins * frames + 2**31 >> 32)
            assert kept.sum(axis=1).tolist() == [count] * channels
        elif encoding.mask == "columns":
            first = index * encoding.segment_frames
            gone = {f for a, b in encoding.columns for f in range(a, b + 1)}
            expected = [0 if first + f in gone else bins for f in range(frames)]
            assert kept.tolist() == [expected] * channels
        else:
            most = bins - (drop_q32 * bins + 2**31 >> 32)
            assert np.all(kept <= most)
            assert not encoding.exact or np.all((kept == most) | (kept == 0))


@given(audios(), encodings(), st.floats(0, 1.2), st.floats(0, 1.2), st.integers(1, 5))
@some(60)
def test_a_stretch_is_a_cut_and_batches_change_nothing(
    audio: Audio, encoding: EncodeSettings, start: float, duration: float, batch: int
) -> None:
    data = dpcodec.encode(audio, encoding)
    whole = dpcodec.decode(data, NONE).samples
    np.testing.assert_array_equal(dpcodec.decode(data, replace(NONE, batch_segments=batch)).samples, whole)
    seconds = audio.samples.shape[1] / audio.sample_rate
    cut = replace(NONE, start=start * seconds, duration=duration * seconds, batch_segments=batch)
    first = round(cut.start * audio.sample_rate)
    assume(first < max(audio.samples.shape[1], 1))  # a start at the end is refused
    part = dpcodec.decode(data, cut).samples
    last = first + round(duration * seconds * audio.sample_rate)
    np.testing.assert_array_equal(part, whole[:, first:last])


def made(mask: str, exact: bool) -> bytes:
    """Three segments of three parts with a tag, about 1 KB."""
    x = np.random.default_rng(1).uniform(-1, 1, 700) * np.linspace(0, 1, 700)
    encoding = profile(
        "stft",
        **{"n_fft": 64, "hop": 32, "segment_frames": 8, "parts": 3, "drop": 0.8, "tags": (("A", "b"),)},
        mask="energy" if mask == "energy" else "random",
        exact=exact,
    )
    return dpcodec.encode(Audio(x, 8000), encoding)


FILES = [made("energy", False), made("random", False), made("energy", True)]
TRUTH = [fingerprint(data) for data in FILES]


def check(data: bytes, truth: tuple[int | None, str], *, forged: bool = False) -> None:
    """Nothing but a named error; whole only where all is as it was; finite audio of the length promised."""
    try:
        info = dpcodec.inspect(data)
    except dpcodec.DpcodecError as error:
        with pytest.raises(type(error), match=r"\A.+\Z"):
            dpcodec.decode(data, NONE)
        return
    assert info.whole != bool(info.damage)
    assert forged or not info.whole or fingerprint(data) == truth
    assert forged or info.samples == truth[0]
    out = dpcodec.decode(data, NONE).samples
    assert np.isfinite(out).all()
    assert info.samples is None or out.shape == (info.channels, info.samples)


@st.composite
def hurts(draw: st.DrawFn, data: bytes) -> bytes:
    """Bytes flipped, overwritten, taken out, put in, moved; up to three of these."""
    for _ in range(draw(st.integers(1, 3))):
        at, length = draw(st.integers(0, len(data))), draw(st.sampled_from([0, 1, 2, 26, 100, 700]))
        rest = data[at + length :]
        kind = draw(st.sampled_from(["flip", "overwrite", "delete", "insert", "twice", "cut"]))
        if kind == "flip" and at < len(data):
            data = data[:at] + bytes([data[at] ^ 1 << draw(st.integers(0, 7))]) + data[at + 1 :]
        elif kind == "overwrite":
            data = data[:at] + draw(st.binary(min_size=length, max_size=length)) + rest
        elif kind == "delete":
            data = data[:at] + rest
        elif kind == "insert":
            data = data[:at] + draw(st.binary(min_size=1, max_size=40)) + data[at:]
        elif kind == "twice":
            data = data[: at + length] + data[at:]
        elif kind == "cut":
            data = data[:at]
    return data


@given(st.data(), st.sampled_from(range(len(FILES))))
@some(400)
def test_damage_is_never_taken_for_whole(draw: st.DataObject, index: int) -> None:
    check(draw.draw(hurts(FILES[index])), TRUTH[index])


@given(st.data(), st.sampled_from(range(len(FILES))))
@some(300)
def test_damage_under_good_checksums(draw: st.DataObject, index: int) -> None:
    """A forger makes every checksum of a packet right: what is inside meets the decoder itself."""
    data, starts, at = FILES[index], [], 8
    while at < len(data):
        starts.append(at)
        at += 26 + int.from_bytes(data[at + 14 : at + 18], "little")
    at = draw.draw(st.sampled_from(starts))
    length = int.from_bytes(data[at + 14 : at + 18], "little")
    fields = data[at : at + 14]
    if draw.draw(st.integers(0, 3)) == 0:
        place = draw.draw(st.integers(4, 13))
        fields = fields[:place] + draw.draw(st.binary(min_size=1, max_size=1)) + fields[place + 1 :]
    body = draw.draw(hurts(data[at + 22 : at + 22 + length]))
    assume(len(body) < 5000)
    head = fields + struct.pack("<I", len(body))
    packet = head + struct.pack("<I", zlib.crc32(head)) + body + struct.pack("<I", zlib.crc32(head + body))
    check(data[:at] + packet + data[at + 26 + length :], TRUTH[index], forged=True)


@given(st.binary(max_size=300), st.booleans())
@some(200)
def test_any_bytes(data: bytes, marked: bool) -> None:
    check(FILES[0][:8] + data if marked else data, (None, ""))
