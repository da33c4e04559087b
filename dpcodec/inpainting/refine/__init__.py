"""Solver refine: quantised MDCT coefficients moved, within their boxes, to where longer windows hear them.

A quantiser leaves a box for each coefficient. A sound that goes on is a few large coefficients in a longer
window, and the quantiser's error is spread over all of them; so a Wiener filter there takes a part of the
error away. How much of what each of several windows says is to be believed depends on the place; a small
network, the gate, learnt that from sounds made by formula and by synthesisers (docs/method.md).

    boxes.py     what the problem tells of each coefficient, as the rest wants it
    wiener.py    an estimate -> what each window makes of it
    features.py  that -> what the gate sees of each coefficient
    gate.py      the network
    solver.py    the rounds, and noise for what is still missing
"""

from __future__ import annotations

from dpcodec.inpainting.refine.solver import solve

__all__ = ["solve"]
