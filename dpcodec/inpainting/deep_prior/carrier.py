"""The turn of a steady tone from frame to frame, taken off a network's shoulders.

In the STFT's phase convention a steady partial in the middle of bin k turns by `2 pi k hop / n_fft` from
frame to frame, and neighbouring bins alternate in sign. A convolution is the same at each bin and has to
learn this anew for each. Multiplying the network's output by

    exp(2 pi i k hop l / n_fft) (-1)^k

leaves the network a field that stands still in the middle of a partial, and a bin away from it turns by
hop / n_fft only. It is a unitary change of coordinates: the masked losses are none the wiser.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def carrier(n_fft: int, hop: int, bins: int, frames: int) -> Tensor:
    """Cosine and sine of the turn, float32 [2, F, T]; reduced in integers first, so exact at any frame."""
    k = torch.arange(bins, dtype=torch.int64)[:, None]
    frame = torch.arange(frames, dtype=torch.int64)[None, :]
    steps = (k * hop % n_fft * frame + k * (n_fft // 2)) % n_fft
    angle = steps.to(torch.float64) * (2 * math.pi / n_fft)
    return torch.stack([angle.cos(), angle.sin()]).to(torch.float32)


def modulate(parts: Tensor, turn: Tensor) -> Tensor:
    """Complex product of [B, 2, F, T] with the carrier [2, F, T], real and imaginary parts as channels."""
    real, imaginary = parts[:, 0], parts[:, 1]
    cosine, sine = turn[0], turn[1]
    return torch.stack([real * cosine - imaginary * sine, real * sine + imaginary * cosine], dim=1)


class Modulated(nn.Module):
    """A network whose output is multiplied by the carrier `turn`, float32 [2, F, T]."""

    def __init__(self, network: nn.Module, turn: Tensor) -> None:
        super().__init__()
        self.network, self._turn = network, turn

    def forward(self, z: Tensor) -> Tensor:
        """[B, 2, F, T] -> [B, 2, F, T]."""
        return modulate(self.network(z), self._turn)
