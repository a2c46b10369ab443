"""`hereabouts token`: keys, JWTs, and what it says to who gives it something else."""

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.cli import main
from server.token import JWKS_FILE, PRIVATE_FILE

FOR_WHOM = ("--set", "auth_issuer=https://uni.example", "--set", "auth_audience=chat")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["token", *arguments])


def test_made_keys_sign_and_stay_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    assert run("--make-keys", str(folder)).exit_code == 0
    private = folder / PRIVATE_FILE
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    before = private.read_bytes()
    assert run(*FOR_WHOM, "--key", str(private)).output.count(".") == 2
    again = run("--make-keys", str(folder))
    assert again.exit_code == 1
    assert f"{private} exists already" in again.output
    assert private.read_bytes() == before


@pytest.mark.parametrize("text", [None, "", "{}", "[]", '{"kty": "oct", "k": "aaaa"}', "\x00"])
def test_what_is_no_key_is_told_how_one_is_made(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "key.json"
    if text is not None:
        path.write_text(text)
    result = run(*FOR_WHOM, "--key", str(path))
    assert result.exit_code == 1
    assert "`hereabouts token --make-keys FOLDER` makes one" in result.output


def test_keys_of_the_server_sign_nothing(tmp_path: Path) -> None:
    run("--make-keys", str(tmp_path))
    result = run(*FOR_WHOM, "--key", str(tmp_path / JWKS_FILE))
    assert result.exit_code == 1
    assert f"FOLDER/{PRIVATE_FILE}" in result.output


def test_keys_are_not_made_in_the_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    result = run("--make-keys", str(tmp_path / "file"))
    assert result.exit_code == 1
    assert "is no folder" in result.output


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        ((), "set both, here and at the server"),
        (FOR_WHOM, "give --key FILE, or set auth_secret"),
        ((*FOR_WHOM, "--set", f"auth_secret={'s' * 32}", "--claim", "x"), "for example --claim name=Ann"),
    ],
)
def test_what_is_missing_is_named(arguments: tuple[str, ...], advice: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert advice in " ".join(result.output.split())
