"""What one person knows of the server, their room and who sits in it, as the events told it.

Pure: events in, facts out. Never knows connections, queues or the screen. `seq` counts a room's events
without holes, so this is also where a lost or a doubled event is noticed.
"""

from typing import Any

Message = dict[str, Any]


class Inconsistent(Exception):
    """An event came without its predecessor or its promised fields: resume from `seq` to mend it."""


class Knowledge:
    """The present state of one person's side; `take` is the only thing that changes it."""

    def __init__(self) -> None:
        self.token: str | None = None
        self.name: str | None = None
        self.server: Message = {}
        self.limits: Message = {}
        self.privacy: Message = {}
        self.me = ""
        self.room = ""
        self.seq = 0
        self.members: dict[str, Message] = {}
        self.opened: int | None = None
        self.closes: int | None = None
        self.within_m: int | None = None
        self.why = ""
        self.cell_in_room = ""
        self.waiting: Message | None = None
        self.missed = 0

    def take(self, event: Message) -> bool:
        """Apply one event; return False if it was seen before and changed nothing.

        Raises:
            Inconsistent: the event is not the next one, or lacks what the protocol promises of it.
        """
        seq = event.get("seq")
        if event["type"] != "room" and isinstance(seq, int):
            if seq <= self.seq:
                return False
            if seq != self.seq + 1 and seq != self.seq + 1 + self.missed:
                raise Inconsistent(f"event {seq} came after {self.seq}")
            self.seq, self.missed = seq, 0
        apply = getattr(self, f"_on_{event['type']}", None)
        try:
            if apply is not None:
                apply(event)
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise Inconsistent(f"`{event['type']}` could not be understood") from exc
        return True

    def is_mine(self, event: Message) -> bool:
        """Return whether an event with my `ref` can be my answer: the room sees refs and may copy them."""
        whose = event.get("from") if event["type"] == "said" else event.get("id")
        return whose is None or whose == self.me

    def _on_entered(self, event: Message) -> None:
        you = event["you"]
        self.token, self.name = you["token"], you["name"]
        self.server, self.limits = event.get("server") or {}, event.get("limits") or {}
        self.privacy = event.get("privacy") or {}

    def _on_room(self, event: Message) -> None:
        self.room, self.me, self.seq = event["room"], event["me"], event["seq"]
        self.missed = event.get("missed") or 0
        self.members = {member["id"]: dict(member) for member in event["members"]}
        self.opened, self.closes = event.get("opened"), event.get("closes")
        self.within_m, self.why = event.get("within_m"), event.get("why") or ""
        self.cell_in_room = event.get("cell") or ""
        self.waiting = None

    def _on_waiting(self, event: Message) -> None:
        # Its `within_m` is how far the server looks, not how near the members are.
        self.waiting = dict(event)

    def _on_joined(self, event: Message) -> None:
        # A replay tells again of somebody whom `room` has already shown as they are now.
        self.members.setdefault(event["id"], dict(event["member"]))
        self.within_m = event.get("within_m", self.within_m)
        self._look_for_company()

    def _look_for_company(self) -> None:
        """Waiting is over once enough sit here who are not away; the server says so again where it is not."""
        present = sum(not member.get("away") for member in self.members.values())
        if present >= self.limits.get("seats_min", 3):
            self.waiting = None

    def _on_left(self, event: Message) -> None:
        self.members.pop(event["id"], None)

    def _on_changed(self, event: Message) -> None:
        # A server may send the same bytes to everybody: then they do not say whom I mute, or keep.
        before = self.members.get(event["id"], {})
        own = {mark: True for mark in ("muted", "kept") if before.get(mark)}
        self.members[event["id"]] = dict(event["member"]) | own
        if event["id"] == self.me:
            self.name = event["member"]["name"]
        self._look_for_company()

    def _on_closing(self, event: Message) -> None:
        self.closes = event.get("closes", self.closes)

    _on_extended = _on_closing

    def _on_muted(self, event: Message) -> None:
        if event["who"] in self.members:
            self.members[event["who"]]["muted"] = True

    def _on_kept(self, event: Message) -> None:
        if event["who"] in self.members:
            self.members[event["who"]]["kept"] = True

    def _on_unkept(self, event: Message) -> None:
        self.members.get(event["who"], {}).pop("kept", None)

    def _on_unmuted(self, event: Message) -> None:
        self.members.get(event["who"], {}).pop("muted", None)
