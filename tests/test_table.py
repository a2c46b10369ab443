"""A table of scripted people: one speaks at a time, guests are answered, nothing is said twice, and it goes on."""

import random
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from client_demo import replies
from client_demo.crowd.characters import (
    ASKING,
    CHATTY,
    LEAVING,
    MARK,
    NAMES,
    SHY,
    Character,
    called,
    character_for,
    is_bot,
    name_for,
)
from client_demo.crowd.table import READ_S, Table
from client_demo.phrases import CONVERSATIONS, FAREWELLS, GREETINGS
from tests.phrase_book import every_reply

TICK_S = 0.25
CAST = {"a": CHATTY, "b": SHY, "c": ASKING, "d": LEAVING, "e": CHATTY}
OPENINGS = {scene[0].text for scene in CONVERSATIONS}
MINUTE = 60.0
Said = tuple[float, str, str]


class Scene:
    """A table over time: what was said at it, and when. Whoever is cued is heard, as by a server that loses nothing."""

    def __init__(self, seed: int = 1, cast: dict[str, Character] | None = None) -> None:
        self.now = 0.0
        self.said: list[Said] = []
        self._seq = 10
        self.cast = CAST if cast is None else cast
        self.table = Table(random.Random(seed), seq=self._seq, now=self.now)
        for who, character in self.cast.items():
            self.table.sit(who, f"{who.upper()}da {MARK}", character, self.members, now=self.now)

    @property
    def members(self) -> list[dict[str, Any]]:
        return [{"id": who, "name": f"{who.upper()}da {MARK}"} for who in self.cast]

    def tell(self, kind: str, **event: Any) -> None:
        self._seq += 1
        self.table.hear({"type": kind, "seq": self._seq, **event}, now=self.now)

    def join(self, who: str = "g", name: str = "Ann") -> None:
        self.tell("joined", id=who, member={"id": who, "name": name})

    def say(self, text: str, who: str = "g", name: str = "Ann") -> None:
        self.said.append((self.now, who, text))
        self.tell("said", **{"from": who, "name": name, "text": text})

    def run(self, seconds: float) -> list[Said]:
        """Let time pass; return what was said meanwhile by the scripted ones."""
        before, until = len(self.said), self.now + seconds
        while self.now < until:
            self.now += TICK_S
            cue = self.table.cue(self.now)
            if cue is not None:
                self.say(cue[1], who=cue[0], name=f"{cue[0].upper()}da {MARK}")
        return self.said[before:]

    def run_until_quiet(self) -> None:
        """Let the welcome and the invitation of a guest pass."""
        self.run(MINUTE)


SEEDS = pytest.mark.parametrize("seed", range(8))


@SEEDS
def test_nobody_talks_while_another_line_is_read_and_nothing_is_said_twice(seed: int) -> None:
    scene = Scene(seed)
    said = scene.run(25 * MINUTE)
    assert all(later - earlier >= READ_S for (earlier, *_), (later, *_) in pairwise(said))
    texts = Counter(text for _, _, text in said)
    assert texts.most_common(1)[0][1] == 1
    assert len(said) > 100
    assert {who for _, who, _ in said} == set(CAST)


@SEEDS
def test_the_talkative_talk_more_than_the_shy(seed: int) -> None:
    said = Counter(who for _, who, _ in Scene(seed).run(25 * MINUTE))
    assert said["a"] + said["e"] > 2 * said["b"]


@SEEDS
def test_a_scene_is_played_in_order_each_part_by_one_of_them(seed: int) -> None:
    said = {text: who for _, who, text in Scene(seed).run(10 * MINUTE)}
    played = [scene for scene in CONVERSATIONS if all(line.text in said for line in scene)]
    assert len(played) > 5
    order = list(said)
    for lines in played:
        places = [order.index(line.text) for line in lines]
        assert places == list(range(places[0], places[0] + len(lines)))
        parts = {part: {said[line.text] for line in lines if line.part == part} for part in "ABCD"}
        assert all(len(who) <= 1 for who in parts.values())
        assert len(set.union(*parts.values())) == sum(map(len, parts.values()))


@SEEDS
def test_who_types_is_answered_within_seconds_by_one_voice_and_perhaps_a_murmur(seed: int) -> None:
    scene = Scene(seed)
    scene.join()
    scene.run_until_quiet()
    for text in ("hello", "what a day", "my dog ate the parcel", "where are you?", "well"):
        scene.say(text)
        asked_at = scene.now
        answers = [
            each for each in scene.run(12.0) if each[2] not in {line.text for lines in CONVERSATIONS for line in lines}
        ]
        assert answers, text
        assert answers[0][0] - asked_at < 8.0
        assert len(answers) <= 2
        assert all(later[2] in replies.MURMURS for later in answers[1:])
        scene.run(15.0)


def test_several_lines_in_a_row_get_one_answer() -> None:
    scene = Scene()
    scene.join()
    scene.run_until_quiet()
    for text in ("so", "I went there", "and it was closed"):
        scene.say(text)
        scene.now += 0.3
    book = {line.text for lines in CONVERSATIONS for line in lines} | set(replies.MURMURS)
    assert len([text for _, _, text in scene.run(10.0) if text not in book]) == 1


@SEEDS
def test_a_guest_is_always_answered_though_all_lines_that_fit_are_used_up(seed: int) -> None:
    scene = Scene(seed)
    scene.join()
    scene.run_until_quiet()
    for _ in range(60):
        scene.say("banana")
        assert scene.run(9.0)


def test_a_guest_is_welcomed_by_name_and_asked_something_if_they_stay_silent() -> None:
    scene = Scene()
    scene.run(30.0)
    scene.join(name="Beppo")
    said = [text for _, _, text in scene.run(50.0) if "Beppo" in text]
    assert any(text in {line.replace("{name}", "Beppo") for line in replies.WELCOMES} for text in said)
    assert any(text in {line.replace("{name}", "Beppo") for line in replies.INVITATIONS} for text in said)


def test_who_was_there_before_the_scripted_ones_is_welcomed_too() -> None:
    table = Table(random.Random(1), seq=5, now=0.0)
    table.sit("a", "Ada (bot)", CHATTY, [{"id": "a", "name": "Ada (bot)"}, {"id": "g", "name": "Ann"}], now=0.0)
    cues = [cue for tick in range(40) if (cue := table.cue(tick * TICK_S))]
    assert cues[0][0] == "a"
    assert "Ann" in cues[0][1]


def test_a_guest_who_has_left_is_not_spoken_to() -> None:
    scene = Scene()
    scene.join()
    scene.say("hello")
    scene.tell("left", id="g")
    assert not any("Ann" in text for _, _, text in scene.run(2 * MINUTE))
    assert not scene.table.has_guests


def test_a_new_name_is_the_one_they_are_called_by() -> None:
    scene = Scene()
    scene.join()
    scene.run_until_quiet()
    scene.tell("changed", id="g", member={"id": "g", "name": "Zora the Third"})
    said = []
    for _ in range(12):
        scene.say("banana", name="Zora the Third")
        said += scene.run(9.0)
    assert any("Zora the Third" in text for _, _, text in said)
    assert not any("Ann" in text for _, _, text in said)


def test_braces_in_a_name_stay_what_they_are() -> None:
    scene = Scene()
    scene.join(name="{name} %s {0}")
    assert any("{name} %s {0}" in text for _, _, text in scene.run(20.0))


def test_whoever_is_named_answers() -> None:
    scene = Scene()
    scene.join()
    scene.run_until_quiet()
    for who in "abcde":
        scene.say(f"and you, {who.upper()}da?")
        answer = next(each for each in scene.run(10.0) if each[2] in every_reply() or "Ann" in each[2])
        assert answer[1] == who


def test_a_question_is_not_answered_by_another_while_there_are_answers() -> None:
    scene = Scene(cast={"a": ASKING, "b": ASKING})
    scene.join()
    scene.run_until_quiet()
    scene.say("any good ramen?")
    answers = [text for _, who, text in scene.run(8.0)]
    assert not answers[0].endswith("?")


def test_those_who_ask_back_do_and_are_glad_of_an_answer() -> None:
    scene = Scene(cast={"a": ASKING})
    scene.join()
    scene.run_until_quiet()
    asked = 0
    for _ in range(6):
        scene.say("my work is done")
        [(_, _, text), *_] = scene.run(8.0)
        if text.endswith("?"):
            asked += 1
            scene.say("quite a lot")
            [(_, _, thanks), *_] = scene.run(8.0)
            assert thanks in {line.replace("{name}", "Ann") for line in replies.FOR_AN_ANSWER}
    assert asked


def test_an_event_that_several_of_them_hear_counts_once() -> None:
    scene = Scene()
    scene.join()
    scene.run_until_quiet()
    scene.tell("said", **{"from": "g", "name": "Ann", "text": "hello"})
    again = {"type": "said", "seq": scene._seq, "from": "g", "name": "Ann", "text": "hello"}
    for _ in range(4):
        scene.table.hear(again, now=scene.now + 1.0)
    hello = [text for _, _, text in scene.run(12.0) if "Ann" in text]
    assert len(hello) <= 2


def test_one_alone_says_nothing_and_with_a_guest_asks_now_and_then() -> None:
    alone = Scene(cast={"a": CHATTY})
    assert alone.run(5 * MINUTE) == []
    alone.join()
    said = [text for _, _, text in alone.run(5 * MINUTE)]
    assert sum(text in OPENINGS for text in said) >= 3
    assert all(text.endswith("?") for text in said if text in OPENINGS)


def test_scripted_people_of_other_processes_are_no_guests() -> None:
    scene = Scene()
    scene.join("x", f"Xaver {MARK} 2")
    assert not scene.table.has_guests
    scene.say(GREETINGS[0], who="x", name=f"Xaver {MARK} 2")
    assert not any(MARK in text for _, _, text in scene.run(20.0))


@SEEDS
def test_a_newcomer_among_themselves_is_sometimes_greeted_by_name(seed: int) -> None:
    greeted = 0
    scene = Scene(seed)
    scene.run(30.0)
    for number in range(12):
        scene.say(GREETINGS[number % len(GREETINGS)], who=f"n{number}", name=f"Nn{number} {MARK}")
        greeted += any(f"Nn{number}" in text for _, _, text in scene.run(10.0))
    assert 0 < greeted < 12


def test_what_somebody_would_have_said_who_has_left_is_said_by_another_or_not_at_all() -> None:
    scene = Scene()
    scene.join()
    scene.run_until_quiet()
    scene.say("hello Ada")
    scene.table.rise("a")
    said = scene.run(10.0)
    assert said
    assert "a" not in {who for _, who, _ in said}
    for who in "bcde":
        scene.table.rise(who)
    assert scene.table.is_empty
    assert scene.run(MINUTE) == []


def test_a_farewell_is_not_said_before_there_was_anything_to_hear_and_never_twice() -> None:
    scene = Scene()
    assert scene.table.farewell(1.0) is None
    scene.run(20.0)
    said = []
    for number, _ in enumerate(FAREWELLS):
        text = scene.table.farewell(scene.now)
        assert text is not None
        said.append(text)
        scene.say(text, who=f"x{number}", name=f"X {MARK}")
    assert set(said) == set(FAREWELLS)
    assert scene.table.farewell(scene.now) is None


def test_whoever_is_spared_is_not_the_one_who_talks_and_beside_a_guest_one_goes_at_a_time() -> None:
    scene = Scene()
    scene.run(30.0)
    last = scene.said[-1]
    for _ in range(20):
        spare = scene.table.spare(scene.now)
        assert spare is not None
        assert scene.now - last[0] > 10 or spare != last[1]
    scene.join()
    assert scene.table.spare(scene.now) is not None
    assert scene.table.spare(scene.now + 5.0) is None
    assert scene.table.spare(scene.now + 25.0) is not None


# --- characters -------------------------------------------------------------------------------------------


def test_there_are_all_characters_and_all_of_them_can_be_had() -> None:
    rng = random.Random(1)
    found = Counter(character_for(rng).name for _ in range(1000))
    assert set(found) == {"chatty", "shy", "asks back", "leaves early"}
    assert min(found.values()) > 100
    assert LEAVING.stays_s < min(each.stays_s for each in (CHATTY, SHY, ASKING)) / 2


def test_every_name_says_that_its_bearer_is_a_bot_and_fits() -> None:
    rng, taken = random.Random(1), set[str]()
    for _ in range(3 * len(NAMES)):
        name = name_for(rng, taken)
        assert is_bot(name)
        assert len(name) <= 32 - len(" 99"), "a server numbers equal names"
        assert called(name) in NAMES
        taken.add(name)
    assert {f"{name} {MARK}" for name in NAMES} <= taken


def test_a_person_is_not_taken_for_a_bot() -> None:
    assert not is_bot("Robot Rob")
    assert is_bot("Mira (bot) 2")
