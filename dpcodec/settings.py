"""What a caller may ask for: frozen dataclasses, every range and unit checked once.

`EncodeSettings` decides what goes into the file, `codec.decode_settings.DecodeSettings` how it is rebuilt.
`EncodeSettings()` is the default; `profiles.py` names it and the other presets. A value out of range raises
`SettingsError` with the range in the message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dpcodec.errors import PluginError, SettingsError
from dpcodec.plugins import Table


class TransformKind(NamedTuple):
    """What the format fixes of a transform: its number in a header, the minor version it came with, its
    windows, coefficients a frame beside n_fft / 2, and whether it cuts frames into blocks, with hop n_fft /
    2."""

    number: int
    since: int
    windows: tuple[str, ...]
    extra_bins: int
    switches_blocks: bool


class MaskKind(NamedTuple):
    """What the format fixes of a mask: its number in a header, the minor version it came with, whether it is
    stored in the file rather than made from the header, and whether one threshold holds for a whole segment
    rather than for each column (None: the mask bounds nothing), whether a seed makes it, whether it is coded
    in another way since minor version 3, whether it is stored cell by cell even beside a quantiser, whether
    the quantiser's step alone may decide what stays, the transforms that it goes with, and the mode that it
    makes, where that is its own."""

    number: int
    since: int = 0
    stored: bool = False
    by_segment: bool | None = None
    seeded: bool = False
    revised: bool = False
    listed: bool = False
    by_step: bool = False
    transforms: tuple[str, ...] = ("stft", "mdct")
    mode: str | None = None


TRANSFORMS = {
    "stft": TransformKind(0, 0, ("hann", "sine"), 1, False),
    "mdct": TransformKind(1, 1, ("sine", "kbd"), 0, True),
}
# A mask's module is dpcodec/mask/NAME.py; the perceptual mask is what its mode's quantiser leaves, the custom
# one comes with the settings.
MASKS = {
    "random": MaskKind(0, seeded=True),
    "energy": MaskKind(1, stored=True, by_segment=False),
    "columns": MaskKind(2),
    "significance": MaskKind(3, since=1, stored=True, by_segment=True, by_step=True),
    "perceptual": MaskKind(
        4, since=2, stored=True, revised=True, by_step=True, transforms=("mdct",), mode="perceptual"
    ),
    "custom": MaskKind(5, since=4, stored=True, listed=True, transforms=("stft",)),
}


class PluginMask:
    """A custom mask that an installed package brings, by its name."""

    def __init__(self, name: str, function: object) -> None:
        if not callable(function):
            raise PluginError(f"it is a {type(function).__name__}, no function")
        self._function, self.__name__ = function, name

    def __repr__(self) -> str:
        return f"PluginMask({self.__name__})"

    def __call__(self, parameters: Any, segment: int, X: Any, /) -> Any:
        return self._function(parameters, segment, X)


PLUGIN_MASKS: Table[PluginMask] = Table("mask", {}, PluginMask, taken=tuple(MASKS))
LOSSES = ("mse", "l1", "mse+stft")
FITS = ("guided", "paper")

N_FFT_RANGE = (64, 65536)
MAX_REDUNDANCY = 64
"""Of an STFT: n_fft / hop."""
MAX_BLOCK_SPLIT_RANGE = (0, 7)
RATE_RANGE_HZ = (1, 1_048_575)
CHANNELS_RANGE = (1, 255)
PARTS_RANGE = (1, 16)
SNR_RANGE_DB = (-20.0, 150.0)
BITRATE_RANGE_KBPS = (0.5, 10_000.0)
QUALITY_RANGE = (0.0, 10.0)
LATENCY_RANGE_S = (0.1, 10.0)
DEFAULT_LATENCY_S, LONG_SEGMENTS_S = 1.0, 5.12
DEFAULT_QUALITY, DEFAULT_DROP, DEFAULT_BLOCK_SPLIT = 5.0, 0.8, 4
RANDOM_MASK_SNR_DB = 40.0
"""Quantisation noise below the signal for the random and column masks when `snr` is not given."""


def mode_name(transform: str, mask: str) -> str:
    """Which kind of file these make: "stft", "mdct" or "perceptual" (`dpcodec/modes/`)."""
    return MASKS[mask].mode or transform


# Settings that only some modes have, each with those modes.
OF_MODES = {
    "quality": ("perceptual",),
    "bitrate": ("perceptual", "mdct"),
    "effort": ("perceptual", "mdct"),
    "max_block_split": ("perceptual", "mdct"),
    "exact": ("mdct", "stft"),
}


@dataclass(frozen=True, kw_only=True)
class EncodeSettings:
    """How to encode. Without any, this is the default: profile "perceptual" at quality 5.

    transform        "mdct": as many real coefficients as samples, hop = n_fft / 2; or "stft"
    mask             which coefficients go: "perceptual" (the weakest beside what masks them; MDCT), "energy"
                     (the weakest of each column), "significance" (the weakest of a whole segment), "random"
                     (seeded), "columns", "custom" (STFT); a plug-in's name
                     becomes "custom"
    custom           gives the custom mask: a function (parameters, segment, X) -> bool [C, K, L], as those in
                     `dpcodec/mask/`; `encode` makes one of an array
    drop             share of coefficients removed, 0 <= drop < 1; None: DEFAULT_DROP, and for the perceptual
                     mask as many as `snr`, `bitrate` or `quality` say. The column mask has none, and the
                     significance mask's quantiser decides alone where `snr` or `bitrate` is given
    columns          for the column mask: inclusive ranges of frame indices, ((first, last), ...)
    seed             of the random mask, 0 .. 2**64 - 1
    n_fft, hop       window length and frame distance, samples; window "sine" or "kbd", of the STFT "hann" too
    max_block_split  the MDCT cuts a frame into at most 2**max_block_split blocks, 0 .. 7; None: 4
    rate             resample to this rate first, Hz; None keeps the source's
    mono             mix all channels into one first
    snr              quantisation noise this far below the signal, dB; None: as much noise as the energy mask
                     takes away, or RANDOM_MASK_SNR_DB for the other masks
    bitrate          mean of the whole file, kbit/s, for the significance and the perceptual mask
    quality          0 .. 10, a constant noise-to-mask ratio, for the perceptual mask; None: DEFAULT_QUALITY
                     where no other of snr, bitrate, quality and drop is given (at most one of them is)
    effort           0 .. 9: so many other windows of an MDCT with these masks are tried, the smallest wins
    exact            keep float32 coefficients, no quantiser
    parts            independently coded parts a segment, 1 .. 16: of frames (perceptual mask) or of bins
    latency          seconds of a segment, 0.1 .. 10: what goes into a pipe comes out of its decoder so much
                     and a window later, and what a lost packet can cost lies within them
    segment_frames   frames L a segment, in place of those that `latency` makes
    sanitize         replace NaN and infinite samples by zero instead of refusing them
    tags, keep_tags  (key, value) pairs added to those of the source; carry these over
    parity           percent of packets that may be lost from each group, 0 .. 100, beside the bit rate
    """

    transform: str = "mdct"
    mask: str = "perceptual"
    drop: float | None = None
    columns: tuple[tuple[int, int], ...] = ()
    custom: Callable[..., Any] | None = field(default=None, compare=False)
    seed: int = 0
    n_fft: int = 2048
    hop: int = 1024
    window: str = "kbd"
    max_block_split: int | None = None
    rate: int | None = None
    mono: bool = False
    snr: float | None = None
    bitrate: float | None = None
    quality: float | None = None
    effort: int = 0
    exact: bool = False
    parts: int = 1
    latency: float = DEFAULT_LATENCY_S
    segment_frames: int | None = None
    sanitize: bool = False
    tags: tuple[tuple[str, str], ...] = ()
    keep_tags: bool = True
    parity: float = 0.0

    def __post_init__(self) -> None:
        check_choice("transform", self.transform, tuple(TRANSFORMS))
        self._check_mask_name()
        self._check_ranges()
        self._check_mode()
        self._check_rate_control()
        check_transform(self.transform, self.n_fft, self.hop, self.window, self.block_split)
        self._check_mask()

    @property
    def mode(self) -> str:
        """The kind of file: "stft", "mdct" or "perceptual"."""
        return mode_name(self.transform, self.mask)

    @property
    def rate_control(self) -> str:
        """Which setting decides how much stays: "snr", "bitrate", "quality" or "drop"."""
        given = [name for name in ("snr", "bitrate", "quality") if getattr(self, name) is not None]
        return given[0] if given else "quality" if self._by_default else "drop"

    @property
    def share(self) -> float:
        """Share of coefficients that the mask is to remove; 0 where the quantiser decides alone."""
        if MASKS[self.mask].by_step and self.rate_control != "drop":
            return 0.0
        return DEFAULT_DROP if self.drop is None else self.drop

    @property
    def block_split(self) -> int:
        """`max_block_split`, 0 for a transform without blocks."""
        if not TRANSFORMS[self.transform].switches_blocks:
            return 0
        return DEFAULT_BLOCK_SPLIT if self.max_block_split is None else self.max_block_split

    @property
    def masked(self) -> bool:
        """Whether a mask decides what stays, not the quantiser alone."""
        return (self.mode != "perceptual" and self.share > 0) or self.mask in ("columns", "custom")

    @property
    def _by_default(self) -> bool:
        return self.mode == "perceptual" and self.drop is None

    def accepts(self, name: str) -> bool:
        """Whether a setting of `OF_MODES` belongs to this mode."""
        return self.mode in OF_MODES[name]

    def _check_mask_name(self) -> None:
        """A plug-in's name becomes the custom mask."""
        if self.mask in MASKS:
            return
        if not isinstance(self.mask, str) or self.mask not in PLUGIN_MASKS:
            raise SettingsError(f"mask is {self.mask!r}: use {PLUGIN_MASKS.told(MASKS)}")
        object.__setattr__(self, "custom", PLUGIN_MASKS[self.mask])
        object.__setattr__(self, "mask", "custom")

    def _check_ranges(self) -> None:
        if self.drop is not None and not (_is_real(self.drop) and 0 <= self.drop < 1):
            raise SettingsError(f"drop is {self.drop!r}: give a share from 0 up to, not including, 1")
        check_given(check_integer, self, seed=(0, 2**64 - 1), effort=(0, 9), parts=PARTS_RANGE)
        check_given(check_integer, self, max_block_split=MAX_BLOCK_SPLIT_RANGE, rate=RATE_RANGE_HZ)
        check_given(check_integer, self, segment_frames=(1, 2**20))
        check_given(check_real, self, latency=LATENCY_RANGE_S)
        check_given(check_real, self, snr=SNR_RANGE_DB, bitrate=BITRATE_RANGE_KBPS, quality=QUALITY_RANGE)
        check_real("parity", self.parity, 0, 100)

    def _check_mode(self) -> None:
        wanted = MASKS[self.mask].transforms
        if self.transform not in wanted:
            raise SettingsError(
                f"the {self.mask} mask needs transform {wanted[0]}: give transform {wanted[0]}"
            )
        for name, modes in OF_MODES.items():
            if getattr(self, name) not in (None, False, 0) and self.mode not in modes:
                raise SettingsError(
                    f"{name} does not belong to profile {self.mode}: it is for {' and '.join(modes)}"
                )

    def _check_rate_control(self) -> None:
        names = ("snr", "bitrate", "quality", *(("drop",) if self.mode == "perceptual" else ()))
        given = [name for name in names if getattr(self, name) is not None]
        if len(given) > 1:
            raise SettingsError(f"{given[0]} and {given[1]} contradict each other: give one")
        if self.exact and given:
            raise SettingsError(
                f"{given[0]} and exact contradict each other: exact coefficients have no quantiser"
            )
        by_step = MASKS[self.mask].by_step
        if self.bitrate is not None and not by_step:
            raise SettingsError("bitrate needs mask significance or perceptual")
        if self.effort and (not by_step or self.exact):
            raise SettingsError("effort chooses an MDCT's window: it needs mask significance or perceptual")

    def _check_mask(self) -> None:
        if (self.mask == "columns") != bool(self.columns):
            raise SettingsError("the column mask needs frame indices, and only it takes them: columns:A-B,C")
        if (self.mask == "custom") != (self.custom is not None):
            raise SettingsError("the custom mask needs a mask of your own, and only it takes one: give mask=")
        for first, last in self.columns:
            check_integer("column", first, 0, 2**47)
            check_integer("column", last, first, 2**47)


def check_transform(name: str, n_fft: int, hop: int, window: str, max_block_split: int = 0) -> None:
    """Raise `SettingsError` unless these describe a transform of that name within the format's limits."""
    check_integer("n_fft", n_fft, *N_FFT_RANGE)
    check_integer("max_block_split", max_block_split, *MAX_BLOCK_SPLIT_RANGE)
    blocks = 2 << max_block_split
    least = 1 if TRANSFORMS[name].switches_blocks else -(-n_fft // MAX_REDUNDANCY)
    check_integer("hop", hop, least, n_fft)
    if not TRANSFORMS[name].switches_blocks:
        if n_fft % 2:
            raise SettingsError(f"n_fft is {n_fft}: it must be even")
    elif hop * 2 != n_fft:
        raise SettingsError(f"hop is {hop}: an MDCT needs half of n_fft, {n_fft // 2}")
    elif hop % blocks:
        what = f"it must be a multiple of {2 * blocks} for 2**{max_block_split} blocks"
        raise SettingsError(f"n_fft is {n_fft}: {what}")
    check_choice("window", window, TRANSFORMS[name].windows)


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise `SettingsError` unless the value is one of the choices."""
    if value not in choices:
        raise SettingsError(f"{name} is {value!r}: use {', '.join(choices)}")


def check_integer(name: str, value: int, low: int, high: int) -> None:
    """Raise `SettingsError` unless low <= value <= high and it is an integer."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise SettingsError(f"{name} is {value!r}: give an integer from {low} to {high}")


def check_real(name: str, value: float, low: float, high: float) -> None:
    """Raise `SettingsError` unless low <= value <= high and it is finite."""
    if not (_is_real(value) and low <= value <= high):
        raise SettingsError(f"{name} is {value!r}: give a number from {low:g} to {high:g}")


def check_given(check: Callable[..., None], settings: object, **bounds: tuple[float, float]) -> None:
    """Check these settings; None is fit where it is the default."""
    for name, (low, high) in bounds.items():
        value, default = getattr(settings, name), getattr(type(settings), name)
        if value is not None or default is not None:
            check(name, value, low, high)


def _is_real(value: object) -> bool:
    """Whether it is a number and no NaN; an infinite one is in no range, and an integer may be any size."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value
