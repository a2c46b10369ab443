"""Ranges of addresses, and which of them an address lies in: one look-up for each length of prefix.

Knows arithmetic alone. An address comes in as it is counted: IPv4, an IPv6 address or its /64, or the name that
stands for this machine itself.
"""

import ipaddress

from server.store.rows import Ban

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LOOPBACK = "127.0.0.1"


def parse_network(text: str) -> Network:
    """Return the range; one address is a range of its own. Raises ValueError, for bits behind the prefix too."""
    text = text.strip()
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        around = ipaddress.ip_network(text, strict=False)
    # Only what has bits behind the prefix comes here: the other mistakes are raised once more.
    raise ValueError(f"{text} is an address with a length; the range around it is {around}")


def parse_address(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return the address, of a /64 its first one; whatever is no address of a network is this machine."""
    try:
        return ipaddress.ip_address(address.partition("/")[0])
    except ValueError:
        return ipaddress.ip_address(LOOPBACK)


class Networks:
    """Bans by range."""

    def __init__(self) -> None:
        self._by_length: dict[tuple[int, int], dict[int, dict[str, Ban]]] = {}

    def add(self, ban: Ban) -> None:
        """Know a ban by its network. Raises ValueError."""
        network = parse_network(ban.network)
        table = self._by_length.setdefault((network.version, network.prefixlen), {})
        table.setdefault(int(network.network_address), {})[ban.ban] = ban

    def remove(self, ban: Ban) -> None:
        """Forget a ban that was added."""
        network = parse_network(ban.network)
        key, first = (network.version, network.prefixlen), int(network.network_address)
        del self._by_length[key][first][ban.ban]
        if not self._by_length[key][first]:
            del self._by_length[key][first]
        if not self._by_length[key]:
            del self._by_length[key]

    def around(self, address: str) -> list[Ban]:
        """Return the bans whose range has the address in it, the widest first."""
        parsed = parse_address(address)
        found: list[Ban] = []
        for version, length in sorted(self._by_length):
            if version == parsed.version:
                bits = parsed.max_prefixlen - length
                found += self._by_length[version, length].get(int(parsed) >> bits << bits, {}).values()
        return found
