"""Packets lost at random: this codec beside Opus and FLAC."""

from dpcodec.bench.experiments.loss.tasks import ANYWHERE, experiment, plots, tables

__all__ = ["ANYWHERE", "experiment", "plots", "tables"]
