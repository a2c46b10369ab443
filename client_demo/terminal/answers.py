"""What is said of what one asked about people: muted, blocked, reported, voted about, kept.

Knows the conversation, where it writes, and whom one has met. Never sends anything.
"""

from typing import Any

from textual.content import Content

from client_demo.terminal import safe, wording
from client_demo.terminal.met import Met
from client_demo.terminal.server_time import hour
from client_demo.terminal.transcript import Transcript

Message = dict[str, Any]


class Answers:
    """The answers of one person's evening."""

    def __init__(self, transcript: Transcript, met: Met) -> None:
        self._transcript, self._met = transcript, met
        self._contacts: set[tuple[str, str]] = set()

    def on_muted(self, event: Message) -> None:
        self._transcript.note(f"You see no more of what {self._met.name(event['who'])} says. Nobody is told.")

    def on_unmuted(self, event: Message) -> None:
        self._transcript.note(f"You see again what {self._met.name(event['who'])} says.")

    def on_reported(self, event: Message) -> None:
        self._transcript.note(
            f"You reported {self._met.asked(event)}; your ticket is {safe.line(event['ticket'])}. "
            "The operator sees what was said or written. Nobody else is told.",
            kind="good",
        )

    def on_blocked(self, event: Message) -> None:
        # Not that they are gone: nobody moves for the block of a bottle, and whoever threw it may sit right here.
        who = self._met.asked(event)
        self._transcript.note(
            f"You and {who} are seated together no more. Nobody is told; /blocks shows your blocks.", kind="good"
        )

    def on_unblocked(self, event: Message) -> None:
        self._transcript.note(f"Your block of {self._met.asked(event)} is over.")

    def on_voted(self, event: Message) -> None:
        self._transcript.note(wording.voted(event.get("about"), self._met.asked(event)))

    def on_kept(self, event: Message) -> None:
        name = self._met.name(event["who"])
        self._transcript.note(
            f"You and {name} keep each other: you sit together from now on where you are both near. "
            f"/contact {name} … gives them a line to reach you by.",
            kind="good",
        )

    def on_unkept(self, event: Message) -> None:
        self._transcript.note(f"You let {self._met.name(event['who'])} go. Nobody is told.")

    def on_contact(self, event: Message) -> None:
        """Show where somebody can be reached, once: after a break it may come again."""
        line = event["name"], event["text"]
        if line in self._contacts:
            return
        self._contacts.add(line)
        words = Content.assemble((f"{safe.line(event['name'])} can be reached at  ", "bold"), safe.line(event["text"]))
        self._transcript.note(words, kind="notice")

    def show_blocks(self, held: list[Message]) -> None:
        """Show whom one blocks, numbered."""
        if not held:
            self._transcript.note("You block nobody.")
        for number, block in enumerate(held, 1):
            since = hour(block.get("at"))
            self._transcript.note(f"{number} {blocked_name(block)}, since {since}. /unblock {number} ends it.")


def blocked_name(block: Message) -> str:
    """Return what somebody was called when they were blocked."""
    return safe.line(block.get("name") or "") or "Somebody"
