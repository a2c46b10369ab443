"""`hereabouts check`: tries what the settings name, and says what would not work and what to do about it.

Changes nothing: it makes no folder, no database and no secret. Each check is a function of the settings in force that
yields what it found; `CHECKS` lists them in the order they are told.
"""

import asyncio
import errno
import os
import re
import resource
import socket
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import click

from server.config import settings_options
from server.edge import is_this_machine, parse_networks
from server.loading import Loaded
from server.operate.admin.socket import is_answered, socket_path
from server.operate.jwks import CannotFetch, fetch
from server.operate.running import server_at
from server.safety.filter_file import FilterError, FilterFile
from server.safety.jwt_keys import BadKeys, read_jwks
from server.serve import ENDS_WITH_PROCESS, ENDS_WITH_PROCESSES, SPARE_FILES
from server.store.database import FILE, inspect
from server.store.folder import SECRET_FILE
from server.store.store import StoreError, StoreInUse
from server.tls import TlsError, dates, server_context

GOOD, NOTE, WRONG = "good", "note", "WRONG"
TIMEOUT_S = 3.0
ANSWERS_S = 1.0
"""A server on this machine that says nothing of itself for so long stands still, or is none of ours."""
BROKEN_TOLD_MAX = 20
"""Lines of the filter file told one by one; of more only how many there are."""
DISTINCT_BYTES_MIN = 16
"""In 32 random bytes fewer than this many different ones come up in fewer than one of 10^13 secrets."""
DISTINCT_CHARS_MIN = 8
SOCKET_PATH_MAX_BYTES = 100
"""Of a Unix socket's path: systems take 104 or 108 with the zero at its end."""


EXPIRES_SOON_S = 14 * 86_400
"""Certificates of three months are renewed a month before their end: with two weeks left that has failed."""
_ABOUT_PORT = {
    errno.EADDRINUSE: "Is a server running there? Set another host or port.",
    errno.EADDRNOTAVAIL: "This machine has no such address: set host to one of its own, or to 0.0.0.0 for all.",
    errno.EACCES: "Ports below 1024 are the system's: set another, with a proxy before it, or give the right to.",
}


class Finding(NamedTuple):
    """What one check found: `level` is GOOD, NOTE (works, but know this) or WRONG (would not work)."""

    level: str
    says: str


def port_is_free(loaded: Loaded) -> Iterator[Finding]:
    """Try to listen where the server would; where one does already, it may be the operator's own."""
    host, port = loaded.settings.host, loaded.settings.port
    error = _listening_fails(loaded)
    if error is None:
        yield Finding(GOOD, f"{host}:{port} is free")
    elif running := _running(loaded):
        yield Finding(
            NOTE, f"{host}:{port} is served by a Hereabouts server that runs: {running}. Another takes another port"
        )
    else:
        advice = _ABOUT_PORT.get(error.errno or 0, "Set another host or port.")
        yield Finding(WRONG, f"{host}:{port} cannot be had: {error.strerror}. {advice}")


def _listening_fails(loaded: Loaded) -> OSError | None:
    """Return why nobody else can listen where the server would, None if they can."""
    try:
        for family, kind, address in _addresses(loaded):
            with socket.socket(family, kind) as tried:
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                tried.bind(address)
    except OSError as error:
        return error
    return None


def _addresses(loaded: Loaded) -> Iterator[tuple[int, int, Any]]:
    settings = loaded.settings
    for family, kind, _, _, address in socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM):
        yield family, kind, address


def _running(loaded: Loaded) -> str:
    """Return the name and the version of the Hereabouts server that runs where this one would, "" if none does."""
    error = _listening_fails(loaded)
    if error is None or error.errno != errno.EADDRINUSE:
        return ""
    is_tls = bool(loaded.settings.tls_cert)
    asked = (server_at(*address[:2], is_tls=is_tls, within_s=ANSWERS_S) for _, _, address in _addresses(loaded))
    return next(filter(None, asked), "")


def own_ports_are_free(loaded: Loaded) -> Iterator[Finding]:
    """Try to listen where each worker alone would, for what tells of it."""
    settings = loaded.settings
    if settings.workers == 1 or not settings.port or _running(loaded):
        return
    missing = [port for port in range(settings.port + 1, settings.port + settings.workers + 1) if not _can_be_had(port)]
    if missing:
        ports = ", ".join(map(str, missing))
        yield Finding(
            NOTE,
            f"each worker's own /metrics is at a port after {settings.port}, and of these cannot be had: {ports}. "
            "Everybody is served all the same; set another port to read them all",
        )
    else:
        last = settings.port + settings.workers
        yield Finding(GOOD, f"127.0.0.1:{settings.port + 1} to :{last}, for each worker's own /metrics, are free")


def _can_be_had(port: int) -> bool:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True


def folder_can_be_used(loaded: Loaded) -> Iterator[Finding]:
    """Look at the folder of `data` and at the database in it."""
    if not loaded.settings.data:
        if loaded.settings.lasting_redis:
            return
        if loaded.settings.workers > 1:
            yield Finding(NOTE, f"no store is set: {ENDS_WITH_PROCESSES}; set store to keep them")
        else:
            yield Finding(NOTE, f"no data folder is set: {ENDS_WITH_PROCESS}; set data to keep them")
        return
    folder = Path(loaded.settings.data)
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir():
        yield Finding(WRONG, f"{existing} is no folder; set data to one")
    elif not os.access(existing, os.W_OK | os.X_OK):
        yield Finding(
            WRONG, f"{existing} cannot be written; give the server's user the right to, or set another folder"
        )
    elif existing != folder:
        yield Finding(GOOD, f"{folder} will be made")
    elif not (folder / FILE).exists():
        yield Finding(GOOD, f"{folder} can be written; nothing is kept there yet")
    else:
        yield _database(loaded, folder)


def _database(loaded: Loaded, folder: Path) -> Finding:
    try:
        return Finding(GOOD, inspect(folder))
    except StoreInUse as error:
        if _running(loaded):
            return Finding(NOTE, f"{folder} is in use by a server that runs; its database was not looked at")
        return Finding(WRONG, str(error))
    except StoreError as error:
        return Finding(WRONG, str(error))


def redis_keeps(loaded: Loaded) -> Iterator[Finding]:
    """Ask the Redis of `store`, or else of `redis`, what it keeps, and for how long."""
    settings = loaded.settings
    if settings.lasting_redis:
        # Imported here: whoever keeps nothing in Redis needs nothing of it.
        from server.cluster.store_check import look

        name = "store" if settings.store else "redis"
        yield from (Finding(*found) for found in asyncio.run(look(settings.lasting_redis, name)))
        yield from _readable_by_others(loaded, name)


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
            yield from _readable_by_others(loaded, "redis")
        if settings.workers > 1:
            workers = look_at_workers(settings.workers, is_redis_given=bool(settings.redis))
            yield from (Finding(*each) for each in workers)


def secret_is_strong(loaded: Loaded) -> Iterator[Finding]:
    """Judge the secret by its digits and by who can read it; it is never shown."""
    secret = loaded.settings.secret
    if not secret:
        kept = loaded.settings.data
        yield Finding(
            NOTE,
            f"no secret is set: the server keeps its own in {Path(kept) / SECRET_FILE}; back it up as well"
            if kept
            else "no secret is set: tokens end with the process; set HEREABOUTS_SECRET, for example to what "
            "`openssl rand -hex 32` prints",
        )
        return
    if len(set(bytes.fromhex(secret))) < DISTINCT_BYTES_MIN:
        yield Finding(WRONG, "the secret is not random; take what `openssl rand -hex 32` prints")
    else:
        yield Finding(GOOD, "the secret is set and looks random")
    yield from _readable_by_others(loaded, "secret")


def operator_can_come_in(loaded: Loaded) -> Iterator[Finding]:
    """Look at the ways in for the operator."""
    settings = loaded.settings
    path = socket_path(settings, os.environ, port=settings.port)
    if path is None:
        is_one_of_many = bool(settings.redis) or settings.workers > 1
        to_set = "admin_socket, for the server and for `hereabouts admin`" if is_one_of_many else "data or admin_socket"
        yield Finding(NOTE, f"`hereabouts admin` has no socket: set {to_set}")
    elif len(os.fsencode(path)) > SOCKET_PATH_MAX_BYTES:
        yield Finding(WRONG, f"{path} is too long for a socket; set admin_socket to a shorter path")
    elif path.exists() and not path.is_socket():
        yield Finding(WRONG, f"{path} exists and is no socket; remove it, or set admin_socket to another path")
    elif settings.admin_socket and not os.access(path.parent, os.W_OK | os.X_OK):
        yield Finding(WRONG, f"{path.parent} is no folder that can be written; make it, or set admin_socket elsewhere")
    elif settings.admin_socket and is_answered(path) and not _running(loaded):
        yield Finding(WRONG, f"{path} is the socket of a server that runs elsewhere: set admin_socket to another path")
    else:
        yield Finding(GOOD, f"`hereabouts admin` finds the server at {path}")
    if settings.admin_token:
        if len(set(settings.admin_token)) < DISTINCT_CHARS_MIN:
            yield Finding(WRONG, "admin_token is easily guessed; take what `openssl rand -hex 24` prints")
        if not (settings.tls_cert or settings.trusted_proxies or is_this_machine(settings.host)):
            yield Finding(
                NOTE,
                f"admin_token is set, and {settings.host} speaks no TLS: whoever listens on the way reads it. "
                "Set tls_cert and tls_key, or host to 127.0.0.1 behind a proxy that speaks TLS",
            )
        yield from _readable_by_others(loaded, "admin_token")
    if not settings.contact:
        yield Finding(NOTE, "contact is empty: people who are kept out cannot be told how to object")
    if settings.terms_version and not settings.terms:
        yield Finding(NOTE, "terms_version is set, but terms are empty: people accept what they cannot read")


def proxies_are_ones_own(loaded: Loaded) -> Iterator[Finding]:
    """Look whether X-Forwarded-For would be believed from anybody."""
    if any(network.prefixlen == 0 for network in parse_networks(loaded.settings.trusted_proxies)):
        yield Finding(
            WRONG,
            "trusted_proxies names every address: anybody says by X-Forwarded-For where they are from, and no limit or "
            "ban of an address holds. Name your own proxies alone",
        )


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
    yield from _readable_by_others(loaded, "webhook_secret")


def certificate_serves(loaded: Loaded) -> Iterator[Finding]:
    """Load the certificate and its key, as the server would."""
    settings = loaded.settings
    if settings.tls_cert:
        try:
            server_context(Path(settings.tls_cert), Path(settings.tls_key))
        except TlsError as error:
            yield Finding(WRONG, str(error))
        else:
            yield _lasts(settings.tls_cert)


def _lasts(cert: str) -> Finding:
    """Judge a certificate that can be loaded by its dates."""
    try:
        begins, ends = dates(Path(cert))
    except TlsError as error:
        return Finding(NOTE, str(error))
    now = datetime.now(UTC)
    if now >= ends:
        return Finding(WRONG, f"{cert} has expired on {ends:%Y-%m-%d}: clients refuse it. Renew it")
    if now < begins:
        return Finding(WRONG, f"{cert} begins on {begins:%Y-%m-%d}: clients refuse it. Set the clock right, or wait")
    if (ends - now).total_seconds() < EXPIRES_SOON_S:
        return Finding(NOTE, f"{cert} expires on {ends:%Y-%m-%d}: renew it; the server takes the new one by itself")
    return Finding(GOOD, f"{cert} and its key can serve, until {ends:%Y-%m-%d}")


def words_can_be_read(loaded: Loaded) -> Iterator[Finding]:
    """Read the operator's list of words and links, as the server would."""
    path = loaded.settings.filter_file
    if not path:
        return
    try:
        file = FilterFile(path)
    except FilterError as error:
        yield Finding(WRONG, f"{error} The server would not start: put the file there, or set filter_file to another")
        return
    yield Finding(GOOD, f"{path} holds {len(file.rules)} rule{'s' * (len(file.rules) != 1)}")
    for line in file.broken[:BROKEN_TOLD_MAX]:
        yield Finding(NOTE, f"line {line.number} of {path} is passed over: {line.problem}")
    if len(file.broken) > BROKEN_TOLD_MAX:
        yield Finding(NOTE, f"{len(file.broken) - BROKEN_TOLD_MAX} more lines of {path} are passed over")


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
    yield from _readable_by_others(loaded, "auth_secret")


def files_suffice(loaded: Loaded) -> Iterator[Finding]:
    """Compare the limit of open files with the connections allowed."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = loaded.settings.connections_max + SPARE_FILES
    if hard != resource.RLIM_INFINITY and hard < wanted:
        yield Finding(
            WRONG,
            f"only {hard} files may be open, too few for {loaded.settings.connections_max} connections: "
            f"raise `ulimit -n` to {wanted} or lower connections_max",
        )
    else:
        yield Finding(GOOD, f"{wanted} files may be open, enough for {loaded.settings.connections_max} connections")


Check = Callable[[Loaded], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    port_is_free,
    own_ports_are_free,
    folder_can_be_used,
    redis_keeps,
    nodes_can_meet,
    secret_is_strong,
    operator_can_come_in,
    proxies_are_ones_own,
    certificate_serves,
    words_can_be_read,
    application_is_there,
    webhook_is_there,
    files_suffice,
)


@click.command(
    epilog="""\b
Examples:
  hereabouts check
  hereabouts check --config hereabouts.toml
"""
)
@settings_options
def check(loaded: Loaded) -> None:
    """Try what the settings name, and say what would not work and what to do. Changes nothing.

    Ends with status 1 if something would not work, with 2 if the settings cannot be read at all.
    """
    # What is wrong with one Redis may be met by several.
    found = list(dict.fromkeys(finding for one in CHECKS for finding in one(loaded)))
    for finding in found:
        click.echo(f"{finding.level:<5}  {finding.says}")
    if any(finding.level == WRONG for finding in found):
        raise SystemExit(1)


def _readable_by_others(loaded: Loaded, name: str) -> Iterator[Finding]:
    """Say where a secret can be read by others on this machine."""
    origin = loaded.origin[name]
    if name in ("redis", "store") and not re.search("@|password", getattr(loaded.settings, name)):
        return  # an address that holds no secret
    if origin == "command line":
        yield Finding(NOTE, f"{name} stands on the command line, where every user of this machine can read it")
    if origin.startswith("file "):
        path = Path(origin.removeprefix("file "))
        if stat.S_IMODE(path.stat().st_mode) & 0o044:
            yield Finding(NOTE, f"{name} stands in {path}, which others may read: `chmod 600 {path}`")
