"""The evidence of a report: what was said, who was who, and what reporters wrote. Kept sealed, for the operator alone.

Pure: makes and reads bytes. No cell is in it, and nobody's address.
"""

from collections.abc import Collection, Iterable, Mapping

import msgspec

EVIDENCE_MAX_BYTES = 65_536
"""Of one report's words; some thousand lines of talk. What is oldest is left out, and how many lines is said."""
PEOPLE_MAX = 200
"""Of one report; twenty times a full room. More only pass through, to make what is kept of each report large."""
NOTES_MAX = 20
"""Reporters' notes kept with one report: more say nothing that twenty have not said."""


class Line(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """One thing that was said; `at` is Unix milliseconds."""

    seq: int
    from_: str
    name: str
    text: str
    at: int


class Note(msgspec.Struct, frozen=True):
    """What one reporter gave as a reason; `seq` is the line they pointed at."""

    by: str
    reason: str
    text: str
    at: int
    seq: int | None = None


class Evidence(msgspec.Struct, frozen=True):
    """What was frozen.

    Attributes:
        name: what the person was called who was reported; "" of a room.
        people: member id → identity, of everybody who sat there; of very many, of those who matter most.
        left_out: older lines that there was no room for.
    """

    name: str
    people: dict[str, str]
    lines: tuple[Line, ...]
    notes: tuple[Note, ...]
    left_out: int = 0

    def to_bytes(self) -> bytes:
        """Return it as bytes, to be sealed."""
        return msgspec.msgpack.encode(self)


def read(plain: bytes) -> Evidence:
    """Return the evidence that was unsealed. Raises ValueError."""
    return msgspec.msgpack.decode(plain, type=Evidence)


def fitting(lines: Iterable[Line], *, left_out: int = 0) -> tuple[tuple[Line, ...], int]:
    """Return the newest lines that fit, oldest first, and how many do not, those left out before included."""
    kept: list[Line] = []
    free = EVIDENCE_MAX_BYTES
    waiting = sorted(lines, key=lambda line: line.seq)
    while waiting:
        free -= len(msgspec.msgpack.encode(waiting[-1]))
        if free < 0:
            break
        kept.append(waiting.pop())
    return tuple(reversed(kept)), left_out + len(waiting)


def who_matter(people: Mapping[str, str], lines: Iterable[Line], seated: Collection[str]) -> dict[str, str]:
    """Return as many of the people as are kept: those of `seated` and who spoke, then those who came last."""
    if len(people) <= PEOPLE_MAX:
        return dict(people)
    spoke = {line.from_ for line in lines}
    order = sorted(people, key=lambda id: (id in seated, id in spoke))
    return {id: people[id] for id in order[-PEOPLE_MAX:]}


def with_more(old: Evidence, new: Evidence) -> Evidence:
    """Return what a report has once it is made again: lines said since, as far as they fit behind the old ones."""
    newest = max((line.seq for line in old.lines), default=0)
    free = EVIDENCE_MAX_BYTES - sum(len(msgspec.msgpack.encode(line)) for line in old.lines)
    more: list[Line] = []
    for line in new.lines:
        if line.seq > newest:
            free -= len(msgspec.msgpack.encode(line))
            if free < 0:
                break
            more.append(line)
    return msgspec.structs.replace(
        old,
        name=old.name or new.name,
        people=who_matter(old.people | new.people, (*old.lines, *more), ()),
        lines=(*old.lines, *more),
        notes=(*old.notes, *new.notes)[:NOTES_MAX],
    )
