"""A caller's own network as deep prior."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from problems import S, random_mask
from signals import chord

import dpcodec

torch = pytest.importorskip("torch")

N = 4000


class Filters(torch.nn.Module):  # type: ignore[name-defined,misc]
    """Two convolutions; notes the shapes that it is given."""

    def __init__(self, multiple: int | None = None) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(2, 8, 3, padding=1), torch.nn.LeakyReLU(), torch.nn.Conv2d(8, 2, 3, padding=1)
        )
        self.shapes: list[tuple[int, ...]] = []
        if multiple is not None:
            self.multiple = multiple

    def forward(self, z: Any) -> Any:
        self.shapes.append(tuple(z.shape))
        return self.layers(z)


def inpaint(network: Any, **settings: Any) -> np.ndarray:
    X = S.forward(chord(N))
    mask = random_mask(N, 0.5)[0]
    given: dict[str, Any] = {"fit": "paper", "loss": "mse", "iterations": 30, "learning_rate": 1e-2}
    return np.asarray(
        dpcodec.inpaint(X, mask, S, solver="deep-prior", network=network, samples=N, **{**given, **settings})
    )


def test_it_is_fitted_from_its_own_weights_and_stays_as_it_was() -> None:
    network = Filters()
    before = [p.detach().clone() for p in network.parameters()]
    first, again = inpaint(network), inpaint(network)
    assert np.array_equal(first, again)
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))
    with torch.no_grad():
        network.layers[0].weight.mul_(2)
    assert not np.array_equal(inpaint(network), first)


def test_the_loss_falls_and_the_last_estimate_is_shown() -> None:
    losses: list[float] = []
    shown = []

    def look(step: int, loss: float, estimate: np.ndarray) -> None:
        losses.append(loss)
        shown.append(estimate)

    found = inpaint(Filters(), context=False, callback=look)
    assert len(losses) == 30
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(found, shown[int(np.argmin(losses))], rtol=1e-4, atol=1e-5)


def test_the_guided_fit_takes_it_too() -> None:
    losses: list[float] = []
    found = inpaint(Filters(), fit="guided", iterations=8, callback=lambda step, loss, X: losses.append(loss))
    assert np.isfinite(found).all()
    assert len(losses) >= 8


@pytest.mark.parametrize(
    "multiple, shape", [(None, (1, 2, 128, 64)), (1, (1, 2, 128, 64)), (48, (1, 2, 144, 96))]
)
def test_bins_and_frames_are_padded_to_its_multiple(multiple: int | None, shape: tuple[int, ...]) -> None:
    """128 bins below Nyquist and 64 frames."""
    seen = []

    class Noting(Filters):
        def forward(self, z: Any) -> Any:
            seen.append(tuple(z.shape))
            return super().forward(z)

    inpaint(Noting(multiple), iterations=1)
    assert set(seen) == {shape}


@pytest.mark.parametrize(
    "network, message",
    [
        (torch.nn.Identity(), "network Identity has no parameters to fit"),
        (torch.nn.Conv2d(2, 1, 1), r"network gives \[1, 1, 128, 64\] for \[1, 2, 128, 64\]"),
        (3, "network is a int: give a name or a torch.nn.Module"),
        (Filters(0), "multiple 0: give a positive integer"),
        ("vgg", "network is 'vgg'"),
    ],
)
def test_what_is_no_network_is_refused(network: Any, message: str) -> None:
    with pytest.raises(dpcodec.SettingsError, match=message):
        inpaint(network)
