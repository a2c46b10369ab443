"""One question to all other nodes, and what they answer in time.

Knows numbers, nodes and answers, and how long is waited; never what is asked.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Generic, TypeVar

ANSWER_S = 1.0
"""How long the others are waited for: they answer in milliseconds, or else stand still, or have just died."""

Answer = TypeVar("Answer")
Answers = Mapping[str, Answer]
"""Node → what it has answered."""


class Rounds(Generic[Answer]):
    """All questions of one kind that are under way."""

    def __init__(self) -> None:
        self._number = 0
        self._rounds: dict[int, _Round[Answer]] = {}

    def __len__(self) -> int:
        """Return how many are under way."""
        return len(self._rounds)

    async def ask(
        self,
        nodes: Collection[str],
        send: Callable[[str, int], None],
        *,
        is_enough: Callable[[Answers[Answer]], bool] = lambda answers: False,
    ) -> Answers[Answer]:
        """Return what these nodes answer in time, or until it is enough.

        Args:
            send: asks one of them, by the number that its answer is to bear.
        """
        self._number += 1
        number, asked = self._number, _Round(nodes, is_enough)
        self._rounds[number] = asked
        try:
            for node in nodes:
                send(node, number)
            if nodes:
                await asyncio.wait((asked.done,), timeout=ANSWER_S)
        finally:
            del self._rounds[number]
        return asked.answers

    def answered(self, node: str, number: int, answer: Answer) -> None:
        """Know what a node answers, if it was asked and is waited for yet."""
        asked = self._rounds.get(number)
        if asked is not None:
            asked.answered(node, answer)


class _Round(Generic[Answer]):
    def __init__(self, nodes: Collection[str], is_enough: Callable[[Answers[Answer]], bool]) -> None:
        self.answers: dict[str, Answer] = {}
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._awaited = set(nodes)
        self._is_enough = is_enough

    def answered(self, node: str, answer: Answer) -> None:
        if node not in self._awaited:
            return
        self._awaited.discard(node)
        self.answers[node] = answer
        if not self.done.done() and (not self._awaited or self._is_enough(self.answers)):
            self.done.set_result(None)
