"""What `make determinism` runs elsewhere: the stand-in for constriction, and the hash of all good files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import constriction
import numpy as np
import pytest

from . import slow_range_coder

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("seed", range(8))
def test_the_slow_coder_is_the_coder(seed: int) -> None:
    """Rows all but certain make the carries and renormalise at every distance."""
    rng = np.random.default_rng(seed)
    alphabet = int(rng.integers(2, 24))
    weights = rng.random((300, alphabet)) ** rng.uniform(0.5, 12)
    sums = np.cumsum(weights, axis=1) / weights.sum(1, keepdims=True) * (65536 - alphabet)
    edges = np.concatenate([np.zeros((300, 1)), np.floor(sums)], axis=1) + np.arange(alphabet + 1)
    edges[:, -1] = 65536
    rows = np.diff(edges, axis=1)
    symbols = np.where(rng.random(300) < 0.9, rows.argmax(1), rng.integers(0, alphabet, 300)).astype(np.int32)
    raw = rng.integers(0, 65536, 40).astype(np.int32)
    fast, slow = constriction.stream.queue, slow_range_coder
    encoders = [fast.RangeEncoder(), slow.RangeEncoder()]
    for encoder, models in zip(encoders, (constriction.stream.model, slow), strict=True):
        encoder.encode(symbols, models.Categorical(perfect=False), rows)
        encoder.encode(raw, models.Uniform(65536))
    assert encoders[0].pos() == encoders[1].pos()
    words = encoders[0].get_compressed()
    decoder = slow.RangeDecoder(words)
    assert decoder.decode(slow.Categorical(perfect=False), rows).tolist() == symbols.tolist()
    assert decoder.decode(slow.Uniform(65536), 40).tolist() == raw.tolist()


@pytest.mark.parametrize(
    "options", [[], ["--python"], ["--slow-coder"]], ids=["compiled", "constriction", "slow coder"]
)
def test_hashes_of_the_small_files_are_the_frozen_ones(options: list[str]) -> None:
    line = [sys.executable, "-m", "conformance.integers", "--largest", "300", *options]
    path = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    done = subprocess.run(
        line, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 1
