"""Masks that a caller brings, from the array to the file and back."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from signals import chord

import dpcodec
from dpcodec.audio.streams import ArrayReader
from dpcodec.container.stream import Reader
from dpcodec.mask.custom import ArrayMask, load_mask
from dpcodec.modes import mode_of_file
from dpcodec.modes.frames import segments_and_frames

RATE, N = 8000, 3000
SETTINGS = dpcodec.profile("stft", n_fft=128, hop=64, segment_frames=10, parts=3)
SHAPE = (65, -(-N // 64) + 1)


@dataclass
class Parameters:
    drop_q32: int = 0
    seed: int = 0
    columns: tuple[tuple[int, int], ...] = ()
    segment_frames: int = 10
    frames: int | None = SHAPE[1]


def mask_of(*lead: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((*lead, *SHAPE)) < 0.6


def kept_of(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """What a decoder knows to be kept, bool [C, K, L], and the half-widths."""
    reader = Reader(io.BytesIO(data))
    mode = mode_of_file(reader.header)
    parts = [mode.read(packets, frames) for packets, frames in segments_and_frames(reader)]
    assert not any(problems for _, problems in parts)
    kept = np.concatenate([segment.kept for segment, _ in parts], axis=2)
    return kept, np.concatenate([segment.halfwidth for segment, _ in parts], axis=2)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("lead", [(), (2,)])
def test_every_cell_of_an_array_comes_back(exact: bool, lead: tuple[int, ...]) -> None:
    mask = mask_of(*lead)
    audio = dpcodec.Audio(np.stack([chord(N), chord(N, 1)]), RATE)
    data = dpcodec.encode(audio, dpcodec.profile("stft", **vars_of(SETTINGS), exact=exact), mask=mask)
    kept, halfwidth = kept_of(data)
    np.testing.assert_array_equal(kept, np.broadcast_to(mask, kept.shape))
    assert (halfwidth[kept] > 0).all() != exact
    info = dpcodec.inspect(data)
    assert (info.mask, info.drop) == ("custom", 0.0)
    assert data[30:33] == bytes([1, 4, 0x88 | exact])


def vars_of(settings: dpcodec.EncodeSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in ("n_fft", "hop", "segment_frames", "parts")}


def test_a_function_is_asked_segment_by_segment() -> None:
    asked = []

    def even(parameters: Any, segment: int, X: np.ndarray) -> np.ndarray:
        asked.append((segment, X.shape, parameters.drop_q32 / 2**32))
        return np.broadcast_to(np.arange(X.shape[1])[:, None] % 2 == 0, X.shape)

    settings = dpcodec.profile("stft", **vars_of(SETTINGS), mask="custom", custom=even, drop=0.25)
    kept, _ = kept_of(dpcodec.encode(dpcodec.Audio(chord(N), RATE), settings))
    assert asked == [(s, (1, 65, 10 if s < 4 else 8), 0.25) for s in range(5)]
    assert kept[:, ::2].all()
    assert not kept[:, 1::2].any()


def test_streams_take_it_by_their_settings() -> None:
    audio, out = dpcodec.Audio(chord(N), RATE), io.BytesIO()
    settings = dpcodec.profile(
        "stft", **vars_of(SETTINGS), mask="custom", custom=ArrayMask(mask_of()), drop=0.0
    )
    dpcodec.encode_stream(ArrayReader(audio), out, settings)
    assert out.getvalue() == dpcodec.encode(audio, SETTINGS, mask=mask_of())


def test_what_was_dropped_is_inpainted() -> None:
    x = chord(N)
    data = dpcodec.encode(dpcodec.Audio(x, RATE), SETTINGS, mask=mask_of())
    found = dpcodec.decode(data, dpcodec.DecodeSettings(solver="least-squares", device="cpu")).samples[0]
    zeros = dpcodec.decode(data, dpcodec.DecodeSettings(solver="none")).samples[0]
    assert np.sum((found - x) ** 2) < 0.05 * np.sum((zeros - x) ** 2)


@pytest.mark.parametrize(
    "mask, message",
    [
        (np.ones(SHAPE), "mask is float64 of shape"),
        (np.ones(SHAPE[1:], bool), "mask is bool of shape"),
        (np.ones((64, SHAPE[1]), bool), "this audio has 1 channels, 65 bins, 48 frames"),
        (np.ones((65, SHAPE[1] + 1), bool), "this audio has 1 channels, 65 bins, 48 frames"),
        (np.ones((65, SHAPE[1] - 1), bool), "this audio has 1 channels, 65 bins, 48 frames"),
        (np.ones((2, *SHAPE), bool), "this audio has 1 channels, 65 bins, 48 frames"),
    ],
)
def test_what_does_not_fit_is_refused(mask: np.ndarray, message: str) -> None:
    with pytest.raises(dpcodec.SettingsError, match=message):
        dpcodec.encode(dpcodec.Audio(chord(N), RATE), SETTINGS, mask=mask)


def test_a_length_that_is_not_known_may_end_sooner() -> None:
    mask, parameters = ArrayMask(np.ones((65, 25), bool)), Parameters(frames=None)
    assert mask(parameters, 2, np.zeros((1, 65, 5))).shape == (1, 65, 5)
    assert mask(parameters, 1, np.zeros((1, 65, 10))).shape == (1, 65, 10)
    with pytest.raises(dpcodec.SettingsError, match="30 frames"):
        mask(parameters, 2, np.zeros((1, 65, 10)))


def test_a_custom_mask_comes_with_its_name_and_an_stft() -> None:
    with pytest.raises(dpcodec.SettingsError, match="the custom mask needs a mask of your own"):
        dpcodec.profile("stft", mask="custom")
    with pytest.raises(dpcodec.SettingsError, match="only it takes one"):
        dpcodec.profile("stft", custom=ArrayMask(mask_of()))
    with pytest.raises(dpcodec.SettingsError, match="the custom mask needs transform stft"):
        dpcodec.encode(dpcodec.Audio(chord(N), RATE), dpcodec.profile("mdct"), mask=mask_of())


def test_equal_masks_read_the_same() -> None:
    assert repr(ArrayMask(mask_of())) == repr(ArrayMask(mask_of())) != repr(ArrayMask(mask_of(seed=1)))


def test_a_file_is_mapped_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "m.npy"
    np.save(path, mask_of())
    kept = load_mask(path)(Parameters(), 1, np.zeros((1, 65, 10)))
    np.testing.assert_array_equal(kept[0], mask_of()[:, 10:20])
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(dpcodec.SettingsError, match=r"m\.npy: this is no array of numpy's"):
        load_mask(path)
    path.write_bytes(b"")
    with pytest.raises(dpcodec.SettingsError, match=r"m\.npy: this is no array of numpy's"):
        load_mask(path)
    np.save(path, np.array([{}], object))
    with pytest.raises(dpcodec.SettingsError, match=r"m\.npy: this is no array of numpy's"):
        load_mask(path)
    with pytest.raises(dpcodec.FileAccessError, match="No such file"):
        load_mask(tmp_path / "none.npy")
