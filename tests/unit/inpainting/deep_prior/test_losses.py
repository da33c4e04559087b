"""The losses of the deep prior: what they may see, and their values against formulas written out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from dpcodec.errors import SettingsError
from dpcodec.inpainting.deep_prior.losses import (
    RESOLUTIONS,
    MaskedLoss,
    Synthesis,
    short_time_spectrum,
    spectra,
    spectral_loss,
)
from dpcodec.settings import LOSSES
from dpcodec.transform.operator import StftOperator
from dpcodec.transform.stft import Span, Stft

STFT = Stft(256, 64, "hann")
SAMPLES = 1000


def cells(seed: int, frames: int = 17) -> Tensor:
    return torch.randn(1, 2, 128, frames, generator=torch.Generator().manual_seed(seed))


def kept(frames: int = 17) -> Tensor:
    return torch.rand(128, frames, generator=torch.Generator().manual_seed(9)) < 0.5


@pytest.mark.parametrize("name", LOSSES)
def test_dropped_cells_neither_help_nor_harm(name: str) -> None:
    M, X, out = kept(), cells(1), cells(2)
    loss = MaskedLoss(name, X, M, StftOperator(STFT, STFT.span(SAMPLES)))
    same = MaskedLoss(name, torch.where(M, X, 1e3), M, StftOperator(STFT, STFT.span(SAMPLES)))
    assert torch.equal(loss(out), loss(torch.where(M, out, -7e4)))
    assert torch.equal(loss(out), same(out))
    out.requires_grad_()
    torch.autograd.backward(loss(out))
    assert out.grad is not None
    assert not out.grad[:, :, ~M].any()
    assert out.grad[:, :, M].any()


@pytest.mark.parametrize("name", LOSSES)
def test_zero_where_the_kept_cells_agree(name: str) -> None:
    M, X = kept(), cells(1)
    loss = MaskedLoss(name, X, M, StftOperator(STFT, STFT.span(SAMPLES)))
    assert float(loss(torch.where(M, X, 3.0))) == pytest.approx(0, abs=1e-6)


def test_plain_losses_are_means_over_the_masked_grid() -> None:
    M, X, out = kept(), cells(1), cells(2)
    error = (np.asarray(out) - np.asarray(X)) * np.asarray(M)
    operator = StftOperator(STFT, STFT.span(SAMPLES))
    assert float(MaskedLoss("mse", X, M, operator)(out)) == pytest.approx(np.mean(error**2), rel=1e-5)
    assert float(MaskedLoss("l1", X, M, operator)(out)) == pytest.approx(np.mean(np.abs(error)), rel=1e-5)


def test_spectral_loss_is_added_with_a_tenth() -> None:
    M, X, out = kept(), cells(1), cells(2)
    operator = StftOperator(STFT, STFT.span(SAMPLES))
    synthesise = Synthesis(operator, X)
    added = spectral_loss(spectra(synthesise(out * M)), spectra(synthesise(X * M)))
    whole = MaskedLoss("mse+stft", X, M, operator)(out)
    torch.testing.assert_close(whole, MaskedLoss("mse", X, M, operator)(out) + 0.1 * added)


def test_multi_resolution_loss_against_its_formula_in_numpy() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((2, 3000))
    total = 0.0
    for n_fft, hop, length in RESOLUTIONS:
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
        starts = range(hop - -(-length // hop) * hop, 3000, hop)
        pad = length
        both = []
        for signal in (x, y):
            padded = np.pad(signal, pad)
            frames = np.array([padded[s + pad : s + pad + length] for s in starts])
            both.append(np.fft.rfft(frames * window / np.sqrt(length), n_fft))
        size, size_o = np.abs(both[0]), np.abs(both[1])
        total += float(np.linalg.norm(size - size_o) / np.linalg.norm(size_o))
        total += float(np.mean(np.abs(np.log(size) - np.log(size_o))) + np.mean(np.abs(size - size_o)))
        total += float(np.mean(2 - 2 * np.cos(np.angle(both[0]) - np.angle(both[1]))))
    got = float(spectral_loss(spectra(torch.from_numpy(x)), spectra(torch.from_numpy(y))))
    assert got == pytest.approx(total / 3, rel=1e-3)  # the floor under the modulus


def test_spectra_agree_with_torch_in_modulus() -> None:
    x = torch.randn(4000, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    n_fft, hop, length = RESOLUTIONS[0]
    ours = short_time_spectrum(x, n_fft, hop, length).abs().T * length**0.5
    window = torch.hann_window(length, dtype=torch.float64)
    padded = torch.nn.functional.pad(x, ((n_fft - length) // 2 + 480, 0))  # 480: the lead of our first frame
    theirs = torch.stft(padded, n_fft, hop, length, window, center=False, return_complex=True).abs()
    assert theirs.shape[1] > 25
    torch.testing.assert_close(ours[:, : theirs.shape[1]], theirs)


def test_synthesis_inverts_a_whole_signal_without_its_nyquist_bin() -> None:
    x = torch.sin(torch.arange(SAMPLES, dtype=torch.float64) * 0.3)
    X = STFT.forward(x)
    parts = torch.nn.functional.pad(torch.view_as_real(X).permute(2, 0, 1)[:, :128], (0, 3, 0, 0))[None]
    back = Synthesis(StftOperator(STFT, STFT.span(SAMPLES)), parts)(parts)
    torch.testing.assert_close(back, x, atol=5e-3, rtol=0)


def test_synthesis_of_a_stretch_stays_finite_at_the_cuts() -> None:
    operator = StftOperator(STFT, Span(16 * 64 + 256, 17, 0))
    out = cells(4).requires_grad_()
    loss = MaskedLoss("mse+stft", cells(1), kept(), operator)(out)
    torch.autograd.backward(loss)
    assert bool(loss.isfinite())
    assert out.grad is not None
    assert bool(out.grad.isfinite().all())


def test_unknown_loss_is_refused() -> None:
    with pytest.raises(SettingsError, match="loss is 'huber'"):
        MaskedLoss("huber", cells(1), kept(), StftOperator(STFT, STFT.span(SAMPLES)))
