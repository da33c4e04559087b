"""Which rows (bins) of the input each term of a convolution over frequency and time reads, and how.

A term is `y += P (W * x)` or, which is the same, `y += W * (P x)`: `*` runs over channels and frames, P moves
rows and interpolates between them. Inputs, outputs and weights come as the points of `short_convolution.py`,
X [P, F, C], Z [P, F', O] and W [P, C, J, O] with one of J filters for each term, so `*` is a matrix product
at each point. A slice of rows costs nothing there: it is a matrix with a longer way from row to row.

Each term has a `forward`, which adds to Z, and a `backward`, which adds the gradients dX and dW.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

GRAIN = 16
"""Matrix products are fastest on multiples of this many columns."""

Source: TypeAlias = tuple[slice, float]
"""Rows that are read, and their share."""


@dataclass(frozen=True)
class Lane:
    """Rows `target` of a result are the sum of one source, or of two whose shares add up to one."""

    target: slice
    sources: tuple[Source, ...]

    def read(self, X: Tensor) -> Tensor:
        """What the target rows get."""
        if len(self.sources) == 1:
            return X[:, self.sources[0][0]]
        (low, _), (high, share) = self.sources
        return torch.lerp(X[:, low], X[:, high], share)


@dataclass(frozen=True)
class Gathered:
    """Rows first, then products with filter `index`."""

    index: int
    lanes: tuple[Lane, ...]

    def forward(self, X: Tensor, W: Tensor, Z: Tensor) -> None:
        for lane in self.lanes:
            _add_product(Z[:, lane.target], lane.read(X), W[:, :, self.index])

    def backward(self, X: Tensor, W: Tensor, dZ: Tensor, dX: Tensor, dW: Tensor) -> None:
        transposed = W[:, :, self.index].transpose(1, 2).contiguous()
        for lane in self.lanes:
            change = dZ[:, lane.target]
            _add_product(dW[:, :, self.index], lane.read(X).transpose(1, 2), change)
            if len(lane.sources) == 1:
                _add_product(dX[:, lane.sources[0][0]], change, transposed)
            else:
                change = torch.bmm(change, transposed)
                for rows, share in lane.sources:
                    dX[:, rows].add_(change, alpha=share)


@dataclass(frozen=True)
class Scattered:
    """Products of the lowest `rows` rows with the filters first .. last - 1, then to where they belong.

    taps: (filter counted from `first`, target rows, source). Products of several filters are made together,
    in a number of columns that is a multiple of `GRAIN`.
    """

    first: int
    last: int
    rows: int
    taps: tuple[tuple[int, slice, Source], ...]

    def forward(self, X: Tensor, W: Tensor, Z: Tensor) -> None:
        products = self._apart(torch.bmm(X[:, : self.rows], self._filters(W)), Z.shape[2])
        for j, target, (rows, share) in self.taps:
            Z[:, target].add_(products[:, rows, j], alpha=share)

    def backward(self, X: Tensor, W: Tensor, dZ: Tensor, dX: Tensor, dW: Tensor) -> None:
        filters = self._filters(W).transpose(1, 2).contiguous()
        change = dZ.new_zeros(len(dZ), self.rows, filters.shape[1])
        apart = self._apart(change, dZ.shape[2])
        for j, target, (rows, share) in self.taps:
            apart[:, rows, j].add_(dZ[:, target], alpha=share)
        _add_product(dX[:, : self.rows], change, filters)
        of_filters = torch.bmm(X[:, : self.rows].transpose(1, 2), change)
        dW[:, :, self.first : self.last] += self._apart(of_filters, dZ.shape[2])

    def _filters(self, W: Tensor) -> Tensor:
        """The filters side by side, [P, C, columns]."""
        filters = W[:, :, self.first : self.last].flatten(2)
        missing = -filters.shape[2] % GRAIN if self.last - self.first > 1 else 0
        return functional.pad(filters, (0, missing)) if missing else filters

    def _apart(self, products: Tensor, channels: int) -> Tensor:
        """[P, F, columns] -> [P, F, last - first, O]."""
        count = self.last - self.first
        return products[..., : count * channels].view(*products.shape[:2], count, channels)


Terms: TypeAlias = tuple[Gathered | Scattered, ...]


@lru_cache(maxsize=64)
def harmonic_terms(bins: int, harmonics: int, anchor: int, stride: int) -> Terms:
    """`P_k` reads row f k stride / anchor, k = 1 .. harmonics: each before the products or after them,
    whichever multiplies fewer rows; see `harmonic.py`."""
    terms: list[Gathered | Scattered] = []
    for k in range(1, harmonics + 1):
        common = math.gcd(k * stride, anchor)
        p, q = k * stride // common, anchor // common
        live = min(-(-bins // stride), q * (bins - 1) // p + 1)
        lanes = tuple(_lane(p, q, r, live) for r in range(min(q, live)))
        if p >= q:
            terms.append(Gathered(k - 1, lanes))
        else:
            taps = tuple((0, lane.target, source) for lane in lanes for source in lane.sources)
            terms.append(Scattered(k - 1, k, -(-p * (live - 1) // q) + 1, taps))
    return tuple(terms)


@lru_cache(maxsize=64)
def neighbour_terms(bins: int, count: int, together: bool) -> Terms:
    """Filter j reads row f + j - count // 2, zeros outside; `together`: one product for all filters."""
    lanes = []
    for offset in range(-(count // 2), count - count // 2):
        target = slice(max(0, -offset), bins - max(0, offset))
        lanes.append(Lane(target, ((slice(max(0, offset), bins + min(0, offset)), 1.0),)))
    if not together:
        return tuple(Gathered(j, (lane,)) for j, lane in enumerate(lanes))
    taps = tuple((j, lane.target, lane.sources[0]) for j, lane in enumerate(lanes))
    return (Scattered(0, count, bins, taps),)


@lru_cache(maxsize=64)
def doubled_terms(bins: int) -> Terms:
    """Three neighbours, after each of the input's rows has been repeated.

    Output rows 2i and 2i + 1 see rows i - 1, i, i and i, i, i + 1. With s = w0 + w1 + w2 that is
    s x[i] + w0 (x[i-1] - x[i]) and s x[i] + w2 (x[i+1] - x[i]): filters w0, s and w2, each once on every row
    of the input, instead of three filters on twice the rows.
    """
    every = slice(0, bins)
    even, odd = slice(0, 2 * bins, 2), slice(1, 2 * bins, 2)
    from_below = (0, slice(2, 2 * bins, 2), (slice(0, bins - 1), 1.0))
    from_above = (2, slice(1, 2 * bins - 1, 2), (slice(1, bins), 1.0))
    same = (
        (1, even, (every, 1.0)),
        (1, odd, (every, 1.0)),
        (0, even, (every, -1.0)),
        (2, odd, (every, -1.0)),
    )
    return (Scattered(0, 3, bins, (*same, from_below, from_above)),)


def _lane(p: int, q: int, r: int, live: int) -> Lane:
    """Rows r, r + q, ... below `live` of a stretch by p / q: all lie the same way between two rows."""
    first, part = divmod(p * r, q)
    last = first + p * ((live - r + q - 1) // q - 1) + 1
    target, low = slice(r, live, q), slice(first, last, p)
    if not part:
        return Lane(target, ((low, 1.0),))
    return Lane(target, ((low, 1 - part / q), (slice(first + 1, last + 1, p), part / q)))


def _add_product(total: Tensor, a: Tensor, b: Tensor) -> None:
    """`total` [P, ., .], a view of something larger, plus the matrix products of a and b."""
    torch.baddbmm(total, a, b, out=total)
