"""This codec beside what a user would pick instead: the same clips, real programs, files weighed on disk."""

from dpcodec.bench.experiments.peers.adapter import Coded, Peer, quantised_16_bit
from dpcodec.bench.experiments.peers.choice import PEER_NAMES, available_peers, peer
from dpcodec.bench.experiments.peers.comparison import BITRATES, CODECS, PROFILES, SOLVERS, experiment
from dpcodec.bench.experiments.peers.figures import plots, tables

__all__ = [
    "BITRATES",
    "CODECS",
    "PEER_NAMES",
    "PROFILES",
    "SOLVERS",
    "Coded",
    "Peer",
    "available_peers",
    "experiment",
    "peer",
    "plots",
    "quantised_16_bit",
    "tables",
]
