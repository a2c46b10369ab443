"""What scripted people are like: how much they talk, to whom, how fast, and how long they stay.

Pure numbers. Never knows a word anybody says (phrases.py, replies.py) nor whose turn it is (table.py).
"""

import random
from collections.abc import Collection
from dataclasses import dataclass
from string import ascii_uppercase


@dataclass(frozen=True, slots=True)
class Character:
    """One way to be at a table. Weights compare people of one table with each other.

    Attributes:
        opens: weight to begin a conversation.
        talks: weight to go on with one.
        answers: weight to answer somebody who types.
        asks_back: chance to ask somebody who types something, if nobody did yet.
        pace: how many times as long as others they take to type.
        stays_s: how long they sit at a table, on average.
    """

    name: str
    opens: float
    talks: float
    answers: float
    asks_back: float
    pace: float
    stays_s: float


CHATTY = Character("chatty", opens=4, talks=3, answers=3, asks_back=0.2, pace=0.8, stays_s=3600)
SHY = Character("shy", opens=0.3, talks=1, answers=0.5, asks_back=0.0, pace=1.6, stays_s=1800)
ASKING = Character("asks back", opens=2, talks=1.5, answers=3, asks_back=0.8, pace=1.0, stays_s=1800)
LEAVING = Character("leaves early", opens=1, talks=2, answers=1.5, asks_back=0.1, pace=0.9, stays_s=360)

_SHARES = {CHATTY: 3, SHY: 3, ASKING: 2, LEAVING: 2}

NAMES = (
    "Ada", "Aiko", "Alma", "Amir", "Anouk", "Ari", "Ash", "Asta", "Ayo", "Bay", "Bea", "Birk", "Bo", "Bram", "Brook",
    "Caro", "Cass", "Cato", "Chen", "Clem", "Cleo", "Cory", "Dale", "Dara", "Dell", "Dina", "Dov", "Edda", "Eden",
    "Eli", "Ellis", "Elsa", "Emre", "Enzo", "Erin", "Esme", "Ever", "Ezra", "Farah", "Faye", "Fern", "Finn", "Flint",
    "Fritz", "Gale", "Gia", "Gil", "Glen", "Greta", "Gus", "Gwen", "Hana", "Hari", "Hedda", "Hollis", "Hugo", "Ida",
    "Ilse", "Ilya", "Imani", "Indigo", "Ines", "Ingo", "Ira", "Iris", "Isa", "Ivo", "Jana", "Jasper", "Jonah", "Joni",
    "Jules", "Juno", "Kaan", "Kai", "Kaya", "Keiko", "Kit", "Lake", "Lani", "Lark", "Leif", "Lena", "Leo", "Lida",
    "Linden", "Lou", "Luz", "Maja", "Malik", "Mara", "Marlo", "Mei", "Mika", "Milo", "Mira", "Moss", "Nadia", "Naoko",
    "Nell", "Nico", "Nils", "Noa", "Noor", "Oakley", "Odell", "Odile", "Olga", "Omar", "Orla", "Oskar", "Otis",
    "Otto", "Pablo", "Pax", "Perry", "Pia", "Pim", "Priya", "Quill", "Quinn", "Rafi", "Rain", "Reed", "Remy", "Rina",
    "Robin", "Rosa", "Ruben", "Runa", "Saba", "Sage", "Sami", "Sana", "Sasha", "Selma", "Sky", "Sol", "Sunny", "Suri",
    "Taj", "Tam", "Tatum", "Teal", "Tess", "Theo", "Tilda", "Timo", "Tove", "Uli", "Uma", "Vale", "Vera", "Vik",
    "Wanda", "Wes", "Willa", "Wren", "Yael", "Yara", "Yuki", "Yusuf", "Zane", "Zephyr", "Zita", "Zora",
)  # fmt: skip
"""As many as bots of a demo sit at tables, so that few need more than one word."""

MARK = "(bot)"


def character_for(rng: random.Random) -> Character:
    """Return what somebody is like."""
    return rng.choices(tuple(_SHARES), tuple(_SHARES.values()))[0]


def name_for(rng: random.Random, taken: Collection[str] = ()) -> str:
    """Return a name that says what its bearer is; with an initial once all of them are taken."""
    free = [name for name in NAMES if f"{name} {MARK}" not in taken]
    name = rng.choice(free) if free else f"{rng.choice(NAMES)} {rng.choice(ascii_uppercase)}."
    return f"{name} {MARK}"


def is_bot(name: str) -> bool:
    """Tell whether a name says so; a server that numbers equal names puts the number behind it."""
    return MARK in name


def called(name: str) -> str:
    """Return what a bot is called to its face."""
    return name.split(maxsplit=1)[0]
