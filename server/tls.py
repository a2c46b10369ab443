"""TLS on the port: a context from a certificate and its key, and how its chain is exchanged while it serves.

Knows PEM files by their paths. Must never know what is said through it, nor put a file's contents into a message.
"""

import ssl
from pathlib import Path


class TlsError(ValueError):
    """A certificate or its key cannot be used; the message says which file, why, and what to do."""


def server_context(cert: Path, key: Path) -> ssl.SSLContext:
    """Return a context that serves with this chain; TLS 1.2 or later. Raises TlsError."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A WebSocket begins as HTTP/1.1; without this a browser might hope for another version.
    context.set_alpn_protocols(["http/1.1"])
    load_chain(context, cert, key)
    return context


def load_chain(context: ssl.SSLContext, cert: Path, key: Path) -> None:
    """Serve connections from now on with this chain; those there are keep theirs.

    Raises:
        TlsError: the context goes on with what it had.
    """
    # Loading fails half-way, with the new certificate in and the old key out: try on one nobody uses.
    _load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), cert, key)
    _load(context, cert, key)


def _load(context: ssl.SSLContext, cert: Path, key: Path) -> None:
    for name, path in (("certificate", cert), ("key", key)):
        _check_readable(name, path)
    try:
        context.load_cert_chain(cert, key, password=_no_password)
    except _Encrypted:
        raise TlsError(f"The key {key} is encrypted, and nobody is here to type its password: decrypt it.") from None
    except ssl.SSLError as error:
        raise TlsError(_what_is_wrong(error, cert, key)) from None


def _check_readable(name: str, path: Path) -> None:
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise TlsError(f"The {name} {path} cannot be read: {error.strerror}.") from None


class _Encrypted(Exception):
    """OpenSSL asks for a password."""


def _no_password() -> str:
    raise _Encrypted


def _what_is_wrong(error: ssl.SSLError, cert: Path, key: Path) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"The key {key} does not belong to the certificate {cert}: name the two that were made together."
    for name, path, mark in (("certificate", cert, b"CERTIFICATE-----"), ("key", key, b"PRIVATE KEY-----")):
        if mark not in path.read_bytes():
            return f"The {name} {path} holds no {name} in PEM, which begins with -----BEGIN …{mark.decode()}."
    return f"The certificate {cert} and the key {key} cannot be used ({error.reason or 'damaged PEM'})."
