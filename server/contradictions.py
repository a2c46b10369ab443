"""Which of the server's own settings cannot be used, alone or with another: one sentence each, which says what to do.

Knows what each setting is for, as far as that takes. Never knows where a value came from, and tells no secret. Those
of rooms and limits are with their fields; those with a subject of their own (proxies, JWTs, places and hours,
features) are with their subject, and are only called here.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from server import edge, features, vouching
from server.safety import area

if TYPE_CHECKING:
    from server.settings import Settings


def problems(settings: "Settings") -> Iterator[str]:
    """Yield one sentence for each value that cannot be used."""
    yield from _of_tls(settings)
    yield from _of_store(settings)
    yield from _of_cluster(settings)
    yield from edge.problems(trusted_proxies=settings.trusted_proxies, allowed_origins=settings.allowed_origins)
    yield from vouching.problems(settings)
    yield from features.problems(features_off=settings.features_off)
    yield from area.problems(area=settings.area, hours=settings.hours, hours_zone=settings.hours_zone)
    yield from _of_webhook(settings)


def _of_tls(settings: "Settings") -> Iterator[str]:
    if bool(settings.tls_cert) != bool(settings.tls_key):
        there, missing = ("tls_cert", "tls_key") if settings.tls_cert else ("tls_key", "tls_cert")
        yield f"{there} is set and {missing} is not: TLS takes both."


def _of_store(settings: "Settings") -> Iterator[str]:
    if not settings.store:
        return
    yield from _of_address("store", settings.store)
    if not (settings.secret or settings.data):
        yield (
            "store is set, and neither secret nor data is: what is kept could not be read after a restart. Set "
            "HEREABOUTS_SECRET to what `openssl rand -hex 32` prints."
        )


def _of_cluster(settings: "Settings") -> Iterator[str]:
    if settings.redis:
        yield from _of_address("redis", settings.redis)
        if not settings.secret:
            yield (
                "redis is set and secret is not: nodes of one cluster share one. Set HEREABOUTS_SECRET to what "
                "`openssl rand -hex 32` prints, the same for all."
            )
    if settings.data and (settings.redis or settings.workers > 1):
        yield (
            "data is set, but a folder belongs to one process alone, and these are several: leave it out, or have "
            "one process. What is to last goes into a store."
        )


def _of_address(name: str, address: str) -> Iterator[str]:
    # Imported here: whoever keeps nothing in Redis loads nothing of it.
    from server.cluster.address import read_address
    from server.cluster.trouble import EngineError

    try:
        read_address(address)
    except EngineError as error:
        yield f"{name}: {error}"


def _of_webhook(settings: "Settings") -> Iterator[str]:
    if settings.webhook_url and not _names_a_host(settings.webhook_url):
        yield f"webhook_url: {settings.webhook_url!r} names no host and port; write it as in https://host.example/path."
    if settings.webhook_url and not settings.webhook_secret:
        yield "webhook_url is set, but no webhook_secret: whoever gets the messages could not tell whose they are."


def _names_a_host(url: str) -> bool:
    try:
        where = urlsplit(url)
        return bool(where.hostname) and where.port != 0
    except ValueError:
        return False
