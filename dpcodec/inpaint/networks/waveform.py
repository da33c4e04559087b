"""A network whose output is the signal itself: a U-Net over samples (after D. Stoller, S. Ewert, S. Dixon,
"Wave-U-Net: a multi-scale neural network for end-to-end audio source separation", ISMIR 2018).

What it gives is a signal, so its STFT is consistent by construction; the kept coefficients judge that.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from dpcodec.inpaint.networks.sizes import WaveformSize

SLOPE = 0.2


class WaveformUNet(nn.Module):
    """[B, in_channels, N] -> [B, 1, N] for any N > 0.

    Each scale: convolution, LeakyReLU; `stride` samples become one on the way down. On the way up samples
    are repeated, joined with the same scale of the way down, convolution, LeakyReLU.
    """

    def __init__(self, size: WaveformSize, in_channels: int) -> None:
        super().__init__()
        self.stride = size.stride
        sources = (in_channels, *size.channels[:-1])
        padding = size.kernel // 2
        self.down = nn.ModuleList(
            nn.Conv1d(source, out, size.kernel, size.stride if scale else 1, padding)
            for scale, (source, out) in enumerate(zip(sources, size.channels, strict=True))
        )
        self.up = nn.ModuleList(
            nn.Conv1d(below + out, out, size.kernel, 1, padding)
            for out, below in reversed(list(zip(size.channels[:-1], size.channels[1:], strict=True)))
        )
        self.output = nn.Conv1d(size.channels[0], 1, 1)

    def forward(self, z: Tensor) -> Tensor:
        """See the class."""
        scales = []
        x = z
        for convolution in self.down:
            x = functional.leaky_relu(convolution(x), SLOPE)
            scales.append(x)
        x = scales.pop()
        for convolution in self.up:
            beside = scales.pop()
            x = torch.cat([self._repeated(x)[:, :, : beside.shape[2]], beside], dim=1)
            x = functional.leaky_relu(convolution(x), SLOPE)
        y: Tensor = self.output(x)
        return y

    def _repeated(self, x: Tensor) -> Tensor:
        # not `interpolate`: the gradient of most of its modes adds up in random order on a GPU
        return x.unsqueeze(-1).expand(-1, -1, -1, self.stride).flatten(2)
