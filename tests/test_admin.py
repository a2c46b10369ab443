"""The operator's ways in, over real sockets: who gets in, who does not, and what the commands print."""

import asyncio
import http.client
import json
import os
import re
import socket
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from server.app import App
from server.cli import main
from server.operate.admin.client import NoAnswer, Refused, ask
from server.operate.admin.socket import AdminSocket, socket_path
from server.operate.admin.web import ADDRESSES_MAX, FAILURES_PER_MIN, WRONG_TOKEN, Gate
from server.settings import Settings
from tests.apps import Clients, running
from tests.served import refused
from tests.stores import ANN, ban

TOKEN = "correct-horse-battery-staple"
Json = dict[str, Any]


async def fetch(
    app: App, path: str, *, method: str = "GET", token: str | None = None, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    def asked() -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", app.listener.port, timeout=10)
        given = {"Authorization": f"Bearer {token}"} if token is not None else {}
        connection.request(method, path, body=body or None, headers=given | headers)
        response = connection.getresponse()
        told = response.status, {name.lower(): text for name, text in response.getheaders()}, response.read()
        connection.close()
        return told

    return await asyncio.to_thread(asked)


async def api(app: App, act: str, *, token: str | None = TOKEN, **fields: Any) -> tuple[int, Json]:
    body = json.dumps({"act": act, **fields}).encode()
    status, _, told = await fetch(app, "/admin/api", method="POST", token=token, body=body)
    return status, json.loads(told)


async def run(*arguments: str) -> Result:
    runner = CliRunner(env={"XDG_RUNTIME_DIR": "", "HEREABOUTS_SECRET": None})
    return await asyncio.to_thread(runner.invoke, main, ["admin", *arguments])


async def reported(app: App, name: str = "Bo") -> str:
    """Have somebody report somebody, and return who."""
    async with Clients(app) as clients:
        ann, bo = await clients.seated(f"Ann {name}")
        await bo.ask("say", "said", text="buy this \x1b]0;owned\x07")
        await ann.ask("report", "reported", who=bo.me, reason="spam", note="again")
    [kept] = app.house.store.reports()
    return kept.against


# /admin


async def test_without_a_token_in_the_settings_there_is_no_admin() -> None:
    async with running() as app:
        for path in ("/admin", "/admin/admin.js", "/admin/api"):
            assert (await fetch(app, path))[0] == 404
        assert (await fetch(app, "/admin/api", method="POST", body=b"{}"))[0] == 405


async def test_page_says_nothing_and_keeps_the_policy_of_the_other_pages() -> None:
    async with running(admin_token=TOKEN) as app:
        status, headers, body = await fetch(app, "/admin")
        assert status == 200
        assert headers["content-type"].startswith("text/html")
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert b"Hereabouts" not in body
        linked = set(re.findall(r'(?:href|src)="([^"]+)"', body.decode()))
        assert linked == {
            "/admin/icon.svg",
            "/admin/admin.css",
            "/admin/admin.js",
        }  # an icon, or /favicon.ico is asked for
        for path in linked:
            assert (await fetch(app, path))[0] == 200
        script = (await fetch(app, "/admin/admin.js"))[2].decode()
        for way_to_run_words in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "localStorage",
        ):
            assert way_to_run_words not in script


async def test_right_token_gets_answers_and_nobody_else_does() -> None:
    async with running(admin_token=TOKEN) as app:
        assert (await api(app, "status"))[0] == 200
        assert (await api(app, "nonsense"))[0] == 400
        assert (await api(app, "backup", path="/tmp/copy"))[1]["error"].endswith("own machine only.")
        for wrong in (None, "", TOKEN[:-1], TOKEN + "x"):
            status, told = await api(app, "status", token=wrong)
            assert (status, told) == (401, {"error": WRONG_TOKEN})
        body = b'{"act":"status"}'
        for scheme in (f"Basic {TOKEN}", TOKEN, f"Bearer  {TOKEN} x"):
            assert (await fetch(app, "/admin/api", method="POST", body=body, Authorization=scheme))[0] in (401, 429)
        assert (await fetch(app, f"/admin/api?token={TOKEN}"))[0] == 404


async def test_answers_are_not_kept_by_browsers_nor_read_by_other_pages() -> None:
    async with running(admin_token=TOKEN) as app:
        _, headers, _ = await fetch(app, "/admin/api", method="POST", token=TOKEN, body=b'{"act":"status"}')
        assert headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in headers


async def test_after_some_wrong_tokens_an_address_waits_and_it_is_counted() -> None:
    async with running(admin_token=TOKEN) as app:
        statuses = [(await api(app, "status", token=f"guess {number}"))[0] for number in range(FAILURES_PER_MIN + 2)]
        assert statuses == [401] * FAILURES_PER_MIN + [429] * 2
        status, headers, _ = await fetch(app, "/admin/api", method="POST", token=TOKEN, body=b'{"act":"status"}')
        assert status == 429, "a guess that is right by chance must not be told from a wrong one"
        assert 0 < int(headers["retry-after"]) <= 60
        _, _, metrics = await fetch(app, "/metrics")
        assert f"hereabouts_admin_refused_total {FAILURES_PER_MIN + 3}.0" in metrics.decode()


async def test_behind_a_trusted_proxy_only_who_guessed_waits() -> None:
    async with running(admin_token=TOKEN, trusted_proxies="loopback") as app:
        body = b'{"act":"status"}'
        for _ in range(FAILURES_PER_MIN):
            headers = {"X-Forwarded-For": "192.0.2.66"}
            assert (await fetch(app, "/admin/api", method="POST", token="x", body=body, **headers))[0] == 401
        seen = [
            (await fetch(app, "/admin/api", method="POST", token=TOKEN, body=body, **{"X-Forwarded-For": address}))[0]
            for address in ("192.0.2.66", "192.0.2.1")
        ]
        assert seen == [429, 200]


def test_another_address_does_not_wait_and_the_memory_of_failures_is_bounded() -> None:
    now = 0.0
    gate = Gate(TOKEN, clock=lambda: now)
    for _ in range(FAILURES_PER_MIN):
        gate.opens("Bearer wrong", "192.0.2.1")
    waits = gate.opens(f"Bearer {TOKEN}", "192.0.2.1")
    assert waits is not None
    assert waits.status == 429
    assert gate.opens(f"bearer {TOKEN}", "192.0.2.2") is None
    now = 61.0
    assert gate.opens(f"Bearer {TOKEN}", "192.0.2.1") is None
    for number in range(ADDRESSES_MAX + 10):
        gate.opens("Bearer wrong", f"address {number}")
    assert len(gate._failures) == ADDRESSES_MAX


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /admin/api HTTP/1.1\r\nHost: x\r\n\r\n", 411),
        (b"POST /admin/api HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"POST /admin/api HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 30\r\n\r\n{}", 411),
        (b"POST /admin/api HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 400),
        (b"POST /admin/api HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n", 413),
        (b"POST /admin/api HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 411),
        (b"POST /admin/../admin/api HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 405),
        (b"POST /admin/%61pi HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 405),
        (b"POST /ws HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 405),
        (b"PUT /admin/api HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 405),
    ],
)
async def test_odd_requests_are_refused(head: bytes, status: int) -> None:
    async with running(admin_token=TOKEN) as app:
        reader, writer = await asyncio.open_connection("127.0.0.1", app.listener.port)
        writer.write(head)
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        assert answer.startswith(f"HTTP/1.1 {status} ".encode())


async def test_body_may_come_in_pieces() -> None:
    async with running(admin_token=TOKEN) as app:
        reader, writer = await asyncio.open_connection("127.0.0.1", app.listener.port)
        whole = b'{"act":"status"}'
        head = f"POST /admin/api HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {len(whole)}"
        for piece in (head.encode(), b"\r\n\r\n{", whole[1:5], whole[5:]):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        assert answer.startswith(b"HTTP/1.1 200 ")


async def test_what_comes_while_an_answer_is_awaited_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(admin_token=TOKEN) as app:
        asked, goes_on = 0, asyncio.Event()

        async def answer(request: object, **_: object) -> Json:
            nonlocal asked
            asked += 1
            await goes_on.wait()
            return {"asked": asked}

        monkeypatch.setattr(app.office, "answer", answer)
        head = f"POST /admin/api HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 16\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", app.listener.port)
        for _ in range(2):
            writer.write(head.encode() + b'{"act":"status"}')
            await writer.drain()
        while not asked:  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0)
        goes_on.set()
        told = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        assert told.count(b"HTTP/1.1") == told.count(b'{"asked":1}') == 1


async def test_pages_paths_lead_nowhere_else() -> None:
    async with running(admin_token=TOKEN) as app:
        for path in (
            "/admin/../../setup.cfg",
            "/admin/%2e%2e/web.py",
            "/admin/web.py",
            "/admin//etc/passwd",
            "/admin/__init__.py",
        ):
            assert (await fetch(app, path))[0] == 404


# The socket


async def test_socket_is_for_its_own_user_alone_and_goes_with_the_server(tmp_path: Path) -> None:
    async with running(data=str(tmp_path)) as app:
        path = tmp_path / "admin.sock"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        told = await asyncio.to_thread(ask, path, "status")
        assert told["people"] == 0
        with pytest.raises(Refused, match="no report"):
            await asyncio.to_thread(ask, path, "show", ticket="T1")
        assert app.house.store.audit(most=5) == []
    assert not path.exists()
    with pytest.raises(NoAnswer, match="No server has its socket"):
        ask(path, "status")


def test_where_no_server_answers_it_is_said_what_to_do(tmp_path: Path) -> None:
    dead, file, theirs = tmp_path / "dead.sock", tmp_path / "file", tmp_path / "theirs"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as left_over:
        left_over.bind(str(dead))
    file.write_text("")
    with pytest.raises(NoAnswer, match=r"no server answers there any more\. Start the server"):
        ask(dead, "status")
    with pytest.raises(NoAnswer, match="that is no socket"):
        ask(file, "status")
    if os.geteuid():
        theirs.mkdir(mode=0o000)
        with pytest.raises(NoAnswer, match="run this as that user"):
            ask(theirs / "admin.sock", "status")


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


async def test_nonsense_on_the_socket_harms_nobody(tmp_path: Path) -> None:
    async with running(data=str(tmp_path)):
        path = str(tmp_path / "admin.sock")
        for sent in (b"\n", b"\xff\xfe\n", b"x" * 100_000 + b"\n", b'{"act": "status"', b""):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(sent)
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 10)
            writer.close()
        assert (await asyncio.to_thread(ask, Path(path), "status"))["people"] == 0


async def test_socket_left_by_a_killed_server_is_replaced_and_nothing_else_is(tmp_path: Path) -> None:
    async with running() as app:
        path = tmp_path / "a.sock"
        left = socket.socket(socket.AF_UNIX)
        left.bind(str(path))
        left.close()
        first = AdminSocket(app.office, path)
        await first.start()
        with pytest.raises(OSError, match="belongs to a server that runs"):
            await asyncio.to_thread(lambda: asyncio.run(AdminSocket(app.office, path).start()))
        first.close()
        path.write_text("precious")
        with pytest.raises(OSError, match="is no socket"):
            await AdminSocket(app.office, path).start()
        assert path.read_text() == "precious"


async def test_a_server_at_the_socket_of_another_does_not_begin(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    async with running(admin_socket=str(path)):
        for flags in ((), ("--workers", "2")):
            status, said = await refused("--port", "0", *flags, "--set", f"admin_socket={path}")
            assert (status, "Traceback" in said) == (1, False), said
            assert f"{path} is the socket of a server that runs." in said
            assert "set admin_socket to another path" in said
        assert (await asyncio.to_thread(ask, path, "status"))["people"] == 0


async def test_a_successor_may_have_the_socket_with_the_port(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    async with running(admin_socket=str(path)) as app:
        app.listener.stop_accepting()  # as a drain does
        async with running(admin_socket=str(path)):
            assert app.admin_socket is not None
            app.admin_socket.close()
            assert (await asyncio.to_thread(ask, path, "status"))["people"] == 0


def test_socket_has_its_place_by_the_settings() -> None:
    environ = {"XDG_RUNTIME_DIR": "/run/user/1"}
    assert socket_path(Settings(admin_socket="/a/b", data="/d"), environ, port=1) == Path("/a/b")
    assert socket_path(Settings(data="/d"), environ, port=1) == Path("/d/admin.sock")
    assert socket_path(Settings(), environ, port=9000) == Path("/run/user/1/hereabouts-9000.sock")
    assert socket_path(Settings(), {}, port=1) is None


# The commands


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
        assert [line.split()[3] for line in log.splitlines()] == [
            "erase", "export", "backup", "close", "unban", "ban", "warn", "show",
        ]  # fmt: skip
        assert "0 open reports" in (await run(*at, "status")).output


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
        assert re.search(r"filter: 1 rule, read \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n", told)
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


@pytest.mark.parametrize("length", ["7", "d7", "-1d", "1w", ""])
async def test_span_that_is_none_is_refused(length: str, tmp_path: Path) -> None:
    assert (await run("--data", str(tmp_path), "ban", "--for", length, "aa" * 12, "x")).exit_code == 2


async def test_token_and_secrets_are_in_no_log_nor_printed_settings(caplog: pytest.LogCaptureFixture) -> None:
    async with running(admin_token=TOKEN, webhook_url="http://127.0.0.1:9/", webhook_secret="s" * 30) as app:
        app.house.store.add_ban(ban(identity=ANN))
        for given in ("wrong\r\nforged line", TOKEN, TOKEN + "x"):
            body = b'{"act":"status"}'
            try:
                await fetch(app, "/admin/api", method="POST", body=body, token=given)
            except ValueError:
                assert "\r\n" in given, "the client itself refuses to send that"
        for _ in range(FAILURES_PER_MIN):
            await api(app, "status", token="another wrong one")
        assert TOKEN not in caplog.text
        assert "another wrong one" not in caplog.text
        assert TOKEN not in (await fetch(app, "/metrics"))[2].decode()
    printed = CliRunner().invoke(main, ["config", "--set", f"admin_token={TOKEN}"]).output
    assert TOKEN not in printed
    assert "admin_token: (set, not shown)" in printed
    assert TOKEN not in repr(Settings(admin_token=TOKEN))
    refused = CliRunner().invoke(main, ["config", "--set", "admin_token=short-one"])
    assert refused.exit_code == 2
    assert "short-one" not in refused.output


async def test_client_is_told_of_a_ban_over_a_real_socket(tmp_path: Path) -> None:
    async with running(data=str(tmp_path)) as app, Clients(app) as clients:
        [client] = await clients.seated("Ann")
        [who] = app.house.world.people
        await asyncio.to_thread(ask, tmp_path / "admin.sock", "ban", identity=who, reason="Advertising.")
        events, code = await client.until_closed()
        assert (events[-1]["type"], events[-1]["code"], code) == ("bye", 4500, 4500)
