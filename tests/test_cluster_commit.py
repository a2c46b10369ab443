"""What leaves a node waits until it is written down, each client's in order."""

import asyncio
from collections.abc import Callable

from server.cluster.commit import Commit, Held


class Pipe:
    """A connection that remembers what was written."""

    def __init__(self, name: str, said: list[str]) -> None:
        self.name = name
        self.said = said
        self.address = self.subprotocol = ""
        self.is_open = True
        self.is_paused = False
        self.checked = 0

    def write(self, data: bytes) -> None:
        self.said.append(f"{self.name}:{data.decode()}")

    def close(self, code: int, reason: str = "") -> None:
        self.said.append(f"{self.name}:closed {code}")

    def check_unsent(self) -> None:
        self.checked += 1

    def abort(self) -> None: ...
    def entered(self) -> None: ...
    def await_enter(self, within_s: float) -> None: ...


class Desk:
    """A commit whose turns end when a test says so, and whose writing a test finishes."""

    def __init__(self) -> None:
        self.soon: list[Callable[[], None]] = []
        self.writes = True
        self.futures: list[asyncio.Future[None]] = []
        self.gathers = self.is_broken = self.has_failed = False
        self.commit = Commit(self.soon.append, self._write_down, gathers=lambda: self.gathers, failed=self._fail)
        self.said: list[str] = []

    def line(self, name: str) -> Held:
        return self.commit.hold(Pipe(name, self.said))

    def end_turn(self, *, writes: bool = True) -> asyncio.Future[None] | None:
        self.writes = writes
        before = len(self.futures)
        callbacks, self.soon[:] = list(self.soon), []
        for callback in callbacks:
            callback()
        return self.futures[-1] if len(self.futures) > before else None

    def _fail(self) -> None:
        self.has_failed = True

    def _write_down(self) -> asyncio.Future[None] | None:
        if self.is_broken:
            raise RuntimeError("a bug")
        if not self.writes:
            return None
        self.futures.append(asyncio.get_running_loop().create_future())
        return self.futures[-1]


async def settle(done: asyncio.Future[None] | None) -> None:
    assert done is not None
    done.set_result(None)
    await asyncio.sleep(0)


async def test_nothing_goes_out_before_it_is_written_down() -> None:
    desk = Desk()
    ann = desk.line("ann")
    ann.write(b"one")
    done = desk.end_turn()
    assert desk.said == []
    assert desk.commit.turns == 1
    await settle(done)
    assert desk.said == ["ann:one"]


async def test_a_turn_with_nothing_to_write_goes_out_at_once_but_after_those_before() -> None:
    desk = Desk()
    ann = desk.line("ann")
    ann.write(b"free")
    desk.end_turn(writes=False)
    assert desk.said == ["ann:free"]
    ann.write(b"one")
    done = desk.end_turn()
    ann.write(b"two")
    ann.close(1000)
    desk.end_turn(writes=False)
    assert desk.said == ["ann:free"]
    await settle(done)
    assert desk.said == ["ann:free", "ann:one", "ann:two", "ann:closed 1000"]


async def test_turns_go_out_in_order_whichever_is_written_first() -> None:
    desk = Desk()
    ann, bo = desk.line("ann"), desk.line("bo")
    ann.write(b"one")
    first = desk.end_turn()
    bo.write(b"two")
    second = desk.end_turn()
    await settle(second)
    assert desk.said == []
    await settle(first)
    assert desk.said == ["ann:one", "bo:two"]


async def test_while_nothing_can_be_written_those_who_need_not_wait_hear_all_in_order() -> None:
    desk = Desk()
    ann, bo = desk.line("ann"), desk.line("bo")
    ann.write(b"one")
    bo.write(b"one")
    done = desk.end_turn()
    desk.commit.free(lambda held: held is ann)
    assert desk.said == ["ann:one"]
    ann.write(b"two")
    bo.write(b"two")
    later = desk.end_turn()
    assert desk.said == ["ann:one", "ann:two"]
    desk.commit.free(None)
    await settle(done)
    await settle(later)
    assert desk.said == ["ann:one", "ann:two", "bo:one", "bo:two"]


async def test_who_had_to_wait_waits_on_though_they_sit_elsewhere_by_now() -> None:
    desk = Desk()
    ann, bo = desk.line("ann"), desk.line("bo")
    free = {ann}
    desk.commit.free(lambda held: held in free)
    ann.write(b"1")
    bo.write(b"1")
    first = desk.end_turn()
    assert desk.said == ["ann:1"]
    free.add(bo)
    bo.write(b"2")
    second = desk.end_turn()
    assert desk.said == ["ann:1"]
    desk.commit.free(None)
    assert first is not None
    assert second is not None
    second.set_result(None)
    first.set_result(None)
    await asyncio.sleep(0)
    assert desk.said == ["ann:1", "bo:1", "bo:2"]


async def test_a_turn_that_cannot_be_written_down_goes_nowhere_and_is_told() -> None:
    desk = Desk()
    ann = desk.line("ann")
    desk.is_broken = True
    ann.write(b"1")
    desk.end_turn()
    assert desk.has_failed
    assert desk.said == []


async def test_who_need_not_wait_leaves_no_turn_behind_while_nothing_can_be_written() -> None:
    desk = Desk()
    ann = desk.line("ann")
    desk.commit.free(lambda held: True)
    for number in range(5):
        ann.write(b"%d" % number)
        desk.end_turn()
    assert desk.said == [f"ann:{number}" for number in range(5)]
    assert desk.commit.turns == 0


async def test_what_waits_for_a_connection_that_is_void_never_goes_out() -> None:
    desk = Desk()
    ann, bo = desk.line("ann"), desk.line("bo")
    ann.write(b"one")
    bo.write(b"one")
    done = desk.end_turn()
    ann.is_void = True
    await settle(done)
    assert desk.said == ["bo:one"]


async def test_a_slow_reader_is_looked_at_when_the_bytes_go_out() -> None:
    desk = Desk()
    pipe = Pipe("ann", desk.said)
    pipe.is_paused = True
    ann = desk.commit.hold(pipe)
    ann.write(b"one")
    done = desk.end_turn()
    before = pipe.checked
    await settle(done)
    assert (before, pipe.checked) == (0, 1)


async def test_a_connection_that_fails_takes_no_other_with_it() -> None:
    desk = Desk()
    ann, bo = desk.line("ann"), desk.line("bo")

    def fail() -> None:
        raise RuntimeError("a bug")

    desk.commit.put([ann], fail)
    bo.write(b"one")
    await settle(desk.end_turn())
    assert desk.said == ["bo:one"]


async def test_what_happens_while_the_log_has_not_answered_is_written_down_together() -> None:
    desk = Desk()
    ann, bo = desk.line("ann"), desk.line("bo")
    ann.write(b"one")
    first = desk.end_turn()
    desk.gathers = True
    ann.write(b"two")
    assert desk.end_turn() is None
    bo.write(b"three")
    assert desk.end_turn() is None
    await settle(first)
    assert desk.said == ["ann:one"]
    desk.gathers = False
    desk.commit.hurry()
    await settle(desk.end_turn())
    assert desk.said == ["ann:one", "ann:two", "bo:three"]
    assert len(desk.futures) == 2


async def test_a_turn_that_is_hurried_while_there_is_still_an_answer_to_come_goes_on() -> None:
    desk = Desk()
    ann = desk.line("ann")
    desk.gathers = True
    ann.write(b"one")
    assert desk.end_turn() is None
    desk.commit.hurry()
    assert desk.end_turn() is None
    desk.gathers = False
    desk.commit.hurry()
    await settle(desk.end_turn())
    assert desk.said == ["ann:one"]


async def test_what_many_hear_goes_only_to_those_who_need_not_wait_while_nothing_can_be_written() -> None:
    desk = Desk()
    ann, bo = desk.line("ann"), desk.line("bo")
    desk.commit.put([ann, bo], b"one")
    done = desk.end_turn()
    desk.commit.free(lambda held: held is ann)
    assert desk.said == ["ann:one"]
    await settle(done)
    assert desk.said == ["ann:one", "bo:one"]


async def test_what_concerns_no_connection_is_done_in_its_place_and_waits_for_no_redis() -> None:
    desk = Desk()
    ann = desk.line("ann")
    ann.write(b"one")
    desk.commit.then(lambda: desk.said.append("told"))
    done = desk.end_turn()
    assert desk.said == []
    await settle(done)
    assert desk.said == ["ann:one", "told"]
    ann.write(b"two")
    desk.commit.then(lambda: desk.said.append("told again"))
    done = desk.end_turn()
    desk.commit.free(lambda held: False)
    assert desk.said == ["ann:one", "told", "told again"]
    await settle(done)
    assert desk.said == ["ann:one", "told", "told again", "ann:two"]
