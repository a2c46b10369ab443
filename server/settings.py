"""Every setting of the server: its name, its type and range, its default, and what it is for.

Must never know where a value came from (loading.py), nor what a setting does: that is written where it is used. No
value of a secret is shown.
"""

import json
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from server import contradictions
from server.limits import Limits

BINDS_LOOPBACK = frozenset({"connections_per_address", "sockets_per_address", "work_above_connects_per_s"})
"""Settings that loopback clients are exempt from unless somebody sets them, even to the default."""

SECRETS = frozenset({"secret", "store", "redis", "auth_secret", "admin_token", "webhook_secret"})
"""Settings whose values are shown nowhere, not even when they are malformed; an address holds a password."""

# One line of text: no control characters, and nothing that cannot be written as UTF-8.
_LINE = r"\A[^\x00-\x1f\x7f-\x9f\ud800-\udfff]*\Z"
_SECRET = r"\A([0-9a-fA-F]{64})?\Z"
_SHARED_SECRET = r"\A([\x21-\x7e]{32,200})?\Z"
_TOKEN = r"\A([\x21-\x7e]{24,200})?\Z"
_WEB_ADDRESS = r"\A(https?://[\x21-\x7e]+)?\Z"


class Settings(Limits, frozen=True, kw_only=True):
    """All settings, every default once. Frozen: what is in force does not change while the server runs."""

    host: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=253,
            pattern=_LINE,
            description="The address to listen on; only this machine can reach the default.",
        ),
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535, description="The TCP port to listen on; 0 takes any free one.")] = 8765
    redis: Annotated[
        str,
        Meta(
            max_length=2000,
            pattern=_LINE,
            description="The address of the Redis or Valkey by which several processes are one server: redis://, "
            "rediss://, unix://, redis+sentinel:// or redis+cluster://. All share one secret.",
        ),
    ] = ""
    workers: Annotated[
        int,
        Meta(
            ge=1,
            le=64,
            description="Processes that share the port and are one server, on systems that let them. Without redis a "
            "Valkey of their own is started for them.",
        ),
    ] = 1
    data: Annotated[
        str,
        Meta(
            max_length=4000,
            pattern=_LINE,
            description="The folder for what must outlive the process: blocks, bans, reports, and the secret if none "
            "is set. Without one they end with the process.",
        ),
    ] = ""
    store: Annotated[
        str,
        Meta(
            max_length=2000,
            pattern=_LINE,
            description="The address of a Redis or Valkey that keeps in the folder's place what must outlive the "
            "process, for one server or several: redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://. "
            "It takes a secret of one's own, or a folder that keeps it.",
        ),
    ] = ""
    tls_cert: Annotated[
        str,
        Meta(
            max_length=4000,
            pattern=_LINE,
            description="The PEM file with the certificate, and those that vouch for it after it; with it the port "
            "speaks TLS alone.",
        ),
    ] = ""
    tls_key: Annotated[
        str,
        Meta(max_length=4000, pattern=_LINE, description="The PEM file with the certificate's key, not encrypted."),
    ] = ""
    trusted_proxies: Annotated[
        str,
        Meta(
            max_length=2000,
            pattern=_LINE,
            description="Networks of one's own reverse proxies, separated by spaces, as in `10.0.0.0/8`; `loopback` "
            "for this machine. X-Forwarded-For is believed from these alone.",
        ),
    ] = ""
    allowed_origins: Annotated[
        str,
        Meta(
            max_length=2000,
            pattern=_LINE,
            description="Origins of other pages that may connect, separated by spaces, as in `https://uni.example`; "
            "`*` for all. The server's own pages may, and pages of this machine on this machine.",
        ),
    ] = ""
    filter_file: Annotated[
        str,
        Meta(
            max_length=4000,
            pattern=_LINE,
            description="A file of words, phrases and domains, one a line, that nobody says or is called; read again "
            "when it changes.",
        ),
    ] = ""
    secret: Annotated[
        str,
        Meta(
            pattern=_SECRET,
            description="64 hexadecimal digits that key the tokens; without one the server makes its own: "
            "it lies in the folder of data, or else tokens end with the process.",
        ),
    ] = ""
    server_name: Annotated[
        str,
        Meta(min_length=1, max_length=64, pattern=_LINE, description="What clients show as the server."),
    ] = "Hereabouts"
    terms: Annotated[
        str,
        Meta(max_length=2000, pattern=_LINE, description="The terms of use, or where they can be read."),
    ] = ""
    contact: Annotated[str, Meta(max_length=200, pattern=_LINE, description="How people reach the operator.")] = ""
    auth_secret: Annotated[
        str,
        Meta(
            pattern=_SHARED_SECRET,
            description="What a host application signs its people's JWTs with, by HS256: 32 to 200 characters "
            "without spaces, as long as the hash (RFC 7518, 3.2). Without it and auth_jwks nobody is verified.",
        ),
    ] = ""
    auth_jwks: Annotated[
        str,
        Meta(
            max_length=2000,
            pattern=_LINE,
            description="A JWKS with the public keys (RSA, EC, Ed25519) a host application signs with: a file or an "
            "https address. It is read again every few minutes, and when a new key turns up.",
        ),
    ] = ""
    auth_issuer: Annotated[
        str,
        Meta(
            max_length=200,
            pattern=_LINE,
            description="The `iss` of these JWTs, exactly; shown, without https://, behind what it says of people.",
        ),
    ] = ""
    auth_audience: Annotated[
        str,
        Meta(
            max_length=200,
            pattern=_LINE,
            description="The `aud` of these JWTs, exactly, so that one made for another service is worth nothing here.",
        ),
    ] = ""
    auth_claims: Annotated[
        str,
        Meta(
            max_length=200,
            pattern=_LINE,
            description="Claims that are shown to all, separated by spaces, as in `name faculty`; of one that is "
            "true, its name. Without any, the issuer alone.",
        ),
    ] = ""
    auth_required: Annotated[
        int,
        Meta(ge=0, le=1, description="1: only people with such a JWT are let in."),
    ] = 0
    terms_version: Annotated[
        str,
        Meta(
            max_length=64,
            pattern=_LINE,
            description="Which version of the terms people accept, in `enter.terms`, before they sit down. Without one "
            "nobody is asked.",
        ),
    ] = ""
    adults_only: Annotated[
        int,
        Meta(ge=0, le=1, description="1: whoever accepts the terms says with it that they are 18 or older."),
    ] = 0
    features_off: Annotated[
        str,
        Meta(
            max_length=200,
            pattern=_LINE,
            description="Features that are off, separated by spaces: `anonymous`, `shake`, `bottles`. An operator may "
            "switch others off while the server runs, and on again.",
        ),
    ] = ""
    area: Annotated[
        str,
        Meta(
            max_length=4000,
            pattern=_LINE,
            description="Geohash prefixes, separated by spaces, of the only places served: `dr5r dr72`. Without any, "
            "the whole world is.",
        ),
    ] = ""
    hours: Annotated[
        str,
        Meta(
            max_length=11,
            pattern=r"\A(([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d)?\Z",
            description="When people are let in, each day: `17:00-02:00`. Who sits by then may stay. "
            "Without any, always.",
        ),
    ] = ""
    hours_zone: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=64,
            pattern=r"\A[A-Za-z0-9_+/-]+\Z",
            description="The time zone of hours, by its name in the IANA database: `Europe/Madrid`.",
        ),
    ] = "UTC"
    outside: Annotated[
        str,
        Meta(
            max_length=300,
            pattern=_LINE,
            description="What people are told who come from outside the area or the hours, in the operator's words.",
        ),
    ] = ""
    admin_token: Annotated[
        str,
        Meta(
            pattern=_TOKEN,
            description="What opens /admin: 24 to 200 characters without spaces. Without one there is no /admin.",
        ),
    ] = ""
    admin_socket: Annotated[
        str,
        Meta(
            max_length=100,
            pattern=_LINE,
            description="Where `hereabouts admin` finds the server, as a path of at most 100 characters. Without one: "
            "`admin.sock` in the folder of data, else `hereabouts-PORT.sock` in $XDG_RUNTIME_DIR, else nowhere.",
        ),
    ] = ""
    webhook_url: Annotated[
        str,
        Meta(
            max_length=2000,
            pattern=_WEB_ADDRESS,
            description="Where to tell of new reports, by HTTP POST: a ticket and counts, and no word of anybody's.",
        ),
    ] = ""
    webhook_secret: Annotated[
        str,
        Meta(
            pattern=_TOKEN,
            description="What the webhook's messages are signed with: 24 to 200 characters without spaces.",
        ),
    ] = ""
    time_scale: Annotated[
        float,
        Meta(
            ge=1,
            le=100_000,
            description="The clock of rooms and rates runs so many times faster, for replays; sockets' "
            "timeouts do not.",
        ),
    ] = 1.0

    @property
    def lasting_redis(self) -> str:
        """The address of the Redis that keeps what is to last; "" if none does."""
        return self.store or self.redis

    def contradictions(self) -> Iterator[str]:
        """Yield one sentence for each value that cannot be used, alone or with another."""
        yield from super().contradictions()
        yield from contradictions.problems(self)

    def __repr__(self) -> str:
        """Return the settings that differ from their defaults, without any value of a secret."""
        defaults = zip(self.__struct_fields__, self.__struct_defaults__, strict=True)
        changed = (f"{n}={shown(n, v)}" for n, default in defaults if (v := getattr(self, n)) != default)
        return f"Settings({', '.join(changed)})"


def shown(name: str, value: int | float | str) -> str:
    """Return a value as TOML writes it; of a secret, only whether there is one."""
    if name in SECRETS:
        return "(set, not shown)" if value else "(none)"
    if isinstance(value, str):
        # JSON's strings are TOML's as long as they hold no control characters, and settings hold none.
        return json.dumps(value, ensure_ascii=False)
    return str(int(value) if value == int(value) else value)
