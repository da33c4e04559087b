"""Every error dpcodec raises on purpose, and the exit code the command gives for it.

    DpcodecError (Exception)                    1
    ├── FileAccessError (OSError)               1   a file cannot be read or written
    ├── SettingsError (ValueError)              2   a setting is out of range or contradicts another
    ├── AudioError (ValueError)                 3   the input audio cannot be used
    ├── FormatError (ValueError)                4   not a .dpc file, or damaged beyond use
    ├── LimitError (ValueError)                 6   a stated limit would be passed
    ├── DeviceError (RuntimeError)              7   the device, or the library that drives it, is not there
    ├── PluginError (RuntimeError)              1   a solver, mask or metric from outside cannot be used
    └── VersionError (FormatError)              8   the file needs a newer dpcodec

Code 5 (decoded, but damaged) is no error: it is told by `DecodeReport.damaged`.
Each message is one line: what, and what to do.
"""

from __future__ import annotations


class DpcodecError(Exception):
    """Base of every error dpcodec raises on purpose."""


class FileAccessError(DpcodecError, OSError):
    """A file cannot be read or written."""


class SettingsError(DpcodecError, ValueError):
    """A setting is out of its range or contradicts another."""


class AudioError(DpcodecError, ValueError):
    """The input audio cannot be used."""


class FormatError(DpcodecError, ValueError):
    """Not a `.dpc` file, or damaged beyond use."""


class VersionError(FormatError):
    """The file needs a newer dpcodec: a critical part of it is unknown here."""


class LimitError(DpcodecError, ValueError):
    """A limit on size, duration or memory would be passed."""


class PluginError(DpcodecError, RuntimeError):
    """A solver, mask or metric from outside cannot be loaded, or does not do what it must."""


class DeviceError(DpcodecError, RuntimeError):
    """A compute device, or the library that drives it, is not there."""
