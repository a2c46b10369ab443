"""What a stranger is sent of others: nothing of the row they are in."""

import pytest

from tests.sessions import HERE, Stage


@pytest.mark.parametrize("cell", ["dr5ru4", "dr5ru1", "dr5rgb", "dr5rvp"])
def test_how_far_the_server_looks_tells_nothing_of_where_in_the_region_others_are(cell: str) -> None:
    def told(cell: str) -> list[int]:
        stage = Stage()
        stage.guest().enter(cell)
        stranger = stage.guest()
        stranger.enter("dr5r")
        stage.pass_time(100)
        return [event["within_m"] for event in stranger.got("waiting")]

    assert len(told(cell)) > 5
    assert told(cell) == told(HERE)
