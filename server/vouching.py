"""What the `auth_…` settings ask for: which host application vouches for people, and what may not be combined.

Knows the settings' meaning and no token. Never reads a file or a network: `server.operate.jwks` does.
"""

from collections.abc import Callable, Iterator
from typing import Protocol
from urllib.parse import urlsplit

from server.edge import is_this_machine
from server.safety.jwt_keys import secret_key
from server.safety.verified import Verifier


class AuthSettings(Protocol):
    """The part of the settings that is meant."""

    @property
    def auth_secret(self) -> str: ...
    @property
    def auth_jwks(self) -> str: ...
    @property
    def auth_issuer(self) -> str: ...
    @property
    def auth_audience(self) -> str: ...
    @property
    def auth_claims(self) -> str: ...
    @property
    def auth_required(self) -> int: ...


def problems(settings: AuthSettings) -> Iterator[str]:
    """Yield one sentence for each thing about these settings that cannot be."""
    has_keys = bool(settings.auth_secret or settings.auth_jwks)
    if settings.auth_secret and settings.auth_jwks:
        yield "auth_secret and auth_jwks are both set: a key that is public must never be a secret too; choose one."
    for name, value in (("auth_issuer", settings.auth_issuer), ("auth_audience", settings.auth_audience)):
        if has_keys and not value:
            yield f"{name} is not set: without it a JWT made for somebody else would be believed here."
    if settings.auth_required and not has_keys:
        yield "auth_required = 1, but neither auth_secret nor auth_jwks says whom to believe: nobody could enter."
    if "://" in settings.auth_jwks and not _is_safe(settings.auth_jwks):
        yield f"auth_jwks = {settings.auth_jwks!a:.80}: keys are fetched by https:// alone, or from this machine."


def make_verifier(settings: AuthSettings, *, unix_now: Callable[[], float], retry_s: float) -> Verifier | None:
    """Return what reads the JWTs these settings are about; None where there are none."""
    if not settings.auth_secret and not settings.auth_jwks:
        return None
    return Verifier(
        secret_key(settings.auth_secret) if settings.auth_secret else (),
        issuer=settings.auth_issuer,
        audience=settings.auth_audience,
        claims=settings.auth_claims.replace(",", " ").split(),
        unix_now=unix_now,
        retry_s=retry_s if settings.auth_jwks else None,
    )


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host)
    return parts.scheme == "http" and is_this_machine(host)
