"""The catalogue of metrics: names, figures, errors, and what JSON makes of them."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import numpy as np
import pytest

from dpcodec import metrics
from dpcodec.errors import AudioError, SettingsError
from dpcodec.metrics import catalogue
from dpcodec.metrics.catalogue import DEFAULT_METRICS, METRICS, evaluate, select, to_json_value, unavailable
from dpcodec.plugins import Table

RATE = 16000
CHEAP = ["snr", "si-snr", "si-sdr", "lsd", "segsnr"]


def two() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(9)
    x = 0.1 * rng.standard_normal((2, RATE))
    return x, x + 0.01 * rng.standard_normal(x.shape)


def test_each_metric_gives_its_figures() -> None:
    x, y = two()
    names = [name for name in METRICS if name != "visqol"]
    figures = evaluate(x, y, RATE, names)
    assert list(figures) == [key for name in names for key in METRICS[name].figures]
    assert all(type(value) is float and math.isfinite(value) for value in figures.values())


def test_visqol_gives_its_figure() -> None:
    pytest.importorskip("visqol")
    assert list(evaluate(*two(), RATE, ["visqol"])) == ["visqol"]


def test_figures_are_the_functions() -> None:
    x, y = two()
    figures = evaluate(x, y, RATE, [*CHEAP, "sdr"])
    assert figures == {
        "snr": metrics.snr(x, y),
        "si_snr": metrics.si_snr(x, y),
        "si_sdr": metrics.si_sdr(x, y),
        "lsd": metrics.log_spectral_distance(x, y),
        "segsnr": metrics.segmental_snr(x, y, RATE),
        "sdr": metrics.sdr(x, y),
    }


@pytest.mark.parametrize(
    "name", ["snr", "si-snr", "sdr", "si-sdr", "lsd", "segsnr", "peaq", "peaq-advanced", "2f", "pemoq"]
)
def test_better_is_where_the_catalogue_says(name: str) -> None:
    """More noise is worse, in each figure's own direction."""
    x, y = two()
    t = np.arange(RATE) / RATE
    x = 0.2 * np.sin(2 * np.pi * 440 * t) + 0.2 * np.sin(2 * np.pi * 1330 * t) + 0 * x
    little, much = (evaluate(x, x + gain * (y - x), RATE, [name]) for gain in (0.1, 3.0))
    for key, figure in METRICS[name].figures.items():
        assert (little[key] > much[key]) == figure.higher_is_better, key


def test_names() -> None:
    assert set(DEFAULT_METRICS) == set(METRICS) - {"peaq-movs", "peaq-advanced-movs", "visqol"}
    keys = [key for metric in METRICS.values() for key in metric.figures]
    assert len(keys) == len(set(keys))
    for word in ("nonsense", "", "si_snr", "SNR"):
        with pytest.raises(SettingsError, match="choose from snr, si-snr"):
            evaluate(*two(), RATE, ["snr", word])


def test_all_is_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "visqol", None)
    assert select(["all"]) == [name for name in METRICS if name != "visqol"]
    (reason,) = unavailable().values()
    assert "pip install 'dpcodec[visqol]'" in reason
    with pytest.raises(SettingsError, match="visqol"):
        select(["all", "visqol"])
    two = {name: METRICS[name] for name in ("snr", "sdr")}
    monkeypatch.setattr(catalogue, "METRICS", Table("metric", two, lambda name, found: METRICS["snr"]))
    assert select(["sdr", "all", "sdr"]) == ["sdr", "snr"]


def test_metrics_that_share_a_computation_run_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def compute(reference: np.ndarray, estimate: np.ndarray, sample_rate: int) -> dict[str, float]:
        calls.append(sample_rate)
        return {"a": 1.0, "b": 2.0}

    figure = metrics.Figure("", True)
    shared = {name: metrics.Metric("", {name: figure}, compute) for name in ("a", "b")}
    monkeypatch.setattr(catalogue, "METRICS", shared)
    assert evaluate(*two(), RATE, ["b", "a"]) == {"b": 2.0, "a": 1.0}
    assert calls == [RATE]


def test_the_measures_made_of_one_run_of_peaq_share_it() -> None:
    assert METRICS["peaq"].compute is METRICS["peaq-movs"].compute is METRICS["2f"].compute
    assert METRICS["peaq-advanced"].compute is METRICS["peaq-advanced-movs"].compute


@pytest.mark.parametrize("name", METRICS)
def test_signals_that_nothing_measures_are_refused(name: str) -> None:
    if name == "visqol":
        pytest.importorskip("visqol")
    x, y = two()
    with pytest.raises(AudioError, match="differ"):
        evaluate(x, y[:, 1:], RATE, [name])
    with pytest.raises(AudioError, match="no samples"):
        evaluate(x[:, :0], y[:, :0], RATE, [name])
    y[1, 7] = -np.inf
    with pytest.raises(AudioError, match="sample 7 of channel 1 of the estimate is -inf"):
        evaluate(x, y, RATE, [name], undefined=lambda name, error: None)
    with pytest.raises(AudioError, match="rate is 0 Hz"):
        evaluate(x, x, 0, [name])


def test_what_is_not_defined_is_an_error_or_nan() -> None:
    zeros = np.zeros((1, RATE))
    with pytest.raises(AudioError, match="silent"):
        evaluate(zeros, zeros, RATE, ["snr", "peaq"])
    told: dict[str, AudioError] = {}
    figures = evaluate(zeros, zeros, RATE, ["snr", "peaq", "peaq-movs"], told.__setitem__)
    assert list(told) == ["peaq", "peaq-movs"]
    assert figures["snr"] == math.inf
    assert all(math.isnan(value) for key, value in figures.items() if key.startswith("peaq"))


@pytest.mark.parametrize("value", [0.0, -3.25, 1e300, math.inf, -math.inf])
def test_json_gives_figures_back(value: float) -> None:
    text = json.dumps(to_json_value(value), allow_nan=False)
    assert float(json.loads(text)) == value


def test_json_of_nothing() -> None:
    assert to_json_value(math.nan) is None


def test_public_names_are_listed_sorted_and_there() -> None:
    assert metrics.__all__ == sorted(metrics.__all__)
    assert all(getattr(metrics, name) is not None for name in metrics.__all__)


def test_no_metric_loads_torch() -> None:
    names = [name for name in METRICS if name != "visqol"]
    code = (
        "import sys, numpy as np; import dpcodec.metrics as m; light = 'scipy' not in sys.modules; "
        "x = np.random.default_rng(0).standard_normal(16000); "
        f"m.evaluate(x, 0.9 * x, 16000, {names}); print(light, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


def test_special_signals_as_the_documents_tell() -> None:
    """The table of docs/metrics.md, for what the metrics' own tests do not hold."""
    t = np.arange(RATE) / RATE
    x = 0.3 * np.sin(2 * np.pi * (300 * t + 400 * t**2)) * np.exp(-t)
    zeros = np.zeros_like(x)

    def grades(reference: np.ndarray, estimate: np.ndarray) -> dict[str, float]:
        return evaluate(reference, estimate, RATE, ["peaq", "pemoq"], lambda name, error: None)

    equal, flipped, louder = grades(x, x), grades(x, -x), grades(x, 2 * x)
    assert 0 < equal["peaq_odg"] <= 0.22
    assert flipped["peaq_odg"] == pytest.approx(equal["peaq_odg"], abs=1e-9)
    assert equal["pemoq_odg"] == pytest.approx(0, abs=1e-6) == louder["pemoq_odg"]
    assert louder["peaq_odg"] < equal["peaq_odg"] - 0.1
    assert flipped["pemoq_odg"] < -0.1
    assert grades(x, zeros)["peaq_odg"] < equal["peaq_odg"] - 1
    assert grades(x, zeros)["pemoq_odg"] == pytest.approx(-3.906, abs=1e-3)
    assert grades(zeros, x)["pemoq_odg"] == pytest.approx(-3.906, abs=1e-3)
    assert math.isnan(grades(zeros, x)["peaq_odg"])
    assert grades(zeros, zeros)["pemoq_odg"] == 0
