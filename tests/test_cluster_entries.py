"""What is written of a room is sealed to its place, and what nobody was told is not read back."""

import pytest

from server.cluster.entries import CLAIM, EVENTS, WHOLE, Nonces, Raw, RoomSeal, accepted
from server.store.sealing import SealBroken

KEY = bytes(range(32))


def seal(room: str = "room", key: bytes = KEY) -> RoomSeal:
    return RoomSeal(key, room, Nonces(bytes(12)))


def raw(epoch: int, n: int, mark: bytes = EVENTS) -> Raw:
    return Raw(epoch, n, mark, b"a.1", b"")


def sealed() -> Raw:
    return Raw(3, 7, EVENTS, b"a.1", seal().seal(b"words", id=b"3-7", mark=EVENTS, node=b"a.1"))


def test_what_was_sealed_opens() -> None:
    entry = seal().open(sealed())
    assert (entry.epoch, entry.n, entry.node, entry.body) == (3, 7, "a.1", b"words")


@pytest.mark.parametrize(
    "moved",
    [
        Raw(3, 8, EVENTS, b"a.1", sealed().sealed),
        Raw(4, 7, EVENTS, b"a.1", sealed().sealed),
        Raw(3, 7, WHOLE, b"a.1", sealed().sealed),
        Raw(3, 7, EVENTS, b"b.1", sealed().sealed),
        Raw(3, 7, EVENTS, b"a.1", sealed().sealed[:-1]),
        Raw(3, 7, EVENTS, b"a.1", b""),
    ],
)
def test_what_was_altered_does_not_open(moved: Raw) -> None:
    with pytest.raises(SealBroken):
        seal().open(moved)


def test_another_room_or_secret_opens_nothing() -> None:
    for other in (seal("other"), seal(key=bytes(32))):
        with pytest.raises(SealBroken):
            other.open(sealed())


def test_no_nonce_comes_twice_from_whatever_it_starts() -> None:
    for first in (bytes(12), b"\xff" * 12):
        nonces = Nonces(first)
        drawn = [next(nonces) for _ in range(1000)]
        assert len(set(drawn)) == 1000
        assert {len(nonce) for nonce in drawn} == {12}


@pytest.mark.parametrize(
    ("lies", "counts"),
    [
        ([raw(1, 4), raw(1, 5)], [(1, 4), (1, 5)]),  # what came before was trimmed
        ([raw(1, 0, WHOLE), raw(1, 1), raw(1, 3), raw(1, 4)], [(1, 0), (1, 1)]),
        ([raw(1, 1), raw(1, 3), raw(1, 5, WHOLE), raw(1, 6)], [(1, 1), (1, 5), (1, 6)]),
        ([raw(1, 1), raw(1, 3), raw(2, 0, CLAIM), raw(2, 1)], [(1, 1), (2, 0), (2, 1)]),
        ([raw(1, 1), raw(2, 1), raw(2, 2)], [(1, 1)]),  # the claim of that epoch was lost with a master
        ([raw(1, 1), raw(3, 4, WHOLE), raw(3, 5)], [(1, 1), (3, 4), (3, 5)]),
        ([], []),
    ],
)
def test_what_follows_a_gap_counts_only_from_the_next_whole_state(
    lies: list[Raw], counts: list[tuple[int, int]]
) -> None:
    assert [(each.epoch, each.n) for each in accepted(lies)] == counts
