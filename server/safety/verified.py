"""Who a host application vouches for: what a JWT (RFC 7519) must be to be believed, and what is shown of it.

Verified means one thing: not counterfeit. It buys nothing. Rules, in the order they are checked:

- A JWT has at most `JWT_MAX_CHARS` and three parts; its header says an algorithm that the key itself allows
  (`server.safety.jwt_keys`). What the header says of keys (`jwk`, `jku`, `x5c`, `x5u`) is not looked at, but for `kid`;
  a header that asks for extensions (`crit`) is refused.
- The signature is right, and only then the claims are read: `iss` and `aud` are the operator's, `sub` is there,
  `exp` is there and not past, `nbf` is not to come, both with `LEEWAY_S` for clocks that differ.
- (`iss`, `sub`) is the identity, on every device.

Pure: keys and the real time come in. Nothing of a JWT ever enters a message or a log.
"""

import base64
import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning

from server.codes import Refused
from server.safety.jwt_keys import JwtKey
from server.safety.words import clean_claim

JWT_MAX_CHARS = 4096
"""Half of what common servers take in a header; one with a dozen claims under RSA-4096 has 1,500."""

LEEWAY_S = 30.0
"""Clocks of servers that ask for the time differ by far less."""

SUBJECT_MAX_CHARS = 255
"""As OpenID Connect Core, section 2, allows; so no identity's hash takes longer than another's."""

SEPARATOR = " · "

# `EdDSA` is what most issuers still write for Ed25519, whatever RFC 9864 calls it.
warnings.filterwarnings("ignore", message="EdDSA is deprecated", category=SecurityWarning)


class Verified(NamedTuple):
    """What one JWT says."""

    issuer: str
    subject: str
    shown: str
    """Claims and issuer, as others see them."""
    lasts_s: float
    """Real seconds for which it is believed from now on."""


class UnknownKey(Refused):
    """No key at hand has signed this one: it may be newer than they are."""


Clock = Callable[[], float]


class Verifier:
    """Reads the JWTs of one issuer.

    Args:
        claims: which ones are shown, in this order.
        unix_now: the real time.
        retry_s: in how many seconds an unknown key may be known; None where keys never change.
    """

    def __init__(
        self,
        keys: tuple[JwtKey, ...] = (),
        *,
        issuer: str,
        audience: str,
        claims: Sequence[str] = (),
        unix_now: Clock,
        retry_s: float | None = None,
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._claims = claims
        self._unix_now = unix_now
        self._retry_s = retry_s
        self._issuer_shown = _without_scheme(issuer)
        self.keys = keys
        """Those in force; exchanged as a whole when they are fetched anew."""

    def take_keys(self, keys: tuple[JwtKey, ...]) -> None:
        """Believe these keys from now on, and no others."""
        self.keys = keys

    def read(self, token: str) -> Verified:
        """Return what the JWT says. Raises Refused with `bad_auth`; UnknownKey if newer keys may know it."""
        if len(token) > JWT_MAX_CHARS:
            raise _bad(f"`auth` is longer than {JWT_MAX_CHARS} characters.")
        unix_now = self._unix_now()
        claims = self._signed(token, _header(token))
        self._check(claims, unix_now)
        return Verified(self._issuer, claims["sub"], self._shown(claims), claims["exp"] + LEEWAY_S - unix_now)

    def _signed(self, token: str, header: dict[str, Any]) -> dict[str, Any]:
        """Return the claims of a JWT that one of the keys has signed."""
        algorithm, kid = header.get("alg"), header.get("kid")
        candidates = [key for key in self.keys if kid is None or key.kid in (None, kid)]
        if not candidates:
            raise self._unknown()
        for key in candidates:
            if isinstance(algorithm, str) and algorithm in key.algorithms:
                try:
                    return jwt.decode(token, key.key, algorithms=[algorithm]).claims
                except (JoseError, ValueError, TypeError, RecursionError):
                    continue
        if kid is None:
            raise self._unknown()
        raise _bad("`auth` is not signed as it should be.")

    def _unknown(self) -> UnknownKey:
        return UnknownKey("bad_auth", "`auth` is signed by no key known here.", retry_after=self._retry_s)

    def _check(self, claims: dict[str, Any], unix_now: float) -> None:
        audiences = claims.get("aud")
        subject = claims.get("sub")
        if claims.get("iss") != self._issuer:
            raise _bad("`auth` is of another issuer.")
        if self._audience not in (audiences if isinstance(audiences, list) else [audiences]):
            raise _bad("`auth` is meant for another server.")
        if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_MAX_CHARS:
            raise _bad("`auth` does not say for whom it is.")
        if _moment(claims, "exp") <= unix_now - LEEWAY_S:
            raise _bad("`auth` has expired: get a fresh one.")
        if "nbf" in claims and _moment(claims, "nbf") > unix_now + LEEWAY_S:
            raise _bad("`auth` is not good yet.")

    def _shown(self, claims: dict[str, Any]) -> str:
        """Return the claims that are shown and the issuer; a claim has no way to look like another issuer."""
        shown = list(_claims_shown(claims, self._claims))
        return SEPARATOR.join([", ".join(shown), self._issuer_shown] if shown else [self._issuer_shown])


def _claims_shown(claims: dict[str, Any], names: Sequence[str]) -> Iterator[str]:
    for name in names:
        value = claims.get(name)
        if value is True:
            yield clean_claim(name)
        elif isinstance(value, str | int | float) and value is not False and (text := clean_claim(str(value))):
            yield text


def _header(token: str) -> dict[str, Any]:
    first, *others = token.split(".")
    try:
        header = json.loads(base64.urlsafe_b64decode(first.encode("ascii") + b"=" * (-len(first) % 4)))
    except (ValueError, RecursionError):
        header = None
    if len(others) != 2 or not isinstance(header, dict) or "crit" in header:
        raise _bad("`auth` is no JWT that can be read here.")
    return header


def _moment(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise _bad(f"`auth` has no `{name}`.")
    return float(value)


def _without_scheme(issuer: str) -> str:
    return issuer.partition("://")[2].strip("/") or issuer


def _bad(message: str) -> Refused:
    return Refused("bad_auth", message)
