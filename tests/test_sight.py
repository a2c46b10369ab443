"""What one client sees of the room where others see another thing."""

from rooms.events import Changed, Joined, Left, Marked, Member, Said, Skipped
from server.sight import Sight
from tests.worlds import a_room

ANN, BO = Member("r-0", "Ann"), Member("r-1", "Bo")
NOBODY: frozenset[str] = frozenset()


def looking(*, muted: frozenset[str] = NOBODY, kept: frozenset[str] = NOBODY) -> Sight:
    """Return how a room is seen in which Ann and Bo sit, by ids of people that are those of the members."""
    sight = Sight()
    sight.look_around(a_room(2), muted=muted, kept=kept)
    return sight


def test_who_mutes_and_keeps_nobody_sees_everything_as_all_others_do() -> None:
    sight = looking()
    assert not sight.is_otherwise
    for event in (Said(1, ANN.id, "Ann", "a", 0), Joined(2, ANN.id, ANN, 100), Left(3, ANN.id, "left")):
        assert sight.event(event) is event


def test_muted_words_are_passed_over_by_their_number_and_those_of_others_are_not() -> None:
    sight = looking(muted=frozenset({ANN.id}))
    assert sight.is_otherwise
    assert sight.event(Said(7, ANN.id, "Ann", "a", 0)) == Skipped(7)
    of_bo = Said(8, BO.id, "Bo", "b", 0)
    assert sight.event(of_bo) is of_bo


def test_whom_one_mutes_or_keeps_is_marked_wherever_they_are_shown() -> None:
    sight = looking(muted=frozenset({ANN.id}), kept=frozenset({ANN.id, BO.id}))
    marked = Marked("r-0", "Ann", muted=True, kept=True)
    assert sight.member(ANN) == marked
    assert sight.event(Joined(1, ANN.id, ANN, 100)) == Joined(1, ANN.id, marked, 100)
    assert sight.event(Changed(2, BO.id, BO)) == Changed(2, BO.id, Marked("r-1", "Bo", kept=True))


def test_who_mutes_somebody_elsewhere_may_meet_them_here() -> None:
    sight = looking(muted=frozenset({"far away"}))
    assert sight.is_otherwise
    sight.meet("r-9", is_muted=True, is_kept=False)
    assert sight.event(Said(9, "r-9", "Cy", "c", 0)) == Skipped(9)
    sight.meet("r-10", is_muted=False, is_kept=True)
    assert sight.member(Member("r-10", "Di")) == Marked("r-10", "Di", kept=True)


def test_another_room_is_seen_anew() -> None:
    sight = looking(muted=frozenset({ANN.id}))
    sight.look_around(a_room(2, id="other"), muted=frozenset({ANN.id}), kept=NOBODY)
    said = Said(7, ANN.id, "Ann", "a", 0)
    assert sight.event(said) is said
