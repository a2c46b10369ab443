"""What people are told to type works where they are, however the program was installed."""

import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from client_demo.own_server import typed_command
from server.own_command import own_command

BOTH = pytest.mark.parametrize("typed", [own_command, typed_command], ids=["server", "demo"])


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of an installation's commands, with this program's in it, found by no path."""
    folder = tmp_path / "an app" / "bin"
    folder.mkdir(parents=True)
    command = folder / "hereabouts"
    command.touch(mode=0o700)
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(folder))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    return folder


@BOTH
def test_beside_the_installation_it_is_typed_from_there(
    typed: Callable[[], str], scripts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(scripts.parent)
    assert typed() == "bin/hereabouts"


@BOTH
def test_from_elsewhere_it_is_typed_with_its_whole_path(
    typed: Callable[[], str], scripts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert typed() == f"'{scripts}/hereabouts'"


@BOTH
def test_where_it_is_found_by_its_name_that_is_all_there_is_to_type(
    typed: Callable[[], str], scripts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = tmp_path / "links"
    links.mkdir()
    (links / "hereabouts").symlink_to(scripts / "hereabouts")
    monkeypatch.setenv("PATH", str(links))
    assert typed() == "hereabouts"


@BOTH
def test_another_one_of_the_same_name_is_not_taken_for_it(
    typed: Callable[[], str], scripts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "hereabouts").touch(mode=0o700)
    monkeypatch.setenv("PATH", str(other))
    monkeypatch.chdir(scripts.parent)
    assert typed() == "bin/hereabouts"


@BOTH
def test_where_the_folder_one_is_in_is_gone_it_is_typed_with_its_whole_path(
    typed: Callable[[], str], scripts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert typed() == f"'{scripts}/hereabouts'"


@BOTH
def test_installed_for_one_user_alone_it_is_typed_by_its_name(
    typed: Callable[[], str], scripts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (scripts / "hereabouts").rename(own / "hereabouts")
    monkeypatch.setenv("PATH", str(own))
    assert typed() == "hereabouts"
