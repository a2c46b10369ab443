"""Whether a master of Redis takes writes while none of its replicas hears them, and what to type so that it does not.

Replicas hear late, so what a master took in the milliseconds before it died may be lost whatever is set. But a master
that is cut off from all of them goes on taking writes for as long as that lasts, unless it is told not to, and all of
these are lost when a replica takes its place.
"""

from typing import Any

from server.cluster.address import Kind
from server.cluster.engine import FAILURES, ONE_SHARD, Engine

SETTING = "min-replicas-to-write"


async def advice(engine: Engine) -> str:
    """Return what to say of masters that take writes alone, in words for the operator; "" if there are none.

    Of a Redis whose user may not ask for this nothing is known.
    """
    alone = [where for where, client, target in await masters(engine) if await _takes_alone(client, target)]
    if not alone:
        return ""
    return (
        f"Redis at {shown(alone)} goes on taking what is said when it is cut off from its replicas, and all of that "
        f"is lost when one of them takes its place: {SETTING} is not set. Set it at each, the replicas too: "
        f"{command(alone[0], SETTING, '1')}, then CONFIG REWRITE"
    )


Where = tuple[str, int, str]


async def masters(engine: Engine) -> list[tuple[Where, Any, dict[str, Any]]]:
    """Return each master: where it is, and how it is asked; none while Sentinels name none."""
    client: Any = engine.client
    if engine.address.kind is Kind.CLUSTER:
        return [((node.host, node.port, ""), client, {"target_nodes": node}) for node in client.get_primaries()]
    try:
        # Behind Sentinels it is elsewhere than the address says: they are there, and know none of what is advised.
        return [(await engine.endpoint(ONE_SHARD), client, {})]
    except FAILURES:
        return []


async def _takes_alone(client: Any, target: dict[str, Any]) -> bool:
    try:
        found = await client.config_get(SETTING, **target)
        replicas = dict(await client.info("replication", **target)).get("connected_slaves", 0)
    except FAILURES:
        return False  # this user may not ask
    return bool(replicas) and found.get(SETTING) == "0"


def shown(masters: list[Where]) -> str:
    """Return where these are, in words."""
    return " and ".join(f"{host}:{port}" if host else path for host, port, path in masters)


def command(where: Where, setting: str, value: str) -> str:
    """Return what to type to set something there."""
    host, port, path = where
    at = f"-s {path}" if path else f"-h {host} -p {port}"
    return f"`redis-cli {at} CONFIG SET {setting} {value}`"
