"""Who is at the door: the client's address behind proxies, and whether a browser's page may connect.

Pure: headers and settings in, an address or a refusal out. Never knows a socket, and puts no address anywhere else.

- `X-Forwarded-For` is anybody's to write. It is believed only where the peer is a proxy that the operator trusts,
  and then from the right: each trusted proxy has added whom it heard from, so the client is the first that is not
  trusted itself. What stands left of it is the client's own invention.
- A browser says which page's script connects (`Origin`, RFC 6454). Pages of this server may, and those listed; and a
  page on this machine may use a server on this machine, whatever its port, so that pages can be developed. Programs
  send no `Origin`, and need none: it protects people from pages, not the server from people.
"""

import ipaddress
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

LOOPBACK_WORD = "loopback"
ANY_ORIGIN = "*"

_PORTS = {"http": 80, "https": 443}
_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
_LOCAL_NAMES = ("localhost",)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Seen(NamedTuple):
    """Where a request comes from, and whether it said otherwise in vain."""

    remote: str
    is_untrusted: bool


class Edge:
    """The rules of one server.

    Args:
        trusted_proxies: networks separated by spaces; `loopback` for this machine.
        allowed_origins: origins separated by spaces, as in `https://chat.example`; `*` for all.
    """

    def __init__(self, *, trusted_proxies: str = "", allowed_origins: str = "") -> None:
        self._trusted = tuple(parse_networks(trusted_proxies))
        self._origins = frozenset(origin.lower() for origin in allowed_origins.split())

    def seen(self, peer: str, forwarded: Sequence[str]) -> Seen:
        """Return whose request it is.

        Args:
            peer: the address at the other end of the socket.
            forwarded: the values of every `X-Forwarded-For`, in their order.
        """
        address = parse_address(peer)
        if not forwarded:
            return Seen(peer, False)
        if address is None or not self._is_trusted(address):
            return Seen(peer, True)
        for hop in reversed(",".join(forwarded).split(",")):
            before = parse_address(hop)
            if before is None:  # not a word of whom: count what passed it on
                break
            address = before
            if not self._is_trusted(address):
                break
        return Seen(str(address), False)

    def trusts(self, peer: str) -> bool:
        """Tell whether the peer is a proxy of ours, so that its connections are many people's."""
        address = parse_address(peer)
        return address is not None and self._is_trusted(address)

    def may_connect(self, origins: Sequence[str], host: str) -> bool:
        """Tell whether a page may open a connection.

        Args:
            origins: the values of every `Origin`; none for programs.
            host: the value of `Host`.
        """
        if not origins or ANY_ORIGIN in self._origins:
            return True
        if len(origins) > 1:
            return False
        if origins[0].lower() in self._origins:
            return True
        page, here = _split(origins[0]), _split(f"//{host}")
        if page is None or here is None or page.scheme not in _PORTS:
            return False
        if is_this_machine(page.hostname) and is_this_machine(here.hostname):
            return True
        # A proxy that speaks TLS hands a Host on that names no port, or 443, while we speak plain.
        port = page.port or _PORTS[page.scheme]
        return page.hostname == here.hostname and (port == here.port or (here.port is None and port in _PORTS.values()))

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def parse_networks(text: str) -> Iterator[Network]:
    """Yield the networks of a setting. Raises ValueError for a word that is none."""
    for word in text.split():
        if word == LOOPBACK_WORD:
            yield from _LOOPBACK
        else:
            yield ipaddress.ip_network(word)


def parse_address(text: str) -> Address | None:
    """Return an address as proxies write it, with or without a port; None for anything else."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def problems(*, trusted_proxies: str, allowed_origins: str) -> Iterator[str]:
    """Yield one sentence for each setting that is none."""
    try:
        list(parse_networks(trusted_proxies))
    except ValueError as error:
        yield f"trusted_proxies: {error}; it takes networks as in 10.0.0.0/8 or 2001:db8::/32, and the word loopback."
    for origin in allowed_origins.split():
        page = _split(origin)
        if origin != ANY_ORIGIN and (page is None or page.scheme not in _PORTS or page.path or not page.hostname):
            yield f"allowed_origins: {origin!a:.80} is no origin, written as in https://chat.example; * is all."


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.lower())
        _ = parts.port  # raises where it is none
    except ValueError:
        return None
    return parts if parts.hostname else None


def is_this_machine(host: str | None) -> bool:
    """Tell whether a host's name or address is that of the machine that looks for it."""
    address = parse_address(f"[{host}]") if host else None
    return host in _LOCAL_NAMES or (address is not None and address.is_loopback)
