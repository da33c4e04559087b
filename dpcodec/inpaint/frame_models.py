"""Autoregressive models of a signal's frames, and the operator that leaves over what they cannot predict."""

from __future__ import annotations

from typing import Any

import numpy as np
from array_api_compat import device
from scipy.fft import next_fast_len

from dpcodec.inpaint.arrays import power, to_numpy
from dpcodec.inpaint.autoregression import levinson
from dpcodec.signal.stft import array_namespace, fft_of

Array = Any

SILENCE = 1e-4
"""Least power that this is a share of, as a share of the loudest frame's."""


class FrameModels:
    """Models a_t with variances v_t of frames two hops long under sine windows h_t, and the form

        x -> sum_t e_t / v_t |h_t (a_t * x)|^2

    whose weights lie below 1 at every frequency: e_t is white noise added before the model is made. A frame
    and its past are three hops long, models are made from four hops around it under a Hann window
    (autocorrelation method).
    """

    def __init__(self, hop: int, order: int, floor: float, x: Array) -> None:
        """Models of a signal, real [N], with `hop` samples between frames and an order of at most `hop`.

        `floor` is e_t as a share of a frame's power: about the error of the signal that models are made from.
        """
        self._order, self._floor = order, floor
        self._hop, self._samples = hop, x.shape[-1]
        self._frames = -(-self._samples // hop) + 1
        window = np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop))
        self._weight = self._like(np.concatenate([np.zeros(hop), window**2]), x)
        self.renew(x)

    def renew(self, x: Array) -> None:
        """Make the models anew from another signal, real [N]."""
        hop, p = self._hop, self._order
        window = np.sin(np.pi * (np.arange(4 * hop) + 0.5) / (4 * hop)) ** 2
        n_fft = next_fast_len(4 * hop + p, real=True)
        spectrum = fft_of(x).rfft(self._cut(x, 4) * self._like(window, x), n=n_fft)
        lags = np.fft.irfft(to_numpy(power(spectrum)).astype(np.float64), n=n_fft)[:, : p + 1]
        floor = self._floor * np.maximum(lags[:, 0], SILENCE * lags[:, 0].max())
        audible = floor > 0
        lags[:, 0] = np.where(audible, lags[:, 0] + floor, 1.0)
        a, variance = levinson(lags)
        a *= np.sqrt(np.where(audible, floor / variance, 1.0))[:, None]
        self._response = fft_of(x).rfft(self._like(a, x), n=3 * hop)

    def normal(self, x: Array) -> Array:
        """The gradient of half the form, real [N] -> real [N]: symmetric, positive."""
        fft, size = fft_of(x), 3 * self._hop
        xp = array_namespace(x)
        left_over = fft.irfft(fft.rfft(self._cut(x, 3)) * self._response, n=size) * self._weight
        return self._add(fft.irfft(fft.rfft(left_over) * xp.conj(self._response), n=size))

    def _cut(self, x: Array, hops: int) -> Array:
        """Stretches [frames, hops * hop]; that of frame t starts two hops before sample t * hop."""
        xp = array_namespace(x)
        blocks = self._frames + hops - 1
        lead = xp.zeros(2 * self._hop, dtype=x.dtype, device=device(x))
        tail = xp.zeros((blocks - 2) * self._hop - self._samples, dtype=x.dtype, device=device(x))
        rows = xp.reshape(xp.concat([lead, x, tail]), (blocks, self._hop))
        return xp.concat([rows[j : j + self._frames] for j in range(hops)], axis=-1)

    def _add(self, stretches: Array) -> Array:
        """The adjoint of `_cut` for three hops."""
        xp = array_namespace(stretches)
        shape = (self._frames + 2, self._hop)
        rows = xp.zeros(shape, dtype=stretches.dtype, device=device(stretches))
        for j in range(3):
            rows[j : j + self._frames] += stretches[:, j * self._hop : (j + 1) * self._hop]
        first = 2 * self._hop
        return xp.reshape(rows, (-1,))[first : first + self._samples]

    @staticmethod
    def _like(values: np.ndarray, x: Array) -> Array:
        return array_namespace(x).asarray(values, dtype=x.dtype, device=device(x))
