"""What a typed line asks for: words for the room, or one of the commands that begin with a slash.

Pure. Never knows who sits in the room nor what a command does.
"""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """Something to say."""

    text: str


@dataclass(frozen=True, slots=True)
class Slash:
    """A command and what was typed after it."""

    name: str
    argument: str = ""


class Misunderstood(ValueError):
    """The line asks for nothing that exists; the message says what does."""


# name: (what follows it, what it does)
COMMANDS = {
    "next": ("", "sit with other people, at once"),
    "who": ("", "who sits here, who visits, what you share"),
    "mute": ("NAME", "stay, and see no more of what they say"),
    "unmute": ("NAME", "see again what they say"),
    "block": ("NAME", "never sit with them again; nobody is told"),
    "blocks": ("", "show whom you block"),
    "unblock": ("NAME", "end that; or its number in /blocks"),
    "keep": ("NAME", "go on together, if they press it too; ends as you leave"),
    "unkeep": ("NAME", "let them go; nobody is told"),
    "contact": ("NAME LINE", "where they reach you, once both gave one"),
    "extend": ("", "vote for half a window more"),
    "eject": ("NAME", "vote, in secret, that they sit elsewhere"),
    "report": ("NAME REASON", "tell the operator; a note may follow"),
    "shake": ("", "meet whoever shakes now; /next leads back"),
    "throw": ("WORDS", "throw a message in a bottle, not as a newcomer"),
    "pick": ("", "take a bottle out of the water"),
    "answer": ("WORDS", "answer it, once"),
    "back": ("", "throw it back; or /report bottle, /block bottle"),
    "name": ("NAME", "be called something else"),
    "away": ("", "keep the seat while you are gone; again to be back"),
    "move": ("CELL", "tell a new place, as a cell or LAT,LON"),
    "leave": ("", "be forgotten with your bottles and keeps, and close; /quit, ^Q and ^C too"),
    "help": ("", "show keys and commands"),
}
ON_WIRE = {"name": "rename", "back": "throw_back"}
"""What is called otherwise on the wire."""
HERE_ALONE = ("who", "help", "leave")
"""What is done without the server, or has to be offered whatever it says."""
ALSO = {"quit": "leave"}
"""What else people type for a command."""
LEAVING = tuple(f"/{name}" for name in ("leave", *(typed for typed, meant in ALSO.items() if meant == "leave")))
"""All that is typed to leave."""


def is_command(typed: str) -> bool:
    """Tell whether a line asks for something instead of being said."""
    text = typed.strip()
    return text.startswith("/") and not text.startswith("//")


def switched_off(offered: object) -> frozenset[str]:
    """Return what a server does not do, by `commands` of its /about; nothing where it says none."""
    if not isinstance(offered, list) or not offered:
        return frozenset()
    return frozenset(name for name in COMMANDS if name not in HERE_ALONE and ON_WIRE.get(name, name) not in offered)


def parse(typed: str, *, off: Collection[str] = ()) -> Words | Slash:
    """Return what a line asks for; `//` at its start says the rest with one slash.

    Args:
        off: commands that this server has switched off.

    Raises:
        Misunderstood: no such command here, or something missing or too much after it.
    """
    text = typed.strip()
    if not is_command(text):
        return Words(text[1:] if text.startswith("//") else text)
    name, _, argument = text[1:].partition(" ")
    name, argument = ALSO.get(name.lower(), name.lower()), argument.strip()
    if name not in COMMANDS:
        raise Misunderstood(f"There is no /{name}; /help shows what there is. To say it, begin with //.")
    if name in off:
        raise Misunderstood(f"This server has /{name} switched off.")
    wanted, _ = COMMANDS[name]
    if wanted and not argument:
        what = "words" if wanted == "WORDS" else " and ".join(f"a {word}" for word in wanted.lower().split())
        raise Misunderstood(f"/{name} wants {what} after it: /{name} {wanted}")
    if argument and not wanted:
        raise Misunderstood(f"/{name} stands alone. To say it, begin with //.")
    return Slash(name, argument)


def parse_contact(argument: str, names: dict[str, str]) -> tuple[str, str]:
    """Return the id of who is meant and the line for them; names may hold spaces, so the longest that fits is meant.

    Raises:
        Misunderstood: nobody or several are meant, or no line follows.
    """
    folded = argument.casefold()
    whole = [name for name in names.values() if folded.startswith(f"{name.casefold()} ")]
    name = max(whole, key=len, default=argument.partition(" ")[0])
    line = argument[len(name) :].strip()
    if not line:
        raise Misunderstood("/contact wants a name, and behind it where they can reach you.")
    return choose_member(argument[: len(name)], names), line


REASONS = ("spam", "scam", "harassment", "sexual", "minor", "violence", "impersonation", "other")


def parse_report(argument: str) -> tuple[str, str, str]:
    """Return whom, why, and the note; names may hold spaces, so the first reason behind one ends it.

    Raises:
        Misunderstood: there is no name, or no reason behind it.
    """
    words = argument.split()
    for number, word in enumerate(words[1:], 1):
        if word.lower() in REASONS:
            return " ".join(words[:number]), word.lower(), " ".join(words[number + 1 :])
    raise Misunderstood(f"/report wants a name and one of these: {', '.join(REASONS)}. A note may follow.")


def choose_block(typed: str, names: list[str]) -> int:
    """Return which block is meant, from 0: by its number, by whole name or by its beginning.

    Raises:
        Misunderstood: none or several are meant.
    """
    if typed.isdecimal() and 0 < int(typed) <= len(names):
        return int(typed) - 1
    if not names:
        raise Misunderstood("You block nobody.")
    wanted = typed.casefold()
    exact = [number for number, name in enumerate(names) if name.casefold() == wanted]
    begun = exact or [number for number, name in enumerate(names) if name.casefold().startswith(wanted)]
    if len(begun) != 1:
        listed = ", ".join(f"{number} {name}" for number, name in enumerate(names, 1))
        raise Misunderstood(f"Say which, by its number: {listed}.")
    return begun[0]


def choose_member(typed: str, names: dict[str, str]) -> str:
    """Return the id of the member meant: by whole name or by its beginning, capitals aside.

    Args:
        names: member id to name.

    Raises:
        Misunderstood: nobody or several are meant.
    """
    wanted = typed.casefold()
    exact = [id for id, name in names.items() if name.casefold() == wanted]
    begun = exact or [id for id, name in names.items() if name.casefold().startswith(wanted)]
    if len(begun) == 1:
        return begun[0]
    if begun:
        raise Misunderstood(f"{typed!r} may be {' or '.join(sorted(names[id] for id in begun))}.")
    raise Misunderstood(
        f"Nobody here is called {typed!r}. Here are: {', '.join(sorted(names.values())) or 'nobody else'}."
    )
