"""The name a member shows in one room: asked for and made unique, or given by the room."""

import random
from collections.abc import Collection

NAME_MAX_CHARS = 32
"""Of a name as it is shown, its number included."""

_QUALITIES = (
    "Amber Brisk Calm Clever Copper Curious Dusky Early Gentle Golden Hazel Jolly Kind Lively "
    "Lucky Mellow Merry Misty Nimble Patient Plucky Quiet Rosy Silver Sunny Swift Tidy Velvet Warm Witty"
).split()
_CREATURES = (
    "Badger Beetle Bison Crane Cricket Dolphin Falcon Ferret Finch Fox Gecko Hare Hedgehog Heron Ibis "
    "Lark Lynx Magpie Marten Mole Newt Otter Owl Panda Puffin Raven Robin Seal Sparrow Swan Toad Wren"
).split()
_FRIENDLY = [f"{quality} {creature}" for quality in _QUALITIES for creature in _CREATURES]
"""All of them, made once: drawn at one go, and of those who wear the same one each would take 60 bytes otherwise."""


def shown_name(asked: str, taken: Collection[str], rng: random.Random) -> str:
    """Return the name to show among `taken`: `asked`, numbered if somebody wears it, or a friendly one if empty."""
    worn = {name.casefold() for name in taken}
    if not asked:
        return _friendly_name(worn, rng)
    return asked if asked.casefold() not in worn else _numbered(asked, worn)


def _friendly_name(worn: set[str], rng: random.Random) -> str:
    name = rng.choice(_FRIENDLY)
    return name if name.casefold() not in worn else _numbered(name, worn)


def _numbered(name: str, worn: set[str]) -> str:
    number = 2
    while (numbered := f"{name[: NAME_MAX_CHARS - len(str(number)) - 1]} {number}").casefold() in worn:
        number += 1
    return numbered
