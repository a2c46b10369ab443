"""What all sessions of one process share: settings, the world, identities, and each room's pace.

Pure: it holds and answers, and neither awaits nor reads a clock.
"""

from collections import Counter
from collections.abc import Callable
from hashlib import blake2b
from math import inf

from geo import Cell
from rooms.apart import meet_barred
from rooms.bottles import Water
from rooms.events import Said
from rooms.person import Person
from rooms.room import Room, Seat
from rooms.windows import region_of
from rooms.world import World
from server.answers import ServerInfo
from server.bugs import log
from server.codes import Refused
from server.features import BOTTLES
from server.messages import PROTOCOL
from server.origin import KEY_BYTES, Origin
from server.privacy import kept
from server.safety.area import Area
from server.safety.blocks import Blocks
from server.safety.bottles import Bottles
from server.safety.checks import Checks
from server.safety.door import Door
from server.safety.identities import Identities, Identity
from server.safety.keeps import Keeps
from server.safety.keys import derive
from server.safety.rates import Meter, per_period, take_all
from server.safety.reports import Reports
from server.safety.returns import Returns
from server.safety.ties import Ties
from server.safety.tokens import IDENTITY_BYTES, Tokens
from server.safety.trails import Trails
from server.safety.verified import Verified, Verifier
from server.safety.votes import Votes
from server.settings import BINDS_LOOPBACK, Settings
from server.store.sealing import Seal
from server.store.store import Store, StoreError
from server.version import VERSION

CLIENT_LIMITS = (
    "seats_min", "seats_target", "seats_max", "window_s", "closing_s", "finest_cell", "reach_max_m", "far_max_m",
    "say_per_s", "say_burst", "say_per_min", "room_per_min", "next_per_h", "shakes_per_h", "throws_per_day",
    "picks_per_day", "answers_per_day", "keeps_per_h", "cells_per_h", "text_max_chars", "frame_max_bytes",
    "new_identity_s", "eject_present_s", "report_grace_s", "resume_grace_s", "away_s", "errors_per_min",
    "ping_every_s", "pong_timeout_s", "time_scale",
)  # fmt: skip
"""The settings that clients are told."""

CROSSING_S = 5.0
"""What is sent within so long after something else may have crossed it: some round trips of a bad line."""

ADULTS_TERMS = "18+"
"""What is accepted where only adults may come in and the terms have no version of their own."""


class House:
    """The shared ground of all sessions.

    Args:
        key: the server's secret, or what it made up in its place.
        new_identity: gives 12 unguessable bytes, `new_nonce` a text of as many, `new_ticket` one to be read out.
        verifier: reads the JWTs of a host application, where there is one.
        exempt: limits that do not bind clients on this machine.
        store: where what should last is kept; `seal` seals what people wrote, for whatever is kept there.

    Attributes:
        terms_version: what has to stand in `enter.terms`; "" if nobody is asked.
        kept: what is kept of somebody, in sentences for them.
        may_lag: ids of rooms that went on here, maybe without their last words: members may know more of them.
    """

    def __init__(
        self,
        settings: Settings,
        world: World,
        *,
        key: bytes,
        new_identity: Callable[[], bytes],
        new_nonce: Callable[[], str],
        new_ticket: Callable[[], str],
        store: Store,
        seal: Seal,
        verifier: Verifier | None = None,
        exempt: frozenset[str] = BINDS_LOOPBACK,
    ) -> None:
        self.settings = settings
        self.world = world
        self.new_nonce = new_nonce
        self.verifier = verifier
        self.store = store
        self.reports = Reports(store, seal, ttl_s=settings.report_ttl_s, new_ticket=new_ticket)
        self.ties = Ties(store, token_ttl_s=settings.token_ttl_s)
        self.keeps = Keeps(self.ties, world.people, token_ttl_s=settings.token_ttl_s)
        self.bottles = Bottles(store, seal, Water(world.rng), settings, new_id=new_ticket)
        world.bottles_near = self._bottles_near
        self.returns = Returns()
        self.votes = Votes()
        self.trails = Trails(grace_s=settings.report_grace_s)
        self.area = Area(area=settings.area, hours=settings.hours, hours_zone=settings.hours_zone)
        self.terms_version = settings.terms_version or (ADULTS_TERMS if settings.adults_only else "")
        self.kept = kept(settings, is_lasting=store.is_lasting)
        tokens = Tokens(key, ttl_s=settings.token_ttl_s)
        self.identities = Identities(settings, tokens, store, new_id=new_identity)
        self.blocks = Blocks(
            store, world.people, self.identities.known, token_ttl_s=settings.token_ttl_s, new_id=new_ticket
        )
        self.door = Door(settings, exempt=exempt, waiting=self.identities.waiting)
        self.limits: dict[str, float] = {name: getattr(settings, name) for name in CLIENT_LIMITS}
        self.info = ServerInfo(settings.server_name, VERSION, PROTOCOL, settings.terms, settings.contact)
        self._subject_key = derive(key, b"hereabouts who")
        self._origin_key = derive(key, b"hereabouts where")
        self.checks = Checks(settings, derive(key, b"hereabouts same"))
        self._room_rate = per_period(settings.room_per_min, 60)
        self._paces: dict[str, Meter] = {}
        self.may_lag: set[str] = set()
        self._always_off = frozenset(settings.features_off.split())

    def is_off(self, feature: str) -> bool:
        """Tell whether the operator has switched a feature off."""
        return self.is_off_by_settings(feature) or self.store.is_off(feature)

    def is_off_by_settings(self, feature: str) -> bool:
        """Tell whether a feature is off as long as the process runs."""
        return feature in self._always_off

    def _bottles_near(self, region: Cell) -> bool:
        return not self.is_off(BOTTLES) and self.bottles.lie_near(region)

    def origin(self, address: str) -> Origin:
        """Return where a connection from that address, as counted, comes from."""
        return Origin(address, blake2b(address.encode(), key=self._origin_key, digest_size=KEY_BYTES).digest())

    def verify(self, auth: str) -> Verified:
        """Return what a JWT says. Raises Refused."""
        if self.verifier is None:
            raise Refused("bad_auth", "This server takes no `auth`: enter without it.")
        return self.verifier.read(auth)

    def identity_of(self, verified: Verified) -> str:
        """Return the id of the identity that a host application's subject is, on every device and every node."""
        subject = f"{len(verified.issuer)} {verified.issuer}{verified.subject}"
        return blake2b(
            subject.encode("utf-8", "surrogatepass"), key=self._subject_key, digest_size=IDENTITY_BYTES
        ).hexdigest()

    def pace(self, own: tuple[Meter, ...], room: Room, seat: Seat, *, now: float) -> None:
        """Count one message of a member's and of the room's. Raises Refused, counting none.

        When there are too many in the room, its loudest are refused. What a refusal says to
        wait is what both the member and the room need.
        """
        shared = self._paces.get(room.id) or self._pace_of(room)
        if shared is not None and shared.free_at > now and _is_loud(room, seat, now=now):
            wait_s = max(meter.wait_s(now) for meter in (shared, *own))
            raise self.limited("Everybody here talks at once; let the others finish.", wait_s)
        wait_s = take_all(own, now)
        if wait_s:
            raise self.limited("You say too much at once.", wait_s)
        if shared is not None:
            shared.take(now)

    def limited(self, message: str, wait_s: float, *, code: str = "rate_limited") -> Refused:
        """Return the refusal of what may be asked again in `wait_s` seconds of the rooms' clock."""
        real_s = wait_s / self.settings.time_scale
        # Rounded up, so that whoever waits as long as told is not told again.
        return Refused(code, message, retry_after=int(real_s * 1000 + 1) / 1000)

    def unkept(self, error: StoreError) -> Refused:
        """Return the refusal of what could not be written down: a full disk is no reason to lose a connection."""
        log.error("%s", error)
        return Refused("not_now", "The server cannot write this down at the moment; try again later.")

    def _pace_of(self, room: Room) -> Meter | None:
        if self._room_rate is None:
            return None
        meter = self._paces[room.id] = Meter(self._room_rate)
        return meter

    def pace_due(self, room: str) -> float:
        """Return until when the room's pace is used up, Unix seconds; 0 if it is not."""
        meter = self._paces.get(room)
        return meter.due if meter is not None else 0.0

    def use_up_pace(self, room: Room, due: float) -> None:
        """Know the room's pace used up until then at least."""
        meter = self._pace_of(room) if due else None
        if meter is not None:
            meter.use_up(due)

    def room_ended(self, room: Room, *, now: float) -> None:
        """Forget the pace of a room that is over; its last words stay a while, in case it is reported."""
        self._paces.pop(room.id, None)
        self.may_lag.discard(room.id)
        self.votes.end(room.id)
        self.keeps.end(room.id)
        self.trails.end(room, now=now)

    def know_place(self, origin: Origin, identity: Identity, cell: Cell, *, now: float) -> None:
        """Know where somebody is: they are back from there, and inherit the blocks against others who were there."""
        identity.came_from = origin.key
        self.returns.back((origin.key, cell), identity.id)
        self.know_blocks(identity, cell, now=now)
        person = self.world.people.get(identity.id)
        if person is not None:
            self.keep_apart(person)

    def know_blocks(self, identity: Identity, cell: Cell, *, now: float) -> None:
        """Know which blocks somebody inherits by where they come from, who may have come from another process."""
        if identity.came_from:
            # Nobody makes accounts of an application at will.
            made_at = identity.first_at if identity.verified(now) is None else -inf
            self.blocks.came(identity.id, (identity.came_from, region_of(cell)), made_at=made_at, now=now)

    def keep_apart(self, person: Person) -> None:
        """Have somebody who sits here never be seated with those they are kept apart from.

        Whoever sits with them already goes on doing so until the room ends: a move shows nobody anything.
        """
        if person.room is not None:
            here = {seat.person.id for seat in person.room.seats.values()}
            person.barred |= self.blocks.kept_from(person.id) - here
            person.shunned_by = self.blocks.shunned_by(person.id) & person.barred
            meet_barred(person, self.world.people)

    def let_go(self, id: str) -> None:
        """Know nothing of somebody, online or not, since they go on in another process."""
        self.identities.let_go(id)
        self.keeps.lines.let_go(id)

    def may_still_come(self, by: str, to: str) -> bool:
        """Tell whether a contact line that was on its way elsewhere still is: neither has left since, nor blocked."""
        # Whoever left and has come back by an account may keep anew whom they kept.
        has_left = self.store.has_ended(by) or self.store.has_ended(to)
        if has_left and not self.ties.has("keep", by, to):
            return False
        return not (self.blocks.parts(by, to) or self.blocks.parts(to, by))

    def left_seat(self, identity: Identity, person: Person) -> None:
        """Know that somebody leaves their seat, or has lost the connection to it: they may come back as anybody."""
        if person.room is not None:
            self.returns.left((identity.came_from, person.cell), identity.id, person.room.id)

    def remember_blocked(self, identity: str, *, now: float) -> None:
        """Remember where somebody is who has just been blocked."""
        known = self.identities.known(identity)
        if known is not None and known.cell is not None and known.came_from:
            self.blocks.mark(identity, (known.came_from, region_of(known.cell)), now=now)

    def heard(self, identity: str, *, now: float) -> None:
        """Know that everything sent to somebody until now has come: nobody sends anything on a connection that is dead.

        What has come is not told again, lest it matter by then whether who wrote it is still here. A bottle's answer,
        which nobody can write again, may have crossed what was sent just after it.
        """
        self.keeps.lines.heard(identity)
        self.bottles.heard(identity, before=now - CROSSING_S, now=now)

    def forget(self, identity: str, *, now: float) -> None:
        """Forget somebody who asked for it: place, token, standing, ties, blocks and bottles. Bans stay.

        Raises StoreError, changing nothing.
        """
        self.identities.end(identity, now=now)
        self.bottles.end_of(identity)
        self.keeps.forget_person(identity)

    def expire(self, *, now: float) -> None:
        """Forget everything whose time is over. Raises StoreError."""
        self.trails.forget(now=now)
        self.checks.forget(now=now)
        self.identities.forget(now=now)
        self.bottles.forget(now=now)
        self.returns.forget(self.world.rooms)
        self.votes.forget(now=now)
        self.keeps.lines.forget(now=now)
        self.store.expire(now=now)


def _is_loud(room: Room, seat: Seat, *, now: float) -> bool:
    """Tell whether this member said half an even share or more of what the room remembers of the last minute.

    Half, since where all talk alike somebody is always below a whole one, and the room would have no limit.
    """
    since = int((now - 60) * 1000)
    said = Counter(event.from_ for event in room.recent() if isinstance(event, Said) and event.at >= since)
    return 2 * said[seat.member.id] * len(said) >= said.total()
