"""This codec beside what a user would pick instead: the same clips, real programs, files weighed on disk."""

from dpcodec.bench.peers.choice import PEER_NAMES, available_peers, peer
from dpcodec.bench.peers.experiment import BITRATES, CODECS, SOLVERS, experiment
from dpcodec.bench.peers.figures import plots, tables
from dpcodec.bench.peers.peer import Coded, Peer, quantised_16_bit

__all__ = [
    "BITRATES",
    "CODECS",
    "PEER_NAMES",
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
