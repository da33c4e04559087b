"""PEAQ (ITU-R BS.1387-1): how much worse an estimate sounds than its reference, in its basic and its advanced
version; and the 2f-model, which grades by two variables of the basic one.

Both versions: `signals` (the part that counts), `bands` (fixed tables), `ear` (spectra to excitation),
`patterns` (what changes with time), `differences` (per frame), `harmonic`, `averages` (over time), `network`
(one grade), `result`.
`basic`: `precursors` (per frame). `advanced`: `filterbank` (samples to excitation), `variables`.
"""

from dpcodec.metrics.peaq.advanced import peaq_advanced
from dpcodec.metrics.peaq.basic import peaq
from dpcodec.metrics.peaq.result import PeaqResult
from dpcodec.metrics.peaq.twof import two_f

__all__ = ["PeaqResult", "peaq", "peaq_advanced", "two_f"]
