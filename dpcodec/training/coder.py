"""The coder seen from here: what its contexts look at, the tables that it starts from, and others in their
place. The only module of this package that imports `dpcodec.coding`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, Protocol

import numpy as np

from dpcodec.coding import context_network, mdct_contexts, side_information, stft_symbols
from dpcodec.coding.context_network import (
    HIDDEN,
    LARGEST_INPUT,
    MAGNITUDE_CONTEXTS,
    ZERO_CONTEXTS,
    Network,
    networks,
)
from dpcodec.coding.entropy import AdaptiveTable, Encoder
from dpcodec.coding.magnitude_classes import FLOORS
from dpcodec.coding.mdct_contexts import OTHER_INPUTS, mdct_passes
from dpcodec.coding.side_information import SCALE_FACTORS
from dpcodec.coding.tables import TOTAL, table
from dpcodec.compiled import off

Tables = dict[str, dict[str, Any]]
"""Files of `coding/tables/` by name: of each the JSON object, names -> nested lists of integers."""

NAMES = ("stft", "mdct", "frames")
NETWORKED = ("mdct", "frames")
"""Those with networks, of which each has its own."""


def frozen() -> Tables:
    """A copy of the tables that files written now depend on."""
    return {name: deepcopy(table(name)) for name in NAMES}


def _shape(name: str, key: str) -> tuple[int, ...]:
    return np.shape(table(name)[key])


STAGES = _shape("mdct", "nonzero")[0]
"""Kinds of passes over MDCT coefficients."""
MAGNITUDES = _shape("mdct", "magnitudes")[1]
"""Magnitude classes of what is not zero."""
NEAR = _shape("frames", "differences")[1] // 2
"""Differences of scale factors from -NEAR to NEAR have counts of their own."""

SHAPES = {
    "zeros": (*_shape("stft", "zeros"), 2),
    "real": _shape("stft", "real"),
    "imag": _shape("stft", "imag"),
    "nonzero": (STAGES * ZERO_CONTEXTS, 2),
    "magnitudes": (MAGNITUDE_CONTEXTS, MAGNITUDES),
    "differences": (_shape("frames", "differences")[0], SCALE_FACTORS),
    "paired": (_shape("frames", "paired")[0], SCALE_FACTORS),
}
"""Of the adaptive tables, [contexts, symbols]; no two are alike."""
_TABLE_OF_SHAPE = {shape: name for name, shape in SHAPES.items()}


class Listener(Protocol):
    """Hears what is coded, pass by pass."""

    def coefficients(
        self, network: tuple[str, int], stage: int, inputs: np.ndarray, classes: np.ndarray
    ) -> None:
        """What a network, by its table and number, saw of MDCT coefficients, uint8 [n, inputs], and their
        magnitude classes, uint8 [n], 0 where the coefficient is."""

    def symbols(self, table: str, context: np.ndarray, symbols: np.ndarray) -> None:
        """Symbols int [n], each under its context int [n], of one of the other tables of SHAPES."""


def inputs_of_networks() -> list[int]:
    """How many inputs each network has."""
    steps = {step.network: step for step in mdct_passes(16)}
    return [len(steps[i].around) + OTHER_INPUTS for i in sorted(steps)]


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Let a listener hear all that is encoded within. The masks of MDCT files must be stored in them, so that
    every coefficient is coded."""
    seen: list[tuple[tuple[str, int], np.ndarray]] = []
    waiting: list[tuple[tuple[str, int], int, np.ndarray, np.ndarray]] = []
    contexts_of, code = Network.contexts, Encoder.code

    def contexts(self: Network, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        index = next(
            (table, i) for table in NETWORKED for i, network in enumerate(networks(table)) if network is self
        )
        seen.append((index, inputs.T.astype(np.uint8)))
        return contexts_of(self, inputs)

    def heard(
        self: Encoder, table: AdaptiveTable, context: np.ndarray, truth: np.ndarray | None
    ) -> np.ndarray:
        found = code(self, table, context, truth)
        name = _TABLE_OF_SHAPE.get(table.counts.shape, "")
        if name == "nonzero":
            if len(found):
                inputs = np.concatenate([part for _, part in seen])
                stage = int(context[0]) // ZERO_CONTEXTS
                waiting.append((seen[0][0], stage, inputs, found.astype(np.uint8)))
            seen.clear()
        elif name == "magnitudes" and waiting:
            network, stage, inputs, classes = waiting.pop()
            classes[classes != 0] = found + 1
            listener.coefficients(network, stage, inputs, classes)
        elif name in ("zeros", "real", "imag", "differences", "paired"):
            listener.symbols(name, context, found)
        return found

    with off(), _replaced(Network, "contexts", contexts), _replaced(Encoder, "code", heard):
        yield


def network_of(numbers: dict[str, Any]) -> Network:
    """A network from its JSON object."""
    weights, bias, outputs, output_bias = (
        np.array(numbers[name], np.float32) for name in ("weights", "bias", "outputs", "output_bias")
    )
    return Network(weights, bias[:, None], outputs, output_bias[:, None])


@contextmanager
def started_from(tables: Tables) -> Iterator[None]:
    """Let the coder start from these tables within; what it writes then are no `.dpc` files to keep."""
    before = frozen()
    _start_from(tables)
    try:
        with off():
            yield
    finally:
        _start_from(before)


def _start_from(tables: Tables) -> None:
    for name in NAMES:
        table(name).update(tables[name])
    for held in (
        context_network.networks,
        mdct_contexts._initial_nonzero,
        mdct_contexts._initial_magnitudes,
        side_information._scale_factor_counts,
        stft_symbols._initial,
    ):
        held.cache_clear()


@contextmanager
def _replaced(owner: type, name: str, value: Any) -> Iterator[None]:
    """A method that is another one within."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


__all__ = [
    "FLOORS",
    "HIDDEN",
    "LARGEST_INPUT",
    "MAGNITUDES",
    "MAGNITUDE_CONTEXTS",
    "NAMES",
    "NEAR",
    "NETWORKED",
    "SHAPES",
    "STAGES",
    "TOTAL",
    "ZERO_CONTEXTS",
    "Listener",
    "Network",
    "Tables",
    "frozen",
    "heard_by",
    "inputs_of_networks",
    "network_of",
    "started_from",
]
