"""The accounts of words: what was sent, who had to get it, who got it, how often, and how long it took.

Pure: events and moments in, figures out; never a connection or a clock. One `Ledger` belongs to one process; a
`Watch` is the view of one person's connections and must be shown every event as it came, the repeated ones too.
Moments are seconds of a monotonic clock that all processes of the machine share.

A word is known by its `ref`, which the room sees: `run + number . moment`, so that whoever hears it, in whichever
process, can tell that it belongs to this run and when it was meant to be said. Every word sent ends in exactly one
column: acknowledged, crossed (the room ended while it was on its way: no fault), held (the server passed it on to
nobody), refused with a code, unanswered.
What happens to an acknowledged one is settled room by room (accounts.py).
"""

from hashlib import blake2b
from typing import Any

from client_demo.accounting.accounts import RoomAccount, Stay
from client_demo.accounting.figures import Figures

Event = dict[str, Any]


class Ledger:
    """The accounts of one process.

    Args:
        run: the same text for all processes of a run and for no other run.
        part: which process this is.
        settle: settle a room as soon as nobody of this process sits there; else keep it in `parted`, to be merged
            with what other processes saw.
    """

    def __init__(self, run: str, *, part: int = 0, settle: bool = True) -> None:
        self.figures = Figures()
        self.rooms: dict[str, RoomAccount] = {}
        self.rooms_seen: set[str] = set()
        self.parted: list[RoomAccount] = []
        self.pending: set[str] = set()
        self._run, self._part, self._settles = run, part, settle
        self._words = 0

    def word(self, meant_at: float) -> str:
        """Return the `ref` of a word about to be sent that was meant to be said at that moment."""
        self._words += 1
        ref = f"{self._run}{self._part:x}-{self._words:x}.{int(meant_at * 1e6):x}"
        self.pending.add(ref)
        self.figures.sent += 1
        return ref

    def refused(self, ref: str, code: str) -> None:
        """The server answered this word with an error."""
        if self._take_pending(ref):
            self.figures.refused[code] += 1

    def held(self, ref: str, reason: str) -> None:
        """The server passed this word on to nobody, and said why."""
        if self._take_pending(ref):
            self.figures.held[reason] += 1

    def crossed(self, ref: str) -> None:
        """The room ended before this word reached it."""
        if self._take_pending(ref):
            self.figures.crossed += 1

    def watch(self) -> "Watch":
        """Return the view of one more person."""
        return Watch(self)

    def hand_over(self) -> list[RoomAccount]:
        """Return, once, the accounts of rooms where nobody of this process sits any more."""
        parted, self.parted = self.parted, []
        return parted

    def close(self) -> list[RoomAccount]:
        """Return every account not settled yet; from now on whatever is unanswered counts so."""
        accounts = [*self.hand_over(), *self.rooms.values()]
        self.rooms = {}
        self.figures.unanswered += len(self.pending)
        self.pending.clear()
        return accounts

    def finish(self) -> Figures:
        """Close, settle everything and return the figures."""
        for account in self.close():
            self.figures.settled.add(account.settle())
        return self.figures

    def account(self, room: str) -> RoomAccount:
        """Return the open account of this room."""
        found = self.rooms.get(room)
        if found is None:
            found = self.rooms[room] = RoomAccount(room)
            self.rooms_seen.add(room)
        return found

    def end(self, account: RoomAccount, stay: Stay, *, whole: bool, moved_at: float | None = None) -> None:
        """End a stay, and with the last one the account."""
        account.end(stay, whole=whole, moved_at=moved_at)
        if account.open == 0 and self.rooms.pop(account.room, None) is not None:
            if self._settles:
                self.figures.settled.add(account.settle())
            else:
                self.parted.append(account)

    def heard(self, event: Event, account: RoomAccount, now: float) -> None:
        """Take note of a word under its number."""
        seq, ref = event["seq"], event.get("ref")
        meant_at = self._meant_at(ref)
        # Strangers may say the same thing twice; only a ref of ours must never stand under two numbers.
        told_apart_by = str(seq) if meant_at is None else str(ref)
        account.word(seq, fingerprint(str(event.get("from")), told_apart_by, str(event.get("text"))))
        self.figures.delivered += 1
        if meant_at is not None:
            self.figures.latency.record(now - meant_at)

    def echoed(self, ref: object, *, again: bool) -> None:
        """The speaker's own word came to them, for the first time or under a number seen before."""
        if not isinstance(ref, str) or self._meant_at(ref) is None:
            return
        if self._take_pending(ref):
            self.figures.acknowledged += 1
        elif not again:
            self.figures.doubled += 1

    def _meant_at(self, ref: object) -> float | None:
        """Return when a word of this run was meant to be said, or None for anybody else's."""
        if not isinstance(ref, str) or not ref.startswith(self._run):
            return None
        try:
            return int(ref.rpartition(".")[2], 16) / 1e6
        except ValueError:
            return None

    def _take_pending(self, ref: str) -> bool:
        if ref not in self.pending:
            return False
        self.pending.remove(ref)
        return True


class Watch:
    """What one person saw, over all their connections, in the order it came."""

    __slots__ = ("_account", "_broken", "_ledger", "_stay")

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._account: RoomAccount | None = None
        self._stay: Stay | None = None
        self._broken = False

    def see(self, event: Event, now: float) -> None:
        """Take note of one event as it came off the wire."""
        kind = event["type"]
        if kind == "room":
            self._sit(event, now)
        elif kind == "entered":
            self._broken = True
        elif kind == "bye":
            if event.get("code") == 1000:
                self.end(whole=True)
        elif "seq" in event and self._stay is not None and self._account is not None:
            self._count(kind, event, self._account, self._stay, now)

    def end(self, *, whole: bool, moved_at: float | None = None) -> None:
        """The person is gone; `whole` where the server had the last word and nothing can be on its way."""
        if self._stay is not None and self._account is not None:
            self._ledger.end(self._account, self._stay, whole=whole, moved_at=moved_at)
        self._stay = self._account = None

    def _sit(self, event: Event, now: float) -> None:
        account, seq, me = self._ledger.account(event["room"]), event["seq"], event["me"]
        account.read(seq, now)
        stay = self._stay if self._account is account else None
        if stay is not None and stay.me == me and (seq <= stay.last or not self._broken):
            self._sit_again(account, stay, seq)
        else:
            # A seat given back without a replay: what was said meanwhile is nobody's debt.
            began = account.begin(me, seq, frozenset(str(member["id"]) for member in event["members"]))
            self.end(whole=not self._broken, moved_at=now)
            self._account, self._stay = account, began
            self._ledger.figures.seats += 1
        self._broken = False

    def _sit_again(self, account: RoomAccount, stay: Stay, seq: int) -> None:
        figures = self._ledger.figures
        if seq > stay.last:
            figures.gaps += 1
            stay.see(seq + 1)
            stay.last = seq
            return
        before = stay.heard
        account.rewind(stay, seq)
        figures.delivered += stay.heard - before
        figures.resumed += self._broken

    def _count(self, kind: str, event: Event, account: RoomAccount, stay: Stay, now: float) -> None:
        ledger, seq = self._ledger, event["seq"]
        follows = seq == stay.last + 1
        if not follows and seq > stay.last:
            ledger.figures.gaps += 1
        is_mine = kind == "said" and event.get("from") == stay.me
        is_new = stay.see(seq)
        account.read(seq, now)
        # An accepted word asked for again is answered by the same event again: that is no doubling.
        if not is_new and not (is_mine and event.get("ref") in ledger.pending):
            ledger.figures.doubled += 1
        if is_mine:
            ledger.echoed(event.get("ref"), again=not is_new)
        if is_new:
            self._note(kind, event, account, stay, now)

    def _note(self, kind: str, event: Event, account: RoomAccount, stay: Stay, now: float) -> None:
        if kind == "said":
            stay.heard += 1
            self._ledger.heard(event, account, now)
            return
        if kind == "skipped":
            return
        who = str(event.get("id", ""))
        account.other(event["seq"], fingerprint(kind, who, ""))
        if kind == "left":
            account.left(event["seq"], who)
        elif kind == "joined":
            account.known.add(who)


def fingerprint(*parts: str) -> int:
    """Return 64 bits that two different things share with a chance of 1 in 10**19."""
    return int.from_bytes(blake2b("\0".join(parts).encode(errors="replace"), digest_size=8).digest())
