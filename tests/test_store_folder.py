"""The folder of `--data` under a whole server: what is in it, what a second one gets, and what the greeting says."""

import stat
from pathlib import Path

import pytest

from server.app import App
from server.loading import load
from server.serve import _greeting
from server.store.database import FILE
from server.store.folder import SECRET_FILE, open_state
from server.store.store import StoreError
from tests.apps import running
from tests.stores import ANN, block


def opened(data: str, secret: str = "", made: bytes = bytes(32)) -> bytes:
    key, _, store = open_state(data, secret, new_secret=lambda: made, new_nonce=lambda: bytes(12))
    store.close()
    return key


def test_folder_keeps_the_secret_made_at_the_first_start(tmp_path: Path) -> None:
    assert opened(str(tmp_path), made=b"1" * 32) == b"1" * 32
    assert opened(str(tmp_path), made=b"2" * 32) == b"1" * 32
    assert sorted(path.name for path in tmp_path.iterdir()) == [FILE, SECRET_FILE]
    assert stat.S_IMODE((tmp_path / SECRET_FILE).stat().st_mode) == 0o600


def test_secret_that_is_set_comes_before_the_folders_and_is_not_written_there(tmp_path: Path) -> None:
    assert opened(str(tmp_path), "ab" * 32) == b"\xab" * 32
    assert not (tmp_path / SECRET_FILE).exists()


@pytest.mark.parametrize("text", ["", "short", "zz" * 32, "ab" * 31, "\xff"])
def test_secret_that_is_none_is_told_and_not_replaced(tmp_path: Path, text: str) -> None:
    (tmp_path / SECRET_FILE).write_bytes(text.encode("latin-1"))
    with pytest.raises(StoreError, match="64 hexadecimal digits"):
        opened(str(tmp_path))
    assert (tmp_path / SECRET_FILE).read_bytes() == text.encode("latin-1")


@pytest.mark.parametrize("secret", ["", "ab" * 32])
def test_folder_that_a_file_stands_in_the_way_of_is_told_as_such(tmp_path: Path, secret: str) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "inside"):
        with pytest.raises(StoreError, match=f"{path} cannot be made: .* a file where a folder should be: set data to"):
            opened(str(path), secret)


async def test_state_and_tokens_outlive_a_server_with_a_folder(tmp_path: Path) -> None:
    async with running(data=str(tmp_path)) as app:
        now = app.node.clock.now()
        identity = app.house.identities.of(None, now=now)
        token = app.house.identities.token(identity, now=now)
        app.house.store.add_block(block(owner=identity.id, until=now + 60))
        with pytest.raises(StoreError, match="in use"):
            App(load(None, {}, {"port": 0, "data": str(tmp_path)}))
        assert "end with this process" not in _greeting(app, load(None, {}, {}))
    async with running(data=str(tmp_path)) as app:
        assert app.house.identities.of(token, now=now).id == identity.id
        assert app.house.store.blocks_of(identity.id)


async def test_server_without_a_folder_says_what_ends_with_it() -> None:
    async with running() as app:
        app.house.store.add_block(block())
        said = _greeting(app, load(None, {}, {}))
        assert "No --data: blocks, bans and reports end with this process" in said
    async with running() as app:
        assert app.house.store.blocks_of(ANN) == []
