"""This machine's own limits, read and where possible raised, and the local addresses to connect from.

Knows the operating system; never what the connections are for. The sentences about a shortage are in capacity.py.
"""

import contextlib
import ipaddress
import socket
from pathlib import Path

SOURCES_MAX = 4096
_PORT_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
# RFC 6335, section 6: the dynamic ports, for systems that do not say theirs.
_DYNAMIC_PORTS = (49152, 65535)


class BadSource(ValueError):
    """The addresses to connect from make no sense here; the message says why."""


def raise_descriptor_limit(needed: int) -> int:
    """Raise this process's soft limit of open files to `needed` where the hard limit allows it.

    Returns the hard limit, or a number beyond all need where the system has none.
    """
    try:
        import resource
    except ImportError:  # no such limit on this system
        return 2**31
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        hard = 2**31
    if soft != resource.RLIM_INFINITY and soft < needed <= hard:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    return hard


def ephemeral_ports() -> tuple[int, int]:
    """Return the first and the last port of outgoing connections."""
    try:
        first, last = (int(number) for number in _PORT_RANGE.read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return _DYNAMIC_PORTS
    return first, last


def parse_sources(text: str | None) -> tuple[str, ...]:
    """Return the addresses of "127.0.0.2-127.0.0.9,127.0.1.1", in order; () for None.

    Raises:
        BadSource: something is no address, a range runs backwards, or there are more than 4,096.
    """
    found: list[str] = []
    for part in (text or "").split(","):
        if part.strip():
            found += _range(part.strip())
            if len(found) > SOURCES_MAX:
                raise BadSource(f"more than {SOURCES_MAX} addresses to connect from")
    return tuple(dict.fromkeys(found))


def check_sources(sources: tuple[str, ...]) -> None:
    """Raise BadSource where one of the addresses is not this machine's."""
    for source in sources:
        family = socket.AF_INET6 if ":" in source else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            try:
                probe.bind((source, 0))
            except OSError as exc:
                raise BadSource(f"{source} is no address of this machine: {exc.strerror}") from exc


def _range(text: str) -> list[str]:
    first_text, _, last_text = text.partition("-")
    try:
        first = ipaddress.ip_address(first_text.strip())
        last = ipaddress.ip_address((last_text or first_text).strip())
    except ValueError:
        raise BadSource(f"{text!r} is no address and no range like 127.0.0.2-127.0.0.9") from None
    if first.version != last.version or int(last) < int(first):
        raise BadSource(f"{text!r} runs backwards")
    if int(last) - int(first) >= SOURCES_MAX:
        raise BadSource(f"{text!r} is more than {SOURCES_MAX} addresses")
    return [str(first + offset) for offset in range(int(last) - int(first) + 1)]
