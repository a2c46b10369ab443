"""What nodes say to each other, where one of them is of a newer version."""

import msgspec

from server.cluster.wire import Closed, Ended, Entered, Message, decode


def test_a_message_of_a_newer_version_is_passed_over_and_the_others_are_heard() -> None:
    known: list[Message] = [Closed(1), Ended(2, 4000, "bye"), Entered(3)]
    raw = [*map(msgspec.to_builtins, known)]
    payload = msgspec.msgpack.encode([raw[0], [999, "what is this"], raw[1], [3], raw[2]])
    assert decode(payload) == known


def test_a_field_that_a_newer_version_adds_is_passed_over() -> None:
    [closed] = map(msgspec.to_builtins, [Closed(1)])
    assert decode(msgspec.msgpack.encode([[*closed, "more"]])) == [Closed(1)]
