"""Samples -> a gate, by gradient descent (Adam: Kingma and Ba, arXiv 1412.6980).

What is minimised is the energy of the errors that are left, over that of the errors there were, example by
example; so that loud places, which decide the signal-to-noise ratio, weigh most, and every example the same.
A share counts each step's error alike, loud or soft.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from dpcodec.inpainting.refine.gate import UNIT, Gate
from dpcodec.training.refine.samples import Samples

HIDDEN = (48, 24)
"""Units of the hidden layers."""
ALIKE = 0.15
"""Share of the loss in which errors count by their steps alone."""
BATCH, LEARNING_RATE, WARMING = 4096, 3e-3, 0.1
"""Samples in a step of descent; the highest rate, reached after a share of the steps."""
LARGEST_GRADIENT = 1.0
LARGEST = 32767
"""The largest integer that a weight may become."""
_DECAYS, _TINY = (0.9, 0.999), 1e-8

Layers = list[np.ndarray]
"""weights, bias, weights, bias, ...: float32 [inputs, outputs] and [outputs]."""


def fitted(samples: Samples, steps: int, seed: int, progress: Callable[[int, float], None]) -> Gate:
    """A gate for the samples. `progress` hears the steps done and the loss of the last one."""
    rng = np.random.default_rng([seed, steps])
    mean = samples.features.mean(axis=1, dtype=np.float64).astype(np.float32)
    spread = samples.features.std(axis=1, dtype=np.float64).astype(np.float32) + np.float32(1e-3)
    layers = start(rng, (len(samples.features), *HIDDEN, len(samples.moves) + 1))
    weight, chance = _weights(samples.weight)
    descent = _Adam(layers)
    order = rng.choice(len(chance), size=min(steps, 500) * BATCH, p=chance)
    for step in range(steps):
        batch = order[rng.integers(len(order), size=BATCH)]
        features = (samples.features[:, batch].T - mean) / spread
        loss, gradients = gradient(layers, features, _part(samples, batch), weight[batch])
        descent.step(gradients, _rate(step / steps))
        progress(step + 1, loss)
    layers[1] -= (mean / spread) @ layers[0]
    layers[0] /= spread[:, None]
    return Gate(tuple(layers[::2]), tuple(layers[1::2]))


def start(rng: np.random.Generator, sizes: tuple[int, ...]) -> Layers:
    """Small weights at random, no biases."""
    layers: Layers = []
    for inputs, outputs in pairwise(sizes):
        layers.append(rng.normal(0, (2 / inputs) ** 0.5, (inputs, outputs)).astype(np.float32))
        layers.append(np.zeros(outputs, np.float32))
    layers[-2] *= np.float32(0.1)
    return layers


def gradient(layers: Layers, x: np.ndarray, part: Samples, weight: np.ndarray) -> tuple[float, Layers]:
    """Mean of the weighted squared errors [n], features x being [n, features], and its gradient."""
    inputs = []
    for i in range(0, len(layers), 2):
        inputs.append(x)
        x = x @ layers[i] + layers[i + 1]
        if i + 2 < len(layers):
            np.maximum(x, 0, out=x)
    move = np.einsum("nj,jn->n", x[:, :-1], part.moves) + x[:, -1]
    off = np.clip(move, part.low, part.high) - part.wanted
    loss = float(np.mean(weight * off**2))
    inside = (move >= part.low) & (move <= part.high)
    down = (2 / len(off)) * weight * off * np.where(inside, 1, 0.0).astype(np.float32)
    back = np.concatenate([down * part.moves, down[None]]).T
    gradients: Layers = []
    for i in range(len(layers) - 2, -1, -2):
        gradients = [inputs[i // 2].T @ back, back.sum(axis=0), *gradients]
        back = (back @ layers[i].T) * (inputs[i // 2] > 0)
    return loss, gradients


def integers(gate: Gate) -> dict[str, list[object]]:
    """The JSON object of a gate."""

    def whole(layer: np.ndarray) -> object:
        found: object = np.clip(np.rint(layer * UNIT), -LARGEST, LARGEST).astype(int).tolist()
        return found

    return {"weights": list(map(whole, gate.weights)), "biases": list(map(whole, gate.biases))}


class _Adam:
    def __init__(self, layers: Layers) -> None:
        self._layers, self._step = layers, 0
        self._moments = [(np.zeros_like(a), np.zeros_like(a)) for a in layers]

    def step(self, gradients: Layers, rate: float) -> None:
        self._step += 1
        size = float(np.sqrt(sum(float(np.sum(g**2)) for g in gradients)))
        scale = np.float32(min(1.0, LARGEST_GRADIENT / max(size, 1e-12)))
        for layer, (mean, square), g in zip(self._layers, self._moments, gradients, strict=True):
            g = g * scale
            mean += (1 - _DECAYS[0]) * (g - mean)
            square += (1 - _DECAYS[1]) * (g**2 - square)
            m = mean / (1 - _DECAYS[0] ** self._step)
            layer -= rate * m / (np.sqrt(square / (1 - _DECAYS[1] ** self._step)) + _TINY)


def _weights(energy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What each sample counts once it is drawn, float32 [n], and the chance that it is, float64 [n]: those
    that count for more are drawn more often, and count for less then."""
    weight = energy.astype(np.float64) * (len(energy) / float(energy.sum(dtype=np.float64)))
    weight = (1 - ALIKE) * weight + ALIKE * np.minimum(weight, 1)
    chance = np.sqrt(weight) + 0.2
    chance /= chance.sum()
    return (weight / (chance * len(weight))).astype(np.float32), chance


def _part(samples: Samples, batch: np.ndarray) -> Samples:
    return Samples(
        samples.features[:, :0],
        samples.moves[:, batch],
        samples.wanted[batch],
        samples.low[batch],
        samples.high[batch],
        samples.weight[:0],
    )


def _rate(way: float) -> float:
    """Of learning, at a share of the way: up in a line, down in half a wave."""
    if way < WARMING:
        return LEARNING_RATE * (0.04 + 0.96 * way / WARMING)
    return LEARNING_RATE * (1 + float(np.cos(np.pi * (way - WARMING) / (1 - WARMING)))) / 2
