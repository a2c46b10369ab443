"""Where Redis is: what an address says, as a value.

Knows the five forms of address an operator may write and what each leads to. Must never connect to anything, nor show
a password: `shown` is what may stand in a message.

    redis://[user:password@]host[:port][/db]     one server; rediss:// with TLS
    unix:///path/to/socket                       one server on this machine
    redis+sentinel://host:port,host:port/master  the master of that name, as Sentinels see it; rediss+sentinel://
    redis+cluster://host:port,host:port          a Redis Cluster, found by any of its nodes; rediss+cluster://

Options of redis-py's own connections (`?ssl_ca_certs=…`, `?db=…`) may follow each; `?sentinel_username=…` and
`?sentinel_password=…` are for Sentinels that have their own.
"""

import enum
from typing import Any
from urllib.parse import urlsplit

import msgspec
from redis.asyncio.connection import parse_url

from server.cluster.trouble import EngineError

__all__ = ["Address", "EngineError", "Kind", "read_address"]

PORT = 6379
SENTINEL_PORT = 26379
ESCAPED = "Percent-encode a user or a password: in them / ? # @ : % are written %2F %3F %23 %40 %3A %25."
_FORMS = "redis://, rediss://, unix://, redis+sentinel://, redis+cluster:// (with TLS: rediss+…)"


class Kind(enum.Enum):
    """How one finds out which server to talk to."""

    SINGLE = "single"
    SENTINEL = "sentinel"
    CLUSTER = "cluster"


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """What an address says.

    Attributes:
        hosts: where to ask first; one, but for Sentinel and Cluster; none for a unix socket.
        master: what Sentinels call the master.
        options: arguments of the library's connections: user, password, database, what TLS trusts.
        sentinel_options: the same for connections to Sentinels.
    """

    kind: Kind
    hosts: tuple[tuple[str, int], ...]
    path: str = ""
    master: str = ""
    is_tls: bool = False
    options: dict[str, Any]
    sentinel_options: dict[str, Any]

    @property
    def shown(self) -> str:
        """Return it for people: without user and password."""
        return self.path or ",".join(f"{host}:{port}" for host, port in self.hosts)


def read_address(url: str) -> Address:
    """Return what an address says. Raises EngineError."""
    try:
        return _read(url)
    except ValueError as error:
        # The library's and urllib's messages quote what they cannot read, which may be a password.
        reason = (
            f"a host, a port or an option in it cannot be read. {ESCAPED}"
            if "scheme" not in str(error)
            else f"it begins with {_FORMS}."
        )
        raise EngineError(f"The address of Redis cannot be used: {reason}") from None


def _read(url: str) -> Address:
    scheme, has_scheme, rest = url.partition("://")
    base, _, kind = scheme.partition("+")
    if not has_scheme or base not in ("redis", "rediss", "unix") or kind not in ("", "sentinel", "cluster"):
        raise ValueError("scheme")
    behind = urlsplit(f"//{rest}")
    if base != "unix" and "@" in behind.path + behind.fragment:
        raise ValueError("password")  # its first part would be taken for a host and port, and be shown as such
    is_tls = base == "rediss"
    if not kind:
        options = _options(url)
        path = options.pop("path", "")
        host = options.pop("host", "localhost"), options.pop("port", PORT)
        return Address(
            kind=Kind.SINGLE,
            hosts=() if path else (host,),
            path=path,
            is_tls=is_tls,
            options=options,
            sentinel_options={},
        )
    # Several hosts in one address are nothing any parser knows: the first stands for all, the others are cut out.
    hosts, one = _cut_hosts(base, rest, SENTINEL_PORT if kind == "sentinel" else PORT)
    options = _options(one)
    sentinel_options = {
        name: options.pop(f"sentinel_{name}")
        for name in ("username", "password")
        if kind == "sentinel" and f"sentinel_{name}" in options
    }
    path = urlsplit(one).path.strip("/")
    if kind == "sentinel" and not path:
        raise EngineError("The address of Sentinels ends with the master's name: redis+sentinel://host:port/mymaster.")
    if kind == "cluster" and (path or options.get("db")):
        raise EngineError("A Redis Cluster has no numbered databases: leave out what follows the hosts.")
    for name in ("host", "port"):
        options.pop(name, None)
    return Address(
        kind=Kind(kind),
        hosts=hosts,
        master=path,
        is_tls=is_tls,
        options=options,
        sentinel_options=sentinel_options,
    )


def _cut_hosts(base: str, rest: str, port: int) -> tuple[tuple[tuple[str, int], ...], str]:
    ends = min((at for at in map(rest.find, "/?") if at >= 0), default=len(rest))
    credentials, has_credentials, listed = rest[:ends].rpartition("@")
    hosts = []
    for each in listed.split(","):
        parts = urlsplit(f"//{each}")
        if not parts.hostname:
            raise ValueError("host")
        hosts.append((parts.hostname, parts.port or port))
    return tuple(hosts), f"{base}://{credentials}{has_credentials}localhost{rest[ends:]}"


def _options(url: str) -> dict[str, Any]:
    options: dict[str, Any] = dict(parse_url(url))
    options.pop("connection_class", None)
    return options
