"""The seam of lasting state: what every store does. Three stand behind it: `MemoryStore`, `SqliteStore`, `RedisStore`.

Every call is synchronous, and whatever it wrote survives a `kill -9` once it has returned (of `MemoryStore`:
nothing does; of `RedisStore`: what its link has had accepted, a moment later). What is asked on the way of a message
or of placement (`ban_of`, `blocks_of`, `blocks_against`, `are_apart`, `marks`, `ties_of`, `has_tie`, `is_off`,
`take_notices` where there are none) all answer from memory.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

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


class StoreError(Exception):
    """The state cannot be read or kept; the message says what is wrong and what to do. Nothing was changed."""


class StoreInUse(StoreError):
    """Another process has the state, which one alone may have."""


class Store(Protocol):
    """Lasting state."""

    @property
    def is_lasting(self) -> bool:
        """Whether what is kept outlives the process."""

    # Identities

    def standing(self, identity: str) -> Standing | None:
        """Return what is known of the identity."""

    def put_standing(self, standing: Standing) -> None:
        """Keep what is known of an identity, in place of what was."""

    def end(self, ended: Ended) -> None:
        """Forget an identity's standing, its blocks, bottles, answers and ties, and that it ever reported anybody.

        Its tokens of before are good for nothing until they expire by themselves. All of that, or nothing. Bans and
        reports against it stay, and so do the blocks that others hold. Of a bottle that somebody has picked, and of an
        answer that was told, a row stays without its writer and words, so that it does not tell them who is gone.
        """

    def has_ended(self, identity: str) -> bool:
        """Tell whether the identity was ended."""

    def ended_at(self, identity: str) -> float | None:
        """Return until when tokens made for the identity are dead, Unix seconds; None if it was never ended."""

    # Blocks

    def add_block(self, block: Block) -> None:
        """Keep a block; one of the same owner against the same other, and via the same, takes the older one's place."""

    def remove_block(self, owner: str, block: str) -> Block | None:
        """Forget a block of the owner's and return it; None if they hold none of that id."""

    def blocks_of(self, owner: str) -> list[Block]:
        """Return the blocks somebody holds, oldest first."""

    def blocks_against(self, other: str) -> list[Block]:
        """Return the blocks that others hold against somebody, oldest first."""

    def are_apart(self, one: str, other: str) -> bool:
        """Tell whether either blocks the other."""

    def renew_blocks(self, owner: str, *, until: float) -> None:
        """Keep the owner's blocks until then at least."""

    def put_mark(self, mark: Mark) -> None:
        """Know that a blocked identity was at a place; of too many there, or of too many places, the oldest go."""

    def remove_mark(self, place: str, identity: str) -> None:
        """Forget that a blocked identity was at a place."""

    def marks(self, place: str) -> list[Mark]:
        """Return who of the blocked was at a place, those longest ago first."""

    # Ties

    def add_ties(self, *ties: Tie) -> None:
        """Keep ties, all of them or none; one of the same kind, owner and other takes the older one's place."""

    def remove_ties(self, kind: str, *pairs: tuple[str, str]) -> None:
        """Forget these ties, each named by its owner and other, all of them or none; those that are not there too."""

    def ties_of(self, kind: str, owner: str) -> list[Tie]:
        """Return the ties of that kind that somebody holds, oldest first."""

    def has_tie(self, kind: str, owner: str, other: str) -> bool:
        """Tell whether the one holds such a tie of the other."""

    def renew_ties(self, owner: str, *, until: float) -> None:
        """Keep the owner's ties until then at least."""

    # Bans

    def add_ban(self, ban: Ban) -> None:
        """Keep somebody out. Raises ValueError if the network is none."""

    def remove_ban(self, ban: str) -> Ban | None:
        """Let somebody in again and return the ban; None if there is none of that id."""

    def bans(self) -> list[Ban]:
        """Return every ban, oldest first."""

    def ban_of(self, identity: str, *, now: float) -> Ban | None:
        """Return a ban of the identity that holds now."""

    def ban_of_address(self, address: str, *, now: float) -> Ban | None:
        """Return a ban of a range that holds now and has the address in it, the widest first."""

    # Reports

    def put_report(self, report: Report, sealed: bytes) -> None:
        """Keep a report and its sealed evidence, in place of an earlier state of the same ticket."""

    def report(self, ticket: str) -> Report | None:
        """Return the report of that ticket."""

    def open_report(self, room: str, against: str) -> Report | None:
        """Return the open report about an identity ("": about everybody) in a room."""

    def reports(self) -> list[Report]:
        """Return every report, oldest first."""

    def evidence(self, ticket: str) -> bytes | None:
        """Return the sealed evidence of a report."""

    def close_report(self, ticket: str, *, now: float) -> Report | None:
        """Know the operator done with it: it stays until its retention ends. None if there is none of that ticket."""

    def remove_report(self, ticket: str) -> None:
        """Forget a report and its evidence."""

    # Bottles

    def put_bottle(self, bottle: Bottle) -> None:
        """Keep a bottle, in place of an earlier state of it."""

    def bottle(self, bottle: str) -> Bottle | None:
        """Return the bottle of that id."""

    def bottles(self) -> Iterable[Bottle]:
        """Return every bottle, oldest first."""

    def remove_bottle(self, bottle: str) -> None:
        """Forget a bottle. Answers to it stay."""

    def put_answer(self, answer: BottleAnswer) -> None:
        """Keep an answer, in place of an earlier state of it."""

    def answer(self, answer: str) -> BottleAnswer | None:
        """Return the answer of that id."""

    def answers_for(self, owner: str) -> list[BottleAnswer]:
        """Return the answers to somebody's bottles, oldest first."""

    def answers_by(self, writer: str) -> list[BottleAnswer]:
        """Return the answers that somebody wrote, oldest first."""

    def remove_answer(self, answer: str) -> None:
        """Forget an answer."""

    # What the operator says, and what they switched off

    def add_notice(self, notice: Notice) -> None:
        """Keep a notice until its person is there; of too many for one person the oldest is forgotten."""

    def notices_for(self, identity: str) -> list[Notice]:
        """Return the notices that wait for somebody, oldest first."""

    def take_notices(self, identity: str) -> list[Notice]:
        """Return the notices that wait for somebody, oldest first, and forget them."""

    def switch_off(self, switch: Switch) -> None:
        """Have a feature be off."""

    def switch_on(self, feature: str) -> None:
        """Have a feature be on again."""

    def is_off(self, feature: str) -> bool:
        """Tell whether the feature was switched off."""

    # The audit log

    def add_audit(self, entry: AuditEntry) -> None:
        """Write down what an operator did."""

    def audit(self, *, most: int) -> list[AuditEntry]:
        """Return the newest entries, newest first."""

    # The whole

    def expire(self, *, now: float) -> int:
        """Forget every row whose time is over, from every file too, and return how many there were."""

    def backup(self, path: Path) -> None:
        """Write everything into a new file, as it is at this moment. Raises StoreError."""

    def close(self) -> None:
        """Let go of files. Nothing may be asked afterwards."""
