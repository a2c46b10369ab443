"""Whom one has met, and in which room that was."""

from client_demo.terminal.met import Met
from client_demo.terminal.server_time import hour

NOW_MS = 1_795_334_608_000
MINUTE_MS = 60_000


def test_a_room_that_one_came_back_to_is_told_from_the_first_time_there_to_the_last() -> None:
    met = Met()
    for after, (room, name) in enumerate((("r1", "Ann"), ("r2", "Bo"), ("r1", "Cy"), ("r3", "Di"))):
        met.sit(room, [{"id": name, "name": name}], NOW_MS + after * MINUTE_MS)
    first, second, third, last = (hour(NOW_MS + after * MINUTE_MS) for after in range(4))
    assert met.who("Ann") == f"Ann (of your room from {first} to {last})"
    assert met.who("Bo") == f"Bo (of your room from {second} to {third})"
    assert met.who("Cy") == f"Cy (of your room from {first} to {last})"
    assert met.who("Di") == "Di"
