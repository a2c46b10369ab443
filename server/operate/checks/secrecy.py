"""Whether secrets are any: hard to guess, and not read by others on this machine or on the way.

Knows them by their characters and by where they stand. Never shows one.
"""

import re
import stat
from collections.abc import Iterator
from pathlib import Path

from server.edge import is_this_machine
from server.loading import Loaded
from server.operate.checks.finding import GOOD, NOTE, WRONG, Finding
from server.store.folder import SECRET_FILE

DISTINCT_BYTES_MIN = 16
"""In 32 random bytes fewer than this many different ones come up in fewer than one of 10^13 secrets."""
DISTINCT_CHARS_MIN = 8


def secret_is_strong(loaded: Loaded) -> Iterator[Finding]:
    """Judge the secret by its digits and by who can read it; it is never shown."""
    secret = loaded.settings.secret
    if not secret:
        kept = loaded.settings.data
        yield Finding(
            NOTE,
            f"no secret is set: the server keeps its own in {Path(kept) / SECRET_FILE}; back it up as well"
            if kept
            else "no secret is set: tokens end with the process; set HEREABOUTS_SECRET, for example to what "
            "`openssl rand -hex 32` prints",
        )
        return
    if len(set(bytes.fromhex(secret))) < DISTINCT_BYTES_MIN:
        yield Finding(WRONG, "the secret is not random; take what `openssl rand -hex 32` prints")
    else:
        yield Finding(GOOD, "the secret is set and looks random")
    yield from readable_by_others(loaded, "secret")


def admin_token_is_safe(loaded: Loaded) -> Iterator[Finding]:
    """Judge what opens /admin by its characters and by who can read it, on its way too; it is never shown."""
    settings = loaded.settings
    if settings.admin_token:
        if len(set(settings.admin_token)) < DISTINCT_CHARS_MIN:
            yield Finding(WRONG, "admin_token is easily guessed; take what `openssl rand -hex 24` prints")
        if not (settings.tls_cert or settings.trusted_proxies or is_this_machine(settings.host)):
            yield Finding(
                NOTE,
                f"admin_token is set, and {settings.host} speaks no TLS: whoever listens on the way reads it. "
                "Set tls_cert and tls_key, or host to 127.0.0.1 behind a proxy that speaks TLS",
            )
        yield from readable_by_others(loaded, "admin_token")


def readable_by_others(loaded: Loaded, name: str) -> Iterator[Finding]:
    """Say where a secret can be read by others on this machine."""
    origin = loaded.origin[name]
    if name in ("redis", "store") and not re.search("@|password", getattr(loaded.settings, name)):
        return  # an address that holds no secret
    if origin == "command line":
        yield Finding(NOTE, f"{name} stands on the command line, where every user of this machine can read it")
    if origin.startswith("file "):
        path = Path(origin.removeprefix("file "))
        if stat.S_IMODE(path.stat().st_mode) & 0o044:
            yield Finding(NOTE, f"{name} stands in {path}, which others may read: `chmod 600 {path}`")
