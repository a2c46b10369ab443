"""One table at which scripted people sit: whose turn it is, and what they say, so that it reads like a room.

Pure: events and chance in, lines out, moments in seconds of any steady clock. Never knows a connection. Rules:

- One speaks at a time, and nobody while another's line is still being read.
- Whoever types is answered first, then the conversation among themselves goes on where it was.
- No line is said twice at a table; only when every line that fits was used up does one come again, since not to
  answer at all would be worse.
- Who joins is greeted by name if they are a person, and sometimes if they are not.

People who type are told from scripted ones by their names, as everybody at the table tells them.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from client_demo import replies
from client_demo.client import Message
from client_demo.crowd.characters import Character, called, is_bot
from client_demo.phrases import CONVERSATIONS, FAREWELLS, GREETINGS, Conversation

READ_S = 1.2
"""After any line, at the least."""
SETTLED_S = 8.0
"""A table younger than this is still filling up: nobody greets anybody among themselves."""
NEVER = float("inf")

_BEGINS_S = (0.5, 3.0)
_ANSWERS_S = (1.5, 3.2)
_WELCOMES_S = (1.2, 2.6)
_ADDS_S = (2.5, 5.0)
_INVITES_S = (25.0, 40.0)
_GOES_ON_S = (4.0, 7.0)
_AFTER_SMALL_TALK_S = (2.0, 3.5)
_NEXT_SUBJECT_S = (8.0, 22.0)
_ALONE_S = (25.0, 50.0)
_SECOND_WELCOME = 0.5
_MURMUR = 0.35
_GREETS = 0.4
_GREETED_BACK = 0.4
_CHARACTERS_PER_S = 22.0
_BETWEEN_LEAST_S = 2.5
_BETWEEN_MEAN_S = 2.0
_ANSWER_WITHIN_S = 60.0
_JUST_S = 10.0
_SPARES_EVERY_S = 20.0


@dataclass(slots=True)
class Player:
    """One of ours."""

    name: str
    character: Character


@dataclass(slots=True)
class Guest:
    """Somebody who types."""

    name: str
    has_spoken: bool = False


@dataclass(slots=True)
class Turn:
    """Something to say at `at`: one of `pools`, the first with a line left.

    Attributes:
        who: who says it; if they are gone, somebody else, unless it `is_own`.
        to: whom it is for, by member id, to be dropped when they go; "" for nobody.
        name: what to put in for `{name}`.
        may_repeat: if all is used up, something is said again.
        may_ask: it may be a question; to one, a question is no answer.
    """

    at: float
    pools: Sequence[Sequence[str]]
    who: str
    to: str = ""
    name: str = ""
    may_repeat: bool = False
    is_own: bool = False
    may_ask: bool = True


@dataclass(slots=True)
class Scene:
    """A conversation under way: who plays which part, and which line is next."""

    lines: Conversation = ()
    at: int = 0
    cast: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Asked:
    """A question that stands: who asked, until when an answer is one, and what they say to it."""

    who: str
    until: float
    thanks: Sequence[str]


class Table:
    """The scripted people of one room, by their member ids, and whoever sits with them."""

    def __init__(self, rng: random.Random, *, seq: int, now: float) -> None:
        """Begin after the event `seq`."""
        self._rng, self._seq, self._since = rng, seq, now
        self._players: dict[str, Player] = {}
        self._guests: dict[str, Guest] = {}
        self._said: set[str] = set()
        self._turns: list[Turn] = []
        self._scene = Scene()
        self._scenes = list(CONVERSATIONS)
        rng.shuffle(self._scenes)
        self._goes_on_at = now + rng.uniform(*_BEGINS_S)
        self._last_who, self._last_at = "", now - READ_S
        self._asked: Asked | None = None
        self._spares_at = now

    @property
    def is_empty(self) -> bool:
        """Whether none of ours sits here."""
        return not self._players

    @property
    def has_guests(self) -> bool:
        """Whether anybody sits here who types."""
        return bool(self._guests)

    # --- who is here ------------------------------------------------------------------------------------------

    def sit(self, who: str, name: str, character: Character, members: Iterable[Message], *, now: float) -> None:
        """Let one of ours sit down; they see who else is there."""
        if who in self._players:
            return
        self._players[who] = Player(name, character)
        self._guests.pop(who, None)
        if now - self._since > SETTLED_S and self._rng.random() < _GREETS:
            self._plan(Turn(now + self._rng.uniform(*_ANSWERS_S), [GREETINGS], who, is_own=True))
        for member in members:
            self._meet(str(member["id"]), str(member["name"]), now)

    def rise(self, who: str) -> None:
        """Let one of ours go."""
        self._players.pop(who, None)

    def spare(self, now: float) -> str | None:
        """Return one of ours whom nobody would miss, None if it is too soon after the last."""
        if now < self._spares_at:
            return None
        quiet = [who for who in self._players if not self.is_engaged(who, now=now)]
        if not quiet:
            return None
        self._spares_at = now + (_SPARES_EVERY_S if self._guests else 0.0)
        return self._rng.choice(quiet)

    def is_engaged(self, who: str, *, now: float) -> bool:
        """Return whether one of ours has just spoken or is about to."""
        has_spoken = self._last_who == who and now - self._last_at < _JUST_S
        return has_spoken or any(turn.who == who for turn in self._turns if not turn.is_own)

    def farewell(self, now: float) -> str | None:
        """Return what somebody says who is about to go: nothing before there was anything to listen to."""
        return self._unused(FAREWELLS, "") if now - self._since > SETTLED_S else None

    def _meet(self, who: str, name: str, now: float) -> None:
        if who in self._players or who in self._guests or is_bot(name):
            return
        self._guests[who] = Guest(name)
        at = now + self._rng.uniform(*_WELCOMES_S)
        first = self._pick(_answers)
        self._plan(Turn(at, [replies.WELCOMES], first, to=who, name=name))
        if self._rng.random() < _SECOND_WELCOME:
            at += self._rng.uniform(*_ADDS_S)
            self._plan(Turn(at, [replies.SHORT_WELCOMES], self._pick(_answers, without=first), to=who, name=name))
        at = now + self._rng.uniform(*_INVITES_S)
        self._plan(Turn(at, [replies.INVITATIONS], self._pick(_answers), to=who, name=name))
        self._go_on_after(now, _GOES_ON_S)

    # --- what happens -----------------------------------------------------------------------------------------

    def hear(self, event: Message, *, now: float) -> None:
        """Take note of one event of the room; those that were heard before, by somebody else of ours, do nothing."""
        seq = event.get("seq")
        if not isinstance(seq, int) or seq <= self._seq:
            return
        self._seq = seq
        kind = event["type"]
        if kind == "said":
            self._hear_said(str(event["from"]), str(event["name"]), str(event["text"]), now)
        elif kind == "joined":
            self._meet(str(event["id"]), str(event["member"]["name"]), now)
        elif kind == "left":
            self._guests.pop(str(event["id"]), None)
            self._turns = [turn for turn in self._turns if turn.to != event["id"]]
        elif kind == "changed" and (guest := self._guests.get(str(event["id"]))):
            guest.name = str(event["member"]["name"])

    def _hear_said(self, who: str, name: str, text: str, now: float) -> None:
        self._last_who, self._last_at = who, now
        self._said.add(text)
        if who in self._guests:
            self._answer(who, text, now)
        elif text in GREETINGS:
            self._wave(who, replies.SHORT_WELCOMES, called(name), now)
        elif text in FAREWELLS:
            self._wave(who, replies.GOODBYES, called(name), now)
        if who not in self._players:
            self._go_on_after(now, _GOES_ON_S)

    def _wave(self, who: str, pool: Sequence[str], name: str, now: float) -> None:
        """Perhaps plan a word to one of those who come and go among themselves."""
        if self._rng.random() < _GREETED_BACK:
            at = now + self._rng.uniform(*_ANSWERS_S)
            self._plan(Turn(at, [pool], self._pick(_answers, without=who), name=name))

    def _answer(self, who: str, text: str, now: float) -> None:
        """Plan what is said to somebody who typed: one answer, however many lines they sent, and perhaps a murmur."""
        guest = self._guests[who]
        guest.has_spoken = True
        self._turns = [turn for turn in self._turns if turn.to != who]
        by = self._addressed(text) or self._pick(_answers)
        pools: list[Sequence[str]] = list(replies.fitting(text))
        asked, self._asked = self._asked, None
        if asked is not None and self._is_answer(asked, text, pools[0], now):
            by, pools = asked.who, [asked.thanks, *pools]
        pace = self._players[by].character.pace if by in self._players else 1.0
        at = now + self._rng.uniform(*_ANSWERS_S) * pace
        may_ask = "?" not in text
        self._plan(Turn(at, pools, by, to=who, name=guest.name, may_repeat=True, may_ask=may_ask))
        if len(self._players) > 1 and self._rng.random() < _MURMUR:
            at += self._rng.uniform(*_ADDS_S)
            self._plan(Turn(at, [replies.MURMURS], self._pick(_talks, without=by), to=who))

    def _is_answer(self, asked: Asked, text: str, fits: Sequence[str], now: float) -> bool:
        """Tell whether a text answers what was asked; one about something of its own only if it was put to them."""
        is_meant = fits is replies.ANY_WORDS or asked.thanks is replies.FOR_AN_ANSWER
        return (
            is_meant
            and now < asked.until
            and "?" not in text
            and asked.who in self._players
            and replies.is_english(text)
        )

    def _addressed(self, text: str) -> str:
        """Return which of ours somebody names, "" for none."""
        words = "".join(c if c.isalnum() else " " for c in text.casefold()).split()
        return next((who for who, player in self._players.items() if called(player.name).casefold() in words), "")

    # --- whose turn it is -------------------------------------------------------------------------------------

    def cue(self, now: float) -> tuple[str, str] | None:
        """Return who of ours is to say what now, if anybody is; it counts as said."""
        if not self._players or now < self._last_at + READ_S:
            return None
        spoken = self._due(now)
        if spoken is None and now >= self._goes_on_at:
            spoken = self._go_on(now)
        if spoken is not None:
            self._last_who, self._last_at = spoken[0], now
            self._said.add(spoken[1])
        return spoken

    def _due(self, now: float) -> tuple[str, str] | None:
        """Return the first of the planned turns that is due and can still be taken."""
        while self._turns and self._turns[0].at <= now:
            turn = self._turns.pop(0)
            if turn.who not in self._players:
                if turn.is_own:
                    continue
                turn.who = self._pick(_answers)
            text = self._text(turn)
            if text is not None:
                if turn.to and text.endswith("?"):
                    self._asked = Asked(turn.who, now + _ANSWER_WITHIN_S, replies.FOR_AN_ANSWER)
                self._go_on_after(now, _GOES_ON_S if turn.to else _AFTER_SMALL_TALK_S)
                return turn.who, text
        return None

    def _text(self, turn: Turn) -> str | None:
        asks = self._rng.random() < self._players[turn.who].character.asks_back
        for pool in turn.pools:
            fitting = [line for line in pool if line.endswith("?") == (asks and turn.may_ask)]
            text = self._unused(fitting, turn.name) or self._unused(pool, turn.name)
            if text is not None:
                return text
        return _named(self._rng.choice(turn.pools[-1]), turn.name) if turn.may_repeat else None

    def _go_on(self, now: float) -> tuple[str, str] | None:
        """Return the next line of what is talked about, or the first of something else."""
        if len(self._players) == 1:
            return self._wonder(now)
        if self._scene.at >= len(self._scene.lines):
            self._scene = self._next_scene()
        scene = self._scene
        if not scene.lines:
            self._goes_on_at = NEVER
            return None
        line = scene.lines[scene.at]
        who = self._play(line.part)
        scene.at += 1
        if line.text.endswith("?") and line.part == "A":
            self._asked = Asked(who, now + _ANSWER_WITHIN_S, replies.FOR_ADVICE)
        if scene.at < len(scene.lines):
            self._goes_on_at = now + self._between_s(scene.lines[scene.at].text)
        else:
            self._go_on_after(now, _NEXT_SUBJECT_S)
        return who, line.text

    def _wonder(self, now: float) -> tuple[str, str] | None:
        """Return a question for whoever types, from the only one of ours here."""
        self._go_on_after(now, _ALONE_S)
        openings = [scene[0].text for scene in self._scenes if scene[0].text.endswith("?")]
        text = self._unused(openings, "") if self._guests else None
        if text is None:
            return None
        [who] = self._players
        self._asked = Asked(who, now + _ANSWER_WITHIN_S, replies.FOR_ADVICE)
        return who, text

    def _next_scene(self) -> Scene:
        """Return a conversation nobody has begun here; an empty one if there is none left."""
        while self._scenes:
            lines = self._scenes.pop()
            if lines[0].text not in self._said:
                return Scene(lines)
        return Scene()

    def _play(self, part: str) -> str:
        """Return who plays a part: whoever did before, else somebody who has none yet."""
        cast = self._scene.cast
        if cast.get(part) not in self._players:
            others = set(cast.values()) & self._players.keys()
            free = others != self._players.keys()
            without = others if free else {self._last_who}
            cast[part] = self._pick(_opens if part == "A" else _talks, without=without)
        return cast[part]

    # --- small matters ----------------------------------------------------------------------------------------

    def _plan(self, turn: Turn) -> None:
        self._turns.append(turn)
        self._turns.sort(key=lambda turn: turn.at)

    def _pick(self, weight: Callable[[Character], float], *, without: str | Iterable[str] = ()) -> str:
        """Return one of ours by chance; the one who spoke last only if there is nobody else. "" if none is here."""
        left_out = {without} if isinstance(without, str) else set(without)
        for choice in (left_out | {self._last_who}, left_out, set()):
            some = [who for who in self._players if who not in choice]
            if some:
                return self._rng.choices(some, [weight(self._players[who].character) for who in some])[0]
        return ""

    def _unused(self, pool: Sequence[str], name: str) -> str | None:
        left = [text for line in pool if (text := _named(line, name)) not in self._said]
        return self._rng.choice(left) if left else None

    def _go_on_after(self, now: float, pause_s: tuple[float, float]) -> None:
        if self._goes_on_at != NEVER:
            self._goes_on_at = max(self._goes_on_at, now + self._rng.uniform(*pause_s))

    def _between_s(self, text: str) -> float:
        """Return after how many seconds a line may follow: it has to be typed, and the one before to be read."""
        return _BETWEEN_LEAST_S + len(text) / _CHARACTERS_PER_S + self._rng.expovariate(1 / _BETWEEN_MEAN_S)


def _named(line: str, name: str) -> str:
    return line.replace("{name}", name)


def _opens(character: Character) -> float:
    return character.opens


def _talks(character: Character) -> float:
    return character.talks


def _answers(character: Character) -> float:
    return character.answers
