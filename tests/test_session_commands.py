"""What single commands do in a session: saying, its rates, being away, muting."""

from collections.abc import Callable
from typing import Any

import pytest

from rooms.changes import LooksAgain, Seated
from rooms.events import Changed, Joined, Left, Marked, Member, Said, Skipped, Waiting
from server.answers import Error
from server.commands import AnyCommand, Away, Command, Enter, Leave, Move, Mute, Next, Ping, Rename, Say, Unmute
from server.messages import wire_name
from server.outcomes import Outcome
from server.session import Session
from tests.bare_sessions import NOW, RIGHT, error, kinds, member_id, published, seated
from tests.protocol_page import PAGE
from tests.sessions import HERE, NEAR, UNLIMITED, make_house

# Saying.


def test_same_ref_is_not_said_twice_but_answered_again() -> None:
    session = seated(make_house())
    first = published(session.receive(Say(text="a", ref="1"), now=NOW))
    assert session.receive(Say(text="another", ref="1"), now=NOW + 1) == tuple(first)
    assert published(session.receive(Say(text="a", ref="2"), now=NOW)) != first


def test_ref_of_another_member_is_not_mine() -> None:
    house = make_house()
    one, two = seated(house), seated(house)
    one.receive(Say(text="a", ref="1"), now=NOW)
    assert kinds(two.receive(Say(text="b", ref="1"), now=NOW)) == ["Published"]


def test_same_ref_again_costs_nothing() -> None:
    session = seated(make_house(say_burst=1))
    session.receive(Say(text="a", ref="1"), now=NOW)
    for _ in range(10):
        assert kinds(session.receive(Say(text="a", ref="1"), now=NOW)) == ["Said"]


def test_ref_of_a_refused_message_may_be_used_again() -> None:
    session = seated(make_house())
    session.receive(Say(text="", ref="1"), now=NOW)
    assert kinds(session.receive(Say(text="a", ref="1"), now=NOW)) == ["Published"]


def test_room_named_must_be_ones_own() -> None:
    house = make_house(**UNLIMITED)
    session = seated(house)
    assert session.person is not None
    old = session.person.room
    assert old is not None
    assert kinds(session.receive(Say(text="a", room=old.id, ref="1"), now=NOW)) == ["Published"]
    session.receive(Next(), now=NOW)
    assert error(session.receive(Say(text="a", room=old.id, ref="1"), now=NOW)).code == "wrong_room"


def test_text_is_said_in_nfc_and_otherwise_as_it_came() -> None:
    session = seated(make_house())
    [said] = published(session.receive(Say(text=" e\u0301 \u202e\x07 "), now=NOW))
    assert isinstance(said, Said)
    assert said.text == " é \u202e\x07 "


# Rates.


def retry_after(session: Session, command: AnyCommand, now: float) -> float:
    refused = error(session.receive(command, now=now))
    assert refused.code == "rate_limited"
    assert refused.retry_after is not None
    return refused.retry_after


@pytest.mark.parametrize("scale", [1, 30, 600])
@pytest.mark.parametrize(
    ("settings", "free", "command"),
    [
        ({"say_burst": 3, "say_per_min": 0}, 3, lambda _: Say(text="a")),
        ({"say_burst": 0, "say_per_min": 4}, 4, lambda _: Say(text="a")),
        ({"next_per_h": 2}, 2, lambda _: Next()),
        ({"cells_per_h": 2}, 2, lambda number: Move(cell=[HERE, NEAR][number % 2])),
        ({"say_burst": 0, "say_per_min": 0, "room_per_min": 5}, 5, lambda _: Say(text="a")),
        ({"say_burst": 2, "say_per_min": 0}, 2, lambda number: Rename(name=f"N{number}")),
        ({"say_burst": 0, "say_per_min": 3}, 3, lambda _: Away()),
    ],
    ids="say_burst say_per_min next_per_h cells_per_h room_per_min rename away".split(),
)
def test_whoever_waits_as_long_as_told_is_let_through(
    settings: dict[str, Any], free: int, command: Callable[[int], AnyCommand], scale: int
) -> None:
    session = seated(make_house(**{"time_scale": scale, **settings}))
    for number in range(free):
        assert not any(isinstance(what, Error) for what in session.receive(command(number + 1), now=NOW))
    now = NOW
    for number in range(free, free + 4):
        real_s = retry_after(session, command(number + 1), now)
        assert 0 < retry_after(session, command(number + 1), now + (real_s - 0.002) * scale) <= 0.003
        now += real_s * scale
        assert not any(isinstance(what, Error) for what in session.receive(command(number + 1), now=now))


def test_limits_per_minute_are_over_time_as_the_page_says() -> None:
    assert "A limit per minute, hour or day is one over time, and so many may come at once" in PAGE.read_text()
    session = seated(make_house(say_burst=0, say_per_min=20, errors_per_min=20))
    for _ in range(20):
        assert kinds(session.receive(Say(text="a"), now=NOW)) == ["Published"]
    assert 2.9 < retry_after(session, Say(text="a"), NOW) < 3.1
    for _ in range(19):
        assert kinds(session.receive(Say(text=""), now=NOW)) == ["Error"]
    assert kinds(session.receive(Say(text="a"), now=NOW + 3.1)) == ["Published"]
    assert kinds(session.receive(Say(text=""), now=NOW + 3.1)) == ["Error"]
    assert kinds(session.receive(Say(text=""), now=NOW + 3.1)) == ["Error", "End"]


def test_names_and_words_are_counted_apart() -> None:
    session = seated(make_house(say_burst=1))
    for command in (Say(text="a"), Rename(name="Bo")):
        assert kinds(session.receive(command, now=NOW)) == ["Published"]
        assert error(session.receive(command, now=NOW)).code == "rate_limited"


def test_refused_name_costs_nothing() -> None:
    session = seated(make_house(say_burst=1))
    session.receive(Rename(name="\x00"), now=NOW)
    assert kinds(session.receive(Rename(name="Bo"), now=NOW)) == ["Published"]


def test_cell_named_before_costs_nothing() -> None:
    session = seated(make_house(cells_per_h=1))
    for _ in range(5):
        assert kinds(session.receive(Move(cell=HERE), now=NOW)) == ["Moved"]
    assert kinds(session.receive(Move(cell=NEAR), now=NOW)) == ["Moved"]
    assert error(session.receive(Move(cell=HERE), now=NOW)).code == "rate_limited"
    assert kinds(session.receive(Move(cell=NEAR), now=NOW)) == ["Moved"]


def test_refused_cell_costs_nothing() -> None:
    session = seated(make_house(cells_per_h=1))
    for _ in range(5):
        session.receive(Move(cell="dr5rua"), now=NOW)
    assert kinds(session.receive(Move(cell=NEAR), now=NOW)) == ["Moved"]


# Away.


@pytest.mark.parametrize("command", [Say, Move, Next, Rename, Mute, Unmute, Ping], ids=wire_name)
@pytest.mark.parametrize("is_refused", [False, True], ids=["accepted", "refused"])
def test_any_other_command_ends_being_away(command: type[Command], is_refused: bool) -> None:
    house = make_house(next_per_h=1)
    other, session = seated(house), seated(house)
    wrong: dict[type[Command], AnyCommand] = {
        Say: Say(text=""), Move: Move(cell="x"), Rename: Rename(name="\x00"), Mute: Mute(who="x"),
        Unmute: Unmute(who="x"), Next: Next(),
    }  # fmt: skip
    if is_refused:
        session.receive(Next(), now=NOW)
    session.receive(Away(), now=NOW)
    do = wrong.get(command) if is_refused else RIGHT[command](member_id(other))
    if do is None:
        return
    outcome = session.receive(do, now=NOW)
    back = published(outcome)[0]
    assert isinstance(back, Changed)
    assert (back.member.away, back.ref) == (False, None)
    assert any(isinstance(what, Error) for what in outcome) == is_refused


def test_away_is_shown_and_waits_for_company_anew() -> None:
    house = make_house()
    seated(house)
    seated(house)
    session = seated(house)
    changed, waiting = published(session.receive(Away(ref="1"), now=NOW))
    assert isinstance(changed, Changed)
    assert (changed.member.away, changed.ref) == (True, "1")
    assert isinstance(waiting, Waiting)


def test_leave_does_not_come_back_from_away_first() -> None:
    session = seated(make_house())
    session.receive(Away(), now=NOW)
    assert kinds(session.receive(Leave(), now=NOW)) == ["Unseated", "Ended", "Gone", "End"]


def test_second_enter_ends_being_away_and_changes_nothing_else() -> None:
    session = seated(make_house())
    session.receive(Away(), now=NOW)
    outcome = session.receive(Enter(cell=NEAR), now=NOW)
    back = published(outcome)[0]
    assert isinstance(back, Changed)
    assert (back.member.away, back.ref) == (False, None)
    [refused] = [what for what in outcome if isinstance(what, Error)]
    assert refused.code == "already_entered"
    assert session.person is not None
    assert session.person.cell == HERE


def test_nothing_ends_being_away_once_the_session_has_ended() -> None:
    session = seated(make_house(errors_per_min=1))
    session.receive(Away(), now=NOW)
    for _ in range(2):
        session.receive(Enter(cell=NEAR), now=NOW)
        session.receive(Away(), now=NOW)
    assert session.receive(Enter(cell=NEAR), now=NOW) == ()


# Muting: what one sees.


def _carry_out_hiding(session: Session, outcome: Outcome) -> None:
    [person] = [what.person for what in outcome if isinstance(what, LooksAgain)]
    assert person is session.person
    session.look_around(session.place()[0])


def test_muted_words_are_skipped_and_the_member_marked() -> None:
    house = make_house()
    other, session = seated(house, name="Ann"), seated(house)
    them = member_id(other)
    said = Said(7, them, "Ann", "a", 0)
    member = Member(them, "Ann")
    assert session.sight.event(said) is said
    _carry_out_hiding(session, session.receive(Mute(who=them), now=NOW))
    assert session.sight.event(said) == Skipped(7)
    joined, changed = Joined(1, them, member, 100), Changed(2, them, member)
    for event in (joined, changed):
        seen = session.sight.event(event)
        assert isinstance(seen, Joined | Changed)
        assert (seen.member, seen.seq) == (Marked(them, "Ann", muted=True), event.seq)
    for other_event in (Said(7, "somebody", "Bo", "a", 0), Left(8, them, "left")):
        assert session.sight.event(other_event) is other_event
    _carry_out_hiding(session, session.receive(Unmute(who=them), now=NOW))
    assert session.sight.event(said) is said
    assert session.sight.event(changed) is changed


def test_room_shows_who_is_muted_in_it() -> None:
    house = make_house(**UNLIMITED)
    other, session = seated(house, name="Ann"), seated(house, name="Bo")
    session.receive(Mute(who=member_id(other)), now=NOW)
    other.receive(Next(), now=NOW)
    [again] = [what for what in other.receive(Next(), now=NOW) if isinstance(what, Seated)]
    session.receive(Next(), now=NOW)
    assert session.person is not None
    seat = house.world.snapshot(session.person, again.why)
    room = session.room_event(seat, now=NOW)
    together = member_id(other) in {member.id for member in room.members}
    muted = {member.name: isinstance(member, Marked) and member.muted for member in room.members}
    assert muted == {"Bo": False} | ({"Ann": True} if together else {})
