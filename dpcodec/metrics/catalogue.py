"""The metrics by name: what each computes, in which unit, and which way is better."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from dpcodec.errors import AudioError, DpcodecError, PluginError, SettingsError
from dpcodec.metrics.pair import as_pair
from dpcodec.metrics.snr import si_sdr, si_snr, snr
from dpcodec.metrics.spectral import log_spectral_distance, segmental_snr
from dpcodec.plugins import Table
from dpcodec.settings import RATE_RANGE_HZ

Figures = dict[str, float]
Compute = Callable[[np.ndarray, np.ndarray, int], Figures]
"""(reference [C, N], estimate [C, N], rate in Hz) -> figures by name."""


@dataclass(frozen=True)
class Figure:
    """A number that a metric gives: its unit ("": none), and whether more of it is better (None: neither)."""

    unit: str
    higher_is_better: bool | None


@dataclass(frozen=True)
class Metric:
    """A metric: a line on it, the figures it gives by their names in results, and the function behind it.

    Metrics with the same function share one run of it. `default`: measured unless metrics are named.
    `require` raises `SettingsError` where the metric needs a package that is not there.
    """

    about: str
    figures: dict[str, Figure]
    compute: Compute
    default: bool = True
    require: Callable[[], object] | None = None


def _sdr(reference: np.ndarray, estimate: np.ndarray, sample_rate: int) -> Figures:
    from dpcodec.metrics.sdr import sdr

    return {"sdr": sdr(reference, estimate)}


def _peaq(reference: np.ndarray, estimate: np.ndarray, sample_rate: int) -> Figures:
    from dpcodec.metrics.peaq import peaq, two_f

    result = peaq(reference, estimate, sample_rate)
    movs = {f"peaq_{name}": value for name, value in result.movs.items()}
    return {"peaq_odg": result.odg, "peaq_di": result.di, "twof_mms": two_f(result.movs), **movs}


def _peaq_advanced(reference: np.ndarray, estimate: np.ndarray, sample_rate: int) -> Figures:
    from dpcodec.metrics.peaq import peaq_advanced

    result = peaq_advanced(reference, estimate, sample_rate)
    movs = {f"peaq_advanced_{name}": value for name, value in result.movs.items()}
    return {"peaq_advanced_odg": result.odg, "peaq_advanced_di": result.di, **movs}


def _pemoq(reference: np.ndarray, estimate: np.ndarray, sample_rate: int) -> Figures:
    from dpcodec.metrics.pemoq import pemoq

    result = pemoq(reference, estimate, sample_rate)
    return {"pemoq_odg": result.odg, "pemoq_psm": result.psm, "pemoq_psmt": result.psmt}


def _visqol(reference: np.ndarray, estimate: np.ndarray, sample_rate: int) -> Figures:
    from dpcodec.metrics.visqol import visqol

    return {"visqol": visqol(reference, estimate, sample_rate)}


def _require_visqol() -> None:
    from dpcodec.metrics.visqol import require_visqol

    require_visqol()


_DB = Figure("dB", True)
_LOWER_IS_BETTER = (
    *("WinModDiff1B", "ADBB", "EHSB", "AvgModDiff1B", "AvgModDiff2B", "RmsNoiseLoudB", "MFPDB"),
    "RelDistFramesB",
)
_ADVANCED = ("RmsModDiffA", "RmsNoiseLoudAsymA", "EHSB", "AvgLinDistA")
_OWN = {
    "snr": Metric("signal-to-noise ratio", {"snr": _DB}, lambda r, e, _: {"snr": snr(r, e)}),
    "si-snr": Metric(
        "scale-invariant SNR, means removed", {"si_snr": _DB}, lambda r, e, _: {"si_snr": si_snr(r, e)}
    ),
    "sdr": Metric("signal-to-distortion ratio of BSSEval, 512 taps", {"sdr": _DB}, _sdr),
    "si-sdr": Metric(
        "scale-invariant SDR, means kept", {"si_sdr": _DB}, lambda r, e, _: {"si_sdr": si_sdr(r, e)}
    ),
    "lsd": Metric(
        "log-spectral distance",
        {"lsd": Figure("dB", False)},
        lambda r, e, _: {"lsd": log_spectral_distance(r, e)},
    ),
    "segsnr": Metric(
        "segmental SNR, frames of 20 ms limited to -10 .. 35 dB",
        {"segsnr": _DB},
        lambda r, e, rate: {"segsnr": segmental_snr(r, e, rate)},
    ),
    "peaq": Metric(
        "PEAQ, basic version: objective difference grade and distortion index",
        {"peaq_odg": Figure("ODG", True), "peaq_di": Figure("", True)},
        _peaq,
    ),
    "peaq-movs": Metric(
        "the eleven model output variables of PEAQ, by their names in ITU-R BS.1387",
        {
            "peaq_BandwidthRefB": Figure("bins", None),
            "peaq_BandwidthTestB": Figure("bins", None),
            "peaq_TotalNMRB": Figure("dB", False),
            **{f"peaq_{name}": Figure("", False) for name in _LOWER_IS_BETTER},
        },
        _peaq,
        default=False,
    ),
    "peaq-advanced": Metric(
        "PEAQ, advanced version: objective difference grade and distortion index",
        {"peaq_advanced_odg": Figure("ODG", True), "peaq_advanced_di": Figure("", True)},
        _peaq_advanced,
    ),
    "peaq-advanced-movs": Metric(
        "the five model output variables of PEAQ's advanced version, by their names in ITU-R BS.1387",
        {
            "peaq_advanced_SegmentalNMRB": Figure("dB", False),
            **{f"peaq_advanced_{name}": Figure("", False) for name in _ADVANCED},
        },
        _peaq_advanced,
        default=False,
    ),
    "2f": Metric(
        "2f-model: mean score of a listening test, 0 to 100, from two variables of PEAQ's basic version",
        {"twof_mms": Figure("MMS", True)},
        _peaq,
    ),
    "pemoq": Metric(
        "PEMO-Q-like: objective difference grade and perceptual similarity measures",
        {"pemoq_odg": Figure("ODG", True), "pemoq_psm": Figure("", True), "pemoq_psmt": Figure("", True)},
        _pemoq,
    ),
    "visqol": Metric(
        "ViSQOL in audio mode; needs dpcodec[visqol]",
        {"visqol": Figure("MOS", True)},
        _visqol,
        default=False,
        require=_require_visqol,
    ),
}


def _from_outside(name: str, found: object) -> Metric:
    """The metric that a plug-in brings: a `Metric`, or a function (reference, estimate, rate) -> float, whose
    figure has its name."""
    if isinstance(found, Metric):
        about, figures, compute, require = found.about, found.figures, found.compute, found.require
    elif callable(found):
        key, function = name.replace("-", "_"), found
        about, figures, require = inspect.getdoc(found) or name, {key: Figure("", None)}, None

        def compute(reference: np.ndarray, estimate: np.ndarray, rate: int) -> Figures:
            return {key: function(reference, estimate, rate)}

    else:
        raise PluginError(f"it is a {type(found).__name__}, neither a function nor a Metric")
    if clash := sorted(figures.keys() & {key for metric in _OWN.values() for key in metric.figures}):
        raise PluginError(f"its figure {clash[0]!r} has a name of dpcodec's")

    def checked(reference: np.ndarray, estimate: np.ndarray, rate: int) -> Figures:
        try:
            given = compute(reference, estimate, rate)
            return {key: float(given[key]) for key in figures}
        except DpcodecError:
            raise
        except Exception as exc:
            raise PluginError(f"metric {name} failed: {type(exc).__name__}: {exc}") from exc

    return Metric(about.splitlines()[0], figures, checked, default=False, require=require)


METRICS: Table[Metric] = Table("metric", _OWN, _from_outside, taken=("all",))
"""Our own; `METRICS[name]` knows those of plug-ins, too."""
DEFAULT_METRICS = tuple(name for name, metric in METRICS.items() if metric.default)
"""Those that need no extra package and give no intermediate figures."""


def unavailable() -> dict[str, str]:
    """The metrics that need a package which is not there, or a plug-in that cannot be loaded: name -> what to
    do about it."""
    reasons = {}
    for name in METRICS.names():
        try:
            require = METRICS[name].require
            if require is not None:
                require()
        except (SettingsError, PluginError) as error:
            reasons[name] = str(error)
    return reasons


def select(names: Iterable[str]) -> list[str]:
    """The names, each once; "all" stands for every metric but the `unavailable` ones. Raises `SettingsError`
    for one that is not known, or is asked for by its own name and needs a package that is not there.

    >>> select(["sdr", "snr", "sdr"])
    ['sdr', 'snr']
    """
    chosen: dict[str, None] = {}
    for name in names:
        if name != "all" and name not in METRICS:
            raise SettingsError(f"metric {name!r} is unknown: choose from {METRICS.told(last=('all',))}")
        if name == "all":
            missing = unavailable()
            chosen |= dict.fromkeys(one for one in METRICS.names() if one not in missing)
            continue
        require = METRICS[name].require
        if require is not None:
            require()
        chosen[name] = None
    return list(chosen)


def evaluate(
    reference: np.ndarray,
    estimate: np.ndarray,
    sample_rate: int,
    names: Iterable[str] = DEFAULT_METRICS,
    undefined: Callable[[str, AudioError], None] | None = None,
) -> dict[str, float]:
    """The figures of the named metrics, in the order of `METRICS[name].figures`.

    reference, estimate  one shape, [C, N] or [N], full scale 1.0, in step with each other (see `align`)
    sample_rate          of both, Hz
    names                keys of `METRICS`, of plug-ins, or "all"
    undefined            called with a metric's name and its error where it is not defined for these signals
                         (some are not for silence, or for less than a second); its figures are nan then

    Figures may be inf or -inf; docs/metrics.md says when. Raises `SettingsError` for a name that is not known
    or needs a package that is not there; `AudioError` for shapes that differ, no samples, samples not finite,
    and, without `undefined`, where a metric is not defined.

    >>> evaluate(np.ones(4), np.ones(4), 16000, ["snr", "si-sdr"])
    {'snr': inf, 'si_sdr': inf}
    """
    names = select(names)
    low, high = RATE_RANGE_HZ
    if not low <= sample_rate <= high:
        raise AudioError(f"the sample rate is {sample_rate} Hz: give {low} to {high} Hz")
    reference, estimate = as_pair(reference, estimate)
    done: dict[Compute, Figures] = {}
    result: Figures = {}
    for name in names:
        metric = METRICS[name]
        try:
            if metric.compute not in done:
                done[metric.compute] = metric.compute(reference, estimate, sample_rate)
            figures = done[metric.compute]
        except AudioError as error:
            if undefined is None:
                raise
            undefined(name, error)
            figures = dict.fromkeys(metric.figures, math.nan)
        result |= {key: float(figures[key]) for key in metric.figures}
    return result


def to_json_value(value: float) -> float | str | None:
    """A figure as strict JSON holds it: infinities as "inf" and "-inf", which `float` reads, nan as null.

    >>> to_json_value(1.5), to_json_value(-math.inf), to_json_value(math.nan)
    (1.5, '-inf', None)
    """
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else str(value)
