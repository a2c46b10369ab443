"""Whether the files that are named can serve: the certificate with its key, the operator's list of words.

Reads them as the server would. Never shows what is in them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from server.loading import Loaded
from server.operate.checks.finding import GOOD, NOTE, WRONG, Finding
from server.safety.filter_file import BROKEN_TOLD_MAX, FilterError, FilterFile
from server.tls import TlsError, dates, server_context

EXPIRES_SOON_S = 14 * 86_400
"""Certificates of three months are renewed a month before their end: with two weeks left that has failed."""


def certificate_serves(loaded: Loaded) -> Iterator[Finding]:
    """Load the certificate and its key, as the server would."""
    settings = loaded.settings
    if settings.tls_cert:
        try:
            server_context(Path(settings.tls_cert), Path(settings.tls_key))
        except TlsError as error:
            yield Finding(WRONG, str(error))
        else:
            yield _lasts(settings.tls_cert)


def _lasts(cert: str) -> Finding:
    """Judge a certificate that can be loaded by its dates."""
    try:
        begins, ends = dates(Path(cert))
    except TlsError as error:
        return Finding(NOTE, str(error))
    now = datetime.now(UTC)
    if now >= ends:
        return Finding(WRONG, f"{cert} has expired on {ends:%Y-%m-%d}: clients refuse it. Renew it")
    if now < begins:
        return Finding(WRONG, f"{cert} begins on {begins:%Y-%m-%d}: clients refuse it. Set the clock right, or wait")
    if (ends - now).total_seconds() < EXPIRES_SOON_S:
        return Finding(NOTE, f"{cert} expires on {ends:%Y-%m-%d}: renew it; the server takes the new one by itself")
    return Finding(GOOD, f"{cert} and its key can serve, until {ends:%Y-%m-%d}")


def words_can_be_read(loaded: Loaded) -> Iterator[Finding]:
    """Read the operator's list of words and links, as the server would."""
    path = loaded.settings.filter_file
    if not path:
        return
    try:
        file = FilterFile(path)
    except FilterError as error:
        yield Finding(WRONG, f"{error} The server would not start: put the file there, or set filter_file to another")
        return
    yield Finding(GOOD, f"{path} holds {len(file.rules)} rule{'s' * (len(file.rules) != 1)}")
    for line in file.broken[:BROKEN_TOLD_MAX]:
        yield Finding(NOTE, f"line {line.number} of {path} is passed over: {line.problem}")
    if len(file.broken) > BROKEN_TOLD_MAX:
        yield Finding(NOTE, f"{len(file.broken) - BROKEN_TOLD_MAX} more lines of {path} are passed over")
