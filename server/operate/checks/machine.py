"""Whether the machine gives what the server takes: its port, its workers' ports, open files.

A port that is taken may be the operator's own server's: it is asked. Never knows what is served there.
"""

import errno
import resource
import socket
from collections.abc import Iterator
from typing import Any

from server.loading import Loaded
from server.operate.checks.finding import GOOD, NOTE, WRONG, Finding
from server.operate.running import server_at
from server.serve import SPARE_FILES

ANSWERS_S = 1.0
"""A server on this machine that says nothing of itself for so long stands still, or is none of ours."""
_ABOUT_PORT = {
    errno.EADDRINUSE: "Is a server running there? Set another host or port.",
    errno.EADDRNOTAVAIL: "This machine has no such address: set host to one of its own, or to 0.0.0.0 for all.",
    errno.EACCES: "Ports below 1024 are the system's: set another, with a proxy before it, or give the right to.",
}


def port_is_free(loaded: Loaded) -> Iterator[Finding]:
    """Try to listen where the server would; where one does already, it may be the operator's own."""
    host, port = loaded.settings.host, loaded.settings.port
    error = _listening_fails(loaded)
    if error is None:
        yield Finding(GOOD, f"{host}:{port} is free")
    elif served_by := running(loaded):
        yield Finding(
            NOTE, f"{host}:{port} is served by a Hereabouts server that runs: {served_by}. Another takes another port"
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


def running(loaded: Loaded) -> str:
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
    if settings.workers == 1 or not settings.port or running(loaded):
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
