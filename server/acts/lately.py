"""Whom somebody met lately: in the room they sit in, and in those they left or that ended not long ago."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from server.codes import Refused
from server.commands import Block, Report, Unkeep, Unmute
from server.safety.trails import Scene

if TYPE_CHECKING:
    from server.session import Session

OfSomebodyMet: TypeAlias = Report | Block | Unmute | Unkeep
"""Commands about somebody who may have been met in a room that was left since."""


def met(session: "Session", who: str, now: float) -> tuple[str, str]:
    """Return the identity of somebody met lately, and what they were called. Raises Refused."""
    for _, scene, left_at in _lately(session, now):
        if scene is not None and who in scene.people:
            if scene.people[who] == session.identity.id:
                raise Refused("no_such_member", "That is you.")
            return scene.people[who], _called(scene, who, left_at)
    raise Refused("no_such_member", "Nobody of that id sat with you lately.")


def _called(scene: Scene, who: str, left_at: float | None) -> str:
    """Return what a member was called there; where one has left since, before they took another name."""
    spoke_as = next(
        (
            said.name
            for said in reversed(scene.said)
            if said.from_ == who and (left_at is None or said.at <= left_at * 1000)
        ),
        "",
    )
    last = scene.names.get(who, "")
    return (last or spoke_as) if left_at is None else (spoke_as or last)


def scenes_of(session: "Session", now: float) -> Iterator[Scene]:
    """Yield the rooms somebody sits in or left lately of which anything is known, the newest first."""
    return (scene for _, scene, _ in _lately(session, now) if scene is not None)


def unknown_rooms(session: "Session", command: OfSomebodyMet, now: float) -> list[str]:
    """Return the rooms that may be meant, since somebody sat there lately, and of which nothing is known here."""
    room = command.room if isinstance(command, Report) else None
    is_of_a_bottle = isinstance(command, Report | Block) and command.bottle is not None
    if is_of_a_bottle or (command.who is None and room is None):
        return []
    known, unknown = [], []
    for id, scene, _ in _lately(session, now):
        if scene is None:
            unknown.append(id)
        else:
            known.append(scene)
    if room is not None:
        return [id for id in unknown if id == room]
    return unknown if all(command.who not in scene.people for scene in known) else []


def _lately(session: "Session", now: float) -> Iterator[tuple[str, Scene | None, float | None]]:
    """Yield the ids of the rooms somebody sits in or left lately, the newest first, and what is known of each.

    With each comes when they left it, None for the one that they sit in.
    """
    house = session.house
    grace_s = house.settings.report_grace_s
    session.identity.sat_in(session.place()[0].id, now)
    left_at: float | None = None
    for room, since in reversed(session.identity.rooms):
        if left_at is None or now - left_at <= grace_s:
            yield room, house.trails.scene(room, house.world.rooms.get(room), now=now), left_at
        left_at = since
