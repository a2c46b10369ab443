"""Shared topics break ties between rooms about as near, and never beat distance by more than one ring."""

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from geo import Cell, cell_distance_m
from rooms.affinity import deal, exchange, topics_by
from rooms.clusters import Cluster, Piece
from rooms.extent import apart_m
from rooms.index import RoomIndex
from rooms.nearness import FlatMap
from rooms.person import Person
from rooms.placement import choose_room, fill_of
from rooms.reform import Gathered, Left, plan
from rooms.room import Room
from rooms.rules import Rules
from rooms.topics import LOOKED_AT, in_common, most_in_common
from rooms.windows import region_of
from tests.worlds import HOME, Scene, beside, seat_somebody

RULES = Rules()
RING_M = max(Cell.at(*region_of(HOME).center, 6).size_m)


def a_table(id: str, *topics: tuple[str, ...], cell: Cell = HOME) -> Room:
    """Return a room of people with these topics each."""
    room = Room(id, cell, opened=0, closes=1800, seats_max=12, recent_max=10)
    for number, own in enumerate(topics):
        seat_somebody(room, Person(f"{id}-{number}", cell, topics=own))
    if room.company >= 3:
        room.waiting_since = None
    return room


def chosen(person: Person, *rooms: Room, seed: int = 1, **rules: float) -> str:
    """Return the id of the room that somebody gets among these."""
    index = RoomIndex(finest_cell=6)
    for room in rooms:
        fill = fill_of(room, RULES)
        assert fill is not None
        room.spot = None  # of the index before
        index.put(room, fill)
    choice = choose_room(person, index, rules=Rules(**rules), rng=random.Random(seed))  # type: ignore[arg-type]
    assert choice is not None
    return choice.room.id


NONE: tuple[str, ...] = ()
TEA = ("tea",)


def test_of_rooms_of_ones_own_cell_that_with_a_topic_in_common_is_chosen() -> None:
    rooms = [a_table(f"r{number}", *[NONE] * 4) for number in range(4)]
    rooms.append(a_table("tea", TEA, TEA, NONE, NONE))
    for seed in range(20):
        assert chosen(Person("me", HOME, topics=("trams", "tea")), *rooms, seed=seed) == "tea"
    without = Counter(chosen(Person("me", HOME), *rooms, seed=seed) for seed in range(200))
    assert len(without) == 5, "who has no topics gets any"
    off = Counter(chosen(Person("me", HOME, topics=TEA), *rooms, seed=seed, topic_gain=0) for seed in range(200))
    assert len(off) == 5


def test_who_is_short_of_company_comes_before_a_topic() -> None:
    waiting, tea = a_table("waiting", NONE), a_table("tea", *[TEA] * 4)
    assert chosen(Person("me", HOME, topics=TEA), waiting, tea) == "waiting"


def test_only_a_few_rooms_are_looked_at_so_that_nobody_aims_by_a_topic_of_their_own_making() -> None:
    rooms = [a_table(f"r{number}", *[NONE] * 4) for number in range(59)]
    rooms.append(a_table("victim", TEA, NONE, NONE, NONE))
    hits = sum(chosen(Person("me", HOME, topics=TEA), *rooms, seed=seed) == "victim" for seed in range(600))
    assert hits / 600 < 1.6 * LOOKED_AT / 60


def test_a_topic_beats_distance_by_one_ring_at_most() -> None:
    # Nobody in one's own cell: rooms one and two rings away are compared.
    near = a_table("near", *[NONE] * 4, cell=beside(HOME, north=1))
    for north, wins in ((1, True), (2, True)):
        tea = a_table("tea", *[TEA] * 4, cell=beside(HOME, north=-north))
        assert (chosen(Person("me", HOME, topics=TEA), near, tea, topic_gain=10) == "tea") == wins
    far = a_table("far", *[TEA] * 4, cell=beside(HOME, north=5))
    assert chosen(Person("me", HOME, topics=TEA), near, far, topic_gain=10) == "near"


@given(
    st.lists(st.tuples(st.integers(-2, 2), st.integers(-2, 2), st.booleans()), min_size=1, max_size=8),
    st.integers(0, 99),
)
def test_never_farther_than_a_ring_beyond_what_it_had_been_without(
    places: list[tuple[int, int, bool]], seed: int
) -> None:
    rooms = [
        a_table(f"r{number}", *[TEA if likes else NONE] * 4, cell=beside(HOME, north=north, east=east))
        for number, (north, east, likes) in enumerate(places)
    ]
    by_id = {room.id: room for room in rooms}
    without = by_id[chosen(Person("me", HOME), *rooms, seed=seed)]
    with_ = by_id[chosen(Person("me", HOME, topics=TEA), *rooms, seed=seed, topic_gain=10)]
    assert apart_m(HOME, with_.cell) <= cell_distance_m(HOME, without.cell) + RING_M + 1
    if HOME in {room.cell for room in rooms}:
        assert with_.cell == HOME


def test_share_counts_and_not_number() -> None:
    five_of_seven = a_table("many", *[TEA] * 5, NONE, NONE)
    two_of_two = a_table("few", TEA, TEA)
    me = Person("me", HOME, topics=TEA)
    assert [in_common(frozenset(TEA), room) for room in (five_of_seven, two_of_two)] == [5, 2]
    assert most_in_common(me, [five_of_seven, two_of_two]) is two_of_two
    assert most_in_common(me, []) is None


# At a window's end.


def likings(count: int, seed: int = 1) -> dict[str, frozenset[str]]:
    rng = random.Random(seed)
    return {f"p{number:03}": frozenset([rng.choice(["tea", "trams", "chess", "dogs"])]) for number in range(count)}


def pairs_in_common(groups: list[list[str]], topics: dict[str, frozenset[str]]) -> int:
    return sum(
        not topics[a].isdisjoint(topics[b]) for group in groups for i, a in enumerate(group) for b in group[i + 1 :]
    )


@given(st.integers(1, 80), st.integers(1, 12), st.integers(0, 99))
def test_dealt_shards_hold_everybody_once_and_are_even(people: int, count: int, seed: int) -> None:
    topics = likings(people, seed)
    ids = list(topics)
    topics.pop(ids[0])
    shards = deal(ids, count, topics, random.Random(seed))
    assert sorted(id for shard in shards for id in shard) == ids
    assert len(shards) == count
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


def test_a_crowded_cells_shards_have_more_in_common_than_by_chance() -> None:
    topics = likings(80)
    ids = list(topics)
    random.Random(2).shuffle(ids)
    by_chance = [ids[number::10] for number in range(10)]
    dealt = deal(ids, 10, topics, random.Random(1))
    assert pairs_in_common(dealt, topics) > 1.5 * pairs_in_common(by_chance, topics)


def test_a_window_seats_people_of_a_cell_by_topics_and_nobody_farther() -> None:
    topics = likings(80)
    cells = [HOME, beside(HOME, north=30)]
    people = [Gathered(id, cells[int(id[1:]) % 2], Left("r", HOME), 15_000) for id in topics]
    where = {person.id: person.cell for person in people}
    made = plan(people, rules=RULES, rng=random.Random(1), topics=topics)
    plain = plan(people, rules=RULES, rng=random.Random(1))
    groups, before = ([group.ids for group in each.groups] for each in (made, plain))
    assert sorted(id for group in groups for id in group) == sorted(topics)
    assert pairs_in_common(groups, topics) > 1.3 * pairs_in_common(before, topics)
    assert all(len({where[id] for id in group}) == 1 for group in groups), "nobody is sent 18 km for a topic"


def test_people_as_near_change_places_and_those_kept_apart_do_not() -> None:
    flat = FlatMap(*HOME.center)
    topics = {"a": frozenset(TEA), "b": frozenset(TEA), "c": frozenset({"trams"}), "d": frozenset({"trams"})}
    here, there = flat.spot(HOME), flat.spot(beside(HOME, north=12))

    def groups(far: bool = False, apart: frozenset[str] = frozenset()) -> list[set[str]]:
        spots = {"a": here, "c": here, "b": there if far else here, "d": there if far else here}
        clusters = [Cluster([Piece((id,), spots[id]) for id in ids]) for ids in ("ac", "bd")]

        def may_sit(one: str, other: str) -> bool:
            return {one, other} != apart

        for _ in exchange(clusters, topics, RULES, ring_m=RING_M, may_sit=may_sit if apart else None):
            pass
        return [set(cluster.ids()) for cluster in clusters]

    assert {"a", "b"} in groups()
    assert groups(far=True) == [{"a", "c"}, {"b", "d"}]
    assert {"a", "b"} not in groups(apart=frozenset("ab"))


def test_who_keep_each_other_change_places_as_one_with_as_many() -> None:
    here = FlatMap(*HOME.center)

    def groups(*tables: list[str]) -> list[set[str]]:
        clusters = [Cluster([Piece(tuple(ids), here.spot(HOME, len(ids))) for ids in table]) for table in tables]
        topics = {id: frozenset(TEA) if id in "abcd" else frozenset({"trams"}) for id in "abcdwxyz"}
        for _ in exchange(clusters, topics, RULES, ring_m=RING_M):
            pass
        return [set(cluster.ids()) for cluster in clusters]

    assert {"a", "b", "c", "d"} in groups(["ab", "wx"], ["cd", "yz"])
    assert groups(["ab", "wx"], [*"cdyz"]) == [{*"abwx"}, {*"cdyz"}]


def test_topics_of_who_has_none_are_not_asked() -> None:
    assert topics_by([Person("a", HOME), Person("b", HOME, topics=TEA)]) == {"b": frozenset(TEA)}


def test_the_same_calls_without_topics_draw_the_same_chance_whatever_a_topic_is_worth() -> None:
    def seating(**rules: float) -> list[str]:
        scene = Scene(3, **rules)
        for number in range(60):
            scene.enter(beside(HOME, north=number % 4))
        scene.wait(4000)
        return [seated.seat.member.id for seated in scene.world.people.values() if seated.seat is not None]

    assert seating() == seating(topic_gain=0) == seating(topic_gain=5)
