"""Which peers there are, and which of them can run here."""

from __future__ import annotations

from collections.abc import Sequence

from dpcodec.bench.experiments.peers.adapter import Peer
from dpcodec.bench.experiments.peers.programs import PROGRAMS

PEERS = {peer.name: peer for peer in PROGRAMS}
PEER_NAMES = tuple(PEERS)


def peer(name: str) -> Peer:
    """The peer of a name out of `PEER_NAMES`."""
    return PEERS[name]


def available_peers(names: Sequence[str] = PEER_NAMES) -> tuple[list[Peer], list[str]]:
    """Those of the named peers that can run here, and a note for each that cannot: what to install."""
    found, notes = [], []
    for name in names:
        note = PEERS[name].missing()
        if note is None:
            found.append(PEERS[name])
        else:
            notes.append(note)
    return found, notes
