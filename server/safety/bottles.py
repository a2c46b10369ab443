"""Messages in bottles: who may have which, what became of it, and the answers that wait for whoever threw it.

Pure. Words are sealed as soon as they come, with about where they were thrown, and unsealed for whoever picks them.
A bottle comes to `PICKED_MAX` people at most, never to who threw it, nor between two of whom one blocks the other.
Nobody learns whose bottle it was, and who threw it learns of those alone who answer.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import NamedTuple

import msgspec

from geo import Cell
from rooms.bottles import THROWN_AT, Afloat, Water, within_m
from server.bugs import log
from server.origin import LOOPBACK, Origin
from server.safety.identities import DAY_S
from server.safety.rates import Meter, per_period
from server.settings import Settings
from server.store.rows import Bottle, BottleAnswer
from server.store.sealing import Seal, SealBroken
from server.store.store import Store, StoreError

PICKED_MAX = 3
"""People a bottle comes to: junk reaches no more, and most bottles are answered by one of three."""
BOTTLE_S = DAY_S
"""A bottle ends after so long."""
HOLDING_REPORTS = 3
"""None of somebody's comes to anybody once so many people have reported one: all whom a single bottle ever comes to."""
BOTTLES_MAX = 100_000
"""Afloat at once, some 60 MB in memory without their words; beyond, the oldest end."""
ANSWERS_MAX = 20
"""Answers kept for one person who is not there: three bottles a day bring nine. Beyond, the oldest are forgotten."""
ADDRESSES_MAX = 20_000
"""Addresses whose young identities' picks are counted, and as many for throws: keyed hashes, some 4 MB each."""
YOUNG_THROWERS = 5
"""Those of an address who first came within a day throw together as much as so many people: a family that tries it out
is not stopped, and whoever makes themselves forty identities reaches 45 people a day, not 360."""


class Content(msgspec.Struct, frozen=True):
    """What is sealed of a bottle; an answer has no cell."""

    text: str
    cell: str = ""


class Found(NamedTuple):
    """A bottle that came to somebody."""

    bottle: str
    text: str
    at: float
    within_m: int


class Bottles:
    """All bottles of one server.

    Attributes:
        new_id: gives a short text that nobody guesses.
    """

    def __init__(
        self, store: Store, seal: Seal, water: Water, settings: Settings, *, new_id: Callable[[], str]
    ) -> None:
        self._store = store
        self._seal = seal
        self._water = water
        self._settings = settings
        self.new_id = new_id
        self._afloat: OrderedDict[str, Afloat] = OrderedDict()
        self._owned: dict[str, set[str]] = {}
        self._newcomers: OrderedDict[bytes, Meter] = OrderedDict()
        """How much has been picked by the new identities of an address."""
        self._throwers: OrderedDict[bytes, Meter] = OrderedDict()
        """How much has been thrown by those of an address that first came within a day."""
        self._unheard: dict[str, dict[str, float]] = {}
        """Whom answers were sent to of which it is not known that they have come, and when, Unix seconds."""
        for row in list(store.bottles()):
            if not row.owner:
                continue
            content = self._read(row.sealed, f"bottle {row.bottle}")
            if content is None:
                store.remove_bottle(row.bottle)  # of another secret: nobody can ever read it
            elif not row.is_held and len(row.picked) < PICKED_MAX:
                self._float(Afloat(row.bottle, row.owner, Cell(content.cell), row.at, row.picked))

    def __len__(self) -> int:
        """Return how many may come to somebody."""
        return len(self._afloat)

    def floats_of(self, owner: str) -> bool:
        """Tell whether any of somebody's may come to others."""
        return owner in self._owned

    def lie_near(self, region: Cell) -> bool:
        """Tell whether those of a few people lie near the region."""
        return self._water.lie_near(region)

    # What people do

    def throw(self, owner: str, cell: Cell, text: str, *, now: float, bottle: str, is_held: bool = False) -> None:
        """Have a bottle float, unless it is held, under an id from `new_id`. Raises StoreError, changing nothing."""
        thrown = cell.parent(min(len(cell), THROWN_AT))
        sealed = self._sealed(Content(text, str(thrown)), f"bottle {bottle}")
        row = Bottle(bottle=bottle, owner=owner, sealed=sealed, at=now, until=now + BOTTLE_S, is_held=is_held)
        self._store.put_bottle(row)
        if is_held:
            return
        self._float(Afloat(bottle, owner, thrown, now))
        if len(self._afloat) > BOTTLES_MAX:
            oldest = next(iter(self._afloat))
            self._sink(oldest)
            self._store.remove_bottle(oldest)

    def picks_from(self, origin: Origin) -> tuple[Meter, ...]:
        """Return what counts the picks of all new identities from there together."""
        return _shared(self._newcomers, origin, self._settings.picks_per_day)

    def throws_from(self, origin: Origin) -> tuple[Meter, ...]:
        """Return what counts the throws of all identities from there that first came within a day together."""
        return _shared(self._throwers, origin, YOUNG_THROWERS * self._settings.throws_per_day)

    def pick(self, who: str, cell: Cell, *, apart: Collection[str], now: float) -> Found | None:
        """Return a bottle for somebody, None if none may come to them. Raises StoreError, changing nothing.

        Args:
            apart: everybody of whom, or by whom, they are blocked.
        """

        def may_come(afloat: Afloat) -> bool:
            return (
                afloat.owner != who
                and who not in afloat.picked
                and afloat.at + BOTTLE_S > now
                and afloat.owner not in apart
                and self._store.ban_of(afloat.owner, now=now) is None
            )

        while (afloat := self._water.draw(cell, may_come, now=now)) is not None:
            row = self._store.bottle(afloat.bottle)
            content = self._read(row.sealed, f"bottle {row.bottle}") if row is not None else None
            if row is None or content is None:
                self._sink(afloat.bottle)
                continue
            picked = (*row.picked, who)
            self._store.put_bottle(msgspec.structs.replace(row, picked=picked, in_hand=(*row.in_hand, who)))
            afloat.picked = picked
            if len(picked) >= PICKED_MAX:
                self._sink(row.bottle)
            return Found(row.bottle, content.text, row.at, within_m(cell, afloat.cell))
        return None

    def in_hand(self, who: str, bottle: str, *, now: float) -> Bottle | None:
        """Return the bottle if they have picked it and may still answer."""
        row = self._store.bottle(bottle)
        return row if row is not None and who in row.in_hand and row.until > now else None

    def answer(self, who: str, row: Bottle, text: str, *, now: float) -> BottleAnswer:
        """Keep an answer for whoever threw the bottle, until they are there. Raises StoreError, changing nothing."""
        id = self.new_id()
        answer = BottleAnswer(
            answer=id,
            bottle=row.bottle,
            owner=row.owner,
            by=who,
            sealed=self._sealed(Content(text), f"answer {id}"),
            at=now,
            until=now + self._settings.token_ttl_s,
        )
        self._store.put_answer(answer)
        try:
            self.let_go(who, row)
            for old in self._store.answers_for(row.owner)[:-ANSWERS_MAX]:
                self._store.remove_answer(old.answer)
        except StoreError as error:  # the answer is kept, which is what was asked for
            log.error("%s", error)
        return answer

    def let_go(self, who: str, row: Bottle) -> None:
        """Know that somebody will answer the bottle no more. Raises StoreError."""
        self._store.put_bottle(
            msgspec.structs.replace(row, in_hand=tuple(holder for holder in row.in_hand if holder != who))
        )

    def let_go_of_blocked(self, who: str, row: Bottle) -> None:
        """Know that somebody who has blocked its thrower will answer the bottle no more, if that can be written."""
        try:
            self.let_go(who, row)
        except StoreError as error:  # the block holds, which is what was asked for: an answer would reach nobody
            log.error("%s", error)

    # Answers on their way

    def waiting_for(self, owner: str, *, apart: Collection[str], now: float) -> list[tuple[BottleAnswer, str]]:
        """Return the answers that are not known to have come to somebody, and their words, oldest first."""
        told = []
        for answer in self._store.answers_for(owner):
            text = self.text_of(answer)
            if answer.until > now and answer.by not in apart and text is not None and not answer.is_heard:
                told.append((self.tell(answer, now=now), text))
        return told

    def tell(self, answer: BottleAnswer, *, now: float) -> BottleAnswer:
        """Know an answer sent. It is kept as long as before, in case it was lost on the way.

        If that cannot be written the answer is sent all the same.
        """
        self._unheard.setdefault(answer.owner, {})[answer.answer] = now
        if answer.is_told:
            return answer
        told = msgspec.structs.replace(answer, is_told=True)
        try:
            self._store.put_answer(told)
        except StoreError as error:  # a full disk keeps no answer from anybody, and nobody from their seat
            log.error("%s", error)
            return answer
        return told

    def take_up(self, owner: str) -> None:
        """Know which answers another process has sent somebody who goes on here, and does not know to have come."""
        sent = {a.answer: a.at for a in self._store.answers_for(owner) if a.is_told and not a.is_heard}
        if sent:
            self._unheard.setdefault(owner, {}).update(sent)

    def heard(self, owner: str, *, before: float, now: float) -> None:
        """Know that what was sent to somebody before that time has come, over a restart too.

        It is kept for a while yet, in case it is reported. If that cannot be written it may come once more, and is
        shown once by its id.
        """
        unheard = self._unheard.get(owner)
        if unheard is None:  # nearly always
            return
        until = now + self._settings.report_grace_s
        for id in [id for id, sent_at in unheard.items() if sent_at < before]:
            del unheard[id]
            try:
                answer = self._store.answer(id)
                if answer is not None:
                    heard = msgspec.structs.replace(answer, is_heard=True, until=min(answer.until, until))
                    self._store.put_answer(heard)
            except StoreError as error:
                log.error("%s", error)
        if not unheard:
            del self._unheard[owner]

    def text_of(self, kept: Bottle | BottleAnswer) -> str | None:
        """Return the words of a bottle or an answer, None if its seal is broken."""
        about = f"bottle {kept.bottle}" if isinstance(kept, Bottle) else f"answer {kept.answer}"
        content = self._read(kept.sealed, about)
        return content.text if content is not None else None

    # What is wrong with one

    def known_to(self, who: str, id: str, *, now: float) -> Bottle | BottleAnswer | None:
        """Return the bottle they have picked, or the answer they were given, of that id; of their own, the last answer.

        That is what they may report, or whose writer they may block.
        """
        row = self._store.bottle(id)
        if row is not None and row.until > now and who in row.picked:
            return row
        answer = self._store.answer(id)
        if answer is None:
            # Its thrower knows the answer by the bottle as well, which may have ended before.
            answers = [each for each in self._store.answers_for(who) if each.bottle == id and each.is_told]
            answer = answers[-1] if answers else None
        if answer is None or answer.until <= now or answer.owner != who or not answer.is_told:
            return None
        return answer

    def hold_all(self, owner: str) -> None:
        """Have the bottles of somebody that float come to nobody any more."""
        for bottle in sorted(self._owned.get(owner, ())):
            self._sink(bottle)
            try:
                row = self._store.bottle(bottle)
                if row is not None:
                    self._store.put_bottle(msgspec.structs.replace(row, is_held=True))
            except StoreError as error:  # held all the same, until the process ends
                log.error("%s", error)

    # What time does

    def end_of(self, owner: str) -> None:
        """Have the bottles of somebody who asked to be forgotten float no more; the store forgets them by itself."""
        for bottle in sorted(self._owned.get(owner, ())):
            self._sink(bottle)

    def changed(self, row: Bottle, *, is_there: bool) -> None:
        """Know what became of a bottle elsewhere: it floats here too, as long as it may come to somebody."""
        self._sink(row.bottle)
        content = self._read(row.sealed, f"bottle {row.bottle}") if is_there and row.owner else None
        if content is not None and not row.is_held and len(row.picked) < PICKED_MAX:
            self._float(Afloat(row.bottle, row.owner, Cell(content.cell), row.at, row.picked))

    def forget(self, *, now: float) -> None:
        """Have bottles float no more that have ended, and forget of answers that have whether they have come."""
        while self._afloat and next(iter(self._afloat.values())).at + BOTTLE_S <= now:
            self._sink(next(iter(self._afloat)))
        for owner in list(self._unheard):
            sent = self._unheard.pop(owner)
            left = {answer: at for answer, at in sent.items() if self._lasts(answer, now)}
            if left:
                self._unheard[owner] = left
        for meters in (self._newcomers, self._throwers):
            for key in [key for key, meter in meters.items() if meter.due <= now]:
                del meters[key]

    def _lasts(self, answer: str, now: float) -> bool:
        row = self._store.answer(answer)
        return row is not None and now < row.until

    def _float(self, afloat: Afloat) -> None:
        self._afloat[afloat.bottle] = afloat
        self._owned.setdefault(afloat.owner, set()).add(afloat.bottle)
        self._water.put(afloat)

    def _sink(self, bottle: str) -> None:
        afloat = self._afloat.pop(bottle, None)
        if afloat is not None:
            self._water.take(afloat)
            self._owned[afloat.owner].remove(bottle)
            if not self._owned[afloat.owner]:
                del self._owned[afloat.owner]

    def _sealed(self, content: Content, about: str) -> bytes:
        return self._seal.seal(msgspec.msgpack.encode(content), about=about)

    def _read(self, sealed: bytes, about: str) -> Content | None:
        try:
            return msgspec.msgpack.decode(self._seal.unseal(sealed, about=about), type=Content)
        except (SealBroken, ValueError):
            return None


def _shared(meters: OrderedDict[bytes, Meter], origin: Origin, per_day: float) -> tuple[Meter, ...]:
    """Return what counts the acts of all from there together; nothing does where they are not limited, or one's own."""
    rate = per_period(per_day, DAY_S)
    if rate is None or origin.address == LOOPBACK:
        return ()
    meter = meters.setdefault(origin.key, Meter(rate))
    meters.move_to_end(origin.key)
    if len(meters) > ADDRESSES_MAX:
        meters.popitem(last=False)
    return (meter,)
