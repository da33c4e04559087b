"""`dpcodec bench EXPERIMENT`: measure again what README and docs claim. One file an experiment."""

from dpcodec.cli.commands.bench.group import bench

__all__ = ["bench"]
