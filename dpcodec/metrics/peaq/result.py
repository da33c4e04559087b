"""What PEAQ says, in both versions."""

from __future__ import annotations

from dataclasses import dataclass

from dpcodec.metrics.peaq.network import Network, difference_grade


@dataclass(frozen=True)
class PeaqResult:
    """What PEAQ says of one estimate.

    odg   objective difference grade, from 0 (imperceptible) to -4 (very annoying); at most 0.22, not clipped
    di    distortion index, from which the grade follows
    movs  the model output variables by name: eleven of the basic version, five of the advanced one
    """

    odg: float
    di: float
    movs: dict[str, float]


def graded(movs: dict[str, float], network: Network) -> PeaqResult:
    """The result that a version's network makes of its variables."""
    di = network.distortion_index(movs)
    return PeaqResult(difference_grade(di), di, movs)
