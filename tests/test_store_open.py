"""A store in Redis is opened: an empty one takes over a folder, and what is no store is left alone."""

from pathlib import Path

import pytest

from server.cluster import store
from server.cluster.engine import Engine
from server.cluster.store_rows import Field
from server.cluster.store_wire import KEY, Wire
from server.store.database import FILE
from server.store.store import StoreError
from tests.redis_stores import all_of, emptied, fill, linked
from tests.stores import ANN, ended, on_disk


@pytest.fixture
async def url(redis_url: str) -> str:
    await emptied(redis_url)
    return redis_url


async def test_backup_is_the_file_that_a_store_on_disk_reads_and_goes_back_into_an_empty_redis(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = await linked(url)
    fill(node)
    folder = tmp_path / "state"
    folder.mkdir()
    node.store.backup(folder / FILE)
    assert [path.name for path in folder.iterdir()] == [FILE]
    with pytest.raises(StoreError, match="exists already"):
        node.store.backup(folder / FILE)
    with pytest.raises(StoreError, match="cannot be written"):
        node.store.backup(tmp_path / "nowhere" / "file")
    copy = on_disk(folder)
    assert sorted(map(repr, copy.rows())) == sorted(map(repr, node.store.rows()))
    assert copy.evidence("R1") == b"\x00evidence"
    copy.close()
    await node.close()
    await emptied(url)
    monkeypatch.setattr(store, "QUEUE_MAX", 5)
    restored = await linked(url, folder=folder)
    assert all_of(restored) == all_of(node)
    restored.store.end(ended(ANN))
    await restored.close()
    again = await linked(url, folder=folder)
    assert again.store.blocks_of(ANN) == [], "only an empty store takes a folder's rows over"
    await again.close()


async def test_what_is_no_row_is_refused_and_left(url: str) -> None:
    engine = Engine(url)
    await engine.open()
    await Wire(engine, node="elsewhere").write(1, {Field("bans", "b"): b"\x80"})
    with pytest.raises(StoreError, match="no store of this version"):
        await linked(url)
    assert await engine.client.hget(f"{KEY}bans", "b") == b"\x80"
    await engine.close()
