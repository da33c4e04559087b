"""One seed, one result: what every fit does so that it can be repeated to the last bit on one device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch

T = TypeVar("T")


def repeatable() -> Any:
    """cuDNN kept to algorithms that give the same bits each time, for as long as this context lasts."""
    return torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=torch.backends.cudnn.allow_tf32
    )


def seeded(seed: int, make: Callable[[], T]) -> T:
    """What `make` makes with torch's random numbers from `seed`; the global generator stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return make()
