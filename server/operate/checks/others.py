"""Whether other servers that this one needs are there: Redis, the host application's keys, the webhook.

Asks each, and has it change nothing. What a Redis has to be like, server/cluster/ knows.
"""

import asyncio
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from server.loading import Loaded
from server.operate.checks.finding import GOOD, WRONG, Finding
from server.operate.checks.secrecy import readable_by_others
from server.operate.jwks import CannotFetch, fetch
from server.safety.jwt_keys import BadKeys, read_jwks

TIMEOUT_S = 3.0


def redis_keeps(loaded: Loaded) -> Iterator[Finding]:
    """Ask the Redis of `store`, or else of `redis`, what it keeps, and for how long."""
    settings = loaded.settings
    if settings.lasting_redis:
        # Imported here: whoever keeps nothing in Redis needs nothing of it.
        from server.cluster.store_check import look

        name = "store" if settings.store else "redis"
        yield from (Finding(*found) for found in asyncio.run(look(settings.lasting_redis, name)))
        yield from readable_by_others(loaded, name)


def nodes_can_meet(loaded: Loaded) -> Iterator[Finding]:
    """Try what several processes need to be one server."""
    settings = loaded.settings
    if settings.redis or settings.workers > 1:
        # Imported here: whoever runs one process needs nothing of it.
        from server.cluster.join_check import look_at_meeting, look_at_workers

        if settings.redis:
            is_kept_there = settings.lasting_redis == settings.redis
            found = asyncio.run(look_at_meeting(settings, is_looked_at=is_kept_there))
            yield from (Finding(*each) for each in found)
        if settings.redis and settings.store:
            yield from readable_by_others(loaded, "redis")
        if settings.workers > 1:
            workers = look_at_workers(settings.workers, is_redis_given=bool(settings.redis))
            yield from (Finding(*each) for each in workers)


def application_is_there(loaded: Loaded) -> Iterator[Finding]:
    """Fetch the host application's keys, as the server would."""
    source = loaded.settings.auth_jwks
    if source:
        try:
            keys = read_jwks(fetch(source))
        except (CannotFetch, BadKeys) as error:
            yield Finding(WRONG, f"auth_jwks cannot be had from {source}: {error}. Until it can, nobody is verified")
        else:
            good = GOOD if keys else WRONG
            yield Finding(good, f"auth_jwks at {source} has {len(keys)} usable key{'s' * (len(keys) != 1)}")
    yield from readable_by_others(loaded, "auth_secret")


def webhook_is_there(loaded: Loaded) -> Iterator[Finding]:
    """Connect to the webhook's address, and send nothing."""
    url = loaded.settings.webhook_url
    if not url:
        return
    where = urlsplit(url)
    port = where.port or (443 if where.scheme == "https" else 80)
    try:
        socket.create_connection((where.hostname or "", port), timeout=TIMEOUT_S).close()
    except (OSError, UnicodeError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or error
        yield Finding(
            WRONG,
            f"webhook_url cannot be had at {where.hostname}:{port}: {why}. Start what listens there, or set another",
        )
    else:
        yield Finding(GOOD, f"webhook_url is reached at {where.hostname}:{port}")
    yield from readable_by_others(loaded, "webhook_secret")
