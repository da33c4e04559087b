"""The only place where what was decoded meets the original."""

from __future__ import annotations

from collections.abc import Sequence

from dpcodec import Audio
from dpcodec.bench.engine.experiment import Row
from dpcodec.metrics.catalogue import METRICS, evaluate, to_json_value

PAPER_METRICS = ("snr", "si-snr", "sdr", "si-sdr", "pemoq", "peaq")
"""The six of the paper, section III-D."""
FIGURES = {
    "snr": ("SNR", "dB"),
    "si_snr": ("SI-SNR", "dB"),
    "sdr": ("SDR", "dB"),
    "si_sdr": ("SI-SDR", "dB"),
    "pemoq_odg": ("PEMO-Q-like", "ODG"),
    "peaq_odg": ("PEAQ", "ODG"),
    "peaq_advanced_odg": ("PEAQ advanced", "ODG"),
    "twof_mms": ("2f-model", "MMS"),
    "visqol": ("ViSQOL", "MOS"),
    "segsnr": ("Segmental SNR", "dB"),
    "lsd": ("Log-spectral distance", "dB"),
}
"""Titles and units, in the order of the paper's figure."""


def figures_of(rows: Sequence[Row]) -> list[str]:
    """The figures that rows hold: those above in their order, then those of plug-ins."""
    asked = dict.fromkeys(name for row in rows for name in row.get("metrics", ()))
    outside = [METRICS[name] for name in asked if name in METRICS and name not in list(METRICS)]
    names = [*FIGURES, *(key for metric in outside for key in metric.figures)]
    return [name for name in names if any(row.get(name) is not None for row in rows)]


def titled(name: str) -> tuple[str, str]:
    """Title and unit of a figure; one of a plug-in has its name, and no unit."""
    return FIGURES.get(name, (name, ""))


SLOW_S = {"pemoq": 2.0, "peaq-advanced": 0.7, "visqol": 4.5}
"""Seconds a metric takes for 5 s of audio on one core, where that is more than a tenth of a second."""


def spelled(name: str) -> str:
    """Title and unit of a figure: `PEAQ, ODG`."""
    return ", ".join(filter(None, titled(name)))


def file_name(name: str) -> str:
    """Of a figure, in the name of a file: `si_sdr` is `si-sdr`, `peaq_odg` is `peaq`."""
    return name.removesuffix("_odg").replace("_", "-")


def compare(original: Audio, decoded: Audio, metrics: Sequence[str] = ("snr",)) -> Row:
    """The metrics' values, rounded to five digits after the point, as JSON holds them.

    Both are cut to the shorter: programs that pad the end add nothing to be heard.
    """
    n = min(original.samples.shape[1], decoded.samples.shape[1])
    values = evaluate(original.samples[:, :n], decoded.samples[:, :n], original.sample_rate, metrics)
    return {name: to_json_value(round(value, 5)) for name, value in values.items()}


def metrics_s(metrics: Sequence[str], seconds: float) -> float:
    """What metrics of so many seconds of audio take, about, in seconds."""
    return sum(SLOW_S.get(metric, 0.1) for metric in metrics) * seconds / 5
