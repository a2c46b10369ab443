"""What waits for other nodes, and what is seen missing: the bus without Redis."""

import pytest

from server.cluster import pairs
from server.cluster.pairs import Frame, Heard, Outbox, Outboxes, decode

HERE, THERE = "here.1", "there.1"


def one_lane(node: str) -> str:
    return ""


def take(outboxes: Outboxes, *, node: str = THERE) -> tuple[Outbox, Frame] | None:
    """Return what is to be sent to that node now."""
    for box, payload in outboxes.take(one_lane, set()).get("", []):
        if box.node == node:
            frame = decode(payload)
            assert frame is not None
            return box, frame
    return None


def send(outboxes: Outboxes) -> Frame:
    """Have Redis take what waits for there."""
    taken = take(outboxes)
    assert taken is not None
    outboxes.sent(taken[0])
    return taken[1]


def test_what_gathered_goes_as_one_frame_with_the_next_number() -> None:
    outboxes = Outboxes(HERE)
    outboxes.put(THERE, b"a")
    outboxes.put(THERE, b"b")
    assert send(outboxes) == Frame(HERE, 1, [b"a", b"b"])
    assert take(outboxes) is None
    outboxes.put(THERE, b"c")
    assert send(outboxes) == Frame(HERE, 2, [b"c"])
    assert outboxes.is_empty
    assert outboxes.queued_bytes == 0


def test_a_frame_redis_did_not_take_is_sent_again_as_it_was() -> None:
    outboxes = Outboxes(HERE)
    outboxes.put(THERE, b"a")
    first = take(outboxes)
    outboxes.put(THERE, b"b")
    again = take(outboxes)
    assert first is not None
    assert again is not None
    assert first[1] == again[1] == Frame(HERE, 1, [b"a"])
    outboxes.sent(again[0])
    assert send(outboxes) == Frame(HERE, 2, [b"b"])


def test_a_busy_lane_is_left_alone() -> None:
    outboxes = Outboxes(HERE)
    outboxes.put(THERE, b"a")
    outboxes.put("third.1", b"b")
    lanes = outboxes.take(lambda node: node, {THERE})
    assert list(lanes) == ["third.1"]
    assert not outboxes.is_empty


def test_long_frames_are_cut_between_messages() -> None:
    outboxes = Outboxes(HERE)
    half = bytes(pairs.FRAME_MAX_BYTES // 2 + 1)
    for _ in range(3):
        outboxes.put(THERE, half)
    assert [len(send(outboxes).messages) for _ in range(3)] == [1, 1, 1]


def test_beyond_the_limit_the_longest_queue_is_thrown_away_and_seen_as_a_gap() -> None:
    outboxes, heard = Outboxes(HERE, queued_max_bytes=10), Heard()
    outboxes.put(THERE, b"first")
    assert heard.judge(send(outboxes)) == (False, True)
    outboxes.put(THERE, b"12345")
    outboxes.put("third.1", b"123")
    outboxes.put(THERE, b"678")
    assert outboxes.dropped == 2
    assert outboxes.queued_bytes == 3
    outboxes.put(THERE, b"after")
    frame = send(outboxes)
    assert frame.messages == [b"after"]
    assert heard.judge(frame) == (True, True)


def test_a_queue_thrown_away_is_missed_though_nothing_is_said_after_it() -> None:
    outboxes, heard = Outboxes(HERE, queued_max_bytes=10), Heard()
    outboxes.put(THERE, b"12345")
    outboxes.put("third.1", b"1234")
    outboxes.put("third.1", b"5678")
    outboxes.remind()
    assert heard.judge(send(outboxes)) == (False, True)
    third = take(outboxes, node="third.1")
    assert third is not None
    assert third[1] == Frame(HERE, 1, [])
    assert Heard().judge(third[1]) == (True, True)


def test_one_message_larger_than_the_queue_waits_all_the_same() -> None:
    outboxes = Outboxes(HERE, queued_max_bytes=10)
    outboxes.put(THERE, bytes(20))
    assert send(outboxes).messages == [bytes(20)]
    assert outboxes.dropped == 0


def test_a_message_longer_than_any_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than"):
        Outboxes(HERE).put(THERE, bytes(pairs.MESSAGE_MAX_BYTES + 1))


def test_a_silent_pair_repeats_its_number_for_a_while_and_no_longer() -> None:
    outboxes = Outboxes(HERE)
    outboxes.put(THERE, b"a")
    send(outboxes)
    for _ in range(pairs.TAILS):
        outboxes.remind()
        assert send(outboxes) == Frame(HERE, 1, [])
    outboxes.remind()
    assert take(outboxes) is None


def test_whoever_asks_is_told_the_last_number_again() -> None:
    here, there = Outboxes(HERE), Outboxes(THERE)
    here.put(THERE, b"a")
    send(here)
    for _ in range(pairs.TAILS):
        here.remind()
        send(here)
    there.ask([HERE])
    asked = take(there, node=HERE)
    assert asked is not None
    assert asked[1] == Frame(THERE, pairs.ASKS, [])
    assert Heard().judge(asked[1]) == (False, False)
    here.repeat(THERE)
    here.remind()
    assert send(here) == Frame(HERE, 1, [])


def test_a_node_says_something_to_itself_at_every_beat() -> None:
    outboxes = Outboxes(HERE)
    for _ in range(3):
        outboxes.remind()
        own = take(outboxes, node=HERE)
        assert own is not None
        outboxes.sent(own[0])
        assert Heard().judge(own[1]) == (False, False)


def test_gaps_repeats_and_a_lost_last_frame_are_told_apart() -> None:
    heard = Heard()
    assert heard.judge(Frame(THERE, 1, [b"a"])) == (False, True)
    assert heard.judge(Frame(THERE, 1, [b"a"])) == (False, False)
    assert heard.judge(Frame(THERE, 1, [])) == (False, False)
    assert heard.judge(Frame(THERE, 3, [b"c"])) == (True, True)
    assert heard.judge(Frame(THERE, 4, [])) == (True, True)
    assert heard.judge(Frame(THERE, 4, [b"d"])) == (False, False)
    assert heard.judge(Frame(THERE, 5, [b"e"])) == (False, True)


def test_the_first_frame_of_a_node_has_number_one() -> None:
    assert Heard().judge(Frame(THERE, 2, [b"b"])) == (True, True)


def test_a_node_that_is_gone_is_neither_written_to_nor_heard() -> None:
    outboxes, heard = Outboxes(HERE), Heard()
    outboxes.put(THERE, b"a")
    outboxes.forget(THERE)
    outboxes.put(THERE, b"b")
    assert take(outboxes) is None
    assert outboxes.queued_bytes == 0
    heard.judge(Frame(THERE, 1, [b"a"]))
    heard.forget(THERE)
    assert heard.judge(Frame(THERE, 7, [b"g"])) == (False, False)
    assert list(heard) == []


def test_the_gone_are_forgotten_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "GONE_MAX", 2)
    heard = Heard()
    for number in range(3):
        heard.forget(f"node.{number}")
    assert heard.judge(Frame("node.0", 1, [b"a"])) == (False, True)
    assert heard.judge(Frame("node.1", 1, [b"a"])) == (False, False)


@pytest.mark.parametrize("payload", [b"", b"\xc1", b"\x93", pairs.encode(["a", 1]), pairs.encode(["a", "b", []])])
def test_what_is_no_frame_is_passed_over(payload: bytes) -> None:
    assert decode(payload) is None
