"""The store in memory: quick, and gone with the process. The stores on disk and in Redis answer from it too.

Each row that comes, changes or goes is told to `_held` and `_gone`, so that a store built on this one can pass it on.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import msgspec

from server.store.networks import Networks
from server.store.rows import (
    AuditEntry,
    Ban,
    Block,
    Bottle,
    BottleAnswer,
    Ended,
    Mark,
    Notice,
    Report,
    Row,
    Standing,
    Switch,
    Tie,
)
from server.store.store import StoreError

IDENTITIES_MAX = 200_000
"""Standings and ended identities kept in memory, some 60 MB; beyond, those put first are forgotten."""
PLACES_MAX = 20_000
"""Places where blocked people were, 10 MB; beyond, those longest ago are forgotten."""
MARKED_MAX = 50
"""Blocked identities remembered of one place: a campus has many, and each costs its newcomers a look-up."""
NOTICES_MAX = 10
"""Notices that wait for one person: an operator has no more to say to somebody who is not there."""
AUDIT_MAX = 10_000
"""Audit entries kept in memory: an operator's work of months, some 5 MB."""


_NO_TIES: dict[tuple[str, str], Tie] = {}


class MemoryStore:
    """Lasting state that does not last."""

    is_lasting = False

    def __init__(self) -> None:
        self._standings: OrderedDict[str, Standing] = OrderedDict()
        self._ended: OrderedDict[str, Ended] = OrderedDict()
        self._owned: dict[str, dict[tuple[str, str], Block]] = {}
        self._against: dict[str, dict[tuple[str, str], Block]] = {}
        self._marks: OrderedDict[str, dict[str, Mark]] = OrderedDict()
        self._ties: dict[str, dict[tuple[str, str], Tie]] = {}
        self._tied: dict[str, set[tuple[str, str]]] = {}
        self._bans: dict[str, Ban] = {}
        self._banned: dict[str, dict[str, Ban]] = {}
        self._networks = Networks()
        self._reports: dict[str, Report] = {}
        self._evidence: dict[str, bytes] = {}
        self._open: dict[tuple[str, str], str] = {}
        self._bottles: dict[str, Bottle] = {}
        self._answers: dict[str, BottleAnswer] = {}
        self._bottles_of: dict[str, dict[str, None]] = {}
        self._answers_for: dict[str, dict[str, None]] = {}
        self._answers_by: dict[str, dict[str, None]] = {}
        self._notices: dict[str, dict[str, Notice]] = {}
        self._off: dict[str, Switch] = {}
        self._audit: deque[AuditEntry] = deque(maxlen=AUDIT_MAX)

    # What a store built on this one is told

    def _held(self, row: Row, before: Bottle | None = None) -> None:
        """Know that a row is here, in place of one of the same key; of a bottle also which one."""

    def _gone(self, row: Row) -> None:
        """Know that a row is here no more."""

    def _is_over(self, count: int, most: int) -> bool:
        """Tell whether there are too many of something, so that the oldest has to go."""
        return count > most

    # Identities

    def standing(self, identity: str) -> Standing | None:
        """Return what is known of the identity."""
        return self._standings.get(identity)

    def put_standing(self, standing: Standing) -> None:
        """Keep what is known of an identity, in place of what was."""
        self._standings[standing.identity] = standing
        self._held(standing)
        if self._is_over(len(self._standings), IDENTITIES_MAX):
            self._gone(self._standings.popitem(last=False)[1])

    def end(self, ended: Ended) -> None:
        """Forget an identity and all that hangs on it; its tokens are good for nothing until they expire."""
        self._know_ended(ended)
        self._erase(ended.identity)

    def _know_ended(self, ended: Ended) -> None:
        self._ended[ended.identity] = ended
        self._held(ended)
        if self._is_over(len(self._ended), IDENTITIES_MAX):
            self._gone(self._ended.popitem(last=False)[1])

    def _erase(self, identity: str) -> None:
        standing = self._standings.pop(identity, None)
        if standing is not None:
            self._gone(standing)
        for bottle in list(self._bottles_of.get(identity, ())):
            row = self._bottles[bottle]
            if row.picked:
                MemoryStore.put_bottle(self, msgspec.structs.replace(row, owner="", sealed=b""))
            else:
                MemoryStore.remove_bottle(self, bottle)
        for answer in list(self._answers_for.get(identity, ())):
            MemoryStore.remove_answer(self, answer)
        for answer in list(self._answers_by.get(identity, ())):
            given = self._answers[answer]
            if given.is_told:
                MemoryStore.put_answer(self, msgspec.structs.replace(given, by="", sealed=b""))
            else:
                MemoryStore.remove_answer(self, answer)
        for block in self.blocks_of(identity):
            self._drop_block(block)
        for kind, other in list(self._ties.get(identity, ())):
            self._drop_tie(kind, identity, other)
        for kind, owner in list(self._tied.get(identity, ())):
            self._drop_tie(kind, owner, identity)
        for report in self._reported_by(identity):
            self._reports[report.ticket] = changed = without(report, identity)
            self._held(changed)

    def has_ended(self, identity: str) -> bool:
        """Tell whether the identity was ended."""
        return self.ended_at(identity) is not None

    def ended_at(self, identity: str) -> float | None:
        """Return until when tokens made for the identity are dead, Unix seconds; None if it was never ended."""
        ended = self._ended.get(identity)
        return ended.dead_until if ended is not None else None

    def _reported_by(self, identity: str) -> list[Report]:
        return [report for report in self._reports.values() if identity in report.reporters]

    # Blocks

    def add_block(self, block: Block) -> None:
        """Keep a block; one of the same owner against the same other, and via the same, takes the older one's place."""
        owned = self._owned.setdefault(block.owner, {})
        owned.pop((block.other, block.via), None)
        owned[block.other, block.via] = block
        self._against.setdefault(block.other, {})[block.owner, block.via] = block
        self._held(block)

    def remove_block(self, owner: str, block: str) -> Block | None:
        """Forget a block of the owner's and return it; None if they hold none of that id."""
        found = next((held for held in self.blocks_of(owner) if held.block == block), None)
        if found is not None:
            self._drop_block(found)
        return found

    def blocks_of(self, owner: str) -> list[Block]:
        """Return the blocks somebody holds, oldest first."""
        return list(self._owned.get(owner, {}).values())

    def blocks_against(self, other: str) -> list[Block]:
        """Return the blocks that others hold against somebody, oldest first."""
        return sorted(self._against.get(other, {}).values(), key=lambda block: block.at)

    def are_apart(self, one: str, other: str) -> bool:
        """Tell whether either blocks the other."""
        pairs = ((one, other), (other, one))
        return any(block.other == blocked for owner, blocked in pairs for block in self.blocks_of(owner))

    def renew_blocks(self, owner: str, *, until: float) -> None:
        """Keep the owner's blocks until then at least."""
        for block in self.blocks_of(owner):
            if block.until < until:
                renewed = msgspec.structs.replace(block, until=until)
                self._owned[owner][block.other, block.via] = renewed
                self._against[block.other][owner, block.via] = renewed
                self._held(renewed)

    def put_mark(self, mark: Mark) -> None:
        """Know that a blocked identity was at a place; of too many there, or of too many places, the oldest go."""
        marked = self._marks.setdefault(mark.place, {})
        self._marks.move_to_end(mark.place)
        marked.pop(mark.identity, None)
        marked[mark.identity] = mark
        self._held(mark)
        if self._is_over(len(marked), MARKED_MAX):
            self._drop_mark(next(iter(marked.values())))
        if self._is_over(len(self._marks), PLACES_MAX):
            for old in list(next(iter(self._marks.values())).values()):
                self._drop_mark(old)

    def remove_mark(self, place: str, identity: str) -> None:
        """Forget that a blocked identity was at a place."""
        mark = self._marks.get(place, {}).get(identity)
        if mark is not None:
            self._drop_mark(mark)

    def marks(self, place: str) -> list[Mark]:
        """Return who of the blocked was at a place, those longest ago first."""
        return list(self._marks.get(place, {}).values())

    def _drop_mark(self, mark: Mark) -> None:
        del self._marks[mark.place][mark.identity]
        if not self._marks[mark.place]:
            del self._marks[mark.place]
        self._gone(mark)

    def _drop_block(self, block: Block) -> None:
        for table, key, of in ((self._owned, block.owner, block.other), (self._against, block.other, block.owner)):
            del table[key][of, block.via]
            if not table[key]:
                del table[key]
        self._gone(block)

    # Ties

    def add_ties(self, *ties: Tie) -> None:
        """Keep ties, all of them or none; one of the same kind, owner and other takes the older one's place."""
        for tie in ties:
            owned = self._ties.setdefault(tie.owner, {})
            owned.pop((tie.kind, tie.other), None)
            owned[tie.kind, tie.other] = tie
            self._tied.setdefault(tie.other, set()).add((tie.kind, tie.owner))
            self._held(tie)

    def remove_ties(self, kind: str, *pairs: tuple[str, str]) -> None:
        """Forget these ties, each named by its owner and other, all of them or none; those that are not there too."""
        for owner, other in pairs:
            if (kind, other) in self._ties.get(owner, ()):
                self._drop_tie(kind, owner, other)

    def ties_of(self, kind: str, owner: str) -> list[Tie]:
        """Return the ties of that kind that somebody holds, oldest first."""
        return [tie for tie in self._ties.get(owner, _NO_TIES).values() if tie.kind == kind]

    def has_tie(self, kind: str, owner: str, other: str) -> bool:
        """Tell whether the one holds such a tie of the other."""
        return (kind, other) in self._ties.get(owner, _NO_TIES)

    def renew_ties(self, owner: str, *, until: float) -> None:
        """Keep the owner's ties until then at least."""
        owned = self._ties.get(owner, {})
        for key, tie in owned.items():
            if tie.until < until:
                owned[key] = renewed = msgspec.structs.replace(tie, until=until)
                self._held(renewed)

    def _drop_tie(self, kind: str, owner: str, other: str) -> None:
        tie = self._ties[owner][kind, other]
        for table, key, of in ((self._ties, owner, other), (self._tied, other, owner)):
            held = table[key]
            held.pop((kind, of)) if isinstance(held, dict) else held.discard((kind, of))
            if not held:
                del table[key]
        self._gone(tie)

    # Bans

    def add_ban(self, ban: Ban) -> None:
        """Keep somebody out. Raises ValueError if the network is none."""
        if ban.network:
            self._networks.add(ban)
        else:
            self._banned.setdefault(ban.identity, {})[ban.ban] = ban
        self._bans[ban.ban] = ban
        self._held(ban)

    def remove_ban(self, ban: str) -> Ban | None:
        """Let somebody in again and return the ban; None if there is none of that id."""
        found = self._bans.pop(ban, None)
        if found is None:
            return None
        if found.network:
            self._networks.remove(found)
        else:
            del self._banned[found.identity][ban]
            if not self._banned[found.identity]:
                del self._banned[found.identity]
        self._gone(found)
        return found

    def bans(self) -> list[Ban]:
        """Return every ban, oldest first."""
        return sorted(self._bans.values(), key=lambda ban: ban.at)

    def ban_of(self, identity: str, *, now: float) -> Ban | None:
        """Return a ban of the identity that holds now."""
        return next((ban for ban in self._banned.get(identity, {}).values() if _holds(ban, now)), None)

    def ban_of_address(self, address: str, *, now: float) -> Ban | None:
        """Return a ban of a range that holds now and has the address in it, the widest first."""
        return next((ban for ban in self._networks.around(address) if _holds(ban, now)), None)

    # Reports

    def put_report(self, report: Report, sealed: bytes) -> None:
        """Keep a report and its sealed evidence, in place of an earlier state of the same ticket."""
        self._know_report(report)
        self._evidence[report.ticket] = sealed

    def _know_report(self, report: Report) -> None:
        self._shut(report)
        self._reports[report.ticket] = report
        if report.closed_at is None:
            self._open[report.room, report.against] = report.ticket
        self._held(report)

    def _shut(self, report: Report) -> None:
        """Know a ticket open no more, unless another one about the same is."""
        if self._open.get((report.room, report.against)) == report.ticket:
            del self._open[report.room, report.against]

    def report(self, ticket: str) -> Report | None:
        """Return the report of that ticket."""
        return self._reports.get(ticket)

    def open_report(self, room: str, against: str) -> Report | None:
        """Return the open report about an identity ("": about everybody) in a room."""
        ticket = self._open.get((room, against))
        return self._reports[ticket] if ticket is not None else None

    def reports(self) -> list[Report]:
        """Return every report, oldest first."""
        return sorted(self._reports.values(), key=lambda report: report.at)

    def evidence(self, ticket: str) -> bytes | None:
        """Return the sealed evidence of a report."""
        return self._evidence.get(ticket)

    def close_report(self, ticket: str, *, now: float) -> Report | None:
        """Know the operator done with it: it stays until its retention ends. None if there is none of that ticket."""
        report = self._reports.get(ticket)
        if report is not None and report.closed_at is None:
            report = msgspec.structs.replace(report, closed_at=now)
            self._know_report(report)
        return report

    def remove_report(self, ticket: str) -> None:
        """Forget a report and its evidence."""
        report = self._reports.pop(ticket, None)
        self._evidence.pop(ticket, None)
        if report is not None:
            self._shut(report)
            self._gone(report)

    # Bottles

    def put_bottle(self, bottle: Bottle) -> None:
        """Keep a bottle, in place of an earlier state of it."""
        before = self._bottles.get(bottle.bottle)
        if before is not None and before.owner != bottle.owner:
            _drop(self._bottles_of, before.owner, bottle.bottle)
        self._bottles[bottle.bottle] = bottle
        self._bottles_of.setdefault(bottle.owner, {})[bottle.bottle] = None
        self._held(bottle, before)

    def bottle(self, bottle: str) -> Bottle | None:
        """Return the bottle of that id."""
        return self._bottles.get(bottle)

    def bottles(self) -> Iterable[Bottle]:
        """Return every bottle, oldest first."""
        return sorted(self._bottles.values(), key=lambda bottle: bottle.at)

    def remove_bottle(self, bottle: str) -> None:
        """Forget a bottle. Answers to it stay."""
        found = self._bottles.pop(bottle, None)
        if found is not None:
            _drop(self._bottles_of, found.owner, bottle)
            self._gone(found)

    def put_answer(self, answer: BottleAnswer) -> None:
        """Keep an answer, in place of an earlier state of it."""
        before = self._answers.get(answer.answer)
        if before is not None:
            _drop(self._answers_for, before.owner, answer.answer)
            _drop(self._answers_by, before.by, answer.answer)
        self._answers[answer.answer] = answer
        self._answers_for.setdefault(answer.owner, {})[answer.answer] = None
        self._answers_by.setdefault(answer.by, {})[answer.answer] = None
        self._held(answer)

    def answer(self, answer: str) -> BottleAnswer | None:
        """Return the answer of that id."""
        return self._answers.get(answer)

    def answers_for(self, owner: str) -> list[BottleAnswer]:
        """Return the answers to somebody's bottles, oldest first."""
        return self._oldest_first(self._answers_for.get(owner, ()))

    def answers_by(self, writer: str) -> list[BottleAnswer]:
        """Return the answers that somebody wrote, oldest first."""
        return self._oldest_first(self._answers_by.get(writer, ()))

    def _oldest_first(self, answers: Iterable[str]) -> list[BottleAnswer]:
        return sorted((self._answers[answer] for answer in answers), key=lambda answer: answer.at)

    def remove_answer(self, answer: str) -> None:
        """Forget an answer."""
        found = self._answers.pop(answer, None)
        if found is not None:
            _drop(self._answers_for, found.owner, answer)
            _drop(self._answers_by, found.by, answer)
            self._gone(found)

    # What the operator says, and what they switched off

    def add_notice(self, notice: Notice) -> None:
        """Keep a notice until its person is there; of too many for one person the oldest is forgotten."""
        waiting = self._notices.setdefault(notice.identity, {})
        waiting[notice.notice] = notice
        self._held(notice)
        if self._is_over(len(waiting), NOTICES_MAX):
            self._drop_notice(next(iter(waiting.values())))

    def notices_for(self, identity: str) -> list[Notice]:
        """Return the notices that wait for somebody, oldest first."""
        return list(self._notices.get(identity, {}).values())

    def take_notices(self, identity: str) -> list[Notice]:
        """Return the notices that wait for somebody, oldest first, and forget them."""
        waiting = self.notices_for(identity)
        for notice in waiting:
            self._drop_notice(notice)
        return waiting

    def _drop_notice(self, notice: Notice) -> None:
        del self._notices[notice.identity][notice.notice]
        if not self._notices[notice.identity]:
            del self._notices[notice.identity]
        self._gone(notice)

    def switch_off(self, switch: Switch) -> None:
        """Have a feature be off."""
        self._off[switch.feature] = switch
        self._held(switch)

    def switch_on(self, feature: str) -> None:
        """Have a feature be on again."""
        found = self._off.pop(feature, None)
        if found is not None:
            self._gone(found)

    def is_off(self, feature: str) -> bool:
        """Tell whether the feature was switched off."""
        return feature in self._off

    # The audit log

    def add_audit(self, entry: AuditEntry) -> None:
        """Write down what an operator did."""
        self._audit.append(entry)

    def audit(self, *, most: int) -> list[AuditEntry]:
        """Return the newest entries, newest first."""
        return list(islice(reversed(self._audit), most))

    # The whole

    def expire(self, *, now: float) -> int:
        """Forget every row whose time is over, and return how many there were."""
        before = self._size()
        for bottle in [bottle for bottle in self._bottles.values() if bottle.until <= now]:
            MemoryStore.remove_bottle(self, bottle.bottle)
        for answer in [answer for answer in self._answers.values() if answer.until <= now]:
            MemoryStore.remove_answer(self, answer.answer)
        for standing in [row for row in self._standings.values() if row.until <= now]:
            self._gone(self._standings.pop(standing.identity))
        for ended in [row for row in self._ended.values() if row.until <= now]:
            self._gone(self._ended.pop(ended.identity))
        for block in [block for owned in self._owned.values() for block in owned.values() if block.until <= now]:
            self._drop_block(block)
        for mark in [mark for marked in self._marks.values() for mark in marked.values() if mark.until <= now]:
            self._drop_mark(mark)
        for tie in [tie for owned in self._ties.values() for tie in owned.values() if tie.until <= now]:
            self._drop_tie(tie.kind, tie.owner, tie.other)
        for ban in [ban for ban in self._bans.values() if not _holds(ban, now)]:
            MemoryStore.remove_ban(self, ban.ban)
        for report in [report for report in self._reports.values() if report.until <= now]:
            MemoryStore.remove_report(self, report.ticket)
        for notice in [one for waiting in self._notices.values() for one in waiting.values() if one.until <= now]:
            self._drop_notice(notice)
        self._audit = deque((entry for entry in self._audit if entry.until > now), maxlen=AUDIT_MAX)
        return before - self._size()

    def _size(self) -> int:
        identities = len(self._standings) + len(self._ended) + len(self._bans)
        return (
            identities
            + len(self._reports)
            + len(self._bottles)
            + len(self._answers)
            + len(self._audit)
            + sum(
                len(held) for table in (self._owned, self._marks, self._ties, self._notices) for held in table.values()
            )
        )

    def backup(self, path: Path) -> None:
        """Refuse: there is nothing on disk to keep a copy of."""
        raise StoreError("There is nothing to back up: this server was started without --data or --store.")

    def close(self) -> None:
        """Let go of nothing."""


def _drop(index: dict[str, dict[str, None]], whose: str, id: str) -> None:
    del index[whose][id]
    if not index[whose]:
        del index[whose]


def _holds(ban: Ban, now: float) -> bool:
    return ban.until is None or now < ban.until


def without(report: Report, identity: str) -> Report:
    """Return the report as it is once this reporter is forgotten."""
    reporters, counted = (
        tuple(reporter for reporter in reporters if reporter != identity)
        for reporters in (report.reporters, report.counted)
    )
    return msgspec.structs.replace(report, reporters=reporters, counted=counted)
