"""Least squares on a device that is not there: torch's fake tensors know where each array lies, and refuse to
reckon with two that lie apart. They have no values, so what Python asks of them is answered here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from problems import S

import dpcodec
from dpcodec.inpainting import interface
from dpcodec.transform import stft

torch = pytest.importorskip("torch")
fake_tensor = pytest.importorskip("torch._subclasses.fake_tensor")

N, DEVICE = 4000, "cuda:0"


@pytest.fixture(autouse=True)
def no_fake_windows(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is kept for the next call must not be fake there."""
    monkeypatch.setattr(interface, "resolve_device", lambda name: name)
    kept = stft._window_as
    kept.cache_clear()
    yield
    kept.cache_clear()


def part_of(x: Any, key: Any) -> Any:
    """x[key] by operators alone: a tensor's own brackets ask for the device's library."""
    key = key if isinstance(key, tuple) else (key,)
    dots = [i for i, k in enumerate(key) if k is Ellipsis]
    for i in dots:
        rest = x.ndim - sum(k is not None for k in key) + 1
        key = (*key[:i], *[slice(None)] * rest, *key[i + 1 :])
    dim = 0
    for k in key:
        if isinstance(k, int):
            x = torch.select(x, dim, k)
            continue
        x = x.unsqueeze(dim) if k is None else torch.ops.aten.slice(x, dim, k.start, k.stop, k.step or 1)
        dim += 1
    return x


def answered(count: int) -> Any:
    """Conditions hold, and so many coefficients of each signal are known."""
    from torch.overrides import TorchFunctionMode

    class Answered(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            name = getattr(func, "__name__", "")
            if name == "__float__":
                return float(count)
            if name in ("__bool__", "item"):
                return True if name == "__bool__" or args[0].dtype == torch.bool else count
            if name == "__getitem__":
                return part_of(*args)
            if name == "__setitem__":
                assert getattr(args[2], "device", args[0].device) == args[0].device
                return None
            if name == "__iter__":
                return iter([part_of(args[0], i) for i in range(args[0].shape[0])])
            if name == "__invert__":
                return torch.bitwise_not(*args)
            return func(*args, **(kwargs or {}))

    return Answered()


@pytest.mark.parametrize(
    "count, steps, around",
    [(N // 3, 73, {}), (3 * N, 3, {}), (N, 37, {"bounds": 0.01, "halfwidth": 0.01})],
    ids=["prior", "data alone", "boxes"],
)
def test_every_array_lies_on_the_device(count: int, steps: int, around: dict[str, Any]) -> None:
    with fake_tensor.FakeTensorMode(), answered(count):
        shape = 2, S.bins, S.span(N).frames
        X = torch.empty(shape, dtype=torch.complex64, device=DEVICE)
        mask = torch.empty(shape, dtype=torch.bool, device=DEVICE)
        found = dpcodec.inpaint(X, mask, S, solver="least-squares", samples=N, iterations=steps, **around)
    assert str(found.device) == DEVICE
    assert found.shape == X.shape


def test_one_that_lies_elsewhere_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """So the test above can fail: a window on the CPU does not pass."""
    monkeypatch.setattr(stft, "_window_as", lambda one, xp, dtype, where: torch.ones(one.n_fft))
    with (
        pytest.raises(RuntimeError, match="device"),
        fake_tensor.FakeTensorMode(),
        answered(3 * N),
    ):
        S.forward(torch.empty(N, dtype=torch.float32, device=DEVICE))
