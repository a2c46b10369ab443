"""Every setting of the server, and where the values in force came from.

Knows names, ranges, defaults, and how TOML file, environment and flags override one another, in this order.
Must never know what a setting does: that is written where it is used. No value of a secret enters a message.
"""

import contextlib
import difflib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from server import edge, vouching
from server.limits import Limits
from server.safety import area

ENVIRONMENT_PREFIX = "HEREABOUTS_"
TEST_PREFIX = "HEREABOUTS_TEST_"

FEATURES = ("anonymous", "shake", "bottles")
"""What an operator may switch off: coming in without an account and without a token from before, and ways to meet."""

BINDS_LOOPBACK = frozenset({"connections_per_address", "sockets_per_address", "work_above_connects_per_s"})
"""Settings that loopback clients are exempt from unless somebody sets them, even to the default."""

SECRETS = frozenset({"secret", "store", "redis", "auth_secret", "admin_token", "webhook_secret"})
"""Settings whose values are shown nowhere, not even when they are malformed; an address holds a password."""

DEFAULT = "default"
"""The origin of a value that nobody set."""

# One line of text: no control characters, and nothing that cannot be written as UTF-8.
_LINE = r"\A[^\x00-\x1f\x7f-\x9f\ud800-\udfff]*\Z"
_SECRET = r"\A([0-9a-fA-F]{64})?\Z"
_SHARED_SECRET = r"\A([\x21-\x7e]{32,200})?\Z"
_TOKEN = r"\A([\x21-\x7e]{24,200})?\Z"
_WEB_ADDRESS = r"\A(https?://[\x21-\x7e]+)?\Z"


class SettingsError(ValueError):
    """A setting is unknown, malformed, out of range, or contradicts another; the message says which."""


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
        if bool(self.tls_cert) != bool(self.tls_key):
            there, missing = ("tls_cert", "tls_key") if self.tls_cert else ("tls_key", "tls_cert")
            yield f"{there} is set and {missing} is not: TLS takes both."
        yield from self._problems_of_store()
        yield from self._problems_of_cluster()
        yield from edge.problems(trusted_proxies=self.trusted_proxies, allowed_origins=self.allowed_origins)
        yield from vouching.problems(self)
        for feature in self.features_off.split():
            if feature not in FEATURES:
                yield f"features_off: {feature!a:.40} is no feature to switch off; it takes {', '.join(FEATURES)}."
        yield from area.problems(area=self.area, hours=self.hours, hours_zone=self.hours_zone)
        if self.webhook_url and not _names_a_host(self.webhook_url):
            yield f"webhook_url: {self.webhook_url!r} names no host and port; write it as in https://host.example/path."
        if self.webhook_url and not self.webhook_secret:
            yield "webhook_url is set, but no webhook_secret: whoever gets the messages could not tell whose they are."

    def _problems_of_store(self) -> Iterator[str]:
        if not self.store:
            return
        yield from _problems_of_address("store", self.store)
        if not (self.secret or self.data):
            yield (
                "store is set, and neither secret nor data is: what is kept could not be read after a restart. Set "
                "HEREABOUTS_SECRET to what `openssl rand -hex 32` prints."
            )

    def _problems_of_cluster(self) -> Iterator[str]:
        if self.redis:
            yield from _problems_of_address("redis", self.redis)
            if not self.secret:
                yield (
                    "redis is set and secret is not: nodes of one cluster share one. Set HEREABOUTS_SECRET to what "
                    "`openssl rand -hex 32` prints, the same for all."
                )
        if self.data and (self.redis or self.workers > 1):
            yield (
                "data is set, but a folder belongs to one process alone, and these are several: leave it out, or have "
                "one process. What is to last goes into a store."
            )

    def __repr__(self) -> str:
        """Return the settings that differ from their defaults, without any value of a secret."""
        values = {name: getattr(self, name) for name in SETTINGS}
        changed = (f"{n}={shown(n, v)}" for n, v in values.items() if v != SETTINGS[n].default)
        return f"Settings({', '.join(changed)})"


def _problems_of_address(name: str, address: str) -> Iterator[str]:
    # Imported here: whoever keeps nothing in Redis loads nothing of it.
    from server.cluster.address import read_address
    from server.cluster.trouble import EngineError

    try:
        read_address(address)
    except EngineError as error:
        yield f"{name}: {error}"


_ALLOWED = {
    "secret": "64 hexadecimal digits, or nothing",
    "store": "an address as in redis://127.0.0.1:6379, or nothing",
    "redis": "an address as in redis://127.0.0.1:6379, or nothing",
    "webhook_url": "an address that begins with https:// or http://, or nothing",
    "hours": "a time to another time, as in 17:00-02:00, or nothing",
}
"""What these settings take, in words."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as described by its field: `low` and `high` are inclusive, lengths if it is text."""

    name: str
    kind: type
    default: int | float | str
    low: float
    high: float
    description: str

    @property
    def allowed(self) -> str:
        """The values it takes, in words."""
        if self.name in _ALLOWED:
            return _ALLOWED[self.name]
        if self.name in SECRETS:
            fewest = 32 if self.name == "auth_secret" else 24
            return f"{fewest} to 200 characters without spaces, or nothing"
        if self.kind is str:
            return f"one line of text, {self.low} to {self.high} characters"
        return f"a {'whole ' * (self.kind is int)}number, {self.low} to {self.high}"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings in force, and per name where the value came from."""

    settings: Settings
    origin: Mapping[str, str]

    def explicit(self, name: str) -> bool:
        """Tell whether somebody set this one, be it to its default. Raises KeyError for an unknown name."""
        return self.origin[name] != DEFAULT


def load(config_file: Path | None, environ: Mapping[str, str], flags: Mapping[str, str | int | float]) -> Loaded:
    """Return the settings in force: defaults, overridden by the file, then the environment, then the flags.

    Args:
        environ: every `HEREABOUTS_*` in it must be a setting, but for `HEREABOUTS_TEST_*`.
        flags: by setting name; texts are read as numbers where the setting is one.

    Raises:
        SettingsError: a name is unknown, a value malformed or out of range, or two contradict each other.
    """
    values: dict[str, Any] = {}
    origin = dict.fromkeys(SETTINGS, DEFAULT)
    for name, value, source in (*_from_file(config_file), *_from_environment(environ), *_from_flags(flags)):
        values[name] = _checked(name, value, source)
        origin[name] = source
    settings = Settings(**values)
    if contradictions := list(settings.contradictions()):
        raise SettingsError(" ".join(contradictions))
    return Loaded(settings, origin)


def shown(name: str, value: int | float | str) -> str:
    """Return a value as TOML writes it; of a secret, only whether there is one."""
    if name in SECRETS:
        return "(set, not shown)" if value else "(none)"
    if isinstance(value, str):
        # JSON's strings are TOML's as long as they hold no control characters, and settings hold none.
        return json.dumps(value, ensure_ascii=False)
    return str(int(value) if value == int(value) else value)


_Given = tuple[str, Any, str]
"""A setting's name, its value as it was written, and where."""


def _from_file(path: Path | None) -> Iterator[_Given]:
    if path is None:
        return
    try:
        # Some editors begin a file with a mark that TOML does not know.
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{path} is not TOML: {error}.") from None
    for name, value in table.items():
        yield name, value, f"file {path}"


def _from_environment(environ: Mapping[str, str]) -> Iterator[_Given]:
    for variable in sorted(environ):
        if variable.startswith(ENVIRONMENT_PREFIX) and not variable.startswith(TEST_PREFIX):
            suffix = variable.removeprefix(ENVIRONMENT_PREFIX)
            # Only capitals: on POSIX systems two spellings would be two variables, of which one wins by chance.
            name = suffix.lower() if suffix.isupper() else variable
            yield name, _from_text(name, environ[variable]), f"environment {variable}"


def _from_flags(flags: Mapping[str, str | int | float]) -> Iterator[_Given]:
    for name, value in flags.items():
        yield name, _from_text(name, value) if isinstance(value, str) else value, "command line"


def _from_text(name: str, text: str) -> int | float | str:
    """Return the number a text stands for if the setting is a number, else the text as it is."""
    if name in SETTINGS and SETTINGS[name].kind is not str:
        for number in (int, float):
            with contextlib.suppress(ValueError):
                return number(text)
    return text


def _names_a_host(url: str) -> bool:
    try:
        where = urlsplit(url)
        return bool(where.hostname) and where.port != 0
    except ValueError:
        return False


def _checked(name: str, value: object, source: str) -> int | float | str:
    """Return the value in its setting's type. Raises SettingsError, naming setting, value and range."""
    if name not in SETTINGS:
        raise SettingsError(f"{source}: there is no setting {name!a}; {_nearest(name)}.")
    setting = SETTINGS[name]
    try:
        converted: int | float | str = msgspec.convert(value, _TYPES[name])
    except (msgspec.ValidationError, UnicodeEncodeError):  # the latter for surrogates, say from a broken environ
        written = "(not shown)" if name in SECRETS else f"{value!a:.80}"
        raise SettingsError(f"{source}: {name} = {written}, but it takes {setting.allowed}.") from None
    return converted


def _nearest(name: str) -> str:
    """Return words that lead from a name that does not exist to one that does."""
    plain = name.removeprefix(ENVIRONMENT_PREFIX).lower().replace("-", "_")
    close = difflib.get_close_matches(plain, SETTINGS, n=1)
    return f"the nearest is {close[0]}" if close else "`hereabouts config` prints them all"


def _setting(name: str, annotated: Any, default: int | float | str) -> Setting:
    """Return the description of a field; where two Metas say something, the inner and the outer add up."""
    kind, *metas = get_args(annotated)
    said = {key: getattr(meta, key) for meta in metas for key in _SAID if getattr(meta, key) is not None}
    if kind is str:
        return Setting(name, kind, default, said.get("min_length", 0), said.get("max_length", 64), said["description"])
    return Setting(name, kind, default, said["ge"], said["le"], said["description"])


_SAID = ("ge", "le", "min_length", "max_length", "description")
_TYPES = get_type_hints(Settings, include_extras=True)

SETTINGS = {
    name: _setting(name, _TYPES[name], default)
    for name, default in zip(Settings.__struct_fields__, Settings.__struct_defaults__, strict=True)
}
"""Every setting by name: first what decides who sits with whom, then the limits, then the server's own."""
