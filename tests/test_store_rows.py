"""How rows stand in Redis: versions read each other, and a row holds whose words cannot be read."""

import msgspec
import pytest

from server.cluster.store_rows import unpacked
from server.store.rows import Row
from tests.redis_stores import emptied, linked
from tests.stores import ANN, block, bottle_answer, seal, standing


@pytest.mark.parametrize(
    ("table", "row", "news"),
    [
        ("standings", standing(), ("throws_due", "picks_due", "answers_due")),
        ("answers", bottle_answer(is_told=True), ("is_heard",)),
    ],
)
def test_rows_of_an_earlier_version_hold_and_it_reads_those_of_this_one(
    table: str, row: Row, news: tuple[str, ...]
) -> None:
    then = {name: value for name, value in msgspec.structs.asdict(row).items() if name not in news}
    assert unpacked(table, msgspec.msgpack.encode(then), seal()) == row
    later = msgspec.structs.asdict(row) | {"of_a_later_version": 1}
    assert unpacked(table, msgspec.msgpack.encode(later), seal()) == row


async def test_name_sealed_under_another_secret_is_gone_and_the_block_holds(redis_url: str) -> None:
    await emptied(redis_url)
    node = await linked(redis_url)
    node.store.add_block(block())
    await node.close()
    other = await linked(redis_url, secret=bytes(32))
    assert [held.name for held in other.store.blocks_of(ANN)] == [""]
    await other.close()
