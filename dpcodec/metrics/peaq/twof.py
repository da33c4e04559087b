"""The 2f-model: a mean listener's score of the basic audio quality, from two variables of PEAQ.

T. Kastner and J. Herre, "An Efficient Model for Estimating Subjective Quality of Separated Audio Source
Signals", WASPAA 2019.
"""

from __future__ import annotations


def two_f(movs: dict[str, float]) -> float:
    """The score that a listening test of the MUSHRA kind would give, 0 (bad) to 100 (as the reference).

    movs  variables of PEAQ's basic version: AvgModDiff1B and ADBB are looked at

    >>> two_f({"AvgModDiff1B": 0.0, "ADBB": 0.0})
    100.0
    >>> round(two_f({"AvgModDiff1B": 50.0, "ADBB": 2.0}), 3)
    41.166
    """
    modulation = 56.1345 / (1 + (-0.0282 * movs["AvgModDiff1B"] - 0.8628) ** 2)
    return min(max(modulation - 27.1451 * movs["ADBB"] + 86.3515, 0.0), 100.0)
