"""Whether the folder of `data` can be used, and whether the database in it is whole.

Looks, and makes neither; what it tries leaves nothing.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from server.loading import Loaded
from server.operate.checks.finding import GOOD, NOTE, WRONG, Finding
from server.operate.checks.machine import running
from server.serve import ENDS_WITH_PROCESS, ENDS_WITH_PROCESSES
from server.store.database import FILE, inspect
from server.store.store import StoreError, StoreInUse


def folder_can_be_used(loaded: Loaded) -> Iterator[Finding]:
    """Look at the folder of `data` and at the database in it."""
    if not loaded.settings.data:
        if loaded.settings.lasting_redis:
            return
        if loaded.settings.workers > 1:
            yield Finding(NOTE, f"no store is set: {ENDS_WITH_PROCESSES}; set store to keep them")
        else:
            yield Finding(NOTE, f"no data folder is set: {ENDS_WITH_PROCESS}; set data to keep them")
        return
    folder = Path(loaded.settings.data)
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir():
        yield Finding(WRONG, f"{existing} is no folder; set data to one")
    elif refusal := _refusal(existing):
        yield Finding(
            WRONG,
            f"{existing} cannot be written ({refusal}); give the server's user the right to, or set another folder",
        )
    elif existing != folder:
        yield Finding(GOOD, f"{folder} will be made")
    elif not (folder / FILE).exists():
        yield Finding(GOOD, f"{folder} can be written; nothing is kept there yet")
    else:
        yield _database(loaded, folder)


def _refusal(folder: Path) -> str:
    """Return why nothing can be written in the folder, "" if it can: rights alone say nothing of /proc, nor to root."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def _database(loaded: Loaded, folder: Path) -> Finding:
    try:
        return Finding(GOOD, inspect(folder))
    except StoreInUse as error:
        if running(loaded):
            return Finding(NOTE, f"{folder} is in use by a server that runs; its database was not looked at")
        return Finding(WRONG, str(error))
    except StoreError as error:
        return Finding(WRONG, str(error))
