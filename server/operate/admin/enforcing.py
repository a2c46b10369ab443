"""A ban felt by whoever is online: whom of those at this node it hits, and that they leave at once, told why.

Knows the node's clients and their addresses. Never knows who banned them, nor where: a ban that was written at
another node is carried out here like one's own.
"""

from server.node import Node
from server.outcomes import bye
from server.peer import Peer
from server.safety.bans import told
from server.store.networks import parse_address, parse_network
from server.store.rows import Ban


def enforce(node: Node, ban: Ban) -> None:
    """Put out whoever is here and is hit by it."""
    for peer in hit_by(node, ban):
        put_out(node, peer, ban)


def hit_by(node: Node, ban: Ban) -> list[Peer]:
    """Return who is online and would be put out by it."""
    if ban.identity:
        return [node.peers[ban.identity]] if ban.identity in node.peers else []
    return peers_in(node, ban.network) if ban.stops_known else []


def peers_in(node: Node, network: str) -> list[Peer]:
    """Return who is online from a range of addresses."""
    around = parse_network(network)
    return [peer for peer in node.peers.values() if parse_address(peer.session.origin.address) in around]


def put_out(node: Node, peer: Peer, ban: Ban) -> None:
    """Have somebody leave at once, told why. Their token stays theirs: the ban hangs on it."""
    node.put_out(peer, bye(4500, reason=told(ban, contact=node.house.settings.contact)))
