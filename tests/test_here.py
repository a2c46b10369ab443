"""What a node tells the operators of all nodes."""

from server.operate.admin.elsewhere import Question, Seen
from server.operate.admin.here import Here
from tests.desks import identity
from tests.sessions import HERE, Stage
from tests.stores import ANN


def test_a_node_tells_of_those_asked_about_alone() -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    here = Here(stage.node, others=None, filter=None)
    told = here.part(Question(identities=(identity(ann), ANN)))
    assert (told.people, told.connected, told.rooms, told.around, told.filter) == (2, 2, 1, 0, None)
    assert told.online == told.known == {identity(ann)}
    assert told.seen == {}
    bo.lose()
    told = here.part(Question(identities=(identity(ann),), tells_all=True, network="127.0.0.0/8"))
    assert (told.people, told.connected, told.around) == (2, 1, 1)
    assert told.seen == {identity(ann): Seen("Ann", HERE)}
