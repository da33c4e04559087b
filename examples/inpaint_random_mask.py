"""The paper's experiment in small: half of the coefficients dropped at random, and rebuilt."""

import numpy as np

import dpcodec

rate = 16000
t = np.arange(3 * rate) / rate
glide = np.sin(2 * np.pi * (200 * t + 100 * t**2)) * np.hanning(t.size)
data = dpcodec.encode(dpcodec.Audio(glide, rate), dpcodec.profile("paper", drop=0.5, seed=1))

for solver in ("none", "least-squares"):
    again = dpcodec.decode(data, dpcodec.DecodeSettings(solver=solver, device="cpu"))
    noise = np.sum((again.samples[0] - glide) ** 2)
    print(f"{solver}: {10 * np.log10(np.sum(glide**2) / noise):.1f} dB")
