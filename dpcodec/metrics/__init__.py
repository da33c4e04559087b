"""Figures of merit: an estimate against its reference, as arrays [C, N] or [N], full scale 1.0.

`evaluate` takes metrics by the names in `METRICS`. `peaq.peaq` and `pemoq.pemoq`, which load scipy, are
imported from their own packages. Importing this package does not load scipy, and nothing in it needs torch.
"""

from dpcodec.metrics.align import align, find_delay
from dpcodec.metrics.catalogue import (
    DEFAULT_METRICS,
    METRICS,
    Figure,
    Metric,
    evaluate,
    select,
    to_json_value,
    unavailable,
)
from dpcodec.metrics.pair import resample
from dpcodec.metrics.sdr import sdr
from dpcodec.metrics.snr import si_sdr, si_snr, snr
from dpcodec.metrics.spectral import log_spectral_distance, segmental_snr
from dpcodec.metrics.visqol import visqol

__all__ = [  # noqa: RUF022 - plainly sorted
    "DEFAULT_METRICS",
    "Figure",
    "METRICS",
    "Metric",
    "align",
    "evaluate",
    "find_delay",
    "log_spectral_distance",
    "resample",
    "sdr",
    "segmental_snr",
    "select",
    "si_sdr",
    "si_snr",
    "snr",
    "to_json_value",
    "unavailable",
    "visqol",
]
