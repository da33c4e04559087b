"""Packets lost, damaged and brought back: this codec beside Opus and FLAC."""

from dpcodec.bench.experiments.loss.patterns import RANDOM
from dpcodec.bench.experiments.loss.systems import FAMILIES
from dpcodec.bench.experiments.loss.tables import plots, tables
from dpcodec.bench.experiments.loss.tasks import PATTERNS, experiment

__all__ = ["FAMILIES", "PATTERNS", "RANDOM", "experiment", "plots", "tables"]
