"""`hereabouts token`: a JWT to try a server with that takes only what a host application signs, and keys for it.

Stands in for that application. Never prints a secret or a private key.
"""

import json
import os
import time
from pathlib import Path
from typing import Literal

import click
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeyParameters, OctKey, OKPKey, RSAKey, import_key

from server.config import settings_options_listing
from server.loading import Loaded
from server.settings import Settings

PRIVATE_FILE, JWKS_FILE = "private.json", "jwks.json"

_MAKE_ONE = f"`hereabouts token --make-keys FOLDER` makes one, as FOLDER/{PRIVATE_FILE}."

ALGORITHMS = ("ES256", "EdDSA", "RS256")
_ASYMMETRIC: dict[str, Literal["RSA", "EC", "OKP"]] = {"EC": "EC", "OKP": "OKP", "RSA": "RSA"}
_DEFAULT_OF = {"EC": "ES256", "OKP": "EdDSA", "RSA": "RS256"}

SignKey = ECKey | OKPKey | RSAKey | OctKey


@click.command(
    epilog="""\b
Examples:
  # HEREABOUTS_AUTH_ISSUER=https://uni.example and HEREABOUTS_AUTH_AUDIENCE=chat are in the environment of all these
  hereabouts token --make-keys keys
  hereabouts serve --set auth_jwks=keys/jwks.json --set auth_claims=name
  hereabouts token --key keys/private.json --sub ann --claim name="Ann Smith" > ann.jwt
  hereabouts chat --city "New York" --auth ann.jwt
  # with one secret instead of keys, HEREABOUTS_AUTH_SECRET there too
  hereabouts token --sub ann --ttl 90
"""
)
@click.option("--sub", "subject", default="somebody", show_default=True, help="Whom it is for: `sub`.")
@click.option("--claim", "claims", multiple=True, metavar="NAME=VALUE", help="A claim, repeatable; JSON where it is.")
@click.option("--ttl", type=int, default=3600, show_default=True, help="Seconds it is good for; negative: expired.")
@click.option("--key", type=click.Path(path_type=Path), metavar="FILE", help="Sign with this private JWK.")
@click.option("--make-keys", type=click.Path(path_type=Path), metavar="FOLDER", help="Make a key pair and a JWKS.")
@click.option("--alg", type=click.Choice(ALGORITHMS), default="ES256", show_default=True, help="Of a new key pair.")
@settings_options_listing()
def token(
    loaded: Loaded,
    *,
    subject: str,
    claims: tuple[str, ...],
    ttl: int,
    key: Path | None,
    make_keys: Path | None,
    alg: str,
) -> None:
    """Print a JWT for tests, as a host application would sign it, or make the keys for it.

    Issuer, audience and secret are the settings auth_issuer, auth_audience and auth_secret.
    """
    if make_keys is not None:
        _make_keys(make_keys, alg)
        return
    settings = loaded.settings
    if not settings.auth_issuer or not settings.auth_audience:
        raise click.UsageError("auth_issuer and auth_audience say for whom a JWT is: set both, here and at the server.")
    signed_with = _read(key) if key is not None else _secret(settings)
    now = int(time.time())
    told = {"iss": settings.auth_issuer, "aud": settings.auth_audience, "sub": subject, "iat": now, "exp": now + ttl}
    click.echo(sign({**told, **dict(map(_claim, claims))}, signed_with))


def sign(claims: dict[str, object], key: SignKey) -> str:
    """Return the JWT of these claims, under the algorithm that goes with the key."""
    algorithm = "HS256" if isinstance(key, OctKey) else str(key.get("alg") or _DEFAULT_OF[key.key_type])
    header = {"alg": algorithm} | ({"kid": key.kid} if key.kid else {})
    return jwt.encode(header, claims, key, algorithms=[algorithm])


def new_key(alg: str) -> SignKey:
    """Return a new private key for an algorithm, named by its thumbprint (RFC 7638)."""
    parameters: KeyParameters = {"alg": alg, "use": "sig"}
    key: SignKey
    if alg == "ES256":
        key = ECKey.generate_key("P-256", parameters)
    elif alg == "EdDSA":
        key = OKPKey.generate_key("Ed25519", parameters)
    else:
        key = RSAKey.generate_key(2048, parameters)
    key.ensure_kid()
    return key


def _make_keys(folder: Path, alg: str) -> None:
    key = new_key(alg)
    private, jwks = folder / PRIVATE_FILE, folder / JWKS_FILE
    if folder.exists() and not folder.is_dir():
        raise click.ClickException(f"{folder} is no folder: name one, there or not yet.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Never over one that may be in use: whoever it signed for would be shut out.
        with open(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            json.dump(key.as_dict(private=True), file)
        jwks.write_text(json.dumps({"keys": [key.as_dict(private=False)]}, indent=2) + "\n", encoding="ascii")
    except FileExistsError:
        raise click.ClickException(f"{private} exists already: remove it, or choose another folder.") from None
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written to: {error.strerror}.") from None
    click.echo(f"{private}  signs: keep it secret\n{jwks}  is for the server: --set auth_jwks={jwks}")


def _read(path: Path) -> SignKey:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        key: SignKey = import_key(found, _ASYMMETRIC[found["kty"]])
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read: {error.strerror}. {_MAKE_ONE}") from None
    except (ValueError, KeyError, TypeError, JoseError):
        raise click.ClickException(f"{path} is no JWK of an RSA, EC or Ed25519 key. {_MAKE_ONE}") from None
    if not key.is_private:
        raise click.ClickException(f"{path} holds a public key, which cannot sign: give the private one.")
    return key


def _secret(settings: Settings) -> SignKey:
    if not settings.auth_secret:
        raise click.UsageError("There is nothing to sign with: give --key FILE, or set auth_secret.")
    return OctKey.import_key(settings.auth_secret.encode())


def _claim(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError("--claim takes NAME=VALUE, for example --claim name=Ann.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
