"""What can go wrong when people use a room. The server turns each into one error event."""


class RoomError(Exception):
    """The root of everything rooms/ refuses."""


class RoomFull(RoomError):
    """The room has no free seat."""


class NameWorn(RoomError):
    """The name is that of somebody verified who sits here."""


class CannotExtend(RoomError):
    """The room has had its time."""


class NotSeated(RoomError):
    """The person sits in no room."""
