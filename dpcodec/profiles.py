"""The named presets, and which of them a set of options means: the one place that decides it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dpcodec.errors import SettingsError
from dpcodec.settings import LONG_SEGMENTS_S, EncodeSettings, check_choice

# What the research profiles measure by segment (masks, solvers' blocks) they measure on longer ones.
_STFT: dict[str, Any] = {"transform": "stft", "parts": 8, "latency": LONG_SEGMENTS_S}
PROFILES: dict[str, EncodeSettings] = {
    "perceptual": EncodeSettings(),
    "mdct": EncodeSettings(mask="significance", drop=0.93, parts=4, latency=LONG_SEGMENTS_S),
    "stft": EncodeSettings(**_STFT, mask="energy", drop=0.8, window="sine"),
    "paper": EncodeSettings(
        **_STFT, mask="random", drop=0.5, hop=512, window="hann", rate=16000, mono=True, exact=True
    ),
}
DEFAULT_PROFILE = "perceptual"
_OF_STFT = ("transform", "drop", "mask", "seed", "n_fft", "hop", "window", "snr", "exact")
_CONTROLS = ("snr", "bitrate", "quality", "drop")


def profile_meant(changes: Mapping[str, Any]) -> str:
    """The profile that settings mean where none is named: what the library and the command agree on.

    >>> profile_meant({"drop": 0.5}), profile_meant({"bitrate": 64.0}), profile_meant({"rate": 16000})
    ('stft', 'perceptual', 'perceptual')
    """
    given = {name for name, value in changes.items() if value is not None}
    mask, transform = changes.get("mask"), changes.get("transform")
    if mask == "perceptual" or (mask is None and given & {"bitrate", "quality"}):
        return "perceptual"
    if transform == "mdct" or "bitrate" in given:
        return "mdct"
    return "stft" if given.intersection(_OF_STFT) else DEFAULT_PROFILE


def profile(name: str | None = None, **changes: Any) -> EncodeSettings:
    """The named profile with some settings changed; without a name the one that the changes mean.

    Whichever of snr, bitrate, quality and drop is given takes the place of the profile's own; `snr` asks for
    a quantiser whatever the profile says, and the hop of an MDCT follows `n_fft`.

    >>> profile("paper", drop=0.3).hop, profile(quality=3.0).mode, profile(drop=0.5).mode
    (512, 'perceptual', 'stft')
    """
    name = profile_meant(changes) if name is None else name
    check_choice("profile", name, tuple(PROFILES))
    base = PROFILES[name]
    if any(changes.get(control) is not None for control in _CONTROLS):
        kept = {"drop": base.drop} if base.mode != "perceptual" else {}
        changes = {**dict.fromkeys(_CONTROLS), **kept, **changes}
    if changes.get("snr") is not None:
        changes.setdefault("exact", False)
    if isinstance(changes.get("n_fft"), int) and changes.get("transform", base.transform) == "mdct":
        changes.setdefault("hop", changes["n_fft"] // 2)
    try:
        return replace(base, **changes)
    except TypeError as exc:
        raise SettingsError(str(exc)) from exc
