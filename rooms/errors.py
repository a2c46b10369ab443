"""What can go wrong when people use a room. The server turns each into one error event."""


class RoomError(Exception):
    """The root of everything rooms/ refuses."""


class RoomFull(RoomError):
    """The room has no free seat."""


class NameWorn(RoomError):
    """The name is that of somebody verified who sits here."""


class CannotExtend(RoomError):
    """The room has had its time."""


class RoomIsHere(RoomError):
    """A room of that id goes on in this process already."""


class Unthawable(RoomError):
    """What is to go on here is not whole: an event is missing, or one changed more than words."""


class NotSeated(RoomError):
    """The person sits in no room."""
