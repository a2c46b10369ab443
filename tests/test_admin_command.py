"""What the commands of `hereabouts admin` print, and what they do."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.cli import main
from tests.apps import Clients, running
from tests.operators import reported, run


async def test_commands_show_a_report_and_act_on_it(tmp_path: Path) -> None:
    async with running(data=str(tmp_path)) as app:
        at = ("--data", str(tmp_path))
        against = await reported(app)
        listed = await run(*at, "reports")
        assert listed.exit_code == 0
        ticket = listed.output.split()[0]
        assert against in listed.output
        shown = await run(*at, "show", ticket)
        assert "the seal is whole" in shown.output
        assert "spam: again" in shown.output
        assert "buy this �]0;owned�" in shown.output, "nobody's words may move the cursor"
        assert "\x1b" not in shown.output
        assert "told when they come back" in (await run(*at, "warn", against, "Stop it.")).output
        assert "0 put out" in (await run(*at, "ban", "--for", "7d", against, "Advertising.")).output
        banned = await run(*at, "bans")
        assert " 7 d left  Advertising." in banned.output
        assert "Lifted" in (await run(*at, "unban", banned.output.split()[0])).output
        assert "No bans." in (await run(*at, "bans")).output
        assert (await run(*at, "close", ticket)).output == f"Closed {ticket}.\n"
        assert "No open reports." in (await run(*at, "reports")).output
        assert "closed" in (await run(*at, "reports", "--all")).output
        copy = tmp_path / "copy"
        assert (await run(*at, "backup", str(copy))).exit_code == 0
        assert copy.read_bytes().startswith(b"SQLite format 3")
        assert (await run(*at, "backup", str(copy))).exit_code == 1
        told = json.loads((await run(*at, "export", "--identity", against)).output)
        assert told["reports_against"] == 1
        assert "Forgotten" in (await run(*at, "erase", "--yes", "--identity", against)).output
        log = (await run(*at, "audit")).output
        assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ  socket", line) for line in log.splitlines())
        assert [line.split()[2] for line in log.splitlines()] == [
            "erase", "export", "backup", "close", "unban", "ban", "warn", "show",
        ]  # fmt: skip
        assert "0 open reports" in (await run(*at, "status")).output


async def test_a_reported_bottle_is_shown_as_one_without_a_name(tmp_path: Path) -> None:
    async with running(data=str(tmp_path), new_identity_s=0) as app, Clients(app) as clients:
        ann, bo = await clients.seated("Ann Bo")
        await ann.ask("throw", "thrown", text="What do you see?")
        bottle = (await bo.ask("pick", "bottle"))["bottle"]
        await bo.ask("report", "reported", bottle=bottle, reason="spam")
        at = ("--data", str(tmp_path))
        ticket = (await run(*at, "reports")).output.split()[0]
        told = (await run(*at, "show", ticket)).output.splitlines()
        assert told[2] == "the words of a bottle; the seal is whole"
        assert told[3].endswith(" says spam"), "no note, no colon"
        assert re.fullmatch(r"     1 [\d:]{8} \[[0-9a-f]{24}\]: What do you see\?", told[-1])


async def test_nobody_is_no_one_to_ban_and_an_empty_log_says_so(tmp_path: Path) -> None:
    async with running(data=str(tmp_path)):
        at = ("--data", str(tmp_path))
        assert (await run(*at, "audit")).output == "Nothing yet.\n"
        refused = await run(*at, "ban", "abc", "x")
        assert (refused.exit_code, "24 hexadecimal digits" in refused.output) == (1, True)
        assert "Nobody of that number" in (await run(*at, "warn", "0" * 24, "x")).output
        assert (await run(*at, "audit")).output == "Nothing yet.\n"


@pytest.mark.parametrize(("command", "listed"), [("admin", "--data"), ("token", "--config")])
def test_help_lists_no_flags_that_mean_nothing_there(command: str, listed: str) -> None:
    output = CliRunner().invoke(main, [command, "--help"]).output
    assert listed in output
    assert not {"--host", "--tls-cert", "--finest-cell"} & set(output.split())


async def test_range_is_banned_only_after_a_yes(tmp_path: Path) -> None:
    async with running(data=str(tmp_path)) as app:
        at = ("--data", str(tmp_path))
        clients = Clients(app)
        await clients.seated("Ann")
        runner = CliRunner()
        arguments = ["admin", *at, "ban", "127.0.0.0/8", "A flood."]
        no = await asyncio.to_thread(runner.invoke, main, arguments, "n\n")
        assert "1 person is online in 127.0.0.0/8: they stay; newcomers are kept out." in no.output
        assert app.house.store.bans() == []
        yes = await asyncio.to_thread(runner.invoke, main, arguments, "y\n")
        assert yes.exit_code == 0
        assert [one.network for one in app.house.store.bans()] == ["127.0.0.0/8"]
        await clients._stack.aclose()


async def test_command_tells_of_the_filter_file_and_reads_it_again(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("casino\n?!?\n")
    at = ("--data", str(tmp_path / "state"))
    async with running(data=at[1], filter_file=str(words)) as app:
        told = (await run(*at, "status")).output
        assert re.search(r"filter: 1 rule, read \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n", told)
        assert "line 2 is passed over: it has no letter or digit" in told
        assert "casino" not in told
        words.write_text("casino\nbingo\n" + "?\n" * 30)
        told = (await run(*at, "reload")).output
        assert "filter: 2 rules" in told
        assert "line 22 is" in told
        assert "line 23 is" not in told
        assert "and 10 more lines" in told
        assert app.house.checks.list.holds("BINGO!")
        words.unlink()
        lost = await run(*at, "reload")
        assert lost.exit_code != 0
        assert "cannot be read: No such file or directory. Its former rules stay in force." in lost.output
        assert "cannot be read now (No such file" in (await run(*at, "status")).output
        assert app.house.checks.list.holds("BINGO!")
        assert "reload filter" in (await run(*at, "audit")).output
    async with running(data=at[1]):
        assert "filter" not in (await run(*at, "status")).output
        assert "There is no filter file: set filter_file." in (await run(*at, "reload")).output


async def test_command_says_what_to_do_where_no_server_is_found(tmp_path: Path) -> None:
    nowhere = await run("status")
    assert nowhere.exit_code == 2
    assert "--data FOLDER" in nowhere.output
    helped = await run("status", "--help")
    assert (helped.exit_code, "How the server is." in helped.output) == (0, True)
    nobody = await run("--data", str(tmp_path), "status")
    assert nobody.exit_code == 1
    assert "Is it running" in nobody.output
