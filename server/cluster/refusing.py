"""Whether a Redis refuses all that is written to it, and what to do.

A replica does, and a master that is told to take nothing while too few replicas hear it. What only asks sees neither.
"""

from typing import Any

from server.cluster.engine import FAILURES, Engine
from server.cluster.replicas import SETTING, Where, masters, shown


async def advice(engine: Engine) -> list[str]:
    """Return what to say of each that takes no writes, in words for the operator.

    Of a Redis whose user may not ask for this nothing is known.
    """
    told = []
    for where, client, target in await masters(engine):
        try:
            said = await client.info("replication", **target)
            told.append(_replica(where, said) or await _unheard(where, said, client, target))
        except FAILURES:
            continue
    return [each for each in told if each]


def _replica(where: Where, said: dict[str, Any]) -> str:
    if said.get("role") == "master":
        return ""
    return (
        f"Redis at {shown([where])} takes no writes: it is a replica. Write its master into the address, "
        f"{said.get('master_host')}:{said.get('master_port')}, or Sentinels who know it, redis+sentinel://"
    )


async def _unheard(where: Where, said: dict[str, Any], client: Any, target: dict[str, Any]) -> str:
    good = said.get("min_slaves_good_slaves")  # there only where the setting is
    if good is None:
        return ""
    try:
        needed = int((await client.config_get(SETTING, **target)).get(SETTING, 1))
    except FAILURES:
        needed = 1  # this user may not ask
    if int(good) >= needed:
        return ""
    return (
        f"Redis at {shown([where])} takes no writes: {good} of its replicas hear it, and its {SETTING} is {needed}. "
        "Start them, or look why they do not follow"
    )
