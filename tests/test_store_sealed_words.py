"""What somebody wrote in a row is sealed, and the row holds where it cannot be read."""

from pathlib import Path

from tests.stores import ANN, block, everything_in, on_disk


def test_name_of_who_is_blocked_is_not_on_disk_in_clear(tmp_path: Path) -> None:
    store = on_disk(tmp_path)
    store.add_block(block(name="Bartholomew"))
    assert b"Bartholomew" not in everything_in(tmp_path)
    store.close()
    assert [one.name for one in on_disk(tmp_path).blocks_of(ANN)] == ["Bartholomew"]


def test_under_another_secret_blocks_hold_and_their_names_are_lost(tmp_path: Path) -> None:
    store = on_disk(tmp_path)
    store.add_block(block(name="Bartholomew"))
    store.close()
    assert on_disk(tmp_path, secret=bytes(32)).blocks_of(ANN) == [block(name="")]
