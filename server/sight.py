"""How one client sees the room they sit in: whom they mute says nothing, and whom they mute or keep is marked so.

Pure. It knows members of a room by their ids there; never why somebody is muted or kept.
"""

import msgspec

from rooms.events import Changed, Event, Joined, Marked, Member, Said, Skipped
from rooms.person import NOBODY
from rooms.room import Room


class Sight:
    """One client's, of the room they look at.

    Attributes:
        hidden: ids of members whose words they do not see; None if they mute nobody at all.
        kept: ids of members whom they keep; None if they keep nobody at all.
    """

    __slots__ = ("hidden", "kept")

    def __init__(self) -> None:
        self.hidden: frozenset[str] | None = None
        self.kept: frozenset[str] | None = None

    def look_around(self, room: Room, *, muted: frozenset[str], kept: frozenset[str]) -> None:
        """See that room from here on. Whoever has left it lately is known, too.

        Args:
            muted, kept: ids of people; empty for nobody.
        """
        here = {id: seat.person.id for id, seat in room.seats.items()} | room.gone if muted or kept else {}
        self.hidden = frozenset(id for id, who in here.items() if who in muted) if muted else None
        self.kept = frozenset(id for id, who in here.items() if who in kept) if kept else None

    def meet(self, id: str, *, is_muted: bool, is_kept: bool) -> None:
        """Know that somebody sits down here as member `id`."""
        if is_muted:
            self.hidden = (self.hidden or NOBODY) | {id}
        if is_kept:
            self.kept = (self.kept or NOBODY) | {id}

    @property
    def is_otherwise(self) -> bool:
        """Whether this client may not see everything as all others do."""
        return self.hidden is not None or self.kept is not None

    def event(self, event: Event) -> Event:
        """Return an event of the room as this client sees it."""
        if isinstance(event, Said):
            return Skipped(event.seq) if self.hidden and event.from_ in self.hidden else event
        if isinstance(event, Joined | Changed) and self._is_marked(event.id):
            return msgspec.structs.replace(event, member=self.member(event.member))
        return event

    def member(self, member: Member) -> Member:
        """Return a member of the room as this client sees them."""
        if not self._is_marked(member.id):
            return member
        muted, kept = (members is not None and member.id in members for members in (self.hidden, self.kept))
        return Marked(**msgspec.structs.asdict(member), muted=muted, kept=kept)

    def _is_marked(self, id: str) -> bool:
        return bool((self.hidden and id in self.hidden) or (self.kept and id in self.kept))
