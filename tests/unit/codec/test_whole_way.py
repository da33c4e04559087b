"""From the bytes of a file to samples: what must hold from end to end, checked with arrays made here."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

import dpcodec
from dpcodec import Audio, DecodeSettings, decode, encode, profile
from dpcodec.codec import blocks
from dpcodec.coding import body, magnitude_classes, mdct_quantize
from dpcodec.compiled import off
from dpcodec.container import constants as c
from dpcodec.container import packets
from dpcodec.container.repair import repair_stream
from dpcodec.inpainting.solvers import SOLVERS, solve_with
from dpcodec.transform.stft import Stft

RATE = 8000
STFT = Stft(256, 64, "hann")


def notes(seconds: float = 1.0) -> np.ndarray:
    """Three decaying tones, and a little noise: float32 [N]."""
    t = np.arange(int(RATE * seconds)) / RATE
    x = 0.4 * np.sin(2000 * t) * np.exp(-3 * (t % 0.3)) + 0.2 * np.sin(5000 * t + 1)
    noise = 0.01 * np.random.default_rng(3).standard_normal(t.size)
    return (x + noise).astype(np.float32)


def exact_file(mask: str) -> tuple[bytes, np.ndarray, np.ndarray]:
    """An STFT file of float32 coefficients in one segment: its bytes, X complex [K, L], and what is kept."""
    x = notes()
    settings = profile(
        "stft", n_fft=256, hop=64, window="hann", mask=mask, drop=0.8, exact=True, segment_frames=200
    )
    X = STFT.forward(x.astype(np.float64))
    found: list[np.ndarray] = []
    decoded = solve_with

    def look(name: str, problem: Any, solver: Any, progress: Any) -> tuple[np.ndarray, str]:
        found.append(problem.kept[0])
        return decoded(name, problem, solver, progress)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "solve_with", look)
        data = encode(Audio(x, RATE), settings)
        decode(data, DecodeSettings(solver="none"))
    return data, X, found[0]


def given(estimate: np.ndarray, patch: pytest.MonkeyPatch) -> None:
    """Let every solver answer with this estimate, complex [K, L]."""

    def answer(name: str, problem: Any, solver: Any, progress: Any) -> tuple[np.ndarray, str]:
        return estimate[None].astype(np.complex64), "least-squares: made up"

    patch.setattr(blocks, "solve_with", answer)


def test_kept_coefficients_are_put_back_whatever_the_solver_says(monkeypatch: pytest.MonkeyPatch) -> None:
    data, X, kept = exact_file("random")
    estimate = np.full(X.shape, 0.3 - 0.1j)
    given(estimate, monkeypatch)
    expected = STFT.inverse(np.where(kept, X, estimate), RATE)
    without = STFT.inverse(estimate, RATE)
    settings = DecodeSettings(solver="least-squares", device="cpu")
    assert np.allclose(decode(data, settings).samples[0], expected, atol=1e-5)
    no_context = DecodeSettings(solver="least-squares", device="cpu", context=False)
    assert np.allclose(decode(data, no_context).samples[0], without, atol=1e-5)
    assert np.abs(expected - without).max() > 0.1


def test_dropped_coefficients_stay_within_the_masks_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    data, X, kept = exact_file("energy")
    estimate = 5 * np.exp(1j * np.arange(X.size)).reshape(X.shape)
    given(estimate, monkeypatch)
    least = np.where(kept, np.abs(X), np.inf).min(axis=0)
    expected = STFT.inverse(np.where(kept, X, estimate * np.minimum(least / 5, 1)), RATE)
    got = decode(data, DecodeSettings(solver="least-squares", device="cpu")).samples[0]
    assert np.allclose(got, expected, atol=2e-5)


def test_a_symbol_over_the_formats_largest_is_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = profile("mdct", mask="energy", drop=0.5, snr=150.0, parts=1)
    with pytest.MonkeyPatch.context() as patch, off():
        for module in (body, magnitude_classes, mdct_quantize):
            patch.setattr(module, "MAX_SYMBOL", 2**26)
        data = encode(Audio(notes(), RATE), settings)
    info = dpcodec.inspect(data)
    assert not info.whole
    assert f"a symbol larger than {2**24 - 1}" in info.damage[0]
    assert not decode(data).samples.any()


def test_repair_copies_no_more_unknown_packets_than_it_may_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    ancillary = packets.pack_packet(0x8123 | 0x4000, b"x" * 600)
    data = encode(Audio(notes(0.2), RATE), profile("stft"))
    head = packets.parse_head(data, len(c.MAGIC))
    assert head is not None
    first = len(c.MAGIC) + head.packet_bytes
    padded = data[:first] + 5 * ancillary + data[first:]
    for most, copies in ((10_000, 5), (1500, 2)):
        monkeypatch.setattr(c, "MAX_EXTRA_BYTES", most)
        out = io.BytesIO()
        repair_stream(io.BytesIO(padded), out)
        assert out.getvalue().count(b"x" * 600) == copies


KINDS = {
    "perceptual": profile("perceptual", n_fft=512, segment_frames=20),
    "mdct": profile("mdct", n_fft=512, drop=0.8, segment_frames=20),
    "mdct, columns": profile("mdct", n_fft=512, mask="columns", columns=((20, 21),), exact=True),
    "mdct, random": profile("mdct", n_fft=512, mask="random", drop=0.3),
    "stft": profile("stft", drop=0.9, segment_frames=60),
}


def snr(x: np.ndarray, y: np.ndarray) -> float:
    return float(10 * np.log10(np.sum(x.astype(np.float64) ** 2) / np.sum((x.astype(np.float64) - y) ** 2)))


@pytest.mark.parametrize("kind", KINDS)
def test_every_solver_takes_every_kind_of_file(kind: str) -> None:
    """Two channels, of which a perceptual file codes a rotated pair."""
    notes_s = notes(0.8)
    x = np.stack([notes_s, 0.7 * notes_s + 0.01 * np.sin(np.arange(len(notes_s)))]).astype(np.float32)
    data = encode(Audio(x, RATE), KINDS[kind])
    zeros = decode(data, DecodeSettings(solver="none")).samples
    for solver, entry in SOLVERS.items():
        if entry.torch:
            pytest.importorskip("torch")
        steps = 2 if entry.torch else 60
        wanted = DecodeSettings(solver=solver, device="cpu", iterations=steps, fit="paper")
        y = decode(data, wanted).samples
        assert y.shape == x.shape
        assert np.isfinite(y).all()
        if solver == "least-squares":
            assert snr(x, y) > snr(x, zeros) - 1e-3
        if kind in ("perceptual", "mdct") and solver in ("least-squares", "janssen"):
            assert np.array_equal(y, zeros)  # nothing lost, so an MDCT leaves nothing to solve
