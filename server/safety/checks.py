"""What is looked at before something is said or shown: all checks of words, and why something is held.

Pure. It knows the operator's list, what leads out of a room and what goes round; never who is in a room or how anybody
is told.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from server.answers import Held
from server.origin import LOOPBACK, Origin
from server.safety.contacts import leads_out
from server.safety.fingerprints import SHORT_CHARS
from server.safety.folding import fold, other_reading
from server.safety.identities import Identity
from server.safety.sametext import LOOK_BACK_S, SameTexts
from server.safety.sightings import Told
from server.safety.wordlist import NOTHING
from server.settings import Settings

REASONS = {
    "link": "Whoever is new here cannot send links yet.",
    "contact": "Whoever is new here cannot send phone numbers, addresses or names on other services yet.",
    "same_text": "This was sent to several rooms within the last hour already.",
    "filter": "It contains something that this server does not pass on.",
}
"""Why something was not delivered, in a sentence for its sender."""
OF_ANSWERS = REASONS | {
    "same_text": "Nearly the same words went into several bottles, answers or rooms within the last hour already.",
}
"""The same, of answers to bottles; a bottle or an answer counts like a room."""
OF_BOTTLES = OF_ANSWERS | {
    "link": "There are no links in bottles.",
    "contact": "There are no phone numbers, addresses or names on other services in bottles.",
}
"""The same, of bottles: some ways out are open to nobody, be they as long here as they like."""


SUSPECTS_MAX = 10_000
"""Origins of junk remembered, keyed hashes: 1 MB. What newcomers from there say is compared more widely."""


class Looked(NamedTuple):
    """What came of looking at a text: why it is held, or else how many rooms got it lately, this one included."""

    reason: str | None
    rooms: int = 1


class News(msgspec.Struct, frozen=True, array_like=True):
    """What one process tells others: texts it met lately, by fingerprints, and keyed hashes of where junk came from."""

    texts: list[Told]
    suspects: list[bytes]


class Checks:
    """All checks of words of one process.

    Attributes:
        list: the operator's words and links in force.
    """

    def __init__(self, settings: Settings, key: bytes) -> None:
        self.list = NOTHING
        own_max, all_max = settings.same_text_rooms, settings.same_text_rooms_all
        self._same = SameTexts(key, own_max=own_max, all_max=all_max) if own_max or all_max else None
        self._suspects: OrderedDict[bytes, float] = OrderedDict()
        self._untold: dict[bytes, None] | None = None
        whom = f"write to {settings.contact}" if settings.contact else "tell whoever runs this server"
        self._object = f"If that is wrong, {whom}."

    def look(self, text: str, identity: Identity, origin: Origin, room: str, *, now: float) -> Looked:
        """Look at what somebody is about to say; what is not held counts as said.

        Args:
            origin: where they come from. This machine is never suspect: a proxy may stand for everybody.
        """
        same = self._same
        plain = fold(text)
        is_new = identity.is_new(now)
        if is_new or self.list is not NOTHING:
            reason = self._reason(plain, is_new=is_new)
            if reason is None and not text.isascii() and (other := other_reading(text)) is not None:
                reason = self._reason(other, is_new=is_new)
            if reason is not None:
                return Looked(reason)
        if len(plain) < SHORT_CHARS or same is None or (print := same.print(plain)) is None:
            return _FINE
        is_suspect = (
            is_new and bool(self._suspects) and self._suspects.get(origin.key, -LOOK_BACK_S) > now - LOOK_BACK_S
        )
        rooms = same.meet(print, room, identity.id, now=now, is_suspect=is_suspect)
        if rooms == 1:
            return _FINE
        if rooms is None:
            self._suspect(origin, now)
            return Looked("same_text")
        return Looked(None, rooms)

    def _reason(self, plain: str, *, is_new: bool) -> str | None:
        """Return why a folded text is held by itself, wherever else it is said, None if it is not."""
        if self.list is not NOTHING and self.list.holds_folded(plain):
            return "filter"
        return leads_out(plain) if is_new else None

    def news(self, most: int, *, now: float) -> News:
        """Return what other processes are to know since they were last told: so many texts at most."""
        texts = self._same.news(most, now=now) if self._same is not None else []
        suspects, self._untold = self._untold or {}, {}
        return News(texts, list(suspects))

    def learn(self, news: News, *, now: float) -> None:
        """Know what another process tells."""
        for key in news.suspects:
            self._note_suspect(key, now)
        if self._same is not None:
            for told in news.texts:
                self._same.learn(told, now=now)

    def forget(self, *, now: float) -> None:
        """Forget what is over: what was said, and where junk came from, an hour ago or before."""
        if self._same is not None:
            self._same.forget(now=now)
        while self._suspects and next(iter(self._suspects.values())) <= now - LOOK_BACK_S:
            self._suspects.popitem(last=False)

    def _suspect(self, origin: Origin, now: float) -> None:
        """Know that junk came from there; what newcomers from there say is compared more widely for an hour."""
        if origin.address == LOOPBACK:
            return
        self._note_suspect(origin.key, now)
        if self._untold is not None and len(self._untold) < SUSPECTS_MAX:
            self._untold[origin.key] = None

    def _note_suspect(self, key: bytes, now: float) -> None:
        self._suspects[key] = now
        self._suspects.move_to_end(key)
        if len(self._suspects) > SUSPECTS_MAX:
            self._suspects.popitem(last=False)

    def held(self, reason: str, *, ref: str | None, reasons: Mapping[str, str] = REASONS) -> Held:
        """Return what its sender is told, in one of these sentences."""
        return Held(reason=reason, message=reasons[reason], object=self._object, ref=ref)


_FINE = Looked(None)
