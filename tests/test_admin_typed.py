"""What an operator mistypes is told what would be right, and nothing is done."""

from pathlib import Path

import pytest

from tests.apps import running
from tests.operators import run


@pytest.mark.parametrize(
    ("typed", "advice"),
    [
        (["show", "no ticket!"], "`hereabouts admin reports` lists them"),
        (["show", "T1"], "`reports --all` lists them"),
        (["unban", "T1"], "`bans` lists them"),
        (["warn", "nobody", "Hi."], "hexadecimal digits, and `reports` shows them"),
        (["warn", "a" * 24, ""], "one line of 1 to 500 characters"),
        (["ban", "a" * 24, "x" * 501], "one line of 1 to 500 characters"),
        (["ban", "nobody", "x"], "hexadecimal digits, and `reports` shows them"),
        (["ban", "--for", "9999d", "a" * 24, "x"], "ten years are the longest"),
        (["ban", "--yes", "192.0.2.1/24", "x"], "the range around it is 192.0.2.0/24"),
        (["backup", "/nowhere/at/all"], "It is the server that writes it"),
    ],
)
async def test_what_is_typed_wrongly_is_told_what_would_be_right(tmp_path: Path, typed: list[str], advice: str) -> None:
    async with running(data=str(tmp_path)) as app:
        result = await run("--data", str(tmp_path), *typed)
        assert result.exit_code != 0
        assert advice in result.output
        assert not app.house.store.bans()
        assert not app.house.store.audit(most=5)


@pytest.mark.parametrize("length", ["7", "d7", "-1d", "1w", ""])
async def test_span_that_is_none_is_refused(length: str, tmp_path: Path) -> None:
    assert (await run("--data", str(tmp_path), "ban", "--for", length, "aa" * 12, "x")).exit_code == 2
