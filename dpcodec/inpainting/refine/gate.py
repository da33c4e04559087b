"""The gate: features of a coefficient -> how much of each move is made, by a small perceptron.

    move = sum_j g_j move_j + g_0,  clipped to the box

with g the outputs of two hidden layers of rectified linear units. Weights are integers in the table `refine`,
one gate a round; a float weight is an integer over UNIT.
"""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dpcodec.compiled import address, library
from dpcodec.errors import FileAccessError, SettingsError
from dpcodec.inpainting.tables import table

UNIT = 1024
_BLOCK = 128
"""Coefficients multiplied at a time: BLAS starts no threads for so few."""
_LANES = 16
"""The same in compiled code."""


class Gate(NamedTuple):
    """Layers of weights float32 [inputs, outputs] and biases [outputs]; the last has an output a move and one
    more."""

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]

    def move(self, features: np.ndarray, moves: np.ndarray) -> np.ndarray:
        """In steps, outwards positive, float32 [n], of features [FEATURES, n] and moves [MOVES, n]."""
        n = features.shape[1]
        if compiled := library():
            gate, held = _told(self)
            largest = max(len(bias) for bias in (features, *self.biases))
            spare, found = np.empty((2, largest, _LANES), np.float32), np.empty(n, np.float32)
            inputs = [np.ascontiguousarray(array, np.float32) for array in (features, moves)]
            sizes = n, largest, address(spare), address(found)
            compiled.dpc_gate(ctypes.addressof(gate), *map(address, inputs), *sizes)
            del held
            return found
        short = -n % _BLOCK
        x = np.pad(features, ((0, 0), (0, short))).T.reshape(-1, _BLOCK, len(features))
        for i, (weights, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = x @ weights
            x += bias
            if i + 1 < len(self.weights):
                np.maximum(x, 0, out=x)
        gains = x.reshape(n + short, x.shape[-1])[:n].T
        made: np.ndarray = np.einsum("jn,jn->n", gains[:-1], moves) + gains[-1]
        return made


class _Gate(ctypes.Structure):
    _fields_ = (
        ("layers", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("sizes", "weights", "biases")),
    )


def _told(gate: Gate) -> tuple[_Gate, object]:
    """A gate as `compiled/source/refine.c` has it, and what must live as long."""
    sizes = np.array([len(gate.weights[0]), *map(len, gate.biases)], np.int64)
    kinds = [[np.ascontiguousarray(one, np.float32) for one in kind] for kind in gate]
    weights, biases = ((ctypes.c_void_p * len(kind))(*map(address, kind)) for kind in kinds)
    told = _Gate(len(gate.biases), address(sizes), ctypes.addressof(weights), ctypes.addressof(biases))
    return told, (sizes, kinds, weights, biases)


def gate_of(numbers: dict[str, Any]) -> Gate:
    """A gate from its JSON object."""
    weights, biases = (
        tuple(np.array(layer, np.float32) / UNIT for layer in numbers[name]) for name in ("weights", "biases")
    )
    return Gate(weights, biases)


def read_gates(path: str | os.PathLike[str]) -> list[Gate]:
    """Gates of one's own, as `python -m dpcodec.training.refine` writes them. Raises `FileAccessError`, and
    `SettingsError` for what is no such table."""
    try:
        numbers = json.loads(Path(path).read_text(encoding="ascii"))
        found = [gate_of(one) for one in numbers["gates"]]
    except OSError as exc:
        raise FileAccessError(f"{os.fspath(path)}: it cannot be read: {exc.strerror}") from exc
    except (ValueError, KeyError, TypeError) as exc:
        raise SettingsError(f"{os.fspath(path)}: this is no table of gates") from exc
    if not found or any(_ends(gate) != _ends(gates()[0]) for gate in found):
        raise SettingsError(f"{os.fspath(path)}: its gates have other inputs or outputs than these")
    return found


def _ends(gate: Gate) -> tuple[int, int]:
    """Numbers of inputs and outputs."""
    return gate.weights[0].shape[0], gate.weights[-1].shape[1]


@cache
def gates() -> Sequence[Gate]:
    """One a round."""
    return [gate_of(numbers) for numbers in table("refine")["gates"]]
