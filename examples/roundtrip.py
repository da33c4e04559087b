"""Encode a chord and decode it again, in memory: what survives at several drop ratios."""

import numpy as np

import dpcodec

rate = 16000
t = np.arange(2 * rate) / rate
chord = sum(np.sin(2 * np.pi * f * t) * np.exp(-t) for f in (220.0, 277.2, 329.6)) / 4
audio = dpcodec.Audio(chord, rate)

for drop in (0.5, 0.9, 0.98):
    data = dpcodec.encode(audio, dpcodec.profile("stft", drop=drop))
    again = dpcodec.decode(data, dpcodec.DecodeSettings(solver="none"))
    noise = np.sum((again.samples - audio.samples) ** 2)
    snr = 10 * np.log10(np.sum(audio.samples**2) / noise)
    print(f"drop {drop}: {len(data)} bytes, {8e-3 * len(data) / audio.duration:.1f} kbit/s, {snr:.1f} dB")
