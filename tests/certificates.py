"""Certificates for tests, made anew and good for this machine's own addresses."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from server.lan import kept_certificate
from server.tls import server_context


def make_pem(folder: Path, name: str = "own", *, days_old: int = 0) -> Path:
    """Return a new file with a key and its certificate, for 127.0.0.1 and localhost, good for a year."""
    path = folder / f"{name}.pem"
    kept_certificate(path, ["127.0.0.1"], now=datetime.now(UTC) - timedelta(days=days_old))
    return path


def contexts(pem: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the server's context, and a client's that trusts this certificate alone."""
    return server_context(pem, pem), ssl.create_default_context(cafile=str(pem))
