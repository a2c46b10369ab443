"""Check-ins carried out: what comes when, and that the moves told are those the rooms made."""

import random
from collections.abc import Iterable, Sequence

import pytest

from bench.acts import Act, Kind, acts, tally
from bench.our_rooms import OurRooms
from bench.simulation import (
    ENTER,
    LEAVE,
    NEXT,
    OUTWARD,
    SAMPLE_EVERY_S,
    WINDOW,
    Course,
    Move,
    Seater,
    SeatLost,
    Seats,
)
from bench.surroundings import Vector, vector
from client_demo.checkins import CheckIn
from rooms.rules import Rules

HOUR = 3600.0
T0 = 1_700_000_000.0


def row(user: str, at: float, lat: float = 40.75, lon: float = -73.99) -> CheckIn:
    return CheckIn(user, lat, lon, T0 + at)


def kinds(rows: Iterable[CheckIn]) -> list[tuple[float, Kind, str]]:
    return [(act.at - T0, act.kind, act.user) for act in acts(rows, stay_s=HOUR)]


# --- acts -------------------------------------------------------------------------------------------------


def test_a_check_in_is_a_stay_of_an_hour() -> None:
    assert kinds([row("ann", 0)]) == [(0, Kind.ENTER, "ann"), (HOUR, Kind.LEAVE, "ann")]


def test_a_later_check_in_within_the_stay_is_a_new_seat_and_begins_the_stay_anew() -> None:
    found = kinds([row("ann", 0), row("ann", 3000)])
    assert found == [(0, Kind.ENTER, "ann"), (3000, Kind.AGAIN, "ann"), (6600, Kind.LEAVE, "ann")]


def test_the_end_does_not_belong_to_the_stay() -> None:
    found = kinds([row("ann", 0), row("ann", HOUR)])
    assert found[1:3] == [(HOUR, Kind.LEAVE, "ann"), (HOUR, Kind.ENTER, "ann")]


def test_at_one_moment_those_who_leave_come_first_and_then_the_rows_as_they_stand() -> None:
    found = kinds([row("ann", 0), row("ben", HOUR), row("ben", HOUR), row("cat", HOUR)])
    assert [(kind, user) for _, kind, user in found[1:5]] == [
        (Kind.LEAVE, "ann"),
        (Kind.ENTER, "ben"),
        (Kind.AGAIN, "ben"),
        (Kind.ENTER, "cat"),
    ]


def test_the_tally_counts_arrivals_people_and_their_hours_together() -> None:
    found = tally(acts([row("ann", 0), row("ben", 1800), row("ann", 5400)], stay_s=HOUR))
    assert (found.check_ins, found.visits, found.people, found.most_online) == (3, 3, 2, 2)
    assert (found.person_hours, found.span_s) == (3.0, 9000.0)


# --- the course -------------------------------------------------------------------------------------------


class OneRoom(Seater):
    """Seats everybody in one room and has something due at given moments."""

    def __init__(self, due: Iterable[float] = ()) -> None:
        self.due = sorted(T0 + at for at in due)
        self.done: list[tuple[str, float]] = []

    def enter(self, user: str, lat: float, lon: float, *, now: float) -> list[Move]:
        self.done.append((f"{user} enters", now - T0))
        return [Move(user, "room", ENTER)]

    def again(self, user: str, lat: float, lon: float, *, now: float) -> list[Move]:
        self.done.append((f"{user} again", now - T0))
        return [Move(user, "room", NEXT)]

    def leave(self, user: str, *, now: float) -> list[Move]:
        self.done.append((f"{user} leaves", now - T0))
        return [Move(user, "", LEAVE)]

    @property
    def deadline(self) -> float | None:
        return self.due[0] if self.due else None

    def tick(self, *, now: float) -> list[Move]:
        self.due.pop(0)
        self.done.append(("tick", now - T0))
        return []


class Diary:
    """Watches and writes down into the seater's own list, to show the order of all."""

    def __init__(self, done: list[tuple[str, float]] | None = None) -> None:
        self.done = done if done is not None else []
        self.moves: list[tuple[float, Move]] = []
        self.samples: list[dict[str, Vector]] = []

    def moved(self, moves: Sequence[Move], seats: Seats, *, now: float) -> None:
        self.moves += [(now - T0, move) for move in moves]

    def sampled(self, online: Iterable[tuple[str, Vector]], seats: Seats) -> None:
        self.samples.append(dict(online))
        self.done.append((f"sample of {len(self.samples[-1])}", SAMPLE_EVERY_S * len(self.samples)))


def run(seater: Seater, rows: Iterable[CheckIn], diary: Diary, *, stay_s: float = HOUR) -> Diary:
    todo = acts(rows, stay_s=stay_s)
    for _ in Course(seater, [diary], first_at=todo[0].at).run(todo):
        pass
    return diary


def test_everything_happens_in_order_of_time_and_samples_come_first_of_their_moment() -> None:
    seater = OneRoom(due=[5, 600, 1200])
    run(seater, [row("ann", 0), row("ben", 600)], Diary(seater.done), stay_s=600)
    assert seater.done == [
        ("ann enters", 0),
        ("tick", 5),
        ("sample of 1", 600),
        ("tick", 600),
        ("ann leaves", 600),
        ("ben enters", 600),
        ("sample of 1", 1200),
        ("tick", 1200),
        ("ben leaves", 1200),
    ]


def test_samples_are_ten_minutes_apart_until_the_last_has_left() -> None:
    assert len(run(OneRoom(), [row("ann", 0), row("ben", 1000)], Diary()).samples) == (1000 + HOUR) // 600


def test_nobody_is_sampled_where_nobody_is_online() -> None:
    assert all(run(OneRoom(), [row("ann", 0), row("ben", 20_000)], Diary()).samples)


def test_a_sample_sees_where_people_went_last() -> None:
    diary = run(OneRoom(), [row("ann", 0), row("ann", 700, lat=41.0)], Diary())
    assert [sample["ann"] for sample in diary.samples[:2]] == [vector(40.75, -73.99), vector(41.0, -73.99)]


def test_seats_know_who_sits_with_whom_from_the_moves_alone() -> None:
    seats = Seats()
    sizes = [seats.take(Move(user, room, ENTER)) for user, room in (("a", "r"), ("b", "r"), ("a", "s"), ("b", ""))]
    assert sizes == [1, 2, 1, 0]
    assert (seats.room_of, {room: list(members) for room, members in seats.members.items()}) == (
        {"a": "s"},
        {"s": ["a"]},
    )


def test_somebody_online_without_a_seat_ends_the_simulation() -> None:
    class Forgetful(OneRoom):
        def tick(self, *, now: float) -> list[Move]:
            self.due.pop(0)
            return [Move("ann", "", WINDOW)]

    with pytest.raises(SeatLost, match="ann is online and sits in no room"):
        run(Forgetful(due=[5]), [row("ann", 0)], Diary())


# --- our rooms --------------------------------------------------------------------------------------------


def town(people: int, *, seed: int = 3, hours: float = 3.0) -> list[CheckIn]:
    """Return rows of a town with thin outskirts; every fifth is of somebody who was there before."""
    rng = random.Random(seed)
    made = []
    for number in range(people):
        spread = 0.004 if rng.random() < 0.6 else 0.06
        user = f"u{number if rng.random() < 0.8 else rng.randrange(number + 1)}"
        made.append(row(user, rng.uniform(0, hours * HOUR), rng.gauss(40.75, spread), rng.gauss(-73.99, spread)))
    return sorted(made, key=lambda check_in: check_in.at)


def seated(rows: Sequence[CheckIn], *, seed: int = 1, rules: Rules | None = None) -> tuple[OurRooms, Diary]:
    rooms = OurRooms(rules or Rules(), seed=seed)
    return rooms, run(rooms, rows, Diary())


def test_every_check_in_takes_one_seat_and_every_stay_ends() -> None:
    rows = town(150)
    _, diary = seated(rows)
    why = [move.why for _, move in diary.moves]
    assert why.count(ENTER) + why.count(NEXT) == len(rows)
    assert why.count(NEXT) > 5
    assert why.count(LEAVE) == why.count(ENTER)
    assert [move.room for _, move in diary.moves if move.why == LEAVE] == [""] * why.count(LEAVE)


def test_three_in_one_cell_sit_together_at_once() -> None:
    _, diary = seated([row(user, 0) for user in ("ann", "ben", "cat")])
    assert len({move.room for _, move in diary.moves[:3]}) == 1


def test_to_move_outward_and_to_part_are_forced_moves() -> None:
    _, diary = seated(town(80), rules=Rules(window_s=86_400))
    room_of: dict[str, str] = {}
    left_sizes = []
    for _, move in diary.moves:
        if move.why == OUTWARD:
            left_sizes.append(list(room_of.values()).count(room_of[move.user]))
        room_of[move.user] = move.room
    assert {size for size in left_sizes if size < 3}
    assert {size for size in left_sizes if size >= 6}
    assert max(left_sizes) <= 12


def test_seats_taken_when_a_window_ends_are_no_forced_moves() -> None:
    rows = [row(f"u{i}", i) for i in range(40)]
    _, diary = seated(rows, rules=Rules(window_s=1200))
    again = [move.why for at, move in diary.moves if move.why != ENTER and at < HOUR]
    assert len(again) >= 40
    assert set(again) == {WINDOW}


def test_a_later_check_in_counts_at_the_new_place() -> None:
    rows = [row(f"there{i}", 0, lat=40.9) for i in range(3)] + [row("ann", 0), row("ann", 60, lat=40.9)]
    _, diary = seated(rows, rules=Rules(window_s=86_400))
    room_of = {move.user: move.room for _, move in diary.moves if move.room}
    assert room_of["ann"] == room_of["there0"]


def test_the_same_seed_seats_the_same_and_another_one_differently() -> None:
    rows = town(120)
    first, same, other = (seated(rows, seed=seed)[1].moves for seed in (1, 1, 2))
    assert first == same != other


def test_calls_and_seats_are_counted_and_cost_something() -> None:
    rows = town(100)
    rooms, diary = seated(rows)
    assert rooms.placements == sum(bool(move.room) for _, move in diary.moves)
    assert rooms.spent["enter"].calls + rooms.spent["next"].calls == len(rows)
    assert rooms.spent["leave"].calls == rooms.spent["enter"].calls
    total_s = sum(spent.cpu_s for spent in rooms.spent.values())
    assert total_s > 0
    assert rooms.us_per_placement == pytest.approx(total_s * 1e6 / rooms.placements)


def test_an_empty_course_costs_nothing() -> None:
    rooms = OurRooms(Rules(), seed=1)
    assert rooms.us_per_placement is None
    assert rooms.spent["enter"].us is None
    assert list(Course(rooms, [], first_at=T0).run(list[Act]())) == []
