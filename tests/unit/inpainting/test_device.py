"""Device names become devices that are there; "auto" never fails."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from dpcodec.errors import DeviceError
from dpcodec.inpainting import device
from dpcodec.inpainting.device import resolve_device


def pretend(monkeypatch: pytest.MonkeyPatch, cuda: int, mps: bool) -> None:
    monkeypatch.setattr(device, "_gpu_driver", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(0, False, "cpu"), (2, False, "cuda:0"), (0, True, "mps"), (1, True, "cuda:0")],
)
def test_auto_takes_the_best(monkeypatch: pytest.MonkeyPatch, cuda: int, mps: bool, expected: str) -> None:
    pretend(monkeypatch, cuda, mps)
    assert resolve_device("auto") == expected


@pytest.mark.parametrize(
    ("setting", "expected"), [("cpu", "cpu"), ("cuda", "cuda:0"), ("cuda:1", "cuda:1"), ("mps", "mps")]
)
def test_names_of_devices_that_are_there(
    monkeypatch: pytest.MonkeyPatch, setting: str, expected: str
) -> None:
    pretend(monkeypatch, 2, True)
    assert resolve_device(setting) == expected


@pytest.mark.parametrize("setting", ["cuda", "cuda:0", "mps"])
def test_missing_device_is_an_error_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    pretend(monkeypatch, 0, False)
    with pytest.raises(DeviceError, match="use --device cpu or auto") as caught:
        resolve_device(setting)
    assert "\n" not in str(caught.value)


def test_number_past_the_last_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, 2, False)
    with pytest.raises(DeviceError, match="2 CUDA GPU"):
        resolve_device("cuda:2")


@pytest.mark.parametrize("setting", ["tpu", "cuda:", "cuda:x", ""])
def test_unknown_names(setting: str) -> None:
    with pytest.raises(DeviceError):
        resolve_device(setting)


def test_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """None in sys.modules makes the import fail as if torch were not installed."""
    monkeypatch.setattr(device, "_gpu_driver", lambda: True)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert resolve_device("auto") == "cpu"
    assert resolve_device("cpu") == "cpu"
    with pytest.raises(DeviceError, match=r"pip install 'dpcodec\[deep\]'"):
        resolve_device("cuda")


def test_without_a_driver_torch_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, 1, False)
    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.setattr(device, "_gpu_driver", lambda: False)
    assert resolve_device("auto") == "cpu"
    assert "torch" not in sys.modules


def test_cpu_and_least_squares_load_no_torch() -> None:
    code = (
        "import sys; from dpcodec.inpainting.device import resolve_device; import dpcodec.inpainting.choose;"
        "resolve_device('cpu'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
