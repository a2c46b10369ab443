"""Which texts go round: what was said nearly so in other rooms within the last hour, and what of it is held.

Pure, and it keeps no word: texts are known by their fingerprints, and alike by the share of pieces that they have in
common. Of two variations of an advert (bench/junk.py) one was known by the other in 98 of 100 cases, over 25 keys.

All but a few messages are new: no object is made for them that a match alone needs, and nothing is compared for one
piece in common. Processes with one key can tell each other what they know (`news`, `learn`).
"""

from itertools import chain, islice

from server.safety.fingerprints import Fingerprints, Print
from server.safety.sightings import Text, Told, counts
from server.safety.text_index import TEXTS_MAX, TextIndex

LOOK_BACK_S = 3600.0
NEAR, ALIKE, SUSPECT = 0.5, 0.75, 0.2
"""Of the pieces of the longer text so many are in both: they are nearly the same; so near that a text has been wherever
the other was, for a chain of texts, each a little like the last, is not one text; somewhat like junk, which is enough
where a newcomer comes from where junk came from lately."""


class SameTexts:
    """What was said lately, known by fingerprints alone. `now` never runs backwards.

    Args:
        own_max, all_max: in so many rooms a text of one person, and of anybody, is held; 0 for never.
    """

    def __init__(self, key: bytes, *, own_max: int, all_max: int) -> None:
        self.print = Fingerprints(key).of
        self._own_max = own_max
        self._all_max = all_max
        self._index = TextIndex(LOOK_BACK_S)
        self._again: dict[Text, None] | None = None
        self._told_until = 0.0

    def __len__(self) -> int:
        """Return how many fingerprints are known."""
        return len(self._index)

    def meet(self, print: Print, room: str, who: str, *, now: float, is_suspect: bool = False) -> int | None:
        """Return how many rooms got nearly this text in the last hour, this one included, or None if it is held.

        Args:
            is_suspect: hold what is only somewhat like junk, too.
        """
        text = Text(print, room, who, now, now)
        found = self._index.add_if_new(text) if not is_suspect else self._index.like(print)
        if not found and not is_suspect:
            return 1
        near = self._near(text, found, SUSPECT if is_suspect else NEAR)
        if not near:
            self._index.add(text)
            return 1
        return self._meet_again(text, near, is_suspect=is_suspect)

    def _near(self, text: Text, found: list[Text], enough: float) -> dict[Text, float]:
        """Return those of the texts found that it is so like, with their shares, in the order of its pieces."""
        print, since = text.pieces, text.at - LOOK_BACK_S
        size, pieces, near = len(print), set(print), dict[Text, float]()
        for one in found:
            if one.at > since:
                other = one.pieces
                share = len(pieces.intersection(other)) / (size if size > len(other) else len(other))
                if share >= enough or other == print:
                    # A text that says one thing over and over has less in common with others, and not with itself.
                    near[one] = share if other != print else 1.0
        if len(near) > 1:
            near = {one: near[one] for one in self._index.like(print) if one in near}
        return near

    def _meet_again(self, text: Text, near: dict[Text, float], *, is_suspect: bool) -> int | None:
        if is_suspect:
            if like_junk := [one for one in near if one.is_junk]:
                text.inherit(like_junk)
                text.is_junk = True
                self._index.add(text)
                self._tell(text)
                return None
            near = {one: share for one, share in near.items() if share >= NEAR}
        if not near:
            self._index.add(text)
            return 1
        room, who, now = text.room, text.who, text.at
        rooms, own = counts([*near], room, who, now - LOOK_BACK_S)
        is_held = (self._own_max and own >= self._own_max) or (self._all_max and rooms >= self._all_max)
        same = next((one for one, share in near.items() if share == 1), None)
        if same is not None:
            text, is_news = same, same.is_news(room, who, now) or (is_held and not same.is_junk)
            same.at = now
        else:
            is_news = True
            alike = [one for one, share in near.items() if one.is_junk or share >= ALIKE]
            if alike or is_held:
                text.inherit(alike)
            self._index.add(text)
        if is_news and self._again is not None:
            self._tell(*(one for one in near if one.told_at is None), text)
        if is_held:
            text.is_junk = True
            return None
        text.meet(room, who, now)
        return rooms

    def news(self, most: int, *, now: float) -> list[Told]:
        """Return what other processes are to know, first what was met more than once; begin to note it if none was yet.

        Of the rest the latest is told. What is left out is told when it is met again.

        Args:
            most: sightings in all, of which a text has at least one.
        """
        again, self._again = self._again or {}, {}
        told: list[Told] = []
        # Those put back into the queue stand among the latest, and are no news.
        latest = [text for text in islice(self._index.latest(), 2 * most) if text.queued_at > self._told_until]
        for text in chain(again, (text for text in latest if text.told_at is None)):
            if most <= 0:
                break
            told.append(text.told(now))
            most -= len(told[-1].met)
        self._told_until = now
        return told

    def learn(self, told: Told, *, now: float) -> None:
        """Know what another process tells of a text."""
        text = next((one for one in self._index.like(told.pieces) if one.pieces == told.pieces), None)
        for room, who, at in told.met:
            if at <= now - LOOK_BACK_S:
                continue
            if text is None:
                text = Text(told.pieces, room, who, at, now, told_at=now)
                self._index.add(text)
            text.at = max(text.at, at)
            text.meet(room, who, at)
        if text is not None:
            text.is_junk |= told.is_junk

    def _tell(self, *texts: Text) -> None:
        """Have other processes know of these with the next news, if any are told."""
        if self._again is not None and len(self._again) < TEXTS_MAX:
            self._again.update(dict.fromkeys(texts))

    def forget(self, *, now: float) -> None:
        """Forget what was met an hour ago or before."""
        self._index.forget(now=now)
