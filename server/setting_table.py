"""The table of all settings, as their fields describe them: what `hereabouts config`, docs and checks are made of.

Knows what a setting takes, in types and in words. Never knows a value in force.
"""

from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

from server.settings import SECRETS, Settings

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
    """One setting as described by its field: `low` and `high` are inclusive, lengths if it is text.

    Attributes:
        annotated: its type with all that is said of it, for msgspec.
    """

    name: str
    kind: type
    default: int | float | str
    low: float
    high: float
    description: str
    annotated: Any

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


def _setting(name: str, annotated: Any, default: int | float | str) -> Setting:
    """Return the description of a field; where two Metas say something, the inner and the outer add up."""
    kind, *metas = get_args(annotated)
    said = {key: getattr(meta, key) for meta in metas for key in _SAID if getattr(meta, key) is not None}
    low, high = (said.get("min_length", 0), said.get("max_length", 64)) if kind is str else (said["ge"], said["le"])
    return Setting(name, kind, default, low, high, said["description"], annotated)


_SAID = ("ge", "le", "min_length", "max_length", "description")
_TYPES = get_type_hints(Settings, include_extras=True)

SETTINGS = {
    name: _setting(name, _TYPES[name], default)
    for name, default in zip(Settings.__struct_fields__, Settings.__struct_defaults__, strict=True)
}
"""Every setting by name: first what decides who sits with whom, then the limits, then the server's own."""
