"""The name a member shows in one room: asked for and made unique, or given by the room."""

import random
from collections.abc import Collection

from rooms.lookalikes import looks

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


_LOOKS = {name: looks(name) for name in _FRIENDLY}


def looks_of(name: str) -> frozenset[str]:
    """Return `looks` of a name; what friendly ones look like is known, and kept but once for all who wear them.

    Other names are not remembered: nothing of theirs is to outlast the seat.
    """
    return _LOOKS.get(name) or looks(name)


def shown_name(asked: str, worn: Collection[str], rng: random.Random) -> str:
    """Return the name to show: `asked`, numbered if it looks like one there, or a friendly one if it is empty.

    A look-alike is not refused: that would tell somebody outside who is in the room.

    Args:
        worn: what the names that are there look like, see `looks`.
    """
    name = asked or rng.choice(_FRIENDLY)
    return name if looks_of(name).isdisjoint(worn) else _numbered(name, worn)


def _numbered(asked: str, worn: Collection[str]) -> str:
    number = 2
    while not looks(numbered := f"{asked[: NAME_MAX_CHARS - len(str(number)) - 1]} {number}").isdisjoint(worn):
        number += 1
    return numbered
