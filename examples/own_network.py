"""One cell of the paper's figure, random mask and half dropped, with a network of one's own.

python own_network.py in.wav 2000: 5 s of a recording, and so many steps; the paper's fit has 5000.
"""

import sys

import numpy as np
import torch

import dpcodec
from dpcodec.metrics import resample, snr

t = np.arange(24000) / 16000
chord = dpcodec.Audio(sum(np.sin(2 * np.pi * f * t) for f in (220, 277, 330)) / 4, 16000)
clip = dpcodec.read(sys.argv[1]) if sys.argv[1:] else chord
x = resample(clip.samples.mean(axis=0, keepdims=True), clip.sample_rate, 16000)[0, : 5 * 16000]

stft = dpcodec.Stft(2048, 512, "hann")
X = stft.forward(x)
mask = dpcodec.make_mask("random", X, drop=0.5)
torch.manual_seed(0)
wide = [torch.nn.Conv2d(16, 16, (3, 9), padding=(1, 4)), torch.nn.BatchNorm2d(16), torch.nn.LeakyReLU(0.2)]
network = torch.nn.Sequential(torch.nn.Conv2d(2, 16, 1), *wide, torch.nn.Conv2d(16, 2, 1))
fit = {
    "network": network,
    "fit": "paper",
    "loss": "mse",
    "iterations": int(sys.argv[2]) if sys.argv[2:] else 20,
}
for solver, options in {"none": {}, "least-squares": {}, "deep-prior": fit}.items():
    Y = dpcodec.inpaint(X, mask, stft, solver=solver, samples=x.size, **options)
    print(f"{solver}: {snr(x, stft.inverse(Y, x.size)):.1f} dB")
