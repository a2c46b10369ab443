"""What nodes of one Redis must have in common: the secret, without which none reads what another writes, and settings.

Two keys, both gone a minute after the last node that used them: a keyed fingerprint of the secret, which whoever
comes first writes and nobody overwrites; and of each node its settings, numbers as they are and texts as keyed
fingerprints. A node with another secret does not begin. One with other settings does, since they are changed at one
node after another, and its operator is told.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from hashlib import blake2b

import msgspec

from server.bugs import log, log_bug
from server.cluster.address import EngineError, read_address
from server.cluster.bus import try_to_speak
from server.cluster.clients import ask
from server.cluster.ending import end
from server.cluster.engine import FAILURES, Engine
from server.cluster.registry import NODES_KEY
from server.safety.keys import derive
from server.setting_table import SETTINGS
from server.settings import Settings, shown

SECRET_KEY = "ha:alike"
SETTINGS_KEY = "ha:settings"

KEPT_S = 60
"""How long nodes whose end nobody saw, or that Redis does not hear, are still among the others."""
EVERY_S = 20.0
"""A node may miss two of these."""
AGAIN_S = 1.0
ANSWER_S = 2.0
GOODBYE_S = 0.5
"""Whoever ends waits no longer: it is forgotten by itself."""

PER_NODE = frozenset(
    {
        "host", "port", "redis", "workers", "data", "tls_cert", "tls_key", "trusted_proxies", "secret", "admin_socket",
        "connections_max", "connections_per_address", "sockets_per_address", "work_above_connects_per_s",
        "handshake_timeout_s", "enter_timeout_s", "ping_every_s", "pong_timeout_s", "unsent_max_bytes", "unsent_max_s",
        "drain_s",
    }
)  # fmt: skip
"""Settings of one machine and its network, and the secret, which is compared by itself."""

FILES = frozenset({"filter_file", "auth_jwks"})
"""Machines may have these at other places: only whether there is one is compared."""

ANOTHER_SECRET = (
    f"Redis at {{where}} has nodes with another secret than this one's, or had within the last {KEPT_S} s: neither "
    "could read what the other writes. Set the same HEREABOUTS_SECRET for all. To change it end all nodes, and start "
    f"the first with the new one {KEPT_S} s after the last has ended."
)


class Described(msgspec.Struct):
    """One node, as the others compare themselves with it.

    Attributes:
        called: what it is called for people.
        at: when it said so, by Redis's clock.
        settings: by name, a number, or a text's fingerprint.
    """

    called: str
    at: float
    settings: dict[str, float | str]


class Mark:
    """What is told of a secret and of settings, without telling the secret or any text.

    Attributes:
        secret: the secret's fingerprint.
        settings: as in `Described`.
    """

    def __init__(self, secret: bytes, settings: Settings) -> None:
        self._key = derive(secret, b"hereabouts alike")
        self._own = {name: getattr(settings, name) for name in SETTINGS if name not in PER_NODE}
        self.secret = self._print("")
        self.settings = {name: self._told(name, value) for name, value in self._own.items()}

    def differences(self, others: Iterable[Described]) -> str:
        """Return which settings are others at which nodes, in words for the operator; "" if none is."""
        differing: dict[str, dict[float | str, list[str]]] = {}
        for node in others:
            for name, told in node.settings.items():
                # One that this node does not know is another version's.
                if told != self.settings.get(name, told):
                    differing.setdefault(name, {}).setdefault(told, []).append(node.called)
        if not differing:
            return ""
        said = ", ".join(f"{name} ({self._compared(name, there)})" for name, there in sorted(differing.items()))
        return f"Other nodes have other settings: {said}. Set the same for all: people go from one to another"

    def _compared(self, name: str, there: Mapping[float | str, list[str]]) -> str:
        if SETTINGS[name].kind is str:
            return f"another at {_some([node for nodes in there.values() for node in nodes])}"
        others = (f"{shown(name, value)} at {_some(nodes)}" for value, nodes in there.items())
        return ", ".join((f"{shown(name, self._own[name])} here", *others))

    def _told(self, name: str, value: float | str) -> float | str:
        if not isinstance(value, str):
            return value
        if name in FILES:
            return "set" if value else ""
        if name == "store" and value:
            # Each node may have a user of its own there.
            address = read_address(value)
            value = f"{address.shown} {address.master} {address.options.get('db', 0)}"
        return self._print(f"{name} {value}")

    def _print(self, text: str) -> str:
        return blake2b(text.encode(), key=self._key, digest_size=16).hexdigest()


class Alike:
    """One node's part in it.

    Attributes:
        differences: what to say at the start of other nodes' settings; "" if they are the same.
    """

    def __init__(self, engine: Engine, mark: Mark, *, node: str, called: str, every_s: float = EVERY_S) -> None:
        self.differences = ""
        self._engine = engine
        self._mark = mark
        self._node = node
        self._called = called
        self._every_s = every_s
        self._is_another_told = False
        self._forgotten = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Have the others know. Raises EngineError: they have another secret, or cannot be asked."""
        try:
            await try_to_speak(self._engine)
            if not await self._tell():
                raise EngineError(ANOTHER_SECRET.format(where=self._engine.address.shown))
            self.differences = self._mark.differences(await others_at(self._engine, but=self._node))
        except FAILURES as error:
            raise EngineError(f"Redis at {self._engine.address.shown} {self._engine.reason(error)}") from None
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Be among the others no more; the secret's fingerprint stays for its time."""
        if self._task is not None:
            await end(self._task)
            with contextlib.suppress(*FAILURES):
                await ask(self._engine, [("HDEL", SETTINGS_KEY, self._node)], answer_s=GOODBYE_S)

    def forgotten(self) -> None:
        """Know that Redis has lost what it held: nobody with another secret is to be the first there."""
        self._forgotten.set()

    async def _keep(self) -> None:
        wait_s = self._every_s
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._forgotten.wait(), wait_s)
            self._forgotten.clear()
            wait_s = AGAIN_S
            try:
                is_ours = await self._tell()
                wait_s = self._every_s
            except FAILURES:
                continue  # others say that Redis is away
            except Exception as bug:
                log_bug("telling what all nodes have in common", bug)
                continue
            if not is_ours and not self._is_another_told:
                log.error("%s", ANOTHER_SECRET.format(where=self._engine.address.shown))
            self._is_another_told = not is_ours

    async def _tell(self) -> bool:
        """Tell the others of this node, unless they have another secret; tell whether they have this one.

        Raises:
            FAILURES: Redis could not be asked.
        """
        taken = [("SET", SECRET_KEY, self._mark.secret, "NX", "EX", KEPT_S), ("GET", SECRET_KEY)]
        if await self._ask(*taken) != self._mark.secret.encode():
            return False
        described = msgspec.json.encode(Described(self._called, self._engine.time(), self._mark.settings))
        await self._ask(
            ("EXPIRE", SECRET_KEY, KEPT_S),
            ("HSET", SETTINGS_KEY, self._node, described),
            ("EXPIRE", SETTINGS_KEY, KEPT_S),
        )
        return True

    async def _ask(self, *commands: tuple[object, ...]) -> object:
        """Return the answer to the last of these commands."""
        answers = await ask(self._engine, list(commands), answer_s=ANSWER_S)
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers[-1]


async def others_at(engine: Engine, *, but: str = "") -> list[Described]:
    """Return the nodes that are there, `but` one. Raises one of FAILURES."""
    found, counters = await ask(engine, [("HGETALL", SETTINGS_KEY), ("HGETALL", NODES_KEY)], answer_s=ANSWER_S)
    for answer in (found, counters):
        if isinstance(answer, Exception):
            raise answer
    # One that was killed has taken nothing away, but the others may know of it. Who has just begun has no counter yet.
    dead = {node for node, counter in counters.items() if not counter.isdigit()}
    others = []
    for node, described in found.items():
        if node in dead:
            continue
        with contextlib.suppress(msgspec.MsgspecError):  # another version's
            others.append(msgspec.json.decode(described, type=Described))
            if node == but.encode() or others[-1].at < engine.time() - KEPT_S:
                others.pop()
    return others


async def has_another_secret(engine: Engine, mark: Mark) -> bool:
    """Tell whether the nodes that are there have another secret. Raises one of FAILURES."""
    [found] = await ask(engine, [("GET", SECRET_KEY)], answer_s=ANSWER_S)
    if isinstance(found, Exception):
        raise found
    return found not in (None, mark.secret.encode())


def _some(nodes: list[str]) -> str:
    """Return one of these and how many more there are."""
    first = min(nodes)
    return f"{first} and {len(nodes) - 1} more" if len(nodes) > 1 else first
