"""What an operator asks of one node, asked of all: each node's office tells its part, and whoever is silent is named.

What is done reaches people at other nodes by the store; here nothing is done but reading a filter file again. Knows
who is asked and for how long an answer is waited for; never what it says.
"""

import asyncio
from typing import TYPE_CHECKING

from server.cluster.wire import Answered, Called, Inquired
from server.operate.admin.elsewhere import Elsewhere, Part, Question

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster
    from server.operate.admin.office import Office

ANSWER_S = 1.0
"""How long the others are waited for: they answer in milliseconds, or else stand still, or have just died."""

NAME_MAX = 64
"""Characters of what a node is called."""


class Offices:
    """The offices of all nodes, as the office of this one sees them.

    Attributes:
        name: what this node is called for people.
        office: its own.
    """

    office: "Office"

    def __init__(self, cluster: "Cluster", name: str) -> None:
        self.name = name[:NAME_MAX]
        self._cluster = cluster
        self._names: dict[str, str] = {}
        self._asks = 0
        self._rounds: dict[int, dict[str, asyncio.Future[Part]]] = {}

    async def ask(self, question: Question) -> Elsewhere:
        """Return what the others tell."""
        self._asks += 1
        number, loop = self._asks, asyncio.get_running_loop()
        awaited = self._rounds[number] = {node: loop.create_future() for node in self._cluster.registry.nodes}
        try:
            for node in awaited:
                self._cluster.tell(node, Inquired(number, question))
            if awaited:
                await asyncio.wait(awaited.values(), timeout=ANSWER_S)
        finally:
            del self._rounds[number]
        parts = [future.result() for future in awaited.values() if future.done()]
        silent = [self.name_of(node) for node, future in awaited.items() if not future.done()]
        return Elsewhere(tuple(sorted(parts, key=lambda part: part.node)), tuple(sorted(silent)))

    def name_of(self, node: str) -> str:
        """Return what a node is called for people, by its id if it has not said."""
        return self._names.get(node, node)

    def came(self, node: str) -> None:
        """Have a node that has just come know what this one is called."""
        self._cluster.tell(node, Called(self.name))

    def died(self, node: str) -> None:
        """Forget what it was called, and await nothing of it."""
        self._names.pop(node, None)

    # What the others tell

    def called(self, node: str, called: Called) -> None:
        """Know what a node is called."""
        self._names[node] = called.name[:NAME_MAX]

    def inquired(self, node: str, inquired: Inquired) -> None:
        """Tell another node's office what there is here."""
        self._cluster.tell(node, Answered(inquired.ask, self.office.part(inquired.question)))

    def answered(self, node: str, answered: Answered) -> None:
        """Know what another node tells."""
        future = self._rounds.get(answered.ask, {}).get(node)
        if future is not None and not future.done():
            future.set_result(answered.part)
