"""How a file is to be rebuilt: a frozen dataclass, checked as `settings.EncodeSettings` is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dpcodec.errors import SettingsError
from dpcodec.settings import FITS, LOSSES, check_choice, check_given, check_integer, check_real

Loss = Literal["mse", "l1", "mse+stft"]
Fit = Literal["guided", "paper"]

MAX_MEMORY, MAX_EXPANSION = 4 << 30, 1 << 16  # what a reader allows by default


@dataclass(frozen=True, kw_only=True)
class DecodeSettings:
    """How to rebuild what was dropped.

    solver           "auto", or a name of `dpcodec.SOLVERS`
    context          put the kept coefficients back after the solver ("with context")
    device           "auto", "cpu", "cuda", "cuda:N" or "mps"
    iterations       steps of the solver; None: the solver's own default
    time_limit       seconds for the whole decoding, after which the rest is rebuilt with solver none, and
                     `LimitError` where that takes a quarter more (at least 5 s); None: no limit
    seed             of the deep prior's input and weights, 0 .. 2**64 - 1
    network          the deep prior's network by name; None: by device
    fit              of the deep prior: "guided" (from least squares) or "paper" (from noise)
    loss             of the deep prior: "mse", "l1" (the paper's equation 4), "mse+stft" (its implementation);
                     None: "mse" for the guided fit, "mse+stft" for the paper's
    start, duration  the time range wanted, seconds; duration None: to the end
    batch_segments   segments solved together; None: no fewer frames than the solver sees around them
    max_memory, max_duration, max_expansion  bytes for a block, seconds of audio, coefficients for each byte
                     of the file: more is a `LimitError`
    check            assert that kept coefficients came back within half a quantiser step
    """

    solver: str = "auto"
    context: bool = True
    device: str = "auto"
    iterations: int | None = None
    time_limit: float | None = None
    seed: int = 0
    network: str | None = None
    fit: Fit = "guided"
    loss: Loss | None = None
    start: float = 0.0
    duration: float | None = None
    batch_segments: int | None = None
    max_memory: int = MAX_MEMORY
    max_duration: float = 360_000.0
    max_expansion: int = MAX_EXPANSION
    check: bool = True

    def __post_init__(self) -> None:
        check_choice("fit", self.fit, FITS)
        if self.loss is not None:
            check_choice("loss", self.loss, LOSSES)
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d{1,3})?", self.device):
            raise SettingsError(f"device {self.device!r} is unknown: use auto, cpu, cuda, cuda:N or mps")
        check_given(check_integer, self, iterations=(1, 1_000_000), seed=(0, 2**64 - 1))
        check_given(check_integer, self, batch_segments=(1, 4096), max_memory=(1 << 20, 1 << 50))
        check_given(check_real, self, time_limit=(0.0, 1e9), start=(0.0, 1e12))
        check_given(check_real, self, duration=(0.0, 1e12), max_duration=(0.0, 1e12))
        check_given(check_integer, self, max_expansion=(1, 1 << 50))
