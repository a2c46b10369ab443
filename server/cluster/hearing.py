"""What other nodes tell this one, message by message."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from server.bugs import log_bug
from server.cluster.wire import (
    NOBODY,
    Answered,
    Asked,
    Called,
    Came,
    Closed,
    Doubled,
    Ended,
    Entered,
    Handed,
    Inquired,
    Kept,
    Known,
    Listed,
    Met,
    Offered,
    Opened,
    Patience,
    Planned,
    Ready,
    Recall,
    Recalled,
    Received,
    Rehomed,
    Relayed,
    Released,
    Returned,
    Shaken,
    Stayed,
    Took,
    Wished,
    Written,
    decode,
)

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster


class Hearing:
    """Carries out what is heard. A bug in one message ends nothing else."""

    def __init__(self, cluster: "Cluster") -> None:
        self._cluster = cluster
        self._rare: dict[type, Callable[[str, Any], None]] = {
            Ended: self._ended,
            Entered: self._entered,
            Patience: self._patience,
            Rehomed: self._rehomed,
            Relayed: self._relayed,
            Returned: self._returned,
            Known: self._known,
            Asked: cluster.moving.asked,
            Kept: cluster.moving.kept,
            Came: cluster.moving.came,
            Released: cluster.moving.released,
            Doubled: cluster.doubles.heard,
            Handed: cluster.handing.handed,
            Took: cluster.handing.took,
            Shaken: cluster.shaking.shaken,
            Offered: cluster.shaking.offered,
            Wished: cluster.shaking.wished,
            Stayed: cluster.shaking.stayed,
            Listed: cluster.regions.offered,
            Planned: cluster.regions.planned,
            Ready: cluster.regions.ready,
            Recall: cluster.recalling.asked,
            Recalled: cluster.recalling.answered,
            Met: cluster.gossip.met,
            Called: cluster.offices.called,
            Inquired: cluster.offices.inquired,
            Answered: cluster.offices.answered,
        }

    def received(self, sender: str, payload: bytes) -> None:
        """Carry out what that node said at once."""
        remotes = self._cluster.remotes
        for message in decode(payload):
            try:
                match message:
                    case Received():
                        remotes.received(sender, message)
                    case Written(conns, data):
                        self._written(sender, conns, data)
                    case Opened():
                        remotes.opened(sender, message)
                    case Closed():
                        remotes.closed(sender, message)
                    case _:
                        self._rare[type(message)](sender, message)
            except Exception as bug:
                log_bug("hearing another node", bug)

    def _written(self, sender: str, conns: list[int], data: bytes) -> None:
        entrances = self._cluster.entrances
        for conn in conns:
            entrance = entrances.get(conn)
            if entrance is not None:
                entrance.write(data)
            else:
                # It went while it was on its way to that node, which heard so too early to know it.
                self._cluster.tell(sender, Closed(conn))

    def _ended(self, sender: str, message: Ended) -> None:
        entrance = self._cluster.entrances.get(message.conn)
        if entrance is not None:
            entrance.close(message.code, message.reason)

    def _entered(self, sender: str, message: Entered) -> None:
        entrance = self._cluster.entrances.get(message.conn)
        if entrance is not None:
            entrance.entered()

    def _patience(self, sender: str, message: Patience) -> None:
        entrance = self._cluster.entrances.get(message.conn)
        if entrance is not None:
            entrance.await_enter(message.seconds)

    def _rehomed(self, sender: str, message: Rehomed) -> None:
        entrance = self._cluster.entrances.get(message.conn)
        if entrance is None:
            # It went while its room was on its way, and the room's new host has yet to know.
            self._cluster.tell(message.node, Closed(message.conn))
        else:
            entrance.rehomed(sender, message.node)

    def _relayed(self, sender: str, message: Relayed) -> None:
        self._cluster.listed(sender, message.conns)

    def _known(self, sender: str, message: Known) -> None:
        self._cluster.know_identity(message.identity, message.sealed)

    def _returned(self, sender: str, message: Returned) -> None:
        if message.conn == NOBODY:
            entrance = self._cluster.entrances.get(int(message.payload))
            if entrance is not None:
                entrance.all_returned(sender)
            return
        entrance = self._cluster.entrances.get(message.conn)
        if entrance is not None:
            entrance.returned(sender, message.payload, message.is_binary)
