"""What is said of the connection: that it broke, when it is tried again, and what one has come back to.

Knows where one sits as far as that was told. Never knows who else does, and never connects anything.
"""

from dataclasses import dataclass, replace
from typing import Any

from textual.content import Content
from textual.widgets import Static

from client_demo.client import Client
from client_demo.terminal import wording
from client_demo.terminal.bottles import Bottles
from client_demo.terminal.heading import Heading
from client_demo.terminal.server_time import ServerTime, hour
from client_demo.terminal.sizes import BOX_FROM_ROWS
from client_demo.terminal.transcript import Line, Transcript

Message = dict[str, Any]


class Banner(Static):
    """One line above the typing: the state of the connection, or of being away. Empty, it is not there."""

    def on_mount(self) -> None:
        self.show("")

    def show(self, words: str, kind: str = "warning") -> None:
        """Show these words, or nothing."""
        self.display = bool(words)
        self.set_classes(f"-{kind}")
        self.update(Content(words))


@dataclass(slots=True)
class Seat:
    """One's seat as it was told last, and when that was; the server's time, in milliseconds."""

    room: str = ""
    me: str = ""
    now_ms: int = 0
    closes_ms: int = 0


class Breaks:
    """The breaks of one person's evening. `seat` is kept up to date by whoever made it."""

    def __init__(
        self,
        client: Client,
        seat: Seat,
        *,
        server_time: ServerTime,
        heading: Heading,
        transcript: Transcript,
        banner: Banner,
        bottles: Bottles,
    ) -> None:
        self._client, self._seat, self._time = client, seat, server_time
        self._heading, self._transcript, self._banner, self._bottles = heading, transcript, banner, bottles
        self._former = seat
        self._returning: Message = {}
        self._line: Line | None = None
        self._retry_at_s: float | None = None
        self._lost_why = ""

    @property
    def is_waiting(self) -> bool:
        """Whether another try is still to come."""
        return self._retry_at_s is not None

    def tick(self) -> None:
        """Let the countdown to the next try go on."""
        if self._retry_at_s is None:
            return
        in_s = self._retry_at_s - self._time.now_s()
        when = f"Next try in {in_s:.0f} s (^S: now)" if in_s > 0.5 else "Trying again"
        kept = " What you write is kept, and said if this room is still there."
        has_rows = self._banner.app.size.height >= BOX_FROM_ROWS
        self._banner.show(f"{self._lost_why} {when}.{kept if has_rows else ''}")

    def on_disconnected(self, event: Message) -> None:
        """Say why, and when one is back, if ever."""
        self._heading.tell(is_live=False)
        if event["retry_in_s"] is None:
            self._retry_at_s = None
            if self._client.closed is not None:
                self._banner.show(f"{wording.ending(self._client.closed)} ^Q closes.", "error")
            return
        self._lost_why = wording.broken(event)
        self._retry_at_s = self._time.now_s() + event["retry_in_s"]
        self.tick()

    def on_reconnected(self, event: Message) -> None:
        """Say that one is back; to what, is known once everything missed has come."""
        self._returning, self._former = event, replace(self._seat)
        self._retry_at_s = None
        self._banner.show("")
        words = self._forgotten() if event["is_forgotten"] else "Back after a break."
        self._line = self._transcript.note(words, when=hour(), kind="room")

    def _forgotten(self) -> str:
        """Return what is gone with the person that one was to the server."""
        had_bottles = self._bottles.afloat > 0
        self._bottles.forget()
        ends = " No answer to what you threw can come any more." if had_bottles else ""
        return f"The server has begun anew or no longer knows your seat; the former room is gone.{ends}"

    def on_caught_up(self, event: Message) -> None:
        """Say what one has come back to, where one was away."""
        self._heading.tell(is_live=True)
        if self._line is None:
            return
        missed = f"{wording.count(event['said'], 'message')} while you were away."
        if self._returning["resumed"]:
            self._line.rewrite(f"Back in your seat. {missed if event['said'] else 'Nothing was missed.'}")
        elif not self._returning["is_forgotten"]:
            self._line.rewrite(self._became_of_seat())

    def _became_of_seat(self) -> str:
        """Return what became of the former seat, as far as that is known: a room may end before its time."""
        former, seat = self._former, self._seat
        if former.room != seat.room:
            is_over = seat.now_ms >= former.closes_ms
            return f"Back, in another room: {'yours ended meanwhile' if is_over else 'your former seat is gone'}."
        where = "in your seat" if former.me == seat.me else "on a new seat: yours was given up meanwhile"
        return f"Back in this room, {where}. What was said in between is missing here."
