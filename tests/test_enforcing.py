"""Whom a ban hits that was written elsewhere, and that nobody else leaves."""

from server.operate.admin.enforcing import enforce
from tests.desks import identity
from tests.sessions import Stage, only
from tests.stores import ban


def test_a_ban_from_elsewhere_puts_out_whom_it_names_alone() -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    enforce(stage.node, ban(identity=identity(ann)))
    stage.take_turn()
    assert only(ann.got(), "bye")["code"] == 4500
    assert (ann.connection.is_open, bo.connection.is_open) == (False, True)


def test_a_range_puts_out_who_is_known_only_if_it_says_so() -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    enforce(stage.node, ban(network="127.0.0.0/8"))
    assert ann.connection.is_open
    enforce(stage.node, ban(network="127.0.0.0/8", stops_known=True))
    assert not ann.connection.is_open
    assert not bo.connection.is_open
