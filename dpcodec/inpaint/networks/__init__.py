"""The untrained networks of the deep prior. Their sizes can be read without torch."""

from __future__ import annotations

from dpcodec.inpaint.networks.sizes import NETWORKS, NetworkSize, network_size

__all__ = ["NETWORKS", "NetworkSize", "network_size"]
