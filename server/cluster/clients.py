"""What the parts of the cluster need of an engine: a client that asks Redis, of one server or of a Cluster.

A cancelled wait for the library now and then ends otherwise than cancelled (server/cluster/ending.py): so `ask` looks
whether it was cancelled.
"""

import asyncio
from typing import Any, Protocol

from redis import exceptions

from server.cluster.engine import FAILURES

_NO_ANSWER = (OSError, TimeoutError, exceptions.ConnectionError, exceptions.TimeoutError, exceptions.ClusterDownError)


class Asks(Protocol):
    """What is needed of an engine."""

    @property
    def client(self) -> Any:
        """A `redis.asyncio` client, plain or of a Cluster: the commands in use are those both know."""

    def shard_of(self, key: str) -> str:
        """Return the name of the shard that holds a key."""

    def doubt(self, key: str) -> None:
        """Know that whoever holds this key gave no answer: another may hold it by now."""


async def ask(engine: Asks, commands: list[tuple[Any, ...]], *, answer_s: float) -> list[Any]:
    """Return the answers to commands sent as one pipeline, each its own, errors among them as values.

    Raises:
        FAILURES: nothing is known of any of them.
    """
    task = asyncio.current_task()
    assert task is not None
    cancelled = task.cancelling()
    pipeline = engine.client.pipeline(transaction=False)
    for command in commands:
        pipeline.execute_command(*command)
    try:
        async with asyncio.timeout(answer_s):
            answers: list[Any] = await pipeline.execute(raise_on_error=False)
    except FAILURES:
        engine.doubt(_key_of(commands[0]))
        raise
    finally:
        if task.cancelling() > cancelled:
            raise asyncio.CancelledError
    for command, answer in zip(commands, answers, strict=True):
        if isinstance(answer, _NO_ANSWER):
            engine.doubt(_key_of(command))
            break
    return answers


def _key_of(command: tuple[Any, ...]) -> str:
    return str(command[3] if command[0] == "EVAL" else command[1])
