"""What the deep prior's fit makes small. Every loss sees masked quantities only: output and target are both
multiplied by the mask first, so a dropped cell can neither help nor harm.

    mse        mean |M (f(z) - X)|²                        the paper's equation 4
    l1         mean |M (f(z) - X)|                         its other norm
    mse+stft   mse + 0.1 R(D(M f(z)), D(M X))              its implementation; D the inverse STFT

over real and imaginary parts, all cells counted. R is the multi-resolution STFT loss of R. Yamamoto, E. Song,
J.-M. Kim, "Parallel WaveGAN" (ICASSP 2020), with two terms more: the mean over three resolutions of

    ||  |Y| - |Yo| ||_F / || |Yo| ||_F  +  mean |log |Y| - log |Yo||  +  mean ||Y| - |Yo||  +  mean |u - uo|²

where u = Y / |Y|. The last term is the squared phase difference for small differences, and 2 - 2 cos of it in
general: it has no jump where a phase wraps.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from dpcodec.settings import LOSSES, check_choice
from dpcodec.transform.operator import Operator

RESOLUTIONS = ((1024, 120, 600), (2048, 240, 1200), (512, 50, 240))
"""(n_fft, hop, window length), in samples."""
STFT_SHARE = 0.1
SMALLEST_POWER = 1e-8
"""Added to |Y|², so that logarithms and phases of empty cells have a gradient."""


class Synthesis:
    """The way from a network's output to a signal; `operator` is that of the problem.

    A stretch cut from the middle of a signal is fully covered by frames in its interior only. At its ends the
    division by the frames' energy stops at a hundredth of the largest, so that errors do not blow up there.
    """

    def __init__(self, operator: Operator, like: Tensor) -> None:
        self._operator = operator
        energy: Tensor = operator.gram_diagonal(like)
        self._energy = energy.clamp(min=0.01 * float(energy.max()))

    def __call__(self, parts: Tensor) -> Tensor:
        """[1, 2, F, T] real and imaginary parts -> [N]; missing bins are zero, additional cells ignored."""
        cells = parts[0, :, : self._operator.bins, : self._operator.span.frames]
        cells = functional.pad(cells, (0, 0, 0, self._operator.bins - cells.shape[1]))
        return self.signal(torch.complex(cells[0], cells[1]))

    def signal(self, X: Tensor) -> Tensor:
        """Complex [K, L] -> [N]; of an MDCT the real part counts."""
        x: Tensor = self._operator.adjoint(X.real if self._operator.orthonormal else X)
        return x / self._energy


class MaskedLoss:
    """One of the losses above, for one target: call it with the network's output [1, 2, F, T].

    target    [1, 2, F, T], real and imaginary part
    kept      bool [F, T]
    operator  of the problem; used by "mse+stft" alone

    Raises `SettingsError` if there is no loss of that name.
    """

    def __init__(self, name: str, target: Tensor, kept: Tensor, operator: Operator) -> None:
        check_choice("loss", name, LOSSES)
        self._kept = kept.to(target.dtype)
        self._target = target * self._kept
        self._distance = functional.l1_loss if name == "l1" else functional.mse_loss
        self._synthesise = None
        if name == "mse+stft" and operator.span.samples > 0:
            self._synthesise = Synthesis(operator, target)
            self._spectra = spectra(self._synthesise(self._target))

    def __call__(self, output: Tensor) -> Tensor:
        """The loss, a scalar."""
        masked = output * self._kept
        loss = self._distance(masked, self._target)
        if self._synthesise:
            loss = loss + STFT_SHARE * spectral_loss(spectra(self._synthesise(masked)), self._spectra)
        return loss


def spectral_loss(ours: list[Tensor], references: list[Tensor]) -> Tensor:
    """R of two signals' `spectra`, the reference not all zero: a scalar."""
    return torch.stack([_one_resolution(Y, Yo) for Y, Yo in zip(ours, references, strict=True)]).mean()


def spectra(x: Tensor) -> list[Tensor]:
    """Of a signal [N], N > 0, at each of the resolutions."""
    return [short_time_spectrum(x, *resolution) for resolution in RESOLUTIONS]


def short_time_spectrum(x: Tensor, n_fft: int, hop: int, length: int) -> Tensor:
    """Spectra of the signal [N] under a Hann window of `length` samples, complex [L, n_fft / 2 + 1].

    Frames start every `hop` samples, from `length - hop` before the signal to its end, zeros outside. It is
    no transform of the codec's: the window is shorter than the FFT, which `Stft` does not know, and nothing
    is ever inverted. Frames are joined from slices, since the gradient of `torch.stft` adds up in random
    order on a GPU.
    """
    shifts = -(-length // hop)
    count = -(-x.shape[0] // hop) + shifts - 1
    padded = functional.pad(x, ((shifts - 1) * hop, count * hop - x.shape[0]))
    blocks = padded.reshape(count + shifts - 1, hop)
    frames = torch.cat([blocks[j : j + count] for j in range(shifts)], dim=1)[:, :length]
    window = torch.hann_window(length, dtype=x.dtype, device=x.device) / math.sqrt(length)
    spectrum: Tensor = torch.fft.rfft(frames * window, n=n_fft)
    return spectrum


def _one_resolution(Y: Tensor, reference: Tensor) -> Tensor:
    """The four terms of R for one resolution."""
    size, size_o = _modulus(Y), _modulus(reference)
    convergence: Tensor = torch.linalg.vector_norm(size - size_o) / torch.linalg.vector_norm(size_o)
    logarithmic = functional.l1_loss(size.log(), size_o.log())
    linear = functional.l1_loss(size, size_o)
    turn = torch.view_as_real(Y / size - reference / size_o)
    return convergence + logarithmic + linear + turn.square().sum(-1).mean()


def _modulus(Y: Tensor) -> Tensor:
    return (torch.view_as_real(Y).square().sum(-1) + SMALLEST_POWER).sqrt()
