"""A link that loses bytes: the file still decodes, to its exact length, and says what happened."""

import io

import numpy as np

import dpcodec

rate = 8000
tone = np.sin(2 * np.pi * 440 * np.arange(4 * rate) / rate)
data = bytearray(dpcodec.encode(dpcodec.Audio(tone, rate), dpcodec.profile("stft", drop=0.8)))
data[len(data) // 2 : len(data) // 2 + 40] = bytes(40)  # a burst of zeros in the middle

collected = []


class Collect:
    """The smallest writer `decode_stream` can use."""

    clipped = 0
    warnings = ()

    def write(self, block: np.ndarray) -> None:
        collected.append(block)

    def __enter__(self) -> "Collect":
        return self

    def __exit__(self, *error: object) -> None: ...


settings = dpcodec.DecodeSettings(solver="least-squares", device="cpu")
report = dpcodec.decode_stream(io.BytesIO(bytes(data)), lambda info: Collect(), settings)
print(f"damaged: {report.damaged}; {report.samples} of {tone.size} samples")
for line in report.damage:
    print(" ", line)
