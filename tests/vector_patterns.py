"""Patterns of docs/vectors.json: what an expected value may be, and what a sent one stands for.

Pure: values and names in, complaints out. docs/PROTOCOL.md describes the language.
"""

import hashlib
from itertools import count
from typing import Any

Names = dict[str, Any]

ABSENT: Any = object()
"""Stands for a field that is not there."""

_KINDS: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "number": (int, float),
    "string": (str,),
    "bool": (bool,),
    "list": (list,),
    "object": (dict,),
}
_FORMS = {"$", "$bind", "$ref", "$not", "$among", "$set", "$work"}


def filled(value: Any, names: Names) -> Any:
    """Return a value to send, with what it stands for in place of `$ref`, `$repeat`, `$altered` and `$work`."""
    match value:
        case {"$ref": name}:
            return names[name]
        case {"$repeat": [text, times]}:
            return text * times
        case {"$altered": name}:
            return _altered(names[name])
        case {"$work": [nonce, bits]}:
            asked, zeros = names.get(nonce, nonce), names.get(bits, bits)
            return next(str(number) for number in count() if _is_work(str(number), asked, zeros))
    return _filled_inside(value, names)


def _filled_inside(value: Any, names: Names) -> Any:
    if isinstance(value, list):
        return [filled(part, names) for part in value]
    if isinstance(value, dict):
        return {key: filled(part, names) for key, part in value.items()}
    return value


def mismatch(pattern: Any, value: Any, names: Names, at: str = "") -> str:
    """Return "" if the value is as the pattern says, having bound what it binds; else what is wrong where."""
    if isinstance(pattern, dict):
        if any(key.startswith("$") for key in pattern):
            return _mismatch_form(pattern, value, names, at)
        return _mismatch_object(pattern, value, names, at)
    if isinstance(pattern, list):
        if not isinstance(value, list) or len(value) != len(pattern):
            return f"{at}: {value!r} is no list of {len(pattern)}"
        pairs = enumerate(zip(pattern, value, strict=True))
        return _first(mismatch(want, got, names, f"{at}[{index}]") for index, (want, got) in pairs)
    # True == 1 in Python, but not in JSON.
    if value is ABSENT or isinstance(pattern, bool) != isinstance(value, bool) or pattern != value:
        return f"{at}: {_shown(value)} is not {pattern!r}"
    return ""


def _mismatch_object(pattern: dict[str, Any], value: Any, names: Names, at: str) -> str:
    """Fields that the pattern does not name are passed over: a later version may add some."""
    if not isinstance(value, dict):
        return f"{at}: {_shown(value)} is no object"
    return _first(mismatch(want, value.get(key, ABSENT), names, f"{at}.{key}") for key, want in pattern.items())


def _mismatch_form(pattern: dict[str, Any], value: Any, names: Names, at: str) -> str:  # noqa: PLR0911 - a table
    assert len(_FORMS & set(pattern)) == 1, f"{pattern} is no pattern"
    match pattern:
        case {"$": kind}:
            return _mismatch_kind(pattern, kind, value, at)
        case {"$bind": name}:
            complaint = mismatch(pattern.get("is", {"$": "any"}), value, names, at)
            if not complaint:
                names[name] = value
            return complaint
        case {"$ref": _}:
            return mismatch(filled(pattern, names), value, names, at)
        case {"$not": other}:
            return "" if mismatch(other, value, dict(names), at) else f"{at}: {_shown(value)} matches {other}"
        case {"$among": choices}:
            complaints = [mismatch(choice, value, names, at) for choice in choices]
            return "" if "" in complaints else f"{at}: {_shown(value)} is none of {choices}"
        case {"$set": wanted}:
            return _mismatch_set(wanted, value, names, at)
        case {"$work": [nonce, bits]}:
            return _mismatch_work(names.get(nonce, nonce), names.get(bits, bits), value, at)
    raise AssertionError(f"{pattern} is no pattern")


def _mismatch_work(nonce: str, bits: int, value: Any, at: str) -> str:
    is_met = isinstance(value, str) and _is_work(value, nonce, bits)
    return "" if is_met else f"{at}: {_shown(value)} does not answer {nonce}"


def _is_work(text: str, nonce: str, bits: int) -> bool:
    digest = hashlib.sha256((nonce + text).encode()).digest()
    return f"{int.from_bytes(digest, 'big'):0256b}".startswith("0" * bits)


def _mismatch_kind(pattern: dict[str, Any], kind: str, value: Any, at: str) -> str:
    if kind == "absent":
        return "" if value is ABSENT else f"{at}: {_shown(value)} should not be there"
    if kind == "any":
        return f"{at} is missing" if value is ABSENT else ""
    if not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "bool"):
        return f"{at}: {_shown(value)} is no {kind}"
    size = len(value) if isinstance(value, str | list | dict) else value
    if not pattern.get("from", size) <= size <= pattern.get("to", size):
        return f"{at}: {_shown(value)} is out of range"
    return ""


def _mismatch_set(wanted: list[Any], value: Any, names: Names, at: str) -> str:
    """Each pattern takes the first element that is left and fits it."""
    if not isinstance(value, list) or len(value) != len(wanted):
        return f"{at}: {_shown(value)} is no list of {len(wanted)}"
    left = list(value)
    for pattern in wanted:
        fitting = next((one for one in left if not mismatch(pattern, one, names, at)), ABSENT)
        if fitting is ABSENT:
            return f"{at}: nothing in {left!r} is {pattern}"
        left.remove(fitting)
    return ""


def _first(complaints: Any) -> str:
    return next((complaint for complaint in complaints if complaint), "")


def _altered(text: str) -> str:
    """Return the text with its middle character replaced by another one of the same alphabet."""
    middle = len(text) // 2
    return text[:middle] + ("a" if text[middle] != "a" else "b") + text[middle + 1 :]


def _shown(value: Any) -> str:
    return "nothing" if value is ABSENT else repr(value)
