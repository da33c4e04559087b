"""This codec beside what a user would pick instead: the same clips, real programs, files weighed on disk."""

from dpcodec.bench.peers.choice import PEER_NAMES, available_peers, peer
from dpcodec.bench.peers.peer import Coded, Peer, quantised_16_bit

__all__ = ["PEER_NAMES", "Coded", "Peer", "available_peers", "peer", "quantised_16_bit"]
