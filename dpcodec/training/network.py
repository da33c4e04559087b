"""Coefficients -> a network for each kind of neighbourhood, in floats, by gradient descent.

A network ends in two numbers. The first gives the log odds of a coefficient not being zero. The second is a
place on a row of distributions of magnitude classes: log probabilities are interpolated between the two
nearest. The row is learnt with the networks and common to all. What is minimised is the cross-entropy of
both, the bits that a coder with these probabilities would take, by Adam (Kingma and Ba, arXiv 1412.6980).

Numbers are scaled as those of `coding`: a float weight is an integer over 16, an input over 32, a hidden
value over 16, an output weight over 64. From ROUNDED_FROM on they are rounded so on the way forward, and the
gradients are those of the numbers as they were (Bengio, Leonard and Courville, arXiv 1308.3432).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dpcodec.errors import SettingsError
from dpcodec.training.coder import FLOORS, HIDDEN, MAGNITUDE_CONTEXTS, ZERO_CONTEXTS
from dpcodec.training.collect import Samples

WEIGHT_UNIT, INPUT_UNIT, HIDDEN_UNIT, OUTPUT_UNIT = 16, 32, 16, 64
LARGEST_HIDDEN = 127 / HIDDEN_UNIT

ZERO_CENTRE, ODDS_PER_CLASS = ZERO_CONTEXTS / 2, 0.3
"""The context where zero is as likely as not, and natural log odds from one context to the next."""

BATCHES = (512, 512, 512, 2048, 2048)
"""Samples of each network in a step; the last two see most coefficients of a file."""
LEARNING_RATE, LAST_RATE = 3e-2, 5e-5
ROW_RATE = 0.1
"""Of the networks' rate: the row gives way slowly, so that the networks spread over all of it."""
ROUNDED_FROM = 0.6
"""Of all steps."""
_LOOKED_AT, _LEAST_SPREAD = 100_000, 0.02
"""Samples that correlations are found from, and what every direction's variance is taken to have at least, of
the mean."""
_DECAYS, _TINY = (0.9, 0.999), 1e-8

Parameters = dict[str, np.ndarray]
"""weights [HIDDEN, inputs], bias [HIDDEN], outputs [2, HIDDEN], output_bias [2]: float32."""


def start(rng: np.random.Generator, inputs: int) -> Parameters:
    """Small numbers at random; both outputs begin where most coefficients are."""
    return {
        "weights": rng.normal(0, 1 / np.sqrt(inputs), (HIDDEN, inputs)).astype(np.float32),
        "bias": rng.uniform(0, 1, HIDDEN).astype(np.float32),
        "outputs": rng.normal(0, 0.5 / np.sqrt(HIDDEN), (2, HIDDEN)).astype(np.float32),
        "output_bias": np.array([ZERO_CENTRE - 5, MAGNITUDE_CONTEXTS / 4], np.float32),
    }


def magnitude_row() -> np.ndarray:
    """Log probabilities to begin with, float32 [MAGNITUDE_CONTEXTS, MAGNITUDES]: magnitudes 1, 2, ... fall
    geometrically, from a mean of 1.2 in the first class to 340 in the last."""
    means = 1.1 + 0.1 * 2 ** (np.arange(MAGNITUDE_CONTEXTS) * np.log2(3390) / (MAGNITUDE_CONTEXTS - 1))
    beyond = 1 - 1 / means[:, None]
    edges = FLOORS[1:].astype(np.float64)
    mass = beyond ** (edges - 1) - np.append(beyond ** (edges[None, 1:] - 1), 0 * beyond, axis=1)
    logs: np.ndarray = np.log(np.maximum(mass, 1e-6)).astype(np.float32)
    return logs


def train(
    samples: Sequence[Samples], steps: int, seed: int, progress: Callable[[int, float], None]
) -> list[Parameters]:
    """A network for each of the samples, all fitted together. `progress` hears the steps done, and the mean
    bits of a coefficient in the last one. Raises `SettingsError` where a network has no samples."""
    if any(not len(s.classes) for s in samples):
        raise SettingsError("too few pieces: a network has seen nothing: give more")
    rng = np.random.default_rng([seed, steps])
    networks = [start(rng, s.inputs.shape[1]) for s in samples]
    inputs = [_Whitened(s.inputs) for s in samples]
    row = magnitude_row()
    optimisers = [_Adam(parameters) for parameters in [*networks, {"row": row}]]
    for step in range(steps):
        rate = LAST_RATE + (LEARNING_RATE - LAST_RATE) * (1 + np.cos(np.pi * step / steps)) / 2
        row_gradient, bits = np.zeros_like(row), 0.0
        for i, sample in enumerate(samples):
            batch = rng.integers(len(sample.classes), size=BATCHES[i])
            x = sample.inputs[batch].astype(np.float32) / INPUT_UNIT
            rounding = step >= ROUNDED_FROM * steps
            seen = inputs[i].unfolded(networks[i])
            loss, gradients, more = _gradients(
                rounded(seen) if rounding else seen, row, x, sample.classes[batch], rounding
            )
            optimisers[i].step(networks[i], inputs[i].folded(gradients), rate)
            row_gradient += more
            bits += loss * BATCHES[i] / np.log(2) / sum(BATCHES)
        optimisers[-1].step({"row": row}, {"row": row_gradient}, ROW_RATE * rate)
        progress(step + 1, bits)
    return [one.unfolded(network) for one, network in zip(inputs, networks, strict=True)]


class _Whitened:
    """Neighbours are much alike, which makes descent slow: weights are learnt as those of inputs without mean
    and (nearly) without correlation, and unfolded to those of the inputs as they are."""

    def __init__(self, inputs: np.ndarray) -> None:
        some = inputs[:: max(1, len(inputs) // _LOOKED_AT)].astype(np.float64) / INPUT_UNIT
        self._mean = some.mean(0).astype(np.float32)
        spread = np.cov(some.T)
        spread += _LEAST_SPREAD * np.trace(spread) / len(spread) * np.eye(len(spread))
        values, vectors = np.linalg.eigh(spread)
        self._whitening = ((vectors / np.sqrt(values)) @ vectors.T).astype(np.float32)

    def unfolded(self, network: Parameters) -> Parameters:
        """Parameters for the inputs as they are."""
        weights = network["weights"] @ self._whitening
        return network | {"weights": weights, "bias": network["bias"] - weights @ self._mean}

    def folded(self, gradients: Parameters) -> Parameters:
        """Gradients by what is learnt, from those by what it is unfolded to."""
        weights = (gradients["weights"] - np.outer(gradients["bias"], self._mean)) @ self._whitening
        return gradients | {"weights": weights}


def rounded(network: Parameters) -> Parameters:
    """As the integers will be."""
    weights = np.clip(np.round(network["weights"] * WEIGHT_UNIT), -128, 127) / WEIGHT_UNIT
    outputs = np.clip(np.round(network["outputs"] * OUTPUT_UNIT), -2048, 2047) / OUTPUT_UNIT
    return network | {"weights": weights.astype(np.float32), "outputs": outputs.astype(np.float32)}


def _gradients(
    network: Parameters, row: np.ndarray, x: np.ndarray, classes: np.ndarray, rounding: bool
) -> tuple[float, Parameters, np.ndarray]:
    """Mean cross-entropy in nats of inputs float32 [n, inputs] and magnitude classes uint8 [n], its gradients
    by the network's parameters, and that of its sum by the row."""
    before = x @ network["weights"].T + network["bias"]
    hidden = np.clip(before, 0, LARGEST_HIDDEN)
    if rounding:
        hidden = np.round(hidden * HIDDEN_UNIT) / np.float32(HIDDEN_UNIT)
    out = hidden @ network["outputs"].T + network["output_bias"]
    n, out_gradient = len(x), np.zeros_like(out)
    odds = (out[:, 0] - ZERO_CENTRE) * ODDS_PER_CLASS
    nonzero = classes > 0
    loss = float(np.sum(np.logaddexp(0, np.where(nonzero, -odds, odds))))
    out_gradient[:, 0] = (1 / (1 + np.exp(-odds)) - nonzero) * ODDS_PER_CLASS / n
    some = np.flatnonzero(nonzero)
    more, place_gradient, row_gradient = _magnitude_gradients(row, out[some, 1], classes[some] - 1)
    out_gradient[some, 1] = place_gradient / n
    hidden_gradient = (out_gradient @ network["outputs"]) * ((before > 0) & (before < LARGEST_HIDDEN))
    gradients = {
        "weights": hidden_gradient.T @ x,
        "bias": hidden_gradient.sum(0),
        "outputs": out_gradient.T @ hidden,
        "output_bias": out_gradient.sum(0),
    }
    return (loss + more) / n, gradients, row_gradient


def _magnitude_gradients(
    row: np.ndarray, places: np.ndarray, magnitudes: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Cross-entropy of magnitude classes less one, uint8 [m], at places [m] on the row (class k is from k to
    k + 1), and its gradients by places and row. Places
    beyond the ends of the row stay where they are."""
    at = np.clip(places - 0.5, 0, MAGNITUDE_CONTEXTS - 1.001)
    within = at == places - 0.5
    below = at.astype(np.int64)
    share = (at - below)[:, None]
    logs = (1 - share) * row[below] + share * row[below + 1]
    logs -= logs.max(1, keepdims=True)
    p = np.exp(logs)
    total = p.sum(1, keepdims=True)
    p /= total
    each = np.arange(len(magnitudes))
    loss = float(np.sum(np.log(total[:, 0]) - logs[each, magnitudes]))
    p[each, magnitudes] -= 1
    mixed = np.zeros((len(magnitudes), MAGNITUDE_CONTEXTS), np.float32)
    mixed[each, below], mixed[each, below + 1] = 1 - share[:, 0], share[:, 0]
    return loss, within * np.sum(p * (row[below + 1] - row[below]), 1), mixed.T @ p


class _Adam:
    def __init__(self, parameters: Parameters) -> None:
        self._means = {name: np.zeros_like(value) for name, value in parameters.items()}
        self._squares = {name: np.zeros_like(value) for name, value in parameters.items()}
        self._steps = 0

    def step(self, parameters: Parameters, gradients: Parameters, rate: float) -> None:
        """Move parameters, in place."""
        self._steps += 1
        first, second = (1 - decay**self._steps for decay in _DECAYS)
        for name, gradient in gradients.items():
            mean, square = self._means[name], self._squares[name]
            mean += (1 - _DECAYS[0]) * (gradient - mean)
            square += (1 - _DECAYS[1]) * (gradient**2 - square)
            parameters[name] -= np.float32(rate / first) * mean / (np.sqrt(square / second) + _TINY)
