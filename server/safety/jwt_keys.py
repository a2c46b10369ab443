"""Keys that a host application signs its JWTs with: from a JWKS (RFC 7517), or one secret for HS256.

Which algorithms a key may verify follows from the key alone, never from what a token says: so `none` is no
algorithm, and a public key is never taken for the secret of an HMAC. Pure: texts in, keys out.
"""

import json
from typing import Any, NamedTuple

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

KEYS_MAX = 64
"""Of one JWKS: a host application has one or two in use; a token without `kid` is tried on each."""

RSA_MIN_BITS = 2048
"""NIST SP 800-131A disallows less."""

AnyKey = OctKey | ECKey | OKPKey | RSAKey

_BY_CURVE = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})


class BadKeys(ValueError):
    """The text holds no key that can be used; the message says why."""


class JwtKey(NamedTuple):
    """One key, and what it verifies."""

    key: AnyKey
    kid: str | None
    algorithms: frozenset[str]


def secret_key(secret: str) -> tuple[JwtKey, ...]:
    """Return the key of HS256 that a shared secret is."""
    return (JwtKey(OctKey.import_key(secret.encode()), None, frozenset({"HS256"})),)


def read_jwks(text: bytes) -> tuple[JwtKey, ...]:
    """Return the keys of a JWKS that verify signatures; others in it are passed over. Raises BadKeys."""
    try:
        found = json.loads(text)["keys"]
        keys = [key for key in map(_read, found) if key is not None]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise BadKeys('it is no JWKS: a JSON object {"keys": [...]}') from None
    if not keys:
        raise BadKeys("there is no RSA, EC or Ed25519 key for signatures in it")
    if len(keys) > KEYS_MAX:
        raise BadKeys(f"there are {len(keys)} keys in it, more than {KEYS_MAX}")
    return tuple(keys)


def _read(found: dict[str, Any]) -> JwtKey | None:
    """Return a public key that may verify signatures, or None."""
    if found.get("use", "sig") != "sig" or "verify" not in found.get("key_ops", ["verify"]):
        return None
    # Of a private key only the public half is wanted here; a secret in a public document is none.
    public = {name: text for name, text in found.items() if name in ("kty", "crv", "n", "e", "x", "y")}
    try:
        key, algorithms = _imported(public)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    named = found.get("alg")
    if named is not None:
        algorithms &= {str(named)}
    kid = found.get("kid")
    return JwtKey(key, str(kid) if kid is not None else None, algorithms) if algorithms else None


def _imported(public: dict[str, Any]) -> tuple[AnyKey, frozenset[str]]:
    match public["kty"]:
        case "RSA":
            rsa = RSAKey.import_key(public)
            return rsa, _RSA if rsa.raw_value.key_size >= RSA_MIN_BITS else frozenset()
        case "EC":
            return ECKey.import_key(public), frozenset({_BY_CURVE[public["crv"]]})
        case "OKP" if public["crv"] == "Ed25519":
            return OKPKey.import_key(public), frozenset({"EdDSA", "Ed25519"})
    raise BadKeys("not a kind of key that signs here")
