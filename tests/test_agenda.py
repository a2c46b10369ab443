"""What is to be done when."""

import random

from hypothesis import given
from hypothesis import strategies as st

from rooms.agenda import Agenda, GiveUpSeat, Item, LookOutward
from rooms.person import Person
from tests.worlds import HOME, a_room


def items(count: int) -> list[Item]:
    return [GiveUpSeat(Person(f"p{number}", HOME)) for number in range(count)]


def test_nothing_comes_up_before_its_time_and_everything_exactly_at_it() -> None:
    agenda, item = Agenda(), LookOutward(a_room(1))
    agenda.put(10.0, item)
    assert agenda.next_at == 10.0
    assert agenda.pop_due(9.999) is None
    assert agenda.pop_due(10.0) is item
    assert agenda.pop_due(1e12) is None
    assert agenda.next_at is None


@given(st.lists(st.integers(0, 5), max_size=40), st.integers())
def test_items_come_up_by_time_and_those_of_one_moment_as_they_were_put(times: list[int], seed: int) -> None:
    agenda, put = Agenda(), items(len(times))
    for at, item in zip(times, put, strict=True):
        agenda.put(at, item)
    rng = random.Random(seed)
    popped: list[Item] = []
    for now in [*sorted(rng.uniform(0, 6) for _ in range(5)), 6]:
        while (next_item := agenda.pop_due(now)) is not None:
            popped.append(next_item)
        assert agenda.next_at is None or agenda.next_at > now
    expected = [item for _, item in sorted(zip(times, put, strict=True), key=lambda pair: pair[0])]
    assert list(map(id, popped)) == list(map(id, expected))


def test_equal_items_may_stand_on_the_agenda_side_by_side() -> None:
    agenda, ann = Agenda(), Person("ann", HOME)
    agenda.put(1.0, GiveUpSeat(ann))
    agenda.put(1.0, GiveUpSeat(ann))
    assert agenda.pop_due(1.0) == agenda.pop_due(1.0) == GiveUpSeat(ann)
