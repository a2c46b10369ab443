"""What this node knows of what an operator asks: its part, told to its own operator and to those of other nodes.

The counterpart of elsewhere.py. Reads the node; of what an operator asks it does one thing alone, it reads the filter
file again.
"""

import contextlib

from rooms.placement import is_waiting
from server.node import Node
from server.operate.admin.elsewhere import Elsewhere, Others, Part, Question, Seen
from server.operate.admin.enforcing import peers_in
from server.operate.admin.whom import is_known
from server.operate.filter import FilterKeeper
from server.safety.filter_file import FilterError


class Here:
    """One node, as operators see it.

    Attributes:
        others: the other nodes of the server, if it has any.
        filter: the list of words and links, None where there is none.
    """

    def __init__(self, node: Node, *, others: Others | None, filter: FilterKeeper | None) -> None:
        self._node = node
        self._house = node.house
        self.others = others
        self.filter = filter

    def part(self, question: Question) -> Part:
        """Return what this node tells."""
        world, peers = self._house.world, self._node.peers
        if question.rereads and self.filter is not None:
            # What went wrong is told with the file.
            with contextlib.suppress(FilterError):
                self.filter.reread()
        asked = question.identities
        return Part(
            node=self.others.name if self.others is not None else "",
            people=len(world.people),
            connected=len(peers),
            rooms=len(world.rooms),
            rooms_waiting=sum(1 for room in world.rooms.values() if is_waiting(room)),
            online=frozenset(id for id in asked if id in peers),
            known=frozenset(id for id in asked if is_known(self._house, id)),
            around=len(peers_in(self._node, question.network)) if question.network else 0,
            seen={id: seen for id in asked if (seen := self.seen(id)) is not None} if question.tells_all else {},
            filter=self.filter.told() if self.filter is not None else None,
        )

    def parts(self, elsewhere: Elsewhere) -> list[Part]:
        """Return what all nodes tell, this one first."""
        return [self.part(Question()), *elsewhere.parts]

    def seen(self, identity: str) -> Seen | None:
        """Return how somebody is seen who sits here."""
        person = self._house.world.people.get(identity)
        return Seen(person.name, str(person.next_cell)) if person is not None else None
