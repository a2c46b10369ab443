"""What is one person's own: everything that is kept of them, told to them or forgotten, as they may ask.

Knows where anything of somebody is kept. Never tells anything of another person, nor a token.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from server.house import House
from server.node import Node
from server.operate.admin import requests
from server.operate.admin.audit import AuditLog
from server.operate.admin.elsewhere import Elsewhere, Seen
from server.operate.admin.here import Here
from server.operate.admin.whom import one_person
from server.store.rows import Bottle, BottleAnswer

Json = dict[str, Any]


class Personal:
    """What is kept of people by the server a node belongs to."""

    def __init__(self, node: Node, here: Here, log: AuditLog) -> None:
        self._node = node
        self._house = node.house
        self._here = here
        self._log = log

    def export(self, request: requests.Export, by: str, elsewhere: Elsewhere) -> Json:
        """Tell everything. Raises NotDone."""
        identity = one_person(self._house, request, elsewhere, now=self._node.clock.now())
        self._log.note(by, "export", identity)
        return everything_of(self._house, identity, self._here.seen(identity) or elsewhere.seen(identity))

    def erase(self, request: requests.Erase, by: str, elsewhere: Elsewhere) -> Json:
        """Forget somebody, and have them leave. Raises NotDone."""
        now = self._node.clock.now()
        identity = one_person(self._house, request, elsewhere, now=now)
        was_online = identity in self._node.peers or elsewhere.has_online(identity)
        # First what may fail, as with their own `leave`.
        self._house.forget(identity, now=now)
        self._node.forget(identity)
        self._house.store.take_notices(identity)
        self._log.note(by, "erase", identity)
        self._house.expire(now=now)
        return {"erased": identity, "was_online": was_online}


def everything_of(house: House, identity: str, seen: Seen | None) -> Json:
    """Return all that is kept of somebody, and where they are seen if they sit."""
    store = house.store
    standing = store.standing(identity)
    return {
        "identity": identity,
        "standing": msgspec.to_builtins(standing) if standing is not None else None,
        "cell": seen.cell if seen is not None else None,
        "name": seen.name if seen is not None else None,
        "blocks": [{"block": block.block, "name": block.name, "at": block.at} for block in store.blocks_of(identity)],
        "bottles": _texts(house, (row for row in store.bottles() if row.owner == identity)),
        "answers": _texts(house, store.answers_for(identity)),
        "answers_written": _texts(house, store.answers_by(identity)),
        "contacts": [each.line.text for each in house.keeps.lines.of(identity) if not each.is_coming],
        "notices": [
            {"text": notice.text, "level": notice.level, "at": notice.at} for notice in store.notices_for(identity)
        ],
        "keeps": len(store.ties_of("keep", identity)),
        "mutes": len(store.ties_of("mute", identity)),
        "bans": [{"reason": ban.reason, "until": ban.until} for ban in store.bans() if ban.identity == identity],
        "reports_made": sum(identity in report.reporters for report in store.reports()),
        "reports_against": sum(identity == report.against for report in store.reports()),
    }


def _texts(house: House, rows: Iterable[Bottle | BottleAnswer]) -> list[Json]:
    return [{"bottle": row.bottle, "text": house.bottles.text_of(row), "at": row.at} for row in rows]
