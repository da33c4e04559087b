"""Gaps in an otherwise known signal, bridged by autoregressive models that are tried out beside them.

Janssen, Veldhuis and Vries (1986) take turns: a model from the signal, the gap from the model, and again. A
model of what surrounds the gap, without turns, is better on average, a model for each side
better where the sound changes, and turns where it hardly lasts. So all are asked, and what each is worth is
seen where the answer is known: gaps of the same length are made in the known signal on both sides, and the
weights that add the answers up are those that fill them best.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_toeplitz

from dpcodec.inpainting.autoregression import Model, autocorrelation, bridge, bridge_between, burg
from dpcodec.inpainting.step_budget import Stage

UNIT_RANGE = (1024, 4096)
"""Context and order are counted in units: the longer of window and gap, within these many samples."""
HISS = 10**-2.5
"""White noise added to what a model is made from, as a share of its root mean square: its floor, without
which a sound that leaves a band empty has a model that rounding decides."""
SHORTEST_ORDER = 16
"""Order below which one side of a gap says too little."""
WAYS_APART = (0.1, 0.6, 1.25)
"""Distance of a trial from the gap, in lengths of the gap, on each side."""
CLEARANCE = 64
"""Samples added to it."""
EVENNESS = 0.1
"""How much trials must say before weights leave the even share: ridge, relative to the estimates' power."""
LONGEST = 8192
"""Longer gaps are bridged half as far from each end and left empty between."""


class Way(NamedTuple):
    """A way to bridge a gap.

    context  known signal on each side, units
    order    of the model, units
    sides    whether each side has a model of its own
    turns    how often the model is made anew from the signal with the gap bridged; 0: from the sides alone
    """

    context: float
    order: float
    sides: bool = False
    turns: int = 0


WAYS = (Way(1, 1 / 4), Way(4, 1 / 2), Way(1, 1 / 4, sides=True), Way(1, 1 / 8, turns=6))
STEPS = len(WAYS) * (2 + 2 * len(WAYS_APART))
"""Bridges built for a gap."""


def find_gaps(missing: np.ndarray) -> list[tuple[int, int]]:
    """Runs of True as (start, stop), those longer than `LONGEST` as their two ends.

    >>> find_gaps(np.array([True, False, True, True]))
    [(0, 1), (2, 4)]
    """
    edges = np.flatnonzero(np.diff(missing.astype(np.int8), prepend=0, append=0)).tolist()
    gaps: list[tuple[int, int]] = []
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - start <= LONGEST:
            gaps.append((start, stop))
        else:
            gaps += [(start, start + LONGEST // 2), (stop - LONGEST // 2, stop)]
    return gaps


def fill_gaps(x: np.ndarray, missing: np.ndarray, n_fft: int, stage: Stage) -> np.ndarray:
    """The signal with its missing samples estimated: real [N], bool [N] -> float64 [N].

    First each gap gets the mean of all ways, so that gaps near each other have something to lean on; then
    the weighted sum. A step of the stage is one bridge; when it ends, gaps not yet reached stay as they are.
    """
    filled = np.where(missing, 0.0, x)
    gaps = find_gaps(missing)
    hiss = HISS * np.random.default_rng(0).standard_normal(x.size)
    for weighted in (False, True):
        for start, stop in gaps:
            scene = _Scene(filled, ~missing, hiss, n_fft)
            bridges = scene.bridges(start, stop, stage)
            if bridges is None:
                return filled
            weights = _weights(scene, start, stop, stage) if weighted else np.full(len(WAYS), 1 / len(WAYS))
            if weights is None:
                return filled
            filled[start:stop] = weights @ bridges
    return filled


class _Scene(NamedTuple):
    """A signal, where it is known rather than estimated, and the noise for the models: all [N]."""

    x: np.ndarray
    known: np.ndarray
    hiss: np.ndarray
    n_fft: int

    def bridges(self, start: int, stop: int, stage: Stage) -> np.ndarray | None:
        """What each of `WAYS` puts into a gap, [ways, stop - start]; None where the stage ends."""
        unit = int(np.clip(max(self.n_fft, stop - start), *UNIT_RANGE))
        answers = []
        for way in WAYS:
            if next(stage, None) is None:
                return None
            answer = self._bridge(way, start, stop, unit)
            answers.append(np.where(np.isfinite(answer), answer, 0))
        return np.stack(answers)

    def _bridge(self, way: Way, start: int, stop: int, unit: int) -> np.ndarray:
        context, order = int(way.context * unit), int(way.order * unit)
        before, after = (max(start - context, 0), start), (stop, min(stop + context, self.x.size))
        if way.turns:
            return self._in_turns(before[0], after[1], start, stop, order, way.turns)
        if way.sides:
            left, right = self._model([before], order), self._model([after], order)
            if left and right:
                return bridge_between(self.x, start, stop, left, right)
        model = self._model([before, after], order)
        return bridge(self.x, start, stop, model.a) if model else np.zeros(stop - start)

    def _in_turns(self, first: int, last: int, start: int, stop: int, order: int, turns: int) -> np.ndarray:
        x = self.x[first:last].copy()
        x[start - first : stop - first] = 0
        order = min(order, x.size // 2)
        window = np.hanning(x.size + 2)[1:-1]
        for _ in range(turns):
            lags = autocorrelation(x * window, order)
            if order < 1 or not lags[0] > 0:
                break
            lags[0] *= 1 + HISS**2
            a = np.concatenate([[1.0], solve_toeplitz(lags[:-1], -lags[1:])])
            x[start - first : stop - first] = bridge(x, start - first, stop - first, a)
        return x[start - first : stop - first]

    def _model(self, stretches: Sequence[tuple[int, int]], order: int) -> Model | None:
        """The model of what is known in the stretches; None where that is silent or short."""
        pieces = []
        for first, last in stretches:
            edges = np.flatnonzero(np.diff(self.known[first:last].astype(np.int8), prepend=0, append=0))
            runs = zip(edges[::2] + first, edges[1::2] + first, strict=True)
            pieces += [(self.x[a:b], self.hiss[a:b]) for a, b in runs]
        order = min(order, max((x.size for x, _ in pieces), default=0) // 2)
        pieces = [piece for piece in pieces if piece[0].size > order]
        power = sum(float(x @ x) for x, _ in pieces)
        if order < SHORTEST_ORDER or not power > 0:
            return None
        level = np.sqrt(power / sum(x.size for x, _ in pieces))
        return burg([x + level * hiss for x, hiss in pieces], order)


def _weights(scene: _Scene, start: int, stop: int, stage: Stage) -> np.ndarray | None:
    """Weights [ways] that fill gaps like this one, made where the signal is known, best by least squares."""
    G, ways = stop - start, len(WAYS)
    gram, match = np.zeros((ways, ways)), np.zeros(ways)
    for distance in WAYS_APART:
        away = int(distance * G) + CLEARANCE
        for first in (start - away - G, stop + away):
            if first < 0 or first + G > scene.x.size or not scene.known[first : first + G].all():
                continue
            known = scene.known.copy()
            known[first : first + G] = False
            bridges = scene._replace(known=known).bridges(first, first + G, stage)
            if bridges is None:
                return None
            gram += bridges @ bridges.T
            match += bridges @ scene.x[first : first + G]
    ridge = EVENNESS * np.trace(gram) / ways
    if not ridge > 0:
        return np.full(ways, 1 / ways)
    return np.linalg.solve(gram + ridge * np.eye(ways), match + ridge / ways)
