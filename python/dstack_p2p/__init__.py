"""Find the other nodes of a dstack cluster, and be found: a binding of libdevproof."""

from .sdk import DStackP2PSDK, P2PError, Peer, PeerList

__all__ = ["DStackP2PSDK", "P2PError", "Peer", "PeerList"]
