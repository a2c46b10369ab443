"""The name a member shows in one room: asked for and made unique, or given by the room."""

import random
from collections.abc import Sequence

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


def shown_name(asked: str, worn: Sequence[frozenset[str]], rng: random.Random) -> str:
    """Return the name to show: `asked`, numbered if it looks like one there, or a friendly one if it is empty.

    A look-alike is not refused: that would tell somebody outside who is in the room.

    Args:
        worn: what each of the names that are there looks like, see `looks`.
    """
    # A third of what `choice` takes: nearly everybody who sits down asks for none.
    name = asked or _FRIENDLY[int(rng.random() * len(_FRIENDLY))]
    return _numbered(name, worn) if is_worn(looks_of(name), worn) else name


def is_worn(look: frozenset[str], worn: Sequence[frozenset[str]]) -> bool:
    """Tell whether something looks like any of those."""
    # A loop: to make one set of all of them took longer than all else about a name.
    for other in worn:  # noqa: SIM110
        if not look.isdisjoint(other):
            return True
    return False


def _numbered(asked: str, worn: Sequence[frozenset[str]]) -> str:
    number = 2
    while is_worn(looks(numbered := f"{asked[: NAME_MAX_CHARS - len(str(number)) - 1]} {number}"), worn):
        number += 1
    return numbered
