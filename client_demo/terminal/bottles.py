"""What is said of shaking and of bottles, which one holds, and which one threw: an answer names it by its id alone.

Knows the conversation, where it writes. Never sends anything.
"""

from typing import Any

from textual.content import Content

from client_demo.terminal import safe, wording
from client_demo.terminal.server_time import hour
from client_demo.terminal.slash import Misunderstood
from client_demo.terminal.transcript import Transcript

Message = dict[str, Any]

FIRST_WORDS_MAX_CHARS = 40
"""Enough to know one's own bottle by."""


class Bottles:
    """The bottles of one person's evening."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._shown: set[str] = set()
        self.forget()
        self._told_near = False

    def in_hand(self) -> str:
        """Return the bottle that was picked last and neither answered nor thrown back. Raises Misunderstood."""
        if not self._in_hand:
            raise Misunderstood("You hold no bottle; /pick takes one out of the water.")
        return self._in_hand

    def last(self) -> str:
        """Return what somebody last wrote in a bottle, or in an answer. Raises Misunderstood."""
        if not self._last:
            raise Misunderstood("No bottle has come to you yet.")
        return self._last

    def last_in_words(self) -> str:
        """Return what that is, to say that it was reported. Raises Misunderstood."""
        return "that answer to your bottle" if self.last() in self._shown else "that bottle"

    @property
    def afloat(self) -> int:
        """How many one has thrown."""
        return len(self._thrown)

    def forget(self) -> None:
        """Know nothing of them any more: to the server one is somebody new, whom no answer to them reaches."""
        self._in_hand = self._last = ""
        self._thrown: dict[str, str] = {}

    def threw(self, bottle: str, text: str) -> None:
        """Remember what is in a bottle of one's own."""
        self._thrown[bottle] = text

    def note_shaking(self) -> None:
        """Say that it takes a moment."""
        self._transcript.note("You shake. Whoever does so now meets you…")

    def on_waiting(self, event: Message) -> None:
        """Say once that there are bottles for who waits."""
        if event.get("bottles") and not self._told_near:
            self._told_near = True
            self._transcript.note("Messages in bottles lie near: /pick takes one out of the water.")

    def on_nobody(self, event: Message) -> None:
        """Say that nothing came of it."""
        words = {
            "shake": "Nobody else shook in that moment.",
            "pick": "No bottle has drifted your way just now. Look again later.",
        }
        self._transcript.note(words.get(str(event.get("about")), "Nobody was found."))

    def on_thrown(self, event: Message) -> None:
        """Say that it floats."""
        del event
        self._transcript.note(
            "Your bottle floats. Three people may find it, within a day; an answer comes here while you stay. "
            "Leaving ends it."
        )

    def on_bottle(self, event: Message) -> None:
        """Show what was in the bottle."""
        self._in_hand = self._last = event["bottle"]
        near = wording.distance(event.get("within_m"))
        # It came now; when it was thrown would stand out of order among what was said.
        self._transcript.note(_written("In a bottle", event["text"]), when=hour(), kind="notice")
        thrown = f"Thrown within {near} at {hour(event.get('at'))}."
        self._transcript.note(f"{thrown} /answer WORDS, once; /back throws it back.")

    def on_answered(self, event: Message) -> None:
        """Say that one's own answer is on its way; show one to one's own bottle, once."""
        if not event.get("text"):
            self._in_hand = ""
            self._transcript.note("Your answer is on its way to whoever threw the bottle.", kind="good")
            return
        answer = str(event.get("answer") or "")
        if answer and answer in self._shown:
            return
        self._shown.add(answer)
        self._last = answer or event["bottle"]
        thrown = self._thrown.get(event["bottle"])
        which = f" “{_first_words(thrown)}”" if thrown is not None else ""
        words = _written(f"An answer to your bottle{which}", event["text"])
        self._transcript.note(words, when=hour(event.get("at")), kind="notice")

    def on_thrown_back(self, event: Message) -> None:
        """Say that it floats again."""
        del event
        self._in_hand = ""
        self._transcript.note("It floats again.")


def _first_words(text: str) -> str:
    words = safe.line(text)
    return words if len(words) <= FIRST_WORDS_MAX_CHARS else f"{words[: FIRST_WORDS_MAX_CHARS - 1].rstrip()}…"


def _written(what: str, text: str) -> Content:
    return Content.assemble((f"{what}  ", "bold"), safe.lines(text))
