"""Where a client comes from: the address it is counted under, and what stands for that address where it is kept.

An address is many people, and one person has many: an IPv6 address is counted by its /64, which one household
or machine holds whole, and all addresses of this machine are counted as one. Whatever outlives a connection keeps
`Origin.key` and never the address.
"""

import ipaddress
from typing import NamedTuple

LOOPBACK = "loopback"
"""What all of this machine's addresses are counted as."""

IPV6_PREFIX = 64
KEY_BYTES = 12


class Origin(NamedTuple):
    """Where one connection comes from."""

    address: str
    """As counted. Never logged, never written to disk, and forgotten with the connection."""
    key: bytes
    """A keyed hash of it: the same for the same address as long as the server's secret is."""


def counted_address(remote: str) -> str:
    """Return what an address is counted as."""
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:  # no IP socket
        return LOOPBACK
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if address.is_loopback:
        return LOOPBACK
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(address), IPV6_PREFIX), strict=False))
    return str(address)
