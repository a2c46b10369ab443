"""Who would come in, and by what: the operator by their socket, clients by proxies; what people kept out can read.

Judges what is set. Opens nothing but the operator's socket, to see whether somebody is there.
"""

import os
from collections.abc import Iterator

from server.edge import parse_networks
from server.loading import Loaded
from server.operate.admin.socket import is_answered, socket_path
from server.operate.checks.finding import GOOD, NOTE, WRONG, Finding
from server.operate.checks.machine import running

SOCKET_PATH_MAX_BYTES = 100
"""Of a Unix socket's path: systems take 104 or 108 with the zero at its end."""


def operator_has_a_socket(loaded: Loaded) -> Iterator[Finding]:
    """Look at where `hereabouts admin` would find the server."""
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
    elif settings.admin_socket and is_answered(path) and not running(loaded):
        yield Finding(WRONG, f"{path} is the socket of a server that runs elsewhere: set admin_socket to another path")
    else:
        yield Finding(GOOD, f"`hereabouts admin` finds the server at {path}")


def people_can_object(loaded: Loaded) -> Iterator[Finding]:
    """Look whether whoever is kept out, or asked to accept something, can read what they need."""
    settings = loaded.settings
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
