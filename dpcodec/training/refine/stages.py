"""Examples -> gates, one a round, and what they gain."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dpcodec.inpainting.refine.gate import Gate, gate_of
from dpcodec.inpainting.refine.solver import all_rounds, refined
from dpcodec.inpainting.refine.wiener import Filters
from dpcodec.training.refine.fit import fitted, integers
from dpcodec.training.refine.problems import Example
from dpcodec.training.refine.samples import drawn, joined


def trained(
    learnt: Sequence[Example],
    rounds: int,
    count: int,
    steps: int,
    seed: int,
    tell: Callable[[str], None],
) -> list[Gate]:
    """Gates, each for what those before it leave, of `count` coefficients an example and so many steps of
    descent; as their integers have them."""
    gates: list[Gate] = []
    estimates = [example.boxes.value for example in learnt]
    for number in range(rounds):
        rng = np.random.default_rng([seed, number])
        samples = joined(drawn(e, x, rng, count) for e, x in zip(learnt, estimates, strict=True))
        tell(f"round {number + 1}: {samples.features.shape[1]} samples")

        def told(step: int, loss: float) -> None:
            if step % 500 == 0:
                tell(f"step {step}: loss {loss:.4f}")

        gates.append(gate_of(integers(fitted(samples, steps, seed, told))))
        if number + 1 < rounds:
            estimates = [
                refined(Filters.over(e.boxes), x, gates[-1]) for e, x in zip(learnt, estimates, strict=True)
            ]
    return gates


def gain(example: Example, gates: Sequence[Gate]) -> float:
    """Decibels by which the error is less than that of the file's own values, in the rows that are told."""
    before, after = (
        float(np.sum((example.truth - found).astype(np.float64) ** 2))
        for found in (example.boxes.value, all_rounds(example.boxes, gates))
    )
    return 10 * float(np.log10(max(before, 1e-30) / max(after, 1e-30)))
