"""What stands last in a room's stream settles what became of everything that was sent of it."""

from server.cluster.entries import EVENTS, WHOLE, Nonces, Raw, RoomSeal
from server.cluster.logged import LoggedRoom, Pending, Verdict

ACCEPTED, AWAY, GONE, LOST = Verdict


class Case:
    """A room whose entries up to 1 of epoch 2 are accepted."""

    def __init__(self) -> None:
        self.room = LoggedRoom("room", b"key", RoomSeal(bytes(32), "room", Nonces(bytes(12))), epoch=2, n=1, shard="")
        self.verdicts: dict[int, Verdict] = {}

    def sends(self, *marks: bytes, refused: tuple[int, ...] = ()) -> None:
        for mark in marks:
            self.room.n += 1
            n = self.room.n
            entry = Pending(self.room, n, mark, b"", b"")
            entry.is_refused = n in refused
            entry.judged = lambda _, verdict, n=n: self.verdicts.__setitem__(n, verdict)
            self.room.pending.append(entry)

    def settle(self, epoch: int = 0, n: int = 0, node: bytes = b"a.1") -> Verdict | None:
        """Settle by what stands last; nothing does if no epoch is given."""
        return self.room.settle(Raw(epoch, n, EVENTS, node, b"") if epoch else None, node=b"a.1")

    @property
    def again(self) -> list[int]:
        return [entry.n for entry in self.room.pending]


def test_what_is_written_is_accepted_and_the_rest_sent_again() -> None:
    case = Case()
    case.sends(EVENTS, EVENTS, EVENTS)
    assert case.settle(2, 3) is None
    assert case.verdicts == {2: ACCEPTED, 3: ACCEPTED}
    assert case.again == [4]


def test_a_higher_epoch_or_another_writer_takes_everything() -> None:
    for epoch, node in ((3, b"b.1"), (3, b"a.1"), (2, b"b.1")):
        case = Case()
        case.sends(EVENTS, WHOLE)
        assert case.settle(epoch, 9, node) is LOST
        assert case.verdicts == {2: LOST, 3: LOST}


def test_nothing_left_is_gone_up_to_a_whole_state() -> None:
    case = Case()
    case.sends(EVENTS, WHOLE, EVENTS)
    assert case.settle() is None
    assert case.verdicts == {2: GONE}
    assert case.again == [3, 4]
    assert not case.room.is_behind


def test_what_was_refused_leaves_a_gap_though_the_next_was_taken() -> None:
    case = Case()
    case.sends(EVENTS, EVENTS, EVENTS, refused=(3,))
    assert case.settle(2, 4) is None
    assert case.verdicts == {2: ACCEPTED, 3: GONE, 4: GONE}
    assert case.room.is_behind


def test_what_was_refused_and_not_passed_is_sent_again() -> None:
    case = Case()
    case.sends(EVENTS, EVENTS, refused=(2, 3))
    assert case.settle(2, 1) is None
    assert case.verdicts == {}
    assert case.again == [2, 3]


def test_a_stream_without_what_it_had_accepted_is_gone() -> None:
    for epoch, n in ((2, 0), (1, 9)):
        case = Case()
        case.sends(EVENTS)
        assert case.settle(epoch, n) is None
        assert case.verdicts == {2: GONE}
        assert case.room.is_behind


def test_a_quiet_room_is_told_only_when_something_is_missing() -> None:
    case = Case()
    assert case.settle(2, 1) is None
    assert case.settle() is GONE
    assert case.room.is_behind
    assert Case().settle(3, 0, b"b.1") is LOST


def test_what_was_given_up_stays_behind_until_a_whole_state() -> None:
    case = Case()
    case.sends(EVENTS)
    case.room.give_up(AWAY)
    assert case.room.is_behind
    assert case.settle(2, 2) is GONE
    case.room.is_behind = False
    case.sends(WHOLE)
    assert case.settle(2, 2) is None
    assert case.again == [3]
