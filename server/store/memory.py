"""The store in memory: quick, and gone with the process. The stores on disk and in Redis answer from it too.

Says which table is asked what; how a table is kept is its own, and what crosses them is `Tables`.
"""

from collections.abc import Iterable
from pathlib import Path

import msgspec

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
    Standing,
    Switch,
    Tie,
)
from server.store.store import StoreError
from server.store.tables.table import Unwatched
from server.store.tables.tables import Tables


class MemoryStore:
    """Lasting state that does not last.

    Args:
        tables: empty ones; those that nobody watches if there are none.
    """

    is_lasting = False

    def __init__(self, tables: Tables | None = None) -> None:
        self.tables = tables if tables is not None else Tables(Unwatched())

    # Identities

    def standing(self, identity: str) -> Standing | None:
        """Return what is known of the identity."""
        return self.tables.standings.get(identity)

    def put_standing(self, standing: Standing) -> None:
        """Keep what is known of an identity, in place of what was."""
        self.tables.standings.put(standing)

    def end(self, ended: Ended) -> None:
        """Forget an identity and all that hangs on it; its tokens are good for nothing until they expire."""
        self.tables.ended.put(ended)
        self.tables.erase(ended.identity)

    def has_ended(self, identity: str) -> bool:
        """Tell whether the identity was ended."""
        return self.ended_at(identity) is not None

    def ended_at(self, identity: str) -> float | None:
        """Return until when tokens made for the identity are dead, Unix seconds; None if it was never ended."""
        ended = self.tables.ended.get(identity)
        return ended.dead_until if ended is not None else None

    # Blocks

    def add_block(self, block: Block) -> None:
        """Keep a block; one of the same owner against the same other, and via the same, takes the older one's place."""
        self.tables.blocks.put(block)

    def remove_block(self, owner: str, block: str) -> Block | None:
        """Forget a block of the owner's and return it; None if they hold none of that id."""
        found = next((held for held in self.blocks_of(owner) if held.block == block), None)
        if found is not None:
            self.tables.blocks.drop(found)
        return found

    def blocks_of(self, owner: str) -> list[Block]:
        """Return the blocks somebody holds, oldest first."""
        return self.tables.blocks.of(owner)

    def blocks_against(self, other: str) -> list[Block]:
        """Return the blocks that others hold against somebody, oldest first."""
        return self.tables.blocks.against(other)

    def are_apart(self, one: str, other: str) -> bool:
        """Tell whether either blocks the other."""
        pairs = ((one, other), (other, one))
        return any(block.other == blocked for owner, blocked in pairs for block in self.blocks_of(owner))

    def renew_blocks(self, owner: str, *, until: float) -> None:
        """Keep the owner's blocks until then at least."""
        self.tables.blocks.renew(owner, until=until)

    def put_mark(self, mark: Mark) -> None:
        """Know that a blocked identity was at a place; of too many there, or of too many places, the oldest go."""
        self.tables.marks.put(mark)

    def remove_mark(self, place: str, identity: str) -> None:
        """Forget that a blocked identity was at a place."""
        self.tables.marks.remove(place, identity)

    def marks(self, place: str) -> list[Mark]:
        """Return who of the blocked was at a place, those longest ago first."""
        return self.tables.marks.of(place)

    # Ties

    def add_ties(self, *ties: Tie) -> None:
        """Keep ties, all of them or none; one of the same kind, owner and other takes the older one's place."""
        for tie in ties:
            self.tables.ties.put(tie)

    def remove_ties(self, kind: str, *pairs: tuple[str, str]) -> None:
        """Forget these ties, each named by its owner and other, all of them or none; those that are not there too."""
        for pair in pairs:
            self.tables.ties.remove(kind, *pair)

    def ties_of(self, kind: str, owner: str) -> list[Tie]:
        """Return the ties of that kind that somebody holds, oldest first."""
        return [tie for tie in self.tables.ties.of(owner) if tie.kind == kind]

    def has_tie(self, kind: str, owner: str, other: str) -> bool:
        """Tell whether the one holds such a tie of the other."""
        return self.tables.ties.get(kind, owner, other) is not None

    def renew_ties(self, owner: str, *, until: float) -> None:
        """Keep the owner's ties until then at least."""
        self.tables.ties.renew(owner, until=until)

    # Bans

    def add_ban(self, ban: Ban) -> None:
        """Keep somebody out. Raises ValueError if the network is none."""
        self.tables.bans.put(ban)

    def remove_ban(self, ban: str) -> Ban | None:
        """Let somebody in again and return the ban; None if there is none of that id."""
        return self.tables.bans.remove(ban)

    def bans(self) -> list[Ban]:
        """Return every ban, oldest first."""
        return sorted(self.tables.bans, key=lambda ban: ban.at)

    def ban_of(self, identity: str, *, now: float) -> Ban | None:
        """Return a ban of the identity that holds now."""
        return self.tables.bans.of(identity, now=now)

    def ban_of_address(self, address: str, *, now: float) -> Ban | None:
        """Return a ban of a range that holds now and has the address in it, the widest first."""
        return self.tables.bans.of_address(address, now=now)

    # Reports

    def put_report(self, report: Report, sealed: bytes) -> None:
        """Keep a report and its sealed evidence, in place of an earlier state of the same ticket."""
        self.tables.reports.put(report)
        self.tables.reports.evidence[report.ticket] = sealed

    def report(self, ticket: str) -> Report | None:
        """Return the report of that ticket."""
        return self.tables.reports.get(ticket)

    def open_report(self, room: str, against: str) -> Report | None:
        """Return the open report about an identity ("": about everybody) in a room."""
        return self.tables.reports.open(room, against)

    def reports(self) -> list[Report]:
        """Return every report, oldest first."""
        return sorted(self.tables.reports, key=lambda report: report.at)

    def evidence(self, ticket: str) -> bytes | None:
        """Return the sealed evidence of a report."""
        return self.tables.reports.evidence.get(ticket)

    def close_report(self, ticket: str, *, now: float) -> Report | None:
        """Know the operator done with it: it stays until its retention ends. None if there is none of that ticket."""
        report = self.tables.reports.get(ticket)
        if report is not None and report.closed_at is None:
            report = msgspec.structs.replace(report, closed_at=now)
            self.tables.reports.put(report)
        return report

    def remove_report(self, ticket: str) -> None:
        """Forget a report and its evidence."""
        self.tables.reports.remove(ticket)

    # Bottles

    def put_bottle(self, bottle: Bottle) -> None:
        """Keep a bottle, in place of an earlier state of it."""
        self.tables.bottles.put(bottle)

    def bottle(self, bottle: str) -> Bottle | None:
        """Return the bottle of that id."""
        return self.tables.bottles.get(bottle)

    def bottles(self) -> Iterable[Bottle]:
        """Return every bottle, oldest first."""
        return sorted(self.tables.bottles, key=lambda bottle: bottle.at)

    def remove_bottle(self, bottle: str) -> None:
        """Forget a bottle. Answers to it stay."""
        self.tables.bottles.remove(bottle)

    def put_answer(self, answer: BottleAnswer) -> None:
        """Keep an answer, in place of an earlier state of it."""
        self.tables.answers.put(answer)

    def answer(self, answer: str) -> BottleAnswer | None:
        """Return the answer of that id."""
        return self.tables.answers.get(answer)

    def answers_for(self, owner: str) -> list[BottleAnswer]:
        """Return the answers to somebody's bottles, oldest first."""
        return self.tables.answers.to(owner)

    def answers_by(self, writer: str) -> list[BottleAnswer]:
        """Return the answers that somebody wrote, oldest first."""
        return self.tables.answers.by(writer)

    def remove_answer(self, answer: str) -> None:
        """Forget an answer."""
        self.tables.answers.remove(answer)

    # What the operator says, and what they switched off

    def add_notice(self, notice: Notice) -> None:
        """Keep a notice until its person is there; of too many for one person the oldest is forgotten."""
        self.tables.notices.put(notice)

    def notices_for(self, identity: str) -> list[Notice]:
        """Return the notices that wait for somebody, oldest first."""
        return self.tables.notices.of(identity)

    def take_notices(self, identity: str) -> list[Notice]:
        """Return the notices that wait for somebody, oldest first, and forget them."""
        waiting = self.notices_for(identity)
        for notice in waiting:
            self.tables.notices.drop(notice)
        return waiting

    def switch_off(self, switch: Switch) -> None:
        """Have a feature be off."""
        self.tables.switches.put(switch)

    def switch_on(self, feature: str) -> None:
        """Have a feature be on again."""
        self.tables.switches.remove(feature)

    def is_off(self, feature: str) -> bool:
        """Tell whether the feature was switched off."""
        return feature in self.tables.switches

    # The audit log

    def add_audit(self, entry: AuditEntry) -> None:
        """Write down what an operator did."""
        self.tables.audit.add(entry)

    def audit(self, *, most: int) -> list[AuditEntry]:
        """Return the newest entries, newest first."""
        return self.tables.audit.newest(most)

    # The whole

    def expire(self, *, now: float) -> int:
        """Forget every row whose time is over, and return how many there were."""
        return self.tables.expire(now=now)

    def backup(self, path: Path) -> None:
        """Refuse: there is nothing on disk to keep a copy of."""
        raise StoreError("There is nothing to back up: this server was started without --data or --store.")

    def close(self) -> None:
        """Let go of nothing."""
