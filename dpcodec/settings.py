"""What a caller may ask for: frozen dataclasses, every range and unit checked once, here.

`EncodeSettings` decides what goes into the file, `DecodeSettings` how it is rebuilt. `PROFILES` names the
presets. A value out of range raises `SettingsError` with the range in the message.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Any, Literal

from dpcodec.errors import SettingsError

Transform = Literal["stft", "mdct"]
MaskKind = Literal["random", "energy", "columns", "significance", "perceptual"]
Window = Literal["hann", "sine", "kbd"]
Solver = Literal["auto", "none", "least-squares", "janssen", "deep-prior"]
Loss = Literal["mse", "l1", "mse+stft"]
Fit = Literal["guided", "paper"]

TRANSFORMS = ("stft", "mdct")
MASKS = ("random", "energy", "columns", "significance", "perceptual")
WINDOWS = {"stft": ("hann", "sine"), "mdct": ("sine", "kbd")}
SOLVERS = ("auto", "none", "least-squares", "janssen", "deep-prior")
LOSSES = ("mse", "l1", "mse+stft")
FITS = ("guided", "paper")
FIT_PARTS = ("phase", "whitening", "consistency", "intervals", "start", "averaging", "holdout")
"""What the guided fit adds to the published one; each can be left out."""

N_FFT_RANGE = (64, 65536)
MAX_SPLIT_RANGE = (0, 7)
RATE_RANGE_HZ = (1, 1_048_575)
CHANNELS_RANGE = (1, 255)
PARTS_RANGE = (1, 16)
SNR_RANGE_DB = (-20.0, 150.0)
BITRATE_RANGE_KBPS = (0.5, 10_000.0)
QUALITY_RANGE = (0.0, 10.0)
SEGMENT_SECONDS = 5.12
RANDOM_MASK_SNR_DB = 40.0
"""Quantisation noise below the signal for the random and column masks when `snr` is not given."""


@dataclass(frozen=True, kw_only=True)
class EncodeSettings:
    """How to encode.

    transform        "stft", or "mdct": as many real coefficients as samples, hop = n_fft / 2
    drop             share of coefficients removed, 0 <= drop < 1 (ignored by the column mask, and by the
                     significance mask where `snr` is given: its quantiser then decides alone)
    mask             which go: "energy" (the weakest of each column), "significance" (the weakest of a whole
                     segment), "perceptual" (the weakest beside what masks them; MDCT), "random" (seeded),
                     "columns"
    columns          for the column mask: inclusive ranges of frame indices, ((first, last), ...)
    seed             of the random mask, 0 .. 2**64 - 1
    n_fft, hop       window length and frame distance in samples; window "hann" or "sine", of the MDCT "sine"
                     or "kbd"
    max_split        the MDCT cuts a frame into at most 2**max_split blocks, 0 .. 7
    rate             resample to this rate first, Hz; None keeps the source's
    mono             mix all channels into one first
    snr              quantisation noise this far below the signal, dB; None: as much noise as the energy mask
                     takes away, or RANDOM_MASK_SNR_DB for the other masks
    bitrate          mean of the whole file, kbit/s, for the significance and the perceptual mask
    quality          0 .. 10, a constant noise-to-mask ratio, for the perceptual mask; of snr, bitrate and
                     quality at most one is given, and `drop` decides where none is
    effort           0 .. 9: so many other windows of the MDCT are tried on the first seconds, and that of the
                     fewest bytes is taken; for the significance and the perceptual mask
    exact            keep float32 coefficients, no quantiser
    parts            independently coded parts a segment, 1 .. 16
    segment_frames   frames L a segment; None: SEGMENT_SECONDS of audio
    sanitize         replace NaN and infinite samples by zero instead of refusing them
    tags             (key, value) pairs added to those of the source
    keep_tags        carry the source's own tags over
    """

    transform: Transform = "stft"
    drop: float = 0.8
    mask: MaskKind = "energy"
    columns: tuple[tuple[int, int], ...] = ()
    seed: int = 0
    n_fft: int = 2048
    hop: int = 1024
    window: Window = "sine"
    max_split: int = 4
    rate: int | None = None
    mono: bool = False
    snr: float | None = None
    bitrate: float | None = None
    quality: float | None = None
    effort: int = 0
    exact: bool = False
    parts: int = 8
    segment_frames: int | None = None
    sanitize: bool = False
    tags: tuple[tuple[str, str], ...] = ()
    keep_tags: bool = True

    def __post_init__(self) -> None:
        if not (_is_real(self.drop) and 0 <= self.drop < 1):
            raise SettingsError(f"drop is {self.drop!r}: give a share from 0 up to, not including, 1")
        check_choice("mask", self.mask, MASKS)
        check_integer("seed", self.seed, 0, 2**64 - 1)
        check_choice("transform", self.transform, TRANSFORMS)
        self._check_rate()
        if self.transform == "mdct":
            check_mdct(self.n_fft, self.hop, self.window, self.max_split)
        else:
            check_transform(self.n_fft, self.hop, self.window)
        check_integer("parts", self.parts, *PARTS_RANGE)
        if self.rate is not None:
            check_integer("rate", self.rate, *RATE_RANGE_HZ)
        if self.segment_frames is not None:
            check_integer("segment_frames", self.segment_frames, 1, 2**20)
        self._check_columns()

    @property
    def by_drop(self) -> bool:
        """Whether `drop` decides, not the noise or the bytes."""
        return self.snr is None and self.bitrate is None and self.quality is None

    def _check_rate(self) -> None:
        check_integer("effort", self.effort, 0, 9)
        if self.snr is not None:
            check_real("snr", self.snr, *SNR_RANGE_DB)
        if self.bitrate is not None:
            check_real("bitrate", self.bitrate, *BITRATE_RANGE_KBPS)
        if self.quality is not None:
            check_real("quality", self.quality, *QUALITY_RANGE)
        given = [name for name in ("snr", "bitrate", "quality") if getattr(self, name) is not None]
        if len(given) > 1:
            raise SettingsError(f"{given[0]} and {given[1]} contradict each other: give one")
        if self.exact and given:
            raise SettingsError(
                f"{given[0]} and exact contradict each other: exact coefficients have no quantiser"
            )
        if self.mask == "perceptual" and (self.transform != "mdct" or self.exact):
            raise SettingsError(
                "the perceptual mask needs transform mdct and a quantiser: give transform mdct"
            )
        if self.quality is not None and self.mask != "perceptual":
            raise SettingsError("quality is a noise-to-mask ratio: it needs mask perceptual")
        by_step = self.transform == "mdct" and self.mask in ("significance", "perceptual")
        if self.bitrate is not None and not by_step:
            raise SettingsError("bitrate needs transform mdct and mask significance or perceptual")
        if self.effort and (not by_step or self.exact):
            raise SettingsError("effort chooses an MDCT's window: it needs mask significance or perceptual")

    def _check_columns(self) -> None:
        if (self.mask == "columns") != bool(self.columns):
            raise SettingsError("the column mask needs frame indices, and only it takes them: columns:A-B,C")
        for first, last in self.columns:
            check_integer("column", first, 0, 2**47)
            check_integer("column", last, first, 2**47)


@dataclass(frozen=True, kw_only=True)
class DecodeSettings:
    """How to rebuild what was dropped.

    solver           "auto", "none", "least-squares", "janssen" or "deep-prior"
    context          put the kept coefficients back after the solver ("with context")
    device           "auto", "cpu", "cuda", "cuda:N" or "mps"
    iterations       steps of the solver; None: the solver's own default
    time_limit       seconds for the whole decoding; None: no limit
    seed             of the deep prior's input and weights, 0 .. 2**64 - 1
    network          the deep prior's network by name; None: by fit and device
    fit              of the deep prior: "guided" (from the linear solution) or "paper" (from noise)
    without          parts that the guided fit is to leave out, of FIT_PARTS
    loss             of the deep prior: "mse", "l1" (the paper's equation 4), "mse+stft" (its implementation);
                     None: "mse" for the guided fit, "mse+stft" for the paper's
    start, duration  the stretch wanted, seconds; duration None: to the end
    batch_segments   segments solved together
    max_memory       bytes a block may need before `LimitError`
    max_duration     seconds of audio before `LimitError`; None: no limit
    check            assert that kept coefficients came back within half a quantiser step
    """

    solver: Solver = "auto"
    context: bool = True
    device: str = "auto"
    iterations: int | None = None
    time_limit: float | None = None
    seed: int = 0
    network: str | None = None
    fit: Fit = "guided"
    without: tuple[str, ...] = ()
    loss: Loss | None = None
    start: float = 0.0
    duration: float | None = None
    batch_segments: int = 1
    max_memory: int = 4 << 30
    max_duration: float | None = None
    check: bool = True

    def __post_init__(self) -> None:
        check_choice("solver", self.solver, SOLVERS)
        check_choice("fit", self.fit, FITS)
        check_parts(self.fit, self.without)
        if self.loss is not None:
            check_choice("loss", self.loss, LOSSES)
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d{1,3})?", self.device):
            raise SettingsError(f"device {self.device!r} is unknown: use auto, cpu, cuda, cuda:N or mps")
        if self.iterations is not None:
            check_integer("iterations", self.iterations, 1, 1_000_000)
        if self.time_limit is not None:
            check_real("time_limit", self.time_limit, 0.0, 1e9)
        check_integer("seed", self.seed, 0, 2**64 - 1)
        check_real("start", self.start, 0.0, 1e12)
        if self.duration is not None:
            check_real("duration", self.duration, 0.0, 1e12)
        if self.max_duration is not None:
            check_real("max_duration", self.max_duration, 0.0, 1e12)
        check_integer("batch_segments", self.batch_segments, 1, 4096)
        check_integer("max_memory", self.max_memory, 1 << 20, 1 << 50)


def parse_mask(text: str) -> tuple[MaskKind, tuple[tuple[int, int], ...]]:
    """Read a mask as the command line spells it: random, energy, significance or columns:A-B,C,...

    >>> parse_mask("columns:3-5,9")
    ('columns', ((3, 5), (9, 9)))
    """
    if text == "random":
        return "random", ()
    if text == "energy":
        return "energy", ()
    if text == "significance":
        return "significance", ()
    if text == "perceptual":
        return "perceptual", ()
    match = re.fullmatch(r"columns:(\d{1,15}(?:-\d{1,15})?(?:,\d{1,15}(?:-\d{1,15})?)*)", text)
    if not match:
        raise SettingsError(
            f"mask {text!r} is unknown: use energy, significance, perceptual, random or columns:A-B,C"
        )
    ranges = [tuple(int(n) for n in item.split("-")) for item in match[1].split(",")]
    return "columns", tuple((r[0], r[-1]) for r in ranges)


def check_transform(n_fft: int, hop: int, window: str) -> None:
    """Raise `SettingsError` unless the three describe a transform within the format's limits."""
    check_integer("n_fft", n_fft, *N_FFT_RANGE)
    if n_fft % 2:
        raise SettingsError(f"n_fft is {n_fft}: it must be even")
    check_integer("hop", hop, 1, n_fft)
    check_choice("window", window, WINDOWS["stft"])


def check_mdct(n_fft: int, hop: int, window: str, max_split: int) -> None:
    """Raise `SettingsError` unless these describe an MDCT within the format's limits."""
    check_integer("n_fft", n_fft, *N_FFT_RANGE)
    check_integer("max_split", max_split, *MAX_SPLIT_RANGE)
    if hop * 2 != n_fft:
        raise SettingsError(f"hop is {hop}: an MDCT needs half of n_fft, {n_fft // 2}")
    if hop % (2 << max_split):
        raise SettingsError(
            f"n_fft is {n_fft}: it must be a multiple of {4 << max_split} for 2**{max_split} blocks"
        )
    check_choice("window", window, WINDOWS["mdct"])


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise `SettingsError` unless the value is one of the choices."""
    if value not in choices:
        raise SettingsError(f"{name} is {value!r}: use {', '.join(choices)}")


def check_parts(fit: str, without: tuple[str, ...]) -> None:
    """Raise `SettingsError` unless each is a part of that fit that can be left out."""
    for part in without:
        check_choice("without", part, FIT_PARTS)
    if without and fit != "guided":
        raise SettingsError(f"without names parts of fit guided: fit {fit} has none to leave out")


def check_integer(name: str, value: int, low: int, high: int) -> None:
    """Raise `SettingsError` unless low <= value <= high and it is an integer."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise SettingsError(f"{name} is {value!r}: give an integer from {low} to {high}")


def check_real(name: str, value: float, low: float, high: float) -> None:
    """Raise `SettingsError` unless low <= value <= high and it is finite."""
    if not (_is_real(value) and low <= value <= high):
        raise SettingsError(f"{name} is {value!r}: give a number from {low:g} to {high:g}")


def _is_real(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


PROFILES: dict[str, EncodeSettings] = {
    "stft": EncodeSettings(),
    "paper": EncodeSettings(
        mask="random", drop=0.5, n_fft=2048, hop=512, window="hann", rate=16000, mono=True, exact=True
    ),
    "mdct": EncodeSettings(transform="mdct", mask="significance", drop=0.93, window="kbd", parts=4),
    "perceptual": EncodeSettings(transform="mdct", mask="perceptual", quality=5.0, window="kbd", parts=1),
}
DEFAULT_PROFILE = "perceptual"
"""Where nothing else is asked for."""


def profile(name: str, **changes: Any) -> EncodeSettings:
    """The named profile, with some settings changed. Whichever of snr, bitrate, quality and drop is given
    takes the place of the profile's own.

    >>> profile("paper", drop=0.3).hop
    512
    """
    check_choice("profile", name, tuple(PROFILES))
    if any(changes.get(control) is not None for control in ("snr", "bitrate", "quality", "drop")):
        changes = {"snr": None, "bitrate": None, "quality": None, **changes}
    try:
        return replace(PROFILES[name], **changes)
    except TypeError as exc:
        raise SettingsError(str(exc)) from exc
