"""JWTs for tests, right ones and forged ones, and the keys they are signed with."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

from joserfc.jwk import OctKey

from server.safety.jwt_keys import read_jwks, secret_key
from server.safety.verified import Verifier
from server.token import SignKey, new_key, sign

ISSUER, AUDIENCE = "https://uni.example", "chat"
SECRET = "0123456789abcdef0123456789abcdef"
AUTH: dict[str, Any] = {"auth_issuer": ISSUER, "auth_audience": AUDIENCE, "auth_claims": "name"}
"""Settings that go with these, without a key."""

KEYS = {alg: new_key(alg) for alg in ("ES256", "EdDSA", "RS256")}
SHARED: SignKey = OctKey.import_key(SECRET.encode())


def claims(now: float | None = None, **changed: Any) -> dict[str, Any]:
    """Return right claims with some changed; None takes one away."""
    began = int(time.time() if now is None else now)
    told = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "exp": began + 600, "name": "Ann Smith"} | changed
    return {name: value for name, value in told.items() if value is not None}


def shared(now: float | None = None, **changed: Any) -> str:
    """Return a JWT under the shared secret."""
    return sign(claims(now, **changed), SHARED)


def jwks(*keys: SignKey, **changed: Any) -> bytes:
    """Return the JWKS of these keys' public halves."""
    return json.dumps({"keys": [key.as_dict(private=False) | changed for key in keys]}).encode()


def verifier(
    *keys: SignKey, now: Callable[[], float] = time.time, shown: tuple[str, ...] = ("name",), retry_s: float = 5.0
) -> Verifier:
    """Return a verifier of these keys, or of the shared secret if there are none."""
    return Verifier(
        read_jwks(jwks(*keys)) if keys else secret_key(SECRET),
        issuer=ISSUER,
        audience=AUDIENCE,
        claims=shown,
        unix_now=now,
        retry_s=retry_s if keys else None,
    )


def part(content: object) -> str:
    """Return one part of a JWT, as its encoder writes it."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def forged(header: dict[str, Any], key: bytes = b"", **changed: Any) -> str:
    """Return a JWT with any header, under an HMAC of `key`, or with no signature at all."""
    signed = f"{part(header)}.{part(claims(**changed))}"
    mac = base64.urlsafe_b64encode(hmac.digest(key, signed.encode(), hashlib.sha256)).decode().rstrip("=")
    return f"{signed}.{mac if key else ''}"
