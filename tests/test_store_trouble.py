"""What is wrong with the folder of a store, and what helps."""

import errno
import os
from pathlib import Path

import pytest

from server.store.store import StoreError
from server.store.trouble import folder_trouble
from tests.stores import on_disk


def test_folder_that_cannot_be_had_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"Not a directory|File exists"):
        on_disk(tmp_path / "file" / "inside")
    with pytest.raises(StoreError, match=r"File exists|Not a directory"):
        on_disk(tmp_path / "file")


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.EACCES, "as the user whose folder it is"),
        (errno.ENOENT, "a folder that can be made"),
        (errno.EROFS, "a folder that can be made"),
        (errno.ENOSPC, "Make room on that disk"),
    ],
)
def test_folder_that_cannot_be_made_is_told_with_what_helps(tmp_path: Path, number: int, advice: str) -> None:
    told = str(folder_trouble(tmp_path / "none", OSError(number, os.strerror(number))))
    assert told.startswith(f"{tmp_path / 'none'} cannot be made: {os.strerror(number)}. ")
    assert advice in told
    assert str(folder_trouble(tmp_path, OSError(number, "why"))).startswith(f"{tmp_path} cannot be used: why. ")
