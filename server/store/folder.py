"""What a server's state begins with: its secret, which the folder of `--data` keeps where none is set, and its store.

The one place that knows what lies in the folder besides the database.
"""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from server.store.memory import MemoryStore
from server.store.sealing import Seal
from server.store.sqlite import SqliteStore
from server.store.store import Store, StoreError
from server.store.trouble import folder_trouble

SECRET_FILE = "secret"
SECRET_BYTES = 32


def open_state(
    data: str, secret: str, *, new_secret: Callable[[], bytes], new_nonce: Callable[[], bytes]
) -> tuple[bytes, Seal, Store]:
    """Return the server's secret, what seals under it, and the store. Raises StoreError.

    Args:
        data: the folder, or "" for state that ends with the process.
        secret: 64 hexadecimal digits, or "": then it is the folder's, made there at the first start, so that tokens
            outlive the process like everything that hangs on them.
    """
    key, seal = open_seal(data, secret, new_secret=new_secret, new_nonce=new_nonce)
    return key, seal, SqliteStore(Path(data), seal) if data else MemoryStore()


def open_seal(
    data: str, secret: str, *, new_secret: Callable[[], bytes], new_nonce: Callable[[], bytes]
) -> tuple[bytes, Seal]:
    """Return the server's secret, and what seals under it. Raises StoreError."""
    key = bytes.fromhex(secret) or (_kept_secret(Path(data), new_secret) if data else new_secret())
    return key, Seal(key, new_nonce=new_nonce)


def _kept_secret(folder: Path, new_secret: Callable[[], bytes]) -> bytes:
    path = folder / SECRET_FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            # Linked into place whole, so that a process killed here leaves no half of a secret.
            draft = folder / f"{SECRET_FILE}.{os.getpid()}"
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
                file.write(f"{new_secret().hex()}\n")
            with contextlib.suppress(FileExistsError):  # another process was quicker; it has the database as well
                os.link(draft, path)
            draft.unlink()
        text = path.read_text(encoding="ascii")
    except OSError as error:
        raise folder_trouble(folder, error) from None
    except ValueError:
        text = ""
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != SECRET_BYTES:
        raise StoreError(
            f"{path} does not hold 64 hexadecimal digits. Put the right ones back, or remove it: "
            "then all tokens end, and sealed evidence cannot be read any more."
        )
    return key
