"""What an operator asks of one node, asked of all: each node's office tells its part, and whoever is silent is named.

What is done reaches people at other nodes by the store; here nothing is done but reading a filter file again.
"""

from typing import TYPE_CHECKING

from server.bugs import log
from server.cluster.rounds import Rounds
from server.cluster.wire import Answered, Called, Inquired
from server.operate.admin.elsewhere import Elsewhere, Part, Question

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster
    from server.operate.admin.here import Here

NAME_MAX = 64
"""Characters of what a node is called."""


class Offices:
    """The offices of all nodes, as the office of this one sees them.

    Attributes:
        name: what this node is called for people.
        here: what it tells the operators of the others.
    """

    here: "Here"

    def __init__(self, cluster: "Cluster", name: str) -> None:
        self.name = name[:NAME_MAX]
        self._cluster = cluster
        self._names: dict[str, str] = {}
        self._rounds: Rounds[Part] = Rounds()

    async def ask(self, question: Question) -> Elsewhere:
        """Return what the others tell."""
        nodes = self._cluster.registry.nodes
        called = {node: self.name_of(node) for node in nodes}  # of who dies meanwhile it is forgotten
        told = await self._rounds.ask(nodes, lambda node, number: self._cluster.tell(node, Inquired(number, question)))
        silent = [called[node] for node in nodes if node not in told]
        return Elsewhere(tuple(sorted(told.values(), key=lambda part: part.node)), tuple(sorted(silent)))

    def name_of(self, node: str) -> str:
        """Return what a node is called for people, by its id if it has not said."""
        return self._names.get(node, node)

    def shown(self, node: str) -> str:
        """Return a node as logs have it: what it is called, and its id: whoever follows it is called so too."""
        name = self.name if node == self._cluster.name else self._names.get(node)
        return f"{name} ({node})" if name else node

    def came(self, node: str) -> None:
        """Have a node that has just come know what this one is called."""
        self._cluster.tell(node, Called(self.name))

    def died(self, node: str) -> None:
        """Forget what it was called, and await nothing of it."""
        self._names.pop(node, None)

    # What the others tell

    def called(self, node: str, called: Called) -> None:
        """Know what a node is called."""
        is_new = node not in self._names
        self._names[node] = called.name[:NAME_MAX]
        if is_new:
            log.info("Node %s is here.", self.shown(node))

    def inquired(self, node: str, inquired: Inquired) -> None:
        """Tell another node's office what there is here."""
        self._cluster.tell(node, Answered(inquired.ask, self.here.part(inquired.question)))

    def answered(self, node: str, answered: Answered) -> None:
        """Know what another node tells."""
        self._rounds.answered(node, answered.ask, answered.part)
