"""Attributes that few have: each has their own, though all others share what is usual."""

from rooms.person import NOBODY, Person
from tests.worlds import HOME


def test_what_one_has_is_nobody_elses() -> None:
    ann, bo = Person("ann", HOME), Person("bo", HOME)
    ann.avoids, ann.has_heard = ("left",), False
    ann.barred |= {"cy"}
    assert (ann.avoids, ann.has_heard, ann.barred, ann.kept) == (("left",), False, frozenset({"cy"}), NOBODY)
    assert (bo.avoids, bo.has_heard, bo.barred) == ((), True, NOBODY)
    assert Person("dee", HOME).avoids == ()


def test_the_usual_costs_nothing_and_can_be_had_again() -> None:
    ann, bo = Person("ann", HOME), Person("bo", HOME)
    ann.avoids, ann.verified = (), None
    assert ann._rare is bo._rare
    ann.avoids = ("left",)
    ann.avoids = ()
    assert (ann.avoids, bo.avoids) == ((), ())
