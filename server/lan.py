"""Serving the local network: which addresses this machine has there, and the certificate it made for them.

A phone gives out its place and shakes only to a page that came by TLS, and no authority vouches for a name like
192.168.1.5. So the server makes a certificate of its own and keeps it: who has trusted it once is not asked
again. Key and certificate are one file, so that no crash leaves two that do not fit. Must never know connections,
nor put the key into a message.
"""

import contextlib
import ipaddress
import os
import socket
import stat
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import ifaddr
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

KEPT_AS = Path("hereabouts", "lan.pem")
"""Below the folder for state."""

VALID_DAYS = 365
"""Browsers refuse much longer ones."""

RENEWED_BEFORE_DAYS = 30
"""A server that is started once a month never serves with one that has expired."""

CLOCKS_DIFFER_DAYS = 1
"""A phone whose clock is slow shall not think it is not valid yet."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))  # RFC 1918
_NOWHERE = ("192.0.2.1", 9)  # RFC 5737: nobody's


class LanError(Exception):
    """This machine cannot serve a local network; the message says what to do."""


def own_addresses() -> list[str]:
    """Return this machine's IPv4 addresses that others may reach, the one it is reached by from outside first."""
    ips = {ipaddress.IPv4Address(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4}
    first = _outward_address()
    return sorted(
        (str(ip) for ip in sorted(ips) if not ip.is_loopback and not ip.is_link_local),
        key=lambda address: address != first,
    )


def choose_addresses(wanted: str | None, own: Sequence[str]) -> list[str]:
    """Return those of the machine's addresses to listen on: the private ones, or the one that is wanted.

    Raises:
        LanError: there is none, or it has not the one wanted.
    """
    if wanted is not None:
        if wanted not in own:
            raise LanError(
                f"{wanted} is no address by which others reach this machine; it has {', '.join(own) or 'none'}."
            )
        return [wanted]
    chosen = [address for address in own if _is_private(address)]
    if not chosen:
        others = f" It has {', '.join(own)}, which --host takes." if own else ""
        raise LanError(
            "This machine has no address in a local network (10.…, 172.16.… to 172.31.… or 192.168.…): join one, "
            f"a phone's hotspot will do.{others}"
        )
    return chosen


def certificate_path(environ: Mapping[str, str]) -> Path:
    """Return where the certificate is kept (XDG Base Directory Specification). Raises LanError without a home."""
    if state := environ.get("XDG_STATE_HOME"):
        return Path(state) / KEPT_AS
    if home := environ.get("HOME"):
        return Path(home, ".local", "state") / KEPT_AS
    raise LanError("There is no place to keep a certificate: set XDG_STATE_HOME to a folder of yours.")


def kept_certificate(path: Path, addresses: Iterable[str], *, now: datetime) -> str:
    """Have a certificate for these addresses at `path`, key and all, and return its SHA-256 fingerprint.

    The one that is there serves on unless it is soon to expire, lacks an address, is damaged, or could be read
    by others.

    Raises:
        LanError: it can neither be read nor made.
    """
    wanted = {ipaddress.ip_address(address) for address in addresses}
    try:
        found = _usable(path, wanted, now)
        if found is None:
            found = _write_new(path, wanted, now)
    except OSError as error:
        where = f"The certificate cannot be kept in {path.parent}: {error.strerror}."
        raise LanError(f"{where} Set XDG_STATE_HOME to a folder of yours.") from None
    return found.fingerprint(hashes.SHA256()).hex(":").upper()


def _usable(path: Path, wanted: set[_Address], now: datetime) -> x509.Certificate | None:
    """Return the certificate that is kept if it will do."""
    if not path.exists() or stat.S_IMODE(path.stat().st_mode) & 0o077:
        return None
    pem = path.read_bytes()
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        key = serialization.load_pem_private_key(pem, password=None)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, x509.ExtensionNotFound):
        return None
    is_pair = key.public_key() == certificate.public_key()
    is_fresh = certificate.not_valid_after_utc - now > timedelta(days=RENEWED_BEFORE_DAYS)
    is_ours = wanted <= set(names.get_values_for_type(x509.IPAddress))
    return certificate if is_pair and is_fresh and is_ours else None


def _write_new(path: Path, wanted: set[_Address], now: datetime) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(key, wanted, now)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Made with mode 0600, and in its place at once: nobody reads the key meanwhile, and no half of it stays.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".lan-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(private + certificate.public_bytes(serialization.Encoding.PEM))
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    return certificate


def _certificate(key: ec.EllipticCurvePrivateKey, wanted: set[_Address], now: datetime) -> x509.Certificate:
    host = socket.gethostname()
    addresses = sorted({*wanted, ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")}, key=str)
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in ("localhost", *_dns_names(host))]
    names += [x509.IPAddress(address) for address in addresses]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Hereabouts in this network")])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=CLOCKS_DIFFER_DAYS))
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )


def _dns_names(host: str) -> list[str]:
    """Return what this machine is called in its network; nothing if its name is none for the DNS."""
    name = host.lower().rstrip(".")
    if not name or len(name) > 253 or not name.isascii() or not all(c.isalnum() or c in ".-" for c in name):
        return []
    return [name] if "." in name else [name, f"{name}.local"]


def _is_private(address: str) -> bool:
    return any(ipaddress.ip_address(address) in network for network in _PRIVATE)


def _outward_address() -> str:
    """Return which own address a packet to another network would bear; nothing is sent. "" without a route."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(_NOWHERE)
        return str(probe.getsockname()[0])
    return ""
