"""What goes wrong with the folder of `data` and its database, in an operator's words: what it is, and what to do.

Never opens anything itself.
"""

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from server.store.schema import OtherSchema
from server.store.store import StoreError, StoreInUse

_WHOSE = "Start the server as the user whose folder it is, or set data to another folder."
_NO_FOLDER = "There is a file where a folder should be: set data to another folder."
_FULL = "Make room on that disk, or set data to a folder on another."
_ABOUT_FOLDER = {
    errno.EACCES: _WHOSE,
    errno.EPERM: _WHOSE,
    errno.EEXIST: _NO_FOLDER,
    errno.ENOTDIR: _NO_FOLDER,
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
}
_ELSEWHERE = "Set data to a folder that can be made and written, by its whole path, as in /var/lib/hereabouts."


def folder_trouble(folder: Path, error: OSError) -> StoreError:
    """Return what keeps the folder from being used, in words."""
    cannot = "cannot be used" if os.path.isdir(folder) else "cannot be made"
    return StoreError(f"{folder} {cannot}: {error.strerror}. {_ABOUT_FOLDER.get(error.errno or 0, _ELSEWHERE)}")


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """Make one clear StoreError of whatever goes wrong with the database."""
    try:
        yield
    except OtherSchema as error:
        raise StoreError(f"{path} {error}. Nothing was changed.") from None
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreInUse(f"{path} is in use: a server runs on this folder already. Give each its own.") from None
        raise StoreError(f"{path} cannot be used: {error}. See that the folder can be written, and its disk.") from None
    except (sqlite3.DatabaseError, ValueError) as error:
        raise StoreError(
            f"{path} is damaged: {error}. Nothing was changed; put a backup in its place, or move it away."
        ) from None
    except OSError as error:
        raise folder_trouble(path.parent, error) from None
