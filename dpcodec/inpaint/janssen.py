"""Janssen's method for spectrograms: what was dropped is what autoregressive models leave the least over for.

Janssen, Veldhuis and Vries ("Adaptive interpolation of discrete-time signals that can be modeled as
autoregressive processes", IEEE Trans. ASSP 34, 1986) take turns between a model of the signal and the
missing samples that suit it best. In time and frequency (Mokrý, Balušík and Rajmic, "Janssen 2.0: Audio
inpainting in the time-frequency domain") the samples are bound by the kept coefficients instead. With a_t
the model of frame t, v_t its variance and h_t a window,

    x^ = argmin_x  sum_kl c_k |Q (Sx - X)|^2 + mu sum_t e_t / v_t |h_t (a_t * x)|^2

Where whole frames are missing and the others are complete, the signal is known but for gaps, and these are
bridged one by one (`gaps`). Elsewhere the turns start from least squares with its prior, with models of the
grain that best predicts kept coefficients hidden from it, and the result is the mean of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import device

from dpcodec.inpaint import gaps, least_squares, reweighted
from dpcodec.inpaint.arrays import dot, power, to_numpy
from dpcodec.inpaint.frame_models import FrameModels
from dpcodec.inpaint.hiding import scattered, surely_less
from dpcodec.inpaint.observation import Observation
from dpcodec.inpaint.problem import Problem, Progress
from dpcodec.inpaint.solver_settings import SolverSettings
from dpcodec.inpaint.watch import Stage, Watch
from dpcodec.signal.stft import array_namespace

Array = Any

SURE = 1e-8
"""Share of a sample's weight in all frames below which the kept ones do not tell it, exact as they may be."""
NOISY = 1000.0
"""The same for quantised ones, times noise over signal: a bridge takes as exact what it rests on."""
FLOOR = (2.0, -2.5)
"""The noise e_t as a share of a frame's power, about the error of the signal that models are made from, falls
with the known real numbers per sample: 2 * 10^(-2.5 known)."""
FLOOR_RANGE = (1e-4, 0.3)
"""Its ends."""
MU = 250.0
"""Weight of the models over the floor's square: the less is known, the more they are believed."""
MOST_MU = 0.1
"""Its end."""
TURNS = 3
"""How often models are made anew."""
TURN_STEPS = 100
"""Conjugate gradient steps in between."""
POLISH_STEPS = 500
"""Steps after them, where coefficients are exact: the nearest signal that agrees."""
TURNS_TIME = 0.5
"""Share of the time for trial, turns and polish; the rest is for the start."""
POLISH_TIME = 0.3
"""Share of what is left then for the polish."""
HIDDEN = 0.05
"""Share of the kept coefficients that a trial is judged on."""
TRIAL_STEPS = 300
"""Steps of a trial before models are tried: a third of those of the start."""
TRIAL_TIME = 0.4
"""Share of the time left after the start for the trial."""


class Grain(NamedTuple):
    """How fine models are in time and in frequency: hop and order, in windows of the STFT."""

    hop: float
    order: float


GRAINS = (Grain(1 / 4, 1 / 32), Grain(1 / 2, 1 / 8), Grain(1, 1 / 2))
"""For attacks and speech; for what moves; for chords that stay."""


def solve(problem: Problem, settings: SolverSettings, progress: Progress) -> np.ndarray:
    """Estimate all coefficients, complex64 [C, K, L]: channels, time and steps as in `least_squares.solve`.

    Finite always. On a device other than the CPU the turns run there; gaps are bridged on the CPU.
    """
    longer = settings.longer or reweighted.LONGER
    return least_squares.each_channel(
        lambda seen, watch: solve_channel(seen, watch, longer), problem, settings, progress
    )


def solve_channel(seen: Observation, watch: Watch, longer: Sequence[int] = reweighted.LONGER) -> Array:
    """The signal of one channel divided by its level, float32 [N], on the observation's device."""
    b = seen.adjoint(seen.target)
    if not dot(b, b) > 0:
        return b
    if seen.bounded:
        return least_squares.solve_channel(seen, watch, longer)
    missing = gap_samples(seen)
    if missing is not None and missing.any():
        return _bridge_gaps(seen, missing, watch)
    if not least_squares.plan_of(seen).refine:
        return least_squares.solve_channel(seen, watch, longer)
    polish = 0 if seen.variance > 0 else POLISH_STEPS
    watch.reserve(TURNS * TURN_STEPS + polish, TURNS_TIME)
    start = least_squares.solve_channel(seen, watch, longer)
    watch.release()
    grain = None if watch.over else choose_grain(seen, watch, longer)
    if grain is None:
        return start
    x = take_turns(seen, start, grain, watch.stage(TURNS * TURN_STEPS, 1 - POLISH_TIME if polish else 1.0))
    return least_squares.conjugate_gradients(seen, (start + x) / 2, watch.stage(polish))


def choose_grain(seen: Observation, watch: Watch, longer: Sequence[int]) -> Grain | None:
    """The grain whose models best predict kept coefficients hidden from them; None if none surely helps."""
    known, hidden = _hide(seen)
    start = least_squares.solve_channel(known, watch.aside(TRIAL_STEPS, TRIAL_TIME), longer)

    def missed(x: Array) -> np.ndarray:
        squares = power((seen.forward(x) - seen.target) * hidden)
        return to_numpy(array_namespace(squares).sum(squares, axis=0)).astype(np.float64)

    without = least = missed(start)
    best = None
    for grain in GRAINS:
        trial = watch.aside(TURN_STEPS, TRIAL_TIME / len(GRAINS))
        trial.budget([TURN_STEPS])
        found = missed((start + take_turns(known, start, grain, trial.stage(TURN_STEPS))) / 2)
        if found.sum() < least.sum():
            least, best = found, grain
    return best if surely_less(least, without) else None


def _hide(seen: Observation) -> tuple[Observation, Array]:
    """The observation without a scattered share of its coefficients, and 1 where they were, 0 elsewhere."""
    root = to_numpy(seen.root)
    hidden = scattered(root > 0, HIDDEN).astype(root.dtype)
    mask = array_namespace(seen.root).asarray(hidden, device=device(seen.root))
    return replace(seen, target=seen.target * (1 - mask), root=seen.root * (1 - mask)), mask


def gap_samples(seen: Observation) -> np.ndarray | None:
    """The samples that no known frame tells, bool [N]; None where some frames are known only in part."""
    known = to_numpy(seen.root) > 0
    if not (known.all(axis=0) | ~known.any(axis=0)).all():
        return None
    told = to_numpy(seen.diagonal())
    whole = seen.stft.gram_diagonal(seen.span, told)
    energy = _energy(seen.target)
    noise = seen.variance * np.count_nonzero(known) / energy if energy > 0 else 0.0
    least = min(max(SURE, NOISY * noise), 0.5)
    missing: np.ndarray = (told < least * whole) & (whole > SURE * whole.max(initial=0))
    return missing


def _bridge_gaps(seen: Observation, missing: np.ndarray, watch: Watch) -> Array:
    """Least squares where frames tell the signal, then the gaps between."""
    bridges = gaps.STEPS * len(gaps.find_gaps(missing))
    watch.budget([least_squares.DETERMINED_STEPS, bridges])
    b = seen.adjoint(seen.target)
    xp = array_namespace(b)
    told = xp.asarray(~missing, device=device(b))
    x = xp.where(told, b / xp.where(told, seen.diagonal(), xp.ones_like(b)), xp.zeros_like(b))
    x = least_squares.conjugate_gradients(seen, x, watch.stage(least_squares.DETERMINED_STEPS, 0.5))
    filled = gaps.fill_gaps(to_numpy(x).astype(np.float64), missing, seen.stft.n_fft, watch.stage(bridges))
    return xp.asarray(filled, dtype=b.dtype, device=device(b))


def take_turns(seen: Observation, x: Array, grain: Grain, stage: Stage) -> Array:
    """Models from x, x from the models, and so on: real [N].

    Conjugate gradients, begun anew whenever the models are.
    """
    floor = float(np.clip(FLOOR[0] * 10 ** (FLOOR[1] * seen.determination), *FLOOR_RANGE))
    mu = min(MU * floor**2, MOST_MU)
    hop, order = (max(int(length * seen.stft.n_fft), 1) for length in grain)
    models = FrameModels(hop, min(order, hop), floor, x)
    r = d = x
    rr = 0.0
    for step, _ in enumerate(stage):
        if step % TURN_STEPS == 0:
            models.renew(x)
            r = d = seen.adjoint(seen.target - seen.forward(x)) - mu * models.normal(x)
            rr = dot(r, r)
        Ad = seen.adjoint(seen.forward(d)) + mu * models.normal(d)
        curvature = dot(d, Ad)
        if not curvature > 0:
            break
        x = x + (rr / curvature) * d
        r = r - (rr / curvature) * Ad
        rr, before = dot(r, r), rr
        d = r + (rr / before) * d
    return x


def _energy(X: Array) -> float:
    return float(array_namespace(X).sum(power(X)))
