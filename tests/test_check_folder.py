"""`hereabouts check` of the folder of `data` and its database."""

from pathlib import Path

import pytest

from server.store.database import FILE
from tests.checked import run
from tests.stores import block, on_disk


def test_database_is_looked_at_and_left_as_it_is(tmp_path: Path) -> None:
    store = on_disk(tmp_path)
    store.add_block(block())
    status, told = run("--data", str(tmp_path))
    assert status == 1
    assert "a server runs on this folder already" in told
    store.close()
    before = (tmp_path / FILE).read_bytes()
    status, told = run("--data", str(tmp_path))
    assert status == 0
    assert "is whole, of schema" in told
    assert (tmp_path / FILE).read_bytes() == before
    (tmp_path / FILE).write_bytes(b"rubbish" * 1000)
    status, told = run("--data", str(tmp_path))
    assert status == 1
    assert "damaged" in told


def test_folder_that_is_none_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    status, told = run("--data", str(tmp_path / "file" / "inside"))
    assert status == 1
    assert "is no folder" in told


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="has no /proc")
def test_folder_that_cannot_be_made_is_wrong_whatever_rights_one_has() -> None:
    status, told = run("--data", "/proc/hereabouts")
    assert status == 1
    assert "/proc cannot be written (" in told
    assert "or set another folder" in told
    assert "will be made" not in told
