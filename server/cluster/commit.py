"""What leaves the process waits until what it says is written down: words that were acknowledged are never lost.

All that is written to clients in one turn is held, in its order, until the log and the store have accepted what
happened in that turn. Turns follow one another, so that everybody hears everything in its order; a turn in which
nothing was to be written down waits for nothing but those before it.

A turn is one of the event loop, and longer while the log has not yet answered the one before: it could not be heard
before that anyway, and what has gathered costs one entry of each log, one write to each client and one frame to each
node.
"""

from asyncio import Future
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from server.bugs import log_bug
from server.transport import Line

if TYPE_CHECKING:
    from server.cluster.entrance import Entrance
    from server.peer import Peer

Act: TypeAlias = Callable[[], None]
Outgoing: TypeAlias = "list[tuple[list[Held] | None, bytes | Act]]"


class Turn(NamedTuple):
    """A turn that is not out.

    Attributes:
        written: done when it may go out; None: it waits only for those before it.
        out: what is yet to go out.
        left: who ceased to hear which room in it.
    """

    written: Future[None] | None
    out: Outgoing
    left: "list[tuple[str, Held]]"


class Commit:
    """The outgoing queue of a node.

    Args:
        soon: has its argument called at the end of the loop turn.
        write_down: begins to write down what happened in the turn, and returns what is resolved when that is done; None
            if there is nothing to be written.
        gathers: tells whether a turn is to be drawn out for now; `hurry` ends it.
        failed: called when nothing more can be written down, nor go out.

    Attributes:
        is_due: whether something has happened in this turn.
    """

    def __init__(
        self,
        soon: Callable[[Act], object],
        write_down: Callable[[], Future[None] | None],
        *,
        gathers: Callable[[], bool],
        failed: Act,
    ) -> None:
        self._soon = soon
        self._write_down = write_down
        self._gathers = gathers
        self._failed = failed
        self.is_due = False
        self._is_drawn_out = False
        self._out: Outgoing = []
        self._left: list[tuple[str, Held]] = []
        self._turns: deque[Turn] = deque()
        self._is_free: Callable[[Held], bool] | None = None
        self._bound: set[Held] = set()

    @property
    def turns(self) -> int:
        """How many turns wait at this moment."""
        return len(self._turns)

    def hold(self, line: Line) -> "Held":
        """Return what stands for the connection before whoever writes to it."""
        return Held(self, line)

    def put(self, hearing: "list[Held]", what: bytes | Act) -> None:
        """Write to connections, or do something that concerns them, when this turn has been written down.

        Args:
            hearing: not changed later.
        """
        if not self.is_due:
            self.happened()
        self._out.append((hearing, what))

    def then(self, act: Act) -> None:
        """Do something that concerns no connection, after what was put so far."""
        if not self.is_due:
            self.happened()
        self._out.append((None, act))

    def left(self, room: str, held: "Held") -> None:
        """Know that somebody hears nothing more of a room after this turn."""
        self._left.append((room, held))

    def leavers(self, room: str) -> "list[Held]":
        """Return who left a room in a turn that is not out: words from there may wait for them."""
        left = [*(each for turn in self._turns for each in turn.left), *self._left]
        return [held for where, held in left if where == room]

    def happened(self) -> None:
        """Know that something happens in this turn."""
        if not self.is_due:
            self.is_due = True
            self._soon(self._end_turn)

    def free(self, is_free: Callable[["Held"], bool] | None) -> None:
        """While nothing can be written down, let those out that need not wait for it; None: all wait again.

        Who had to wait once goes on waiting, wherever they sit by now: something of where they sat is yet to go out.
        """
        self._is_free = is_free
        self._bound.clear()
        if is_free is not None:
            for turn in self._turns:
                self._let_free_out(turn.out)

    def is_bound(self, held: "Held") -> bool:
        """Tell whether what is written there goes out no sooner than something that cannot be written down."""
        return held in self._bound

    def awaits(self, written: Future[None]) -> bool:
        """Tell whether something is to go out when this is done."""
        return any(turn.written is written and turn.out for turn in self._turns)

    def hurry(self) -> None:
        """End a turn that was drawn out, with the loop's."""
        if self._is_drawn_out:
            self._is_drawn_out = False
            self._soon(self._end_turn)

    def _end_turn(self) -> None:
        if self._gathers():
            self._is_drawn_out = True
            return
        try:
            written = self._write_down()
        except Exception as bug:
            # What was to be heard may be in no log: this node begins anew, and the others go on.
            log_bug("writing a turn down", bug)
            self._failed()
            return
        # Only now: writing down may have made the rooms say what they had not yet said.
        self.is_due = False
        out, self._out = self._out, []
        left, self._left = self._left, []
        if written is None and not self._turns:
            self._let_out(out)
            return
        if self._is_free is not None:
            # Of earlier turns nothing more goes out: who had to wait then waits on.
            self._let_free_out(out)
            if not out:
                return
        self._turns.append(Turn(written, out, left))
        if written is not None:
            written.add_done_callback(self._written)

    def _written(self, _: Future[None]) -> None:
        while self._turns and ((done := self._turns[0].written) is None or done.done()):
            self._let_out(self._turns.popleft().out)

    def _let_free_out(self, out: Outgoing) -> None:
        is_free, bound = self._is_free, self._bound
        assert is_free is not None
        heard = {held for hearing, _ in out for held in hearing or ()}
        bound |= {held for held in heard - bound if not is_free(held)}
        going = [(hearing and [held for held in hearing if held not in bound], what) for hearing, what in out]
        waiting = [([held for held in hearing or () if held in bound], what) for hearing, what in out]
        out[:] = [entry for entry in waiting if entry[0]]
        self._let_out(going)

    def _let_out(self, out: Outgoing) -> None:
        for hearing, what in out:
            if isinstance(what, bytes):
                _write(hearing or (), what)
                continue
            for held in (None,) if hearing is None else hearing:
                if held is None or not held.is_void:
                    try:
                        what()
                    except Exception as bug:
                        log_bug("doing what follows from a turn", bug)


class Held:
    """A connection as those see it who write to it: what they write waits for its turn.

    Attributes:
        line: the connection itself.
        is_paused: never, here: whether a client reads too slowly is looked at when the bytes go out.
        is_void: whether nothing that waits may go out any more.
        entrance: the gateway's end of it, where this node holds the socket; None once it is gone.
        peer: who writes to it; None once it is gone, or another's. Each holds the other, which nobody would look for.
    """

    __slots__ = ("_commit", "address", "entrance", "is_paused", "is_void", "line", "peer", "subprotocol")

    def __init__(self, commit: Commit, line: Line) -> None:
        self._commit = commit
        self.line = line
        self.subprotocol = line.subprotocol
        self.address = line.address
        self.is_paused = False
        self.is_void = False
        self.entrance: Entrance | None = None
        self.peer: Peer | None = None

    def write(self, data: bytes) -> None:
        """Write when the turn is written down."""
        self._commit.put([self], data)

    def is_gone(self) -> None:
        """Let go of all that hold it, since the connection is gone."""
        self.entrance = self.peer = None

    def is_anothers(self) -> None:
        """Let go of whoever wrote to it, since another does."""
        self.peer = None

    def write_at_once(self, data: bytes) -> None:
        """Write before all that waits, what says nothing of the room."""
        _write((self,), data)

    def check_unsent(self) -> None:
        """Do nothing: it is looked at later."""

    def close(self, code: int, reason: str = "") -> None:
        """Close after what was written."""
        self._commit.put([self], lambda: self.line.close(code, reason))

    @property
    def is_open(self) -> bool:
        """Whether anything can still be said."""
        return self.line.is_open

    def abort(self) -> None:
        """End it now."""
        self.line.abort()

    def entered(self) -> None:
        """Lift the deadline for entering."""
        self.line.entered()

    def await_enter(self, within_s: float) -> None:
        """Put the deadline for entering off."""
        self.line.await_enter(within_s)


def _write(hearing: "Iterable[Held]", data: bytes) -> None:
    """Write to all of these: what costs a delivery most."""
    for held in hearing:
        if not held.is_void:
            try:
                line = held.line
                line.write(data)
                if line.is_paused:
                    line.check_unsent()
            except Exception as bug:
                log_bug("writing to a client", bug)
