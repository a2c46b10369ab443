"""Whether a master of Redis throws away what it holds when it is full, and what to type so that it does not.

One that refuses writes when it is full says so, and they are made good or refused in turn. One that throws keys away
says nothing: a room's log, blocks and bans are gone as if they had never been.
"""

from server.cluster.engine import FAILURES, Engine
from server.cluster.replicas import Where, command, masters, shown

SETTING = "maxmemory-policy"
KEEPS = "noeviction"


async def advice(engine: Engine) -> str:
    """Return what to say of masters that throw keys away, in words for the operator; "" if there are none.

    Of a Redis whose user may not ask for this nothing is known.
    """
    found: dict[str, list[Where]] = {}
    for where, client, target in await masters(engine):
        try:
            policy = (await client.info("memory", **target)).get("maxmemory_policy", KEEPS)
        except FAILURES:
            continue
        if policy != KEEPS:
            found.setdefault(policy, []).append(where)
    if not found:
        return ""
    evicting = [where for policy in found.values() for where in policy]
    return (
        f"Redis at {shown(evicting)} throws away what rooms, blocks and bans need when it is full: its {SETTING} is "
        f"{' or '.join(found)}. Set {KEEPS} there, and at its replicas: {command(evicting[0], SETTING, KEEPS)}, then "
        "CONFIG REWRITE"
    )
