"""Whatever nodes do at once and in whatever order they hear of it, they and Redis are of one mind in the end.

Redis is played here: hashes, and a log in the order in which batches come.
"""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from server.cluster.store import RedisStore
from server.cluster.store_rows import Field, put, unpacked
from server.store.memory import MemoryStore
from server.store.sealing import NONCE_BYTES, Seal
from server.store.tables.notices import NOTICES_MAX
from tests.stores import ANN, BO, CY, SECRET, block, bottle, bottle_answer, ended, notice, standing, tie

PEOPLE = (ANN, BO, CY)
NODES = 3


class PlayedRedis:
    """What Redis does with batches, and three nodes that read it at their own pace."""

    def __init__(self) -> None:
        self.hashes: dict[Field, bytes] = {}
        self.log: list[tuple[str, int, dict[Field, bytes | None]]] = []
        self.stores = [self._node(str(number)) for number in range(NODES)]
        self.read = [0] * NODES

    def _node(self, name: str) -> RedisStore:
        return RedisStore(Seal(SECRET, new_nonce=lambda: bytes(NONCE_BYTES)), node=name)

    def send(self, node: int, *, is_answer_lost: bool = False) -> None:
        """Take a node's next batch; where the answer is lost the node will send it again."""
        outbox = self.stores[node].outbox
        batch = outbox.next()
        if batch is None:
            return
        for field, value in batch.changes.items():
            if value is None:
                self.hashes.pop(field, None)
            else:
                self.hashes[field] = value
        self.log.append((self.stores[node].node, batch.n, batch.changes))
        if not is_answer_lost:
            outbox.accepted()

    def follow(self, node: int) -> None:
        """Have a node read one entry more."""
        if self.read[node] < len(self.log):
            self.stores[node].follow(*self.log[self.read[node]])
            self.read[node] += 1

    def reload(self, node: int) -> None:
        """Have a node load everything anew."""
        store = self.stores[node]
        tables: dict[str, dict[str, bytes]] = {}
        for field, value in self.hashes.items():
            tables.setdefault(field.table, {})[field.key] = value
        store.outbox.forget_accepted()
        store.become(tables)
        self.read[node] = len(self.log)

    def settle(self) -> None:
        """Have everything sent and read."""
        while any(self.read[node] < len(self.log) or self.stores[node].outbox for node in range(NODES)):
            for node in range(NODES):
                self.send(node)
                self.follow(node)


def act(store: RedisStore, what: int, who: str, other: str) -> None:
    """Do something as the server would."""
    row = store.bottle("b1")
    if what == 0:
        store.put_bottle(bottle(owner=who, picked=(), in_hand=(), sealed=b"words"))
    elif what == 1 and row is not None and other not in row.picked:
        store.put_bottle(bottle(owner=row.owner, sealed=row.sealed, picked=(*row.picked, other), in_hand=(other,)))
    elif what == 2:
        store.remove_bottle("b1")
    elif what == 3:
        store.add_block(block(who, other))
    elif what == 4:
        store.remove_block(who, f"{who[:2]}-{other[:2]}")
    elif what == 5:
        store.add_ties(tie(who, other))
    elif what == 6:
        store.put_answer(bottle_answer(owner=who, by=other))
    elif what == 7:
        store.put_standing(standing(who))
    else:
        store.end(ended(who))


steps = st.lists(
    st.tuples(
        st.sampled_from(["act", "act", "act", "send", "send", "follow", "follow", "lose", "reload"]),
        st.integers(0, NODES - 1),
        st.integers(0, 8),
        st.sampled_from(PEOPLE),
        st.sampled_from(PEOPLE),
    ),
    max_size=60,
)


def rows_of(store: RedisStore) -> dict[Field, Any]:
    return {field: _row(field, value) for field, value in store.fields()}


def _row(field: Field, value: bytes) -> Any:
    seal = Seal(SECRET, new_nonce=lambda: bytes(NONCE_BYTES))
    return value if field.table == "picks" else unpacked(field.table, value, seal)


@given(steps)
@settings(max_examples=400)
def test_nodes_and_redis_are_of_one_mind_in_the_end(steps: list[tuple[str, int, int, str, str]]) -> None:
    played = PlayedRedis()
    for step, node, what, who, other in steps:
        if step == "act":
            act(played.stores[node], what, who, other)
        elif step == "reload":
            played.reload(node)
        elif step == "follow":
            played.follow(node)
        else:
            played.send(node, is_answer_lost=step == "lose")
    played.settle()
    there = {field: _row(field, value) for field, value in played.hashes.items()}
    for store in played.stores:
        assert rows_of(store) == there
        assert store.outbox.is_ours(Field("bottles", "b1")) is False


def test_pick_that_was_written_while_its_bottle_ended_is_dropped_with_it() -> None:
    seal = Seal(SECRET, new_nonce=lambda: bytes(NONCE_BYTES))
    store = RedisStore(seal, node="here")
    thrown, picked = bottle(picked=(), in_hand=()), bottle(picked=(BO,), in_hand=())
    store.follow("there", 1, dict(put(thrown, None, seal)))
    store.follow("elsewhere", 1, dict(put(picked, thrown, seal)))
    store.follow("there", 2, {Field("bottles", thrown.bottle): None})
    batch = store.outbox.next()
    assert batch is not None
    assert batch.changes == {Field("picks", f"{thrown.bottle} {BO}"): None}


def test_what_others_wrote_too_much_of_is_theirs_to_drop() -> None:
    seal = Seal(SECRET, new_nonce=lambda: bytes(NONCE_BYTES))
    store = RedisStore(seal, node="here")
    theirs = [notice(f"n{number}", at=float(number)) for number in range(NOTICES_MAX + 1)]
    store.follow("there", 1, dict(field for row in theirs for field in put(row, None, seal)))
    assert store.notices_for(ANN) == theirs
    store.add_notice(notice("own", at=99.0))
    assert [waiting.notice for waiting in store.notices_for(ANN)] == [*(row.notice for row in theirs[1:]), "own"]


@given(steps)
@settings(max_examples=200)
def test_what_is_somebodys_is_gone_everywhere_once_they_are_forgotten(
    steps: list[tuple[str, int, int, str, str]],
) -> None:
    """Whatever was under way; only who writes for them afterwards keeps anything."""
    played = PlayedRedis()
    for step, node, what, who, other in steps:
        if step == "act" and what != 8:
            act(played.stores[node], what, who, other)
        elif step == "send":
            played.send(node)
        elif step == "follow":
            played.follow(node)
    played.stores[0].end(ended(ANN))
    played.settle()
    for field, value in played.hashes.items():
        if field.table in ("standings", "ties", "answers"):
            assert ANN not in str(_row(field, value)), field
        if field.table in ("blocks", "bottles"):
            assert _row(field, value).owner != ANN
    assert MemoryStore.has_ended(played.stores[2], ANN)
