"""What was sent at once is told of in order, and by its gravest answer."""

from server.cluster.logged import Verdict
from server.cluster.turns import Turns


def never(now: float) -> None:
    raise AssertionError(f"nothing is late at {now}")


async def test_a_turn_is_told_of_after_all_before_it() -> None:
    turns = Turns(never)
    first, second = turns.begin(1), turns.begin(1)
    second.judged("b", Verdict.ACCEPTED)
    assert not second.future.done()
    first.judged("a", Verdict.ACCEPTED)
    assert first.future.result() == {"a": Verdict.ACCEPTED}
    assert second.future.result() == {"b": Verdict.ACCEPTED}


async def test_of_several_answers_for_a_room_the_gravest_counts() -> None:
    turn = Turns(never).begin(3)
    for verdict in (Verdict.AWAY, Verdict.GONE, Verdict.ACCEPTED):
        turn.judged("a", verdict)
    assert turn.future.result() == {"a": Verdict.GONE}


async def test_who_gave_up_waiting_for_a_turn_keeps_no_other_from_its_answer() -> None:
    turns = Turns(never)
    first, second = turns.begin(1), turns.begin(1)
    first.future.cancel()
    first.judged("a", Verdict.ACCEPTED)
    second.judged("b", Verdict.LOST)
    assert second.future.result() == {"b": Verdict.LOST}


async def test_nothing_waits_once_every_turn_is_told_of() -> None:
    turns = Turns(never)
    turn = turns.begin(1)
    turn.judged("a", Verdict.ACCEPTED)
    assert turns.waits_s == 0.0
