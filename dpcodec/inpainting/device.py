"""Which compute device: a setting such as "auto" becomes the name of one that is there."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from typing import Any

from dpcodec.errors import DeviceError


def resolve_device(setting: str) -> str:
    """The device for "auto", "cpu", "cuda", "cuda:N" or "mps": "cpu", "cuda:N" or "mps".

    "auto" takes the first GPU that torch can use, else the CPU; it never fails, and works without torch.
    Raises `DeviceError` where a device asked for by name, or torch to drive it, is not there.
    """
    if setting == "cpu":
        return "cpu"
    if setting == "auto":
        return _best_device()
    torch = require_torch(f"device {setting}")
    if setting == "mps":
        if not torch.backends.mps.is_available():
            raise DeviceError("device mps: this machine or this torch has no Metal; use --device cpu or auto")
        return "mps"
    kind, _, number = setting.partition(":")
    if kind != "cuda" or not (number or "0").isdecimal():
        raise DeviceError(f"device {setting!r} is unknown: use auto, cpu, cuda, cuda:N or mps")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if count == 0:
        raise DeviceError(
            f"device {setting}: torch {torch.__version__} finds no CUDA GPU; use --device cpu or auto"
        )
    index = int(number or 0)
    if index >= count:
        raise DeviceError(f"device {setting}: this machine has {count} CUDA GPU, numbered from 0; use cuda:0")
    return f"cuda:{index}"


def _best_device() -> str:
    if "torch" not in sys.modules and not _gpu_driver():
        return "cpu"
    try:
        import torch
    except (ImportError, OSError):  # OSError: torch is there, one of its libraries is not
        return "cpu"
    if torch.cuda.is_available():
        return "cuda:0"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _gpu_driver() -> bool:
    """Whether there may be a GPU. Loading torch only to learn that there is none takes seconds."""
    if not sys.platform.startswith("linux") or Path("/dev/kfd").exists():
        return True
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


def require_torch(what: str) -> Any:
    """The module torch, or `DeviceError` saying that `what` needs it and how to get it."""
    try:
        import torch
    except (ImportError, OSError) as exc:
        raise DeviceError(
            f"{what}: torch is not installed, or cannot be loaded: run pip install 'dpcodec[deep]'"
        ) from exc
    return torch
