"""The kinds of file, each a class behind the contract of `modes.base`, which has them in one table by
name."""

from dpcodec.modes.base import MODES, Mode, Segment, mode_of, mode_of_file

__all__ = ["MODES", "Mode", "Segment", "mode_of", "mode_of_file"]
