"""A network that weighs several estimates against each other, cell by cell.

    Y = sum_w g_w Y_w,    g = softmax_w(a + B s(C clues))

Y_w are estimates of the same coefficients, each good where its own assumption holds; the gates g are positive
and add up to one, so the result lies among the estimates. Combining models by what they predict of data they
were not fitted to is stacking (D. H. Wolpert, "Stacked generalization", Neural Networks 5, 1992); gates that
look at the input make it a mixture of experts (R. A. Jacobs, M. I. Jordan, S. J. Nowlan, G. E. Hinton,
"Adaptive mixtures of local experts", Neural Computation 3, 1991). It starts as the plain mean.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

AROUND = (3, 5)
"""Bins and frames over which a clue is averaged."""
ALONG = (1, 5)
"""Bins and frames over which an estimate's coherence is taken."""
FLOOR = 1e-3
"""Power, beside a mean of about 1, below which clues no longer distinguish."""
CLUE_LIMIT = 6.0


class Mixed(NamedTuple):
    """Estimates [W, 2, F, T] and what tells them apart, [1, clues, F, T]."""

    estimates: Tensor
    clues: Tensor


class Mixer(nn.Module):
    """Gates over W estimates from 3 W + 1 clues, through one layer of `hidden` channels."""

    def __init__(self, estimates: int, hidden: int) -> None:
        super().__init__()
        self.offset = nn.Parameter(torch.zeros(1, estimates, 1, 1))
        self.inner = nn.Conv2d(3 * estimates + 1, hidden, 1)
        self.outer = nn.Conv2d(hidden, estimates, 1, bias=False)
        nn.init.zeros_(self.outer.weight)

    def prepare(self, estimates: Tensor) -> Mixed:
        """Estimates [W, 2, F, T], real and imaginary parts, with their clues: what does not change while
        the network is fitted."""
        with torch.no_grad():
            return Mixed(estimates, clues(estimates))

    def forward(self, mixed: Mixed) -> Tensor:
        """The mixture [1, 2, F, T]."""
        scores = self.offset + self.outer(functional.silu(self.inner(mixed.clues)))
        gates = torch.softmax(scores, dim=1)[0, :, None]
        return (gates * mixed.estimates).sum(0, keepdim=True)


def clues(estimates: Tensor) -> Tensor:
    """[W, 2, F, T] -> [1, 3 W + 1, F, T]: for each estimate the logarithms of its power about the cell and of
    its distance from the mean of all, both beside the power of that mean; how far it stands still over
    neighbouring frames (1 for a phase that does, 0 for noise), as a logarithm; and the power of the mean."""
    mean = estimates.mean(0, keepdim=True)
    around = _log(_mean(_power(mean), AROUND))
    power = _log(_mean(_power(estimates), AROUND)) - around
    apart = _log(_mean(_power(estimates - mean), AROUND)) - around
    steady = _log(_power(_mean(estimates, ALONG))) - _log(_mean(_power(estimates), ALONG))
    together = torch.cat([power, apart, 0.5 * steady, 0.5 * around]).clamp(-CLUE_LIMIT, CLUE_LIMIT)
    return together[:, 0][None]


def _power(parts: Tensor) -> Tensor:
    return parts.square().sum(1, keepdim=True)


def _log(power: Tensor) -> Tensor:
    return (power + FLOOR).log()


def _mean(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Mean over so many bins and frames about each cell, over fewer at the edges."""
    padding = (size[0] // 2, size[1] // 2)
    return functional.avg_pool2d(x, size, 1, padding, count_include_pad=False)
