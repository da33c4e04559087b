"""What is left open about a fit is settled before it is measured."""

from __future__ import annotations

import pytest

from dpcodec import DeviceError, SettingsError
from dpcodec.bench.fitting import CPU_STEP_S, MEASURED, Fitting, resolve_fitting
from dpcodec.inpainting.network_size import NETWORKS
from dpcodec.inpainting.solvers import AUTO, SOLVERS


def test_open_choices_are_those_of_the_decoder() -> None:
    assert resolve_fitting(device="cpu") == Fitting("multiresunet-small", 100, "cpu")
    assert resolve_fitting(device="cpu", fit="paper") == Fitting("multiresunet-small", 1000, "cpu", "paper")
    assert resolve_fitting("multiresunet", None, "cpu", "paper").iterations == 5000
    assert resolve_fitting("multiresunet", 7, "cpu").iterations == 7


def test_wrong_choices_are_refused() -> None:
    with pytest.raises(SettingsError, match="network"):
        resolve_fitting("resnet", None, "cpu")
    with pytest.raises(SettingsError, match="fit"):
        resolve_fitting(None, None, "cpu", "slow")
    with pytest.raises(SettingsError, match="iterations"):
        resolve_fitting(None, 0, "cpu")
    with pytest.raises(DeviceError):
        resolve_fitting(None, None, "cuda:77")


def test_only_the_deep_prior_depends_on_it() -> None:
    fitting = Fitting("multiresunet", 10, "cuda:0")
    assert fitting.key("least-squares") == {}
    assert fitting.settings("least-squares").device == "cpu"
    assert not fitting.alone("least-squares")
    assert fitting.key("deep-prior") == {
        **{"network": "multiresunet", "iterations": 10, "device": "cuda:0", "fit": "guided"},
    }
    assert Fitting("multiresunet", 10, "cuda:0", "paper").settings("deep-prior").fit == "paper"
    assert fitting.settings("deep-prior").iterations == 10
    assert fitting.alone("deep-prior")
    assert not Fitting("multiresunet", 10, "cpu").alone("deep-prior")


def test_every_network_has_an_estimate_for_a_cpu_and_others_are_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("torch")
    from dpcodec.inpainting.deep_prior import speed

    assert set(CPU_STEP_S) == set(NETWORKS)
    monkeypatch.setattr(speed, "measure_step", lambda *asked: float(asked[2]))
    assert Fitting("multiresunet", 1, "cpu").step_s(80) == CPU_STEP_S["multiresunet"] / 2
    assert Fitting("multiresunet", 1, "cuda:0").step_s(80) == 80


def test_every_solver_can_be_compared_and_auto_comes_after_those_it_chooses_from() -> None:
    assert sorted(MEASURED) == sorted([*SOLVERS, AUTO])
    assert MEASURED[-1] == "auto"
