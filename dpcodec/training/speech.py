"""Random sentences spoken by espeak-ng."""

from __future__ import annotations

import numpy as np

from dpcodec import Audio
from dpcodec.training.programs import made_by

_LANGUAGES = ("en-gb", "en-us", "de", "fr-fr", "es", "it", "pl", "nl", "pt", "sv", "fi", "ro")
_VARIANTS = ("", "+f1", "+f2", "+f3", "+f4", "+f5", "+m1", "+m2", "+m3", "+m4", "+m5", "+m6", "+m7")
_WORDS = """
    morning river seven window paper summer garden yellow simple never always mountain letter music
    silver answer carry people under winter nothing sugar castle bridge question thousand feather green
    harbour whisper stone kitchen against because evening father pocket travel orange second shadow table
    listen animal between corner dinner engine finger hundred island journey language machine number ocean
    """


def speech(rng: np.random.Generator, seconds: float) -> Audio:
    """Sentences of three to eight words, mono at espeak-ng's own rate, 22050 Hz."""
    voice = f"{rng.choice(_LANGUAGES)}{rng.choice(_VARIANTS)}"
    speed, pitch = int(rng.integers(110, 220)), int(rng.integers(10, 90))
    sentences = [
        " ".join(rng.choice(_WORDS.split(), int(rng.integers(3, 9))))
        for _ in range(max(1, round(seconds / 1.5)))
    ]

    manner = ["-v", voice, "-s", f"{speed}", "-p", f"{pitch}"]
    return made_by(["espeak-ng", *manner, "-w", "out.wav", ". ".join(sentences) + "."])
