"""Problems of known MDCT coefficients that a quantiser made coarse."""

from __future__ import annotations

import numpy as np

from dpcodec.inpainting.problem import Problem
from dpcodec.transform.mdct import Mdct
from dpcodec.transform.operator import MdctOperator

MDCT = Mdct(512, "kbd", 3)


def quantised(
    x: np.ndarray, step: float, mdct: Mdct = MDCT, noise: float = 0.0, splits: np.ndarray | None = None
) -> Problem:
    """A problem of x [N]: values rounded to multiples of a step with the dead zone that boxes tell, a level
    of noise, in steps, for what became zero."""
    span = mdct.span(len(x))
    splits = np.zeros(span.frames, np.int64) if splits is None else splits
    operator = MdctOperator(mdct, span, splits)
    X = operator.forward(x)[None]
    q = np.sign(X) * np.floor(np.abs(X) / step + 1 / 3)
    kept, ones = q != 0, np.ones(X.shape, np.float32)
    return Problem(
        operator,
        kept,
        (q * step).astype(np.float32),
        ((q + np.sign(q) / 6) * step).astype(np.float32),
        np.where(kept, step / 2, 0).astype(np.float32),
        np.where(kept, 0, step * 2 / 3).astype(np.float32),
        np.where(kept, 0, noise * step * ones).astype(np.float32),
    )
