"""Attributes that few of very many objects have: kept behind one slot, which the others share.

A slot takes eight bytes of every object, used or not. Knows names and what they are as a rule; never what they mean.
"""

from copy import copy
from operator import attrgetter
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

Value = TypeVar("Value")


class Seldom(property, Generic[Value]):
    """An attribute whose value is that of the same name in what a slot holds.

    The slot holds `usual`, which is never changed, until one of its attributes becomes any other; then a copy of the
    object's own. It is read in one call in C, for some are asked of every room that is compared.
    """

    def __init__(self, slot: str, usual: msgspec.Struct) -> None:
        super().__init__()
        self._slot, self._usual = slot, usual

    def __set_name__(self, owner: type, name: str) -> None:
        slot, usual, held = self._slot, self._usual, attrgetter(self._slot)

        def put(whose: object, value: Value) -> None:
            own = held(whose)
            if own is usual:
                if value == getattr(usual, name):
                    return
                own = copy(usual)
                setattr(whose, slot, own)
            setattr(own, name, value)

        super().__init__(attrgetter(f"{slot}.{name}"), put)

    if TYPE_CHECKING:
        # Of one type of value, where a property may have any.
        def __get__(self, whose: object, kind: type | None = None) -> Value: ...  # type: ignore[override]

        def __set__(self, whose: object, value: Value) -> None: ...
