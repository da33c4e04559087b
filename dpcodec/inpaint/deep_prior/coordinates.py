"""The coordinates in which a network sees coefficients.

    field = X / (s E^a) exp(-2 pi i k hop l / n_fft) (-1)^k

with s the level. *Phase:* referred to a fixed origin, so that a steady partial stands still
(`networks/carrier.py`). *Whitening:* divided by a smooth envelope E of the moduli, estimated from kept
coefficients and carried on over the dropped ones in time and frequency; the exponent a below one leaves
strong regions, which decide over the SNR, more weight than weak ones.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from dpcodec.inpaint.networks.carrier import carrier
from dpcodec.inpaint.problem import Problem

SMOOTH = (17, 13)
"""Bins and frames of the mean, taken twice, that makes the envelope."""
EXPONENT = 0.5
FLOOR = 1e-3
"""Smallest envelope, relative to its largest."""


class Coordinates:
    """Of a problem of one channel, on a device; F and T are K and L rounded up to a multiple.

    scale  float32 [K, L]: what coefficients are divided by
    """

    def __init__(
        self, problem: Problem, multiple: int, device: str, *, phase: bool = True, whitening: bool = True
    ) -> None:
        _, self.bins, self.frames = problem.kept.shape
        self._padding = (0, -self.frames % multiple, 0, -self.bins % multiple)
        modulus = np.where(problem.kept[0], np.abs(problem.centre[0]), 0)
        self.scale = torch.full((self.bins, self.frames), _level(modulus, problem.kept[0]))
        if whitening:
            self.scale = self.scale * envelope(modulus, problem.kept[0]) ** EXPONENT
        self.scale = self.scale.to(device)
        cosine, sine = carrier(problem.stft.n_fft, problem.stft.hop, self.bins, self.frames)
        self._turn = torch.complex(cosine, sine).to(device) if phase else None

    @property
    def shape(self) -> tuple[int, int]:
        """F and T."""
        return self.bins + self._padding[3], self.frames + self._padding[1]

    def field(self, X: Tensor) -> Tensor:
        """Coefficients, complex [W, K, L] -> real and imaginary parts [W, 2, F, T], zero where padded."""
        X = X / self.scale
        if self._turn is not None:
            X = X * self._turn.conj()
        return functional.pad(torch.stack([X.real, X.imag], dim=1), self._padding)

    def cells(self, field: Tensor) -> Tensor:
        """The way back: [1, 2, F, T] -> complex [K, L]."""
        parts = field[0, :, : self.bins, : self.frames] * self.scale
        X = torch.complex(parts[0], parts[1])
        return X if self._turn is None else X * self._turn


def envelope(modulus: np.ndarray, kept: np.ndarray) -> Tensor:
    """Smooth root mean square of the kept moduli, float32 [K, L], its largest value 1; all ones for silence.

    A mean over the kept cells about each place; where there are none it goes on from the nearest ones.
    """
    peak = float(modulus.max(initial=0)) or 1.0
    power = torch.from_numpy((modulus / peak).astype(np.float32)).square()
    known = torch.from_numpy(kept.astype(np.float32))
    power = _smooth(power) / _smooth(known).clamp(min=1e-9)
    known = (_smooth(known) > 1e-9).float()
    while 0 < known.sum() < known.numel():
        spread = _smooth(power * known) / _smooth(known).clamp(min=1e-9)
        power, known = torch.where(known > 0, power, spread), (_smooth(known) > 1e-9).float()
    largest = power.max() if power.numel() else torch.tensor(0.0)
    if not largest > 0:
        return torch.ones_like(power)
    return (power / largest).sqrt().clamp(min=FLOOR)


def _smooth(x: Tensor) -> Tensor:
    for _ in range(2):
        padding = (SMOOTH[0] // 2, SMOOTH[1] // 2)
        x = functional.avg_pool2d(x[None, None], SMOOTH, 1, padding, count_include_pad=False)[0, 0]
    return x


def _level(modulus: np.ndarray, kept: np.ndarray) -> float:
    power = float(np.mean(np.square(modulus[kept], dtype=np.float64))) if kept.any() else 0.0
    return float(np.sqrt(power / 2)) or 1.0
