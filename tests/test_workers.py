"""`hereabouts serve --workers N` as a process: one port, one greeting, and what becomes of it when parts are killed."""

import asyncio
import contextlib
import os
import random
import re
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from client_demo.client import Client
from server.cluster.embedded import EmbeddedValkey
from server.cluster.supervise import own_ports
from server.cluster.worker import OUTLIVED
from server.cluster.workers import Supervisor
from server.loading import load
from tests.clusters import until_shown
from tests.served import PATIENCE_S, Server, refused, serving

SECRET = "0123456789abcdef" * 4
HERE = "dr5ru6"

LONG_S = 60.0
"""What a worker's end and another's beginning may take on a machine with much else to do."""

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="who is whose child is read from /proc")


def descendants(pid: int) -> dict[int, str]:
    """Return whom a process started, and they: pid → command line."""
    found: dict[int, str] = {}
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for child in map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
            found[child] = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
            found |= descendants(child)
    return found


def of(server: Server, what: str) -> list[int]:
    return [pid for pid, command in descendants(server.process.pid).items() if what in command]


def is_there(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and was not asked for its status does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


async def until_gone(pids: list[int]) -> None:
    async with asyncio.timeout(LONG_S):
        while any(map(is_there, pids)):  # noqa: ASYNC110 nobody tells of processes that are not ours
            await asyncio.sleep(0.05)


async def logged(server: Server, words: str) -> None:
    """Return when the server has written that to standard error."""
    assert server.process.stderr is not None
    async with asyncio.timeout(PATIENCE_S):
        while words not in (await server.process.stderr.readline()).decode():
            pass


def url_of(server: Server) -> str:
    return server.page.replace("http", "ws", 1) + "ws"


def free_ports(count: int) -> int:
    """Return the first of so many ports that nobody has, below those that systems give to whoever connects."""
    while True:
        first = random.randrange(20_000, 30_000)
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for port in range(first, first + count):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first


def workers(count: int, **values: float) -> list[str]:
    """Return flags for so many workers, these settings, and people who may talk as fast as a test does."""
    values = {"say_per_s": 0, "say_burst": 0, "say_per_min": 0, "room_per_min": 0, **values}
    chosen = [flag for name, value in values.items() for flag in ("--set", f"{name}={value}")]
    return ["--workers", str(count), "--port", str(free_ports(count + 1)), *chosen]


async def metrics_of(port: int) -> str:
    """Return what a worker tells of itself; nothing while it is being replaced."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return ""
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    body = (await asyncio.wait_for(reader.read(), PATIENCE_S)).decode()
    writer.close()
    return body


async def until_acquainted(server: Server, count: int) -> str:
    """Return when all workers know all others, and the address of their Valkey."""
    port = int(server.page.rstrip("/").rpartition(":")[2])
    async with asyncio.timeout(LONG_S):
        for number in range(1, count + 1):
            while f"\nhereabouts_cluster_nodes {count - 1}.0" not in await metrics_of(port + number):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    [valkey] = of(server, "valkey-server unixsocket")
    [keys] = re.findall(r"unixsocket:(\S+)", descendants(server.process.pid)[valkey])
    return f"unix://{keys}"


class Table:
    """Some who sit together and count what each has heard."""

    def __init__(self, clients: list[Client]) -> None:
        self.clients = clients

    async def hear_each_other(self, text: str) -> None:
        """Have each say something that all hear; again, until they sit together and all are connected."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                heard = [await self._hear_each_other(f"{text} {turn}") for turn in range(2)]
                if all(heard):
                    return
                await asyncio.sleep(0.1)

    async def _hear_each_other(self, text: str) -> bool:
        awaited = {id(client): {f"{text} of {n}" for n in range(len(self.clients))} for client in self.clients}
        all_heard = asyncio.Event()

        def hearing(client: Client) -> None:
            def hear(event: dict[str, object]) -> None:
                awaited[id(client)].discard(str(event.get("text")))
                if not any(awaited.values()):
                    all_heard.set()

            client.on_event = hear

        for client in self.clients:
            hearing(client)
        said = [client.say(f"{text} of {n}") for n, client in enumerate(self.clients)]
        results = await asyncio.gather(*(asyncio.wait_for(one, 3.0) for one in said), return_exceptions=True)
        if any(isinstance(result, BaseException) for result in results):
            return False
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(all_heard.wait(), 3.0)
        return not any(awaited.values())


@contextlib.contextmanager
def listening() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


async def test_people_of_three_workers_talk_and_come_back_when_one_is_killed() -> None:
    async with (
        serving(*workers(3, look_every_s=1, drain_s=2)) as server,
        contextlib.AsyncExitStack() as stack,
    ):
        assert "Workers   3, each at a port of its own too" in server.greeting
        assert server.greeting.count("is running.") == 1
        port = int(server.page.rstrip("/").rpartition(":")[2])
        redis = await until_acquainted(server, 3)
        clients: list[Client] = []
        for number in (1, 2, 3):
            client = Client(f"ws://127.0.0.1:{port + number}/ws", cell=HERE, name=f"N{number}", backoff_s=(0.2, 1.0))
            clients.append(await stack.enter_async_context(client))
            await until_shown(redis)
        assert len({client.room for client in clients}) == 1
        table = Table(clients)
        await table.hear_each_other("Before")
        running = of(server, "server.cluster.worker")
        assert len(running) == 3
        seats = [(client.room, client.me) for client in clients]
        os.kill(running[0], signal.SIGKILL)
        await logged(server, "another one begins")
        await table.hear_each_other("After")
        assert [(client.room, client.me) for client in clients] == seats
        await until_gone(running[:1])
        assert len(of(server, "server.cluster.worker")) == 3
        everybody = list(descendants(server.process.pid))
        for client in clients:
            client.on_event = None
        await asyncio.gather(*(client.leave() for client in clients))
        status, out, _, _ = await server.end(signal.SIGTERM)
        assert status == 0, out
        await until_gone(everybody)
        assert Path(redis).parent.name not in os.listdir(tempfile.gettempdir())


async def test_a_worker_that_the_others_went_on_without_ends_and_is_replaced() -> None:
    async with serving(*workers(2)) as server:
        await until_acquainted(server, 2)
        [stopped, _] = of(server, "server.cluster.worker")
        os.kill(stopped, signal.SIGSTOP)
        await logged(server, "is gone")
        os.kill(stopped, signal.SIGCONT)
        await logged(server, "the others went on without it")
        await logged(server, f"ended with status {OUTLIVED}; another one begins")
        await until_acquainted(server, 2)


@pytest.mark.parametrize(("number", "drain_s"), [(signal.SIGTERM, 0.2), (signal.SIGINT, 3600.0)])
async def test_a_worker_that_hangs_holds_up_no_end(
    number: signal.Signals, drain_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.cluster.workers.HUNG_S", 0.1)
    supervisor = Supervisor(load(None, {}, {"workers": 2, "drain_s": drain_s}), print, redis_lasts=False)
    deaf = "import signal as s, time; s.signal(2, s.SIG_IGN); s.signal(15, s.SIG_IGN); print(flush=1); time.sleep(60)"
    hangs = await asyncio.create_subprocess_exec(sys.executable, "-c", deaf, stdout=asyncio.subprocess.PIPE)
    assert hangs.stdout is not None
    await hangs.stdout.readline()
    supervisor._running[1] = hangs
    supervisor._asked(number)
    async with asyncio.timeout(LONG_S):
        assert await hangs.wait() == -signal.SIGKILL


async def test_nothing_outlives_a_supervisor_that_is_killed() -> None:
    async with serving(*workers(2)) as server:
        everybody = list(descendants(server.process.pid))
        assert len(everybody) >= 4
        server.process.kill()
        await until_gone(everybody)


async def test_a_valkey_that_hangs_holds_up_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.cluster.embedded.HUNG_S", 0.2)
    before = set(descendants(os.getpid()))
    valkey = EmbeddedValkey()
    await valkey.start()
    started = {pid: line for pid, line in descendants(os.getpid()).items() if pid not in before}
    [hangs] = [pid for pid, line in started.items() if "valkey-server unixsocket" in line]
    os.kill(hangs, signal.SIGSTOP)
    async with asyncio.timeout(LONG_S):
        await valkey.stop()
    await until_gone(list(started))


async def test_a_valkey_that_dies_is_replaced_and_people_talk_on() -> None:
    async with serving(*workers(2, look_every_s=1)) as server, contextlib.AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(Client(url_of(server), cell=HERE, name=name, backoff_s=(0.2, 1.0)))
            for name in ("Ann", "Bo")
        ]
        table = Table(clients)
        await table.hear_each_other("Before")
        [valkey] = of(server, "valkey-server unixsocket")
        os.kill(valkey, signal.SIGKILL)
        await logged(server, "Valkey of these workers has ended")
        await table.hear_each_other("After")
        assert valkey not in of(server, "valkey-server unixsocket")


async def test_each_worker_tells_of_itself_at_a_port_of_its_own() -> None:
    async with serving(*workers(2)) as server:
        port = int(server.page.rstrip("/").rpartition(":")[2])
        async with Client(f"ws://127.0.0.1:{port + 2}/ws", cell=HERE, name="Ann"):
            counts = []
            for number in (1, 2):
                counts += re.findall(r"^hereabouts_connections (\S+)$", await metrics_of(port + number), re.MULTILINE)
            assert counts == ["0.0", "1.0"]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--redis", "unix:///nowhere/redis.sock"], "cannot be used"),
        (["--workers", "2", "--redis", "unix:///nowhere/redis.sock"], "Redis at /nowhere/redis.sock cannot be used"),
        (["--workers", "2", "--set", "filter_file=/nowhere/words.txt"], "words.txt cannot be read: No such file"),
    ],
)
async def test_what_keeps_it_from_beginning_is_said_once(flags: list[str], words: str) -> None:
    status, said = await refused("--port", "0", *flags, HEREABOUTS_SECRET=SECRET)
    assert status == 1, said
    assert said.count(words) == 1, said


async def test_an_option_that_is_not_known_is_said_though_what_lasts_is_elsewhere(redis_url: str) -> None:
    flags = ("--store", redis_url, "--redis", f"{redis_url}?ssl_ca_cert=/ca.pem")
    status, said = await refused("--port", "0", *flags, HEREABOUTS_SECRET=SECRET)
    assert (status, "Traceback" in said) == (1, False), said
    assert "Error: The address of Redis at 127.0.0.1:" in said


async def test_greeting_names_only_the_ports_that_workers_have() -> None:
    flags = workers(2)
    port = int(flags[flags.index("--port") + 1])
    with socket.create_server(("127.0.0.1", port + 1)):
        async with serving(*flags) as server:
            assert (
                f"2; /metrics of worker 1 alone cannot be had, as the log says; others' at 127.0.0.1:{port + 2}\n"
                in (server.greeting)
            )
            assert await metrics_of(port + 2)


def test_all_ports_are_named_and_all_that_are_missing() -> None:
    assert own_ports([9001, 9002, 9003]).endswith("127.0.0.1:9001 to :9003")
    assert own_ports([0, 9002, 9003]).endswith("others' at 127.0.0.1:9002 and 127.0.0.1:9003")
    assert own_ports([0, 0, 0]) == "3; /metrics of worker 1, worker 2 and worker 3 alone cannot be had, as the log says"


async def test_a_port_that_others_listen_on_is_refused_though_workers_could_share_it() -> None:
    with listening() as port:
        status, said = await refused("--workers", "2", "--port", str(port))
    assert status == 1
    assert "already? Choose another port" in said
    async with serving(*workers(2)) as server:
        port = int(server.page.rstrip("/").rpartition(":")[2])
        status, said = await refused("--workers", "2", "--port", str(port))
    assert status == 1
    assert "already? Choose another port" in said
