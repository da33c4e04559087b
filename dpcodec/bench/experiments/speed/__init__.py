"""Real-time factors, memory, start-up, and how they grow with length and cores."""

from dpcodec.bench.experiments.speed.tasks import experiment, plots, tables

__all__ = ["experiment", "plots", "tables"]
