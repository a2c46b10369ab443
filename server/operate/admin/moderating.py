"""What an operator does to people: warns them, keeps them out, lets them in again.

Knows bans and who is online. Never decides who is put out by a ban (enforcing.py).
"""

from collections.abc import Callable
from typing import Any

from server.answers import Notice
from server.node import Node
from server.operate.admin import requests
from server.operate.admin.audit import AuditLog
from server.operate.admin.elsewhere import Elsewhere
from server.operate.admin.enforcing import hit_by, peers_in, put_out
from server.operate.admin.requests import NotDone
from server.operate.admin.whom import network_in, somebody
from server.peer import Peer
from server.store import rows
from server.store.rows import Ban

BANS_MAX = 10_000
"""Bans at once, in memory some 5 MB: more are no moderation any longer, but a list to be kept elsewhere."""

Json = dict[str, Any]


class Moderating:
    """Warnings and bans of the server a node belongs to.

    Args:
        new_id: gives a short text that nobody guesses.
    """

    def __init__(self, node: Node, log: AuditLog, *, new_id: Callable[[], str]) -> None:
        self._node = node
        self._house = node.house
        self._log = log
        self._new_id = new_id

    def warn(self, request: requests.Warn, by: str, elsewhere: Elsewhere) -> Json:
        """Say something to somebody, now or when they come back. Raises NotDone."""
        peer = self._node.peers.get(somebody(self._house, request.identity, elsewhere))
        self._log.note(by, "warn", request.identity, request.level)
        if peer is not None:
            peer.tell(Notice(text=request.text, level=request.level))
            return {"told": True}
        waits_s = self._house.settings.report_ttl_s
        self._house.store.add_notice(
            rows.Notice(
                notice=self._new_id(),
                identity=request.identity,
                text=request.text,
                level=request.level,
                at=self._now,
                until=self._now + waits_s,
            )
        )
        # Where they are they are told when it comes there, in milliseconds.
        return {"told": elsewhere.has_online(request.identity), "waits_s": waits_s}

    def ban(self, request: requests.BanRequest, by: str, elsewhere: Elsewhere) -> Json:
        """Keep somebody out; of a range say first how many it would hit. Raises NotDone."""
        if (request.identity is None) == (request.network is None):
            raise NotDone("Name either an identity or a network.")
        ban = self._asked(request, elsewhere)
        hit = hit_by(self._node, ban)
        there = _hit_elsewhere(ban, elsewhere)
        if ban.network and not request.confirm:
            return {
                "would_hit": len(hit) + there,
                "online": len(peers_in(self._node, ban.network)) + elsewhere.around,
                "network": ban.network,
                "done": False,
            }
        length = f"{request.for_s:g} s" if request.for_s is not None else "for good"
        earlier = self._put_in_force(ban, hit, by, length=length)
        return {"ban": ban.ban, "hit": len(hit) + there, "instead_of": earlier, "done": True}

    def _asked(self, request: requests.BanRequest, elsewhere: Elsewhere) -> Ban:
        return Ban(
            ban=self._new_id(),
            identity=somebody(self._house, request.identity, elsewhere) if request.identity is not None else "",
            network=network_in(request.network) if request.network is not None else "",
            stops_known=request.stops_known,
            reason=request.reason,
            at=self._now,
            until=self._now + request.for_s if request.for_s is not None else None,
        )

    def _put_in_force(self, ban: Ban, hit: list[Peer], by: str, *, length: str) -> list[str]:
        """Keep a ban, put out whom it hits, and return those before it of the same people, which it stands for."""
        store = self._house.store
        bans = store.bans()
        # The later word holds: to lift it is to lift all of it.
        earlier = [each.ban for each in bans if (each.identity, each.network) == (ban.identity, ban.network)]
        if len(bans) - len(earlier) >= BANS_MAX:
            raise NotDone(f"There are {BANS_MAX} bans already; lift some first.")
        scope = " known ones too" if ban.stops_known else ""
        instead = f" instead of {', '.join(earlier)}" if earlier else ""
        self._log.note(by, "ban", ban.ban, f"{ban.identity or ban.network} {length}{scope}{instead}: {ban.reason}")
        store.add_ban(ban)
        for peer in hit:
            put_out(self._node, peer, ban)
        for each in earlier:
            store.remove_ban(each)
        return earlier

    def unban(self, request: requests.Unban, by: str, elsewhere: Elsewhere) -> Json:
        """Lift a ban. Raises NotDone."""
        store = self._house.store
        ban = next((each for each in store.bans() if each.ban == request.ban), None)
        if ban is None:
            raise NotDone("There is no ban of that id: `bans` lists them.")
        self._log.note(by, "unban", ban.ban, ban.identity or ban.network)
        store.remove_ban(ban.ban)
        return {"lifted": ban.ban}

    def bans(self, request: requests.Bans, by: str, elsewhere: Elsewhere) -> Json:
        """List those in force."""
        now = self._now
        return {
            "bans": [
                {
                    "ban": ban.ban,
                    "identity": ban.identity,
                    "network": ban.network,
                    "stops_known": ban.stops_known,
                    "reason": ban.reason,
                    "age_s": round(now - ban.at),
                    "left_s": round(ban.until - now) if ban.until is not None else None,
                }
                for ban in self._house.store.bans()
                if ban.until is None or ban.until > now
            ]
        }

    @property
    def _now(self) -> float:
        return self._node.clock.now()


def _hit_elsewhere(ban: Ban, elsewhere: Elsewhere) -> int:
    """Return how many people a ban hits at the other nodes."""
    if ban.identity:
        return int(elsewhere.has_online(ban.identity))
    return elsewhere.around if ban.stops_known else 0
