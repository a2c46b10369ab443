"""TLS on the port: a context from a certificate and its key, and how its chain is exchanged while it serves.

Knows PEM files by their paths. Must never know what is said through it, nor put a file's contents into a message.
"""

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from server.bugs import log

LOOK_EVERY_S = 5.0
"""How often the files are looked at: a look is two calls of the system. A new chain serves after one or two."""


_SETTINGS = {"certificate": "tls_cert", "key": "tls_key"}


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


def dates(cert: Path) -> tuple[datetime, datetime]:
    """Return from when until when a certificate that can be loaded is good.

    Raises:
        TlsError: OpenSSL serves with more kinds of file than are read here, a TRUSTED CERTIFICATE for one.
    """
    try:
        own = x509.load_pem_x509_certificates(cert.read_bytes())[0]
    except (OSError, ValueError) as error:
        raise TlsError(f"The dates of {cert} cannot be read: {str(error).partition('.')[0]}.") from None
    return own.not_valid_before_utc, own.not_valid_after_utc


class ChainKeeper:
    """Has a context follow its files: a new chain for new connections, the old one where the new is broken.

    Two files are not exchanged in one moment: they are read once they have stayed the same for a whole look.
    """

    def __init__(self, context: ssl.SSLContext, cert: Path, key: Path) -> None:
        self._context = context
        self._cert, self._key = cert, key
        self._seen = self._tried = self._stamps()
        self._is_there = True
        self._timer: asyncio.TimerHandle | None = None
        self._warn_of_dates()

    def start(self) -> None:
        """Look at the files every `LOOK_EVERY_S` from here on."""
        self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY_S, self.start)
        self.look()

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def look(self) -> bool:
        """Look at the files, and return whether a new chain serves from now on."""
        before, self._seen = self._seen, self._stamps()
        if self._is_there and not self._seen:
            log.warning("%s or %s is gone: the certificate in use stays until the next start.", self._cert, self._key)
        self._is_there = bool(self._seen)
        if self._seen in (self._tried, ()) or self._seen != before:
            return False
        self._tried = self._seen
        try:
            load_chain(self._context, self._cert, self._key)
        except TlsError as error:
            log.error("The new certificate is not used, the old one stays: %s", error)
            return False
        log.info("New connections get the new certificate.")
        self._warn_of_dates()
        return True

    def _warn_of_dates(self) -> None:
        try:
            begins, ends = dates(self._cert)
        except TlsError as error:  # it serves all the same
            log.warning("%s", error)
            return
        if not begins <= datetime.now(UTC) < ends:
            log.warning("%s is good from %s to %s alone: clients refuse it now.", self._cert, begins, ends)

    def _stamps(self) -> tuple[tuple[int, int, int], ...]:
        """Return what changes when a file does; nothing while one is not there."""
        try:
            found = [path.stat() for path in (self._cert, self._key)]
        except OSError:
            return ()
        return tuple((stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in found)


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
        raise TlsError(
            f"The {name} {path} cannot be read: {error.strerror}. Set {_SETTINGS[name]} to a PEM file it may read."
        ) from None


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
