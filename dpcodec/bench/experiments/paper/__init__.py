"""The paper's experiment, sections III and IV, and its figure 1."""

from dpcodec.bench.experiments.paper.figure import plots, tables
from dpcodec.bench.experiments.paper.tasks import DROPS, MASKS, SECONDS, SOLVERS, experiment, spread

__all__ = ["DROPS", "MASKS", "SECONDS", "SOLVERS", "experiment", "plots", "spread", "tables"]
