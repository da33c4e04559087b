"""A mask, a solver and a metric that `dpcodec` knows once this package is installed."""

import numpy as np


def checker(parameters, segment, X):
    """Mask: every other block of eight bins by four frames is dropped. X [C, K, L] -> bool, True = kept."""
    k, t = np.ogrid[: X.shape[1], : X.shape[2]]
    return np.broadcast_to((k // 8 + t // 4) % 2 == 0, X.shape)


def repeat(problem, settings, progress):
    """Solver: every dropped coefficient has the modulus of the last kept one in its bin. [1, K, L]."""
    last = np.maximum.accumulate(np.where(problem.kept, np.arange(problem.kept.shape[2]), 0), axis=2)
    modulus = np.abs(np.take_along_axis(problem.value, last, axis=2))
    turn = 2 * np.pi * problem.operator.hop / problem.operator.n_fft
    phase = turn * np.outer(np.arange(modulus.shape[1]), np.arange(modulus.shape[2]))
    return np.where(problem.kept, problem.value, modulus * np.exp(1j * phase)).astype(np.complex64)


def peak_error(reference, estimate, sample_rate):
    """Largest error of any sample, full scale 1."""
    return float(np.max(np.abs(reference - estimate)))
