"""Harmonic convolution by harmonic lowering (H. Takeuchi, K. Kashino, Y. Ohishi, H. Saruwatari, "Harmonic
lowering for accelerating harmonic convolution for audio signals", Interspeech 2020).

For a kernel of `K_f` harmonics and `K_t` frames and an anchor `n`, with `P_k` the stretch by k/n along
frequency,

    y = b + sum_{k=1..K_f} W_k * P_k x,      (P_k x)[f] = x[f k / n], zero past the last bin,

where `*` runs over channels and frames only. `P_k` touches rows only, so `W_k * P_k x = P_k (W_k * x)`: each
harmonic takes the order that convolves fewer rows. For k > n that is stretching first, since `P_k x` ends at
row `F n / k`; for k < n it is convolving first, since only the lowest `F k / n` rows are ever read.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


def stretch(x: Tensor, p: int, q: int, rows: int) -> Tensor:
    """Rows i = 0 .. rows-1 of the result read row i p / q of the input: [B, C, F, T] -> [B, C, rows, T].

    Between two rows it interpolates linearly. p and q have no common factor and `(rows - 1) p / q <= F - 1`.
    The result is interleaved from q strided slices: no index tensor, whose gradient on a GPU would be added
    up in an order that changes from run to run.
    """
    groups, rest = divmod(rows, q)
    classes = [_row_class(x, p, q, r, groups + (r < rest)) for r in range(min(q, rows))]
    if q == 1:
        return classes[0]
    parts = []
    if groups:
        parts.append(torch.stack([c[:, :, :groups] for c in classes], dim=3).flatten(2, 3))
    parts += [c[:, :, groups:] for c in classes[:rest]]
    return torch.cat(parts, dim=2)


def _row_class(x: Tensor, p: int, q: int, r: int, count: int) -> Tensor:
    """Rows r, r + q, r + 2q, ... of the stretched input: all lie the same way between their two
    neighbours."""
    first, part = divmod(p * r, q)
    last = first + p * (count - 1) + 1
    low = x[:, :, first:last:p]
    return torch.lerp(low, x[:, :, first + 1 : last + 1 : p], part / q) if part else low


class HarmonicConv2d(nn.Module):
    """Harmonic convolution of [B, C, F, T] -> [B, O, ceil(F / stride), ceil(T / stride)], zero padded in
    time.

    `kernel` is (K_f, K_t) with K_t odd, `anchor` the n above. The weight is that of an ordinary convolution
    over the K_f stretched copies stacked along channels, [O, K_f C, 1, K_t] with the harmonic as the slower
    index, initialised as torch does it; the bias [O].
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel: tuple[int, int], anchor: int, stride: int = 1
    ) -> None:
        super().__init__()
        self.harmonics, frames = kernel
        self.anchor = anchor
        self.stride = stride
        self.padding = frames // 2
        lowered = nn.Conv2d(self.harmonics * in_channels, out_channels, (1, frames))
        self.weight = lowered.weight
        self.bias = lowered.bias

    def forward(self, x: Tensor) -> Tensor:
        """Convolve; see the class."""
        rows = -(-x.shape[2] // self.stride)
        total: Tensor | None = None
        for k, weight in enumerate(self.weight.chunk(self.harmonics, dim=1), start=1):
            part = self._harmonic(x, weight, k, rows)
            if total is None:  # k = 1 never reads past the last bin, so it fills all rows and brings the bias
                total = part
            elif part.shape[2] == rows:
                total = total + part
            else:
                total = total + functional.pad(part, (0, 0, 0, rows - part.shape[2]))
        assert total is not None
        return total

    def _harmonic(self, x: Tensor, weight: Tensor, k: int, rows: int) -> Tensor:
        """The term of harmonic k, without the rows that are zero at its top."""
        common = math.gcd(k * self.stride, self.anchor)
        p, q = k * self.stride // common, self.anchor // common
        live = min(rows, q * (x.shape[2] - 1) // p + 1)
        bias = self.bias if k == 1 else None
        if p >= q:
            return self._convolve(stretch(x, p, q, live), weight, bias)
        needed = -(-p * (live - 1) // q) + 1
        return stretch(self._convolve(x[:, :, :needed], weight, bias), p, q, live)

    def _convolve(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return functional.conv2d(x, weight, bias, stride=(1, self.stride), padding=(0, self.padding))
