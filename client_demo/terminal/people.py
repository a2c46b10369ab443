"""Who sits here: the list at the side, and a colour for each that the conversation uses too.

Knows members as a room shows them. Never knows what they said.
"""

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

from textual.content import Content
from textual.widgets import Static

from client_demo.terminal import safe
from client_demo.terminal.looks import DIM, NAMES

LEAST_COLUMNS = 18
"""Of the list where it is narrowest, beside its bar for scrolling."""


class Palette:
    """Gives each name of a room a colour of its own, in the order they are met."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}

    def colour(self, name: str) -> str:
        """Return the colour of a name; as long as twelve or fewer are met, no two share one."""
        return self._given.setdefault(name, NAMES[len(self._given) % len(NAMES)])

    def renamed(self, before: str, after: str) -> None:
        """Let somebody keep their colour."""
        self._given[after] = self.colour(before)

    def start_anew(self) -> None:
        """Forget everybody."""
        self._given.clear()


def mark(member: dict[str, Any], me: str) -> str:
    """Return the sign in front of a name: oneself, muted, away or simply here."""
    if member["id"] == me:
        return "◆"
    if member.get("muted"):
        return "⊘"
    return "○" if member.get("away") else "●"


def remark(member: dict[str, Any], me: str) -> str:
    """Return what stands behind a name: "you", "kept", "away", "muted" or several of them."""
    told = ["you"] if member["id"] == me else []
    told += [word for word in ("kept", "away", "muted", "visiting") if member.get(word)]
    return ", ".join(told)


def in_common(member: dict[str, Any], mine: Sequence[str]) -> list[str]:
    """Return the topics that somebody shares with the one who has `mine`."""
    return [topic for topic in member.get("topics") or () if topic in mine]


class People(Static):
    """The members, oneself first, then by name."""

    def show(self, members: dict[str, dict[str, Any]], me: str, palette: Palette) -> None:
        """Show these members."""
        order = sorted(members.values(), key=lambda member: (member["id"] != me, member["name"].casefold()))
        away = sum(bool(member.get("away")) for member in order)
        rows = [Content.styled(f"{len(order) - away} here" + (f", {away} away" if away else ""), DIM)]
        mine = members[me].get("topics") or () if me in members else ()
        rows += [self._row(member, me, palette, mine) for member in order]
        self.update(Content("\n").join(rows))

    def _row(self, member: dict[str, Any], me: str, palette: Palette, mine: Sequence[str]) -> Content:
        colour = "$primary" if member["id"] == me else palette.colour(member["name"])
        if member.get("away") or member.get("muted"):
            colour = DIM
        note = remark(member, me)
        name = Content(safe.line(member["name"]))
        width = max(4, self._columns - 2)
        # A name is shortened only where it fills a line alone; what does not fit beside it stands below.
        gap = " " if name.cell_length + 1 + len(note) <= width else "\n  "
        told = [f"{gap}{note}"] if note else []
        # On a line of its own, so that no name can imitate it.
        told += [f"\n  ✓ {safe.line(str(member['verified']))}"] if member.get("verified") else []
        topics = (member.get("topics") or ()) if member["id"] == me else in_common(member, mine)
        label = "topics" if member["id"] == me else "both"
        lines = wrap(f"{label}: {safe.line(', '.join(map(str, topics)))}", width) if topics else []
        told += [f"\n  {line}" for line in lines]
        shown = name.truncate(width, ellipsis=True)
        return Content.assemble((f"{mark(member, me)} ", colour), (shown.plain, colour), ("".join(told), DIM))

    @property
    def _columns(self) -> int:
        """How wide the list is, or will be: members may be told before it is laid out."""
        return self.content_size.width or LEAST_COLUMNS
