"""Opens the store in Redis: an empty one takes over what a folder holds."""

from pathlib import Path

from server.bugs import log
from server.cluster.engine import FAILURES, Engine
from server.cluster.store import RedisStore
from server.cluster.store_link import StoreLink
from server.cluster.store_wire import Wire
from server.store.database import FILE
from server.store.sealing import Seal
from server.store.sqlite import SqliteStore
from server.store.store import StoreError


async def open_store(engine: Engine, seal: Seal, *, node: str, folder: Path | None) -> StoreLink:
    """Return the link to a store that holds all rows by now. Raises StoreError, having left the engine open.

    Args:
        engine: opened; whoever opened it closes it after the link.
        node: a name that no other process has or had.
        folder: where a server without Redis kept its state, None if there was none.
    """
    wire = Wire(engine, node=node)
    link = StoreLink(RedisStore(seal, node=node), wire, where=engine.address.shown)
    try:
        await wire.rows_there()  # what this user may not do is said here, in an operator's words
        await link.open()
        if folder is not None and (folder / FILE).exists() and await wire.rows_there() == 0:
            await _move_in(link, folder, seal)
    except FAILURES as error:
        await link.close()
        raise StoreError(f"Redis at {engine.address.shown} {engine.reason(error)}") from None
    except StoreError:
        await link.close()
        raise
    return link


async def _move_in(link: StoreLink, folder: Path, seal: Seal) -> None:
    """Take over what a folder holds; it stays there as it is."""
    old = SqliteStore(folder, seal)
    try:
        link.store.take_in(old.rows(), old.all_evidence())
    finally:
        old.close()
    await link.flush()
    log.info("the store in Redis was empty, and has taken over what is in %s", folder / FILE)
