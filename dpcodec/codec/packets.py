"""What works on packets alone, under public names."""

from dpcodec.container.constants import VERSION_MAJOR, VERSION_MINOR
from dpcodec.container.protect import ProtectReport, protect_stream
from dpcodec.container.repair import RepairReport
from dpcodec.container.retag import Tagged, read_tagged, retag_stream
from dpcodec.container.survival import Survival

__all__ = [
    "FORMAT_VERSION",
    "ProtectReport",
    "RepairReport",
    "Survival",
    "Tagged",
    "protect_stream",
    "read_tagged",
    "retag_stream",
]

FORMAT_VERSION = (VERSION_MAJOR, VERSION_MINOR)
"""Version of the format that this dpcodec writes; it reads every file of the same major version."""
