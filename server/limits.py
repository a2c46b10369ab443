"""What one client, one address or one room may cost: rates, sizes, counts and times to wait.

Knows each limit's range and the reason for its default. Must never know how a limit is enforced, nor who met
it. As in `rooms.rules`, whatever comes from outside is checked by `server.loading.load`.
"""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from rooms.rules import Rules, at_most

Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Timeout = Annotated[float, Meta(ge=0.1, le=3600)]

# The widest JSON may make one character is an escaped surrogate pair; the rest of a command fits in 1 KiB.
_JSON_BYTES_PER_CHAR = 12
_REST_OF_COMMAND_BYTES = 1024


class Limits(Rules, frozen=True, kw_only=True):
    """What is allowed. Seconds of rates, seats and identities run `time_scale` times faster, timeouts do not."""

    say_per_s: Annotated[
        float,
        Meta(
            ge=0,
            le=1_000_000,
            description="Messages a person may send per second over time; one is faster than anybody types. "
            "0: no limit.",
        ),
    ] = 1.0
    say_burst: Annotated[
        Count,
        Meta(
            description="Messages at once before say_per_s holds; a thought is often sent in five lines. 0: no limit.",
        ),
    ] = 5
    say_per_min: Annotated[
        Count,
        Meta(
            description="Messages a person may send per minute; twenty is a lively talker. 0: no limit.",
        ),
    ] = 20
    room_per_min: Annotated[
        Count,
        Meta(
            description="Messages per minute in one room, the loudest limited first; one a second can still "
            "be read. 0: no limit.",
        ),
    ] = 60
    next_per_h: Annotated[
        Count,
        Meta(
            description="How often a person may ask for another room per hour; six leave ten minutes for "
            "each. 0: no limit.",
        ),
    ] = 6
    shakes_per_h: Annotated[
        Count,
        Meta(
            description="How often a person may shake per hour; thirty are every other minute, and make it slow to "
            "wait for somebody with a shake of one's own. 0: no limit.",
        ),
    ] = 30
    throws_per_day: Annotated[
        Count,
        Meta(
            description="Bottles a person may throw at once, and per day over time: with three the next one eight "
            "hours later. Three make one think what to write. 0: no limit.",
        ),
    ] = 3
    picks_per_day: Annotated[
        Count,
        Meta(
            description="Bottles a person may pick at once, and per day over time, and all new ones from one address "
            "together: with twenty the next one 72 minutes later. A bottle comes to three people only. 0: no limit.",
        ),
    ] = 20
    answers_per_day: Annotated[
        Count,
        Meta(
            description="Bottles a person may answer at once, and per day over time; no more than they may pick. "
            "0: no limit.",
        ),
    ] = 20
    keeps_per_h: Annotated[
        Count,
        Meta(
            description="How often a person may keep somebody, let go or give a contact, per hour, all together; sixty "
            "are all three with everybody of a full room, and more. 0: no limit.",
        ),
    ] = 60
    cells_per_h: Annotated[
        Count,
        Meta(
            description="New cells a person may name per hour, 300 km/h apart at most; six follow a walk or "
            "a tram, and make a search of the map slow. 0: no limit, on speed either.",
        ),
    ] = 6
    text_max_chars: Annotated[
        int,
        Meta(
            ge=1,
            le=10_000,
            description="The longest message, in code points after NFC; a thousand is half a page.",
        ),
    ] = 1000
    frame_max_bytes: Annotated[
        int,
        Meta(
            ge=1024,
            le=1_048_576,
            description="The largest message on the wire; holds the longest text with every character escaped in JSON.",
        ),
    ] = 16_384
    errors_per_min: Annotated[
        Count,
        Meta(
            description="Errors a connection may cause per minute before it is closed; one a second is no "
            "longer a typing mistake. 0: no limit.",
        ),
    ] = 60
    new_identity_s: Annotated[
        float,
        Meta(
            ge=0,
            le=604_800,
            description="Seated time after which an identity is no longer new; ten minutes make throwaways "
            "costly. 0: nobody is new.",
        ),
    ] = 600.0
    token_ttl_s: Annotated[
        int,
        Meta(ge=1, le=31_536_000, description="A token is good for so long; a week brings back a regular."),
    ] = 604_800
    eject_present_s: Annotated[
        float,
        Meta(
            ge=0,
            le=86_400,
            description="Whoever votes to eject has been present so long; two minutes stop a gang that pours in.",
        ),
    ] = 120.0
    eject_every_s: Annotated[
        float,
        Meta(
            ge=0,
            le=604_800,
            description="The vote of whoever had somebody ejected counts again so long after; half a day leaves a "
            "gang of regulars a quarter of what chance gives it. 0: at once.",
        ),
    ] = 43_200.0
    report_grace_s: Annotated[
        float,
        Meta(
            ge=0,
            le=86_400,
            description="People of a room may be reported so long after it; ten minutes is time to think.",
        ),
    ] = 600.0
    report_ttl_s: Annotated[
        int,
        Meta(
            ge=60,
            le=31_536_000,
            description="A report and its evidence are kept so long after it was last made; thirty days leave an "
            "operator time, and are an end.",
        ),
    ] = 2_592_000
    audit_ttl_s: Annotated[
        int,
        Meta(
            ge=60,
            le=315_360_000,
            description="What operators did is kept so long; a year covers the longest of their bans.",
        ),
    ] = 31_536_000
    same_text_rooms: Annotated[
        int,
        Meta(
            ge=0,
            le=1000,
            description="A text one identity sends to so many rooms within an hour is held; two may be "
            "a coincidence. 0: never.",
        ),
    ] = 3
    same_text_rooms_all: Annotated[
        int,
        Meta(
            ge=0,
            le=1000,
            description="A text anybody sends to so many rooms within an hour is held; more than from "
            "one, since greetings repeat. 0: never.",
        ),
    ] = 5

    connections_max: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="Connections in total, above which newcomers get 503; so many idle ones take some "
            "200 MiB, and each needs a file descriptor. So many seats wait without one, too.",
        ),
    ] = 18_000
    connections_per_address: Annotated[
        Count,
        Meta(
            description="Connections from one address, and seats that wait for people from there, before new "
            "identities there must show work; an address may be a whole campus, so nobody is refused. Loopback "
            "is exempt unless this is set. 0: never.",
        ),
    ] = 50
    sockets_per_address: Annotated[
        Count,
        Meta(
            description="Connections from one address above which new ones get 503, token or not: a third of "
            "what the server holds, so that no address takes it all. So many seats wait for people from there, "
            "too. Loopback is exempt unless this is set. 0: no limit.",
        ),
    ] = 6000
    work_above_connects_per_s: Annotated[
        Count,
        Meta(
            description="New connections per second above which a new identity must show work. Loopback is "
            "exempt unless this is set. 0: never.",
        ),
    ] = 200
    handshake_timeout_s: Annotated[
        float,
        Meta(
            ge=0.1,
            le=300,
            description="A connection finishes its handshake in this time; five seconds suffice for a poor "
            "mobile network.",
        ),
    ] = 5.0
    enter_timeout_s: Annotated[
        Timeout,
        Meta(description="A connection enters in this time; a client needs one round trip."),
    ] = 10.0
    ping_every_s: Annotated[
        Timeout,
        Meta(
            description="A quiet connection is pinged so often; well below the minute after which many "
            "proxies drop a silent one.",
        ),
    ] = 25.0
    pong_timeout_s: Annotated[
        Timeout,
        Meta(description="A pinged connection answers in this time or is closed with 4002."),
    ] = 20.0
    unsent_max_bytes: Annotated[
        int,
        Meta(
            ge=1024,
            le=67_108_864,
            description="A reader that lets more wait is closed with 4001; 256 KiB is minutes of the liveliest room.",
        ),
    ] = 262_144
    unsent_max_s: Annotated[
        Timeout,
        Meta(description="A reader that stays blocked so long is closed with 4001 too."),
    ] = 10.0
    drain_s: Annotated[
        float,
        Meta(
            ge=0,
            le=3600,
            description="At SIGTERM a server lets its people go, one after another within half of this time, "
            "and has them come back within the other half. With 0 it ends at once, as at Ctrl-C.",
        ),
    ] = 30.0

    def contradictions(self) -> Iterator[str]:
        """Yield one sentence for each pair of values that cannot hold together; none for good limits."""
        yield from super().contradictions()
        needed = _JSON_BYTES_PER_CHAR * self.text_max_chars + _REST_OF_COMMAND_BYTES
        if self.frame_max_bytes < needed:
            yield (
                f"frame_max_bytes = {self.frame_max_bytes} is too little for text_max_chars = "
                f"{self.text_max_chars}, which may take {needed} escaped in JSON: set both."
            )
        if self.frame_max_bytes > self.unsent_max_bytes:
            yield at_most("frame_max_bytes", self.frame_max_bytes, "unsent_max_bytes", self.unsent_max_bytes)
        if self.sockets_per_address and self.connections_per_address > self.sockets_per_address:
            yield at_most(
                "connections_per_address",
                self.connections_per_address,
                "sockets_per_address",
                self.sockets_per_address,
            )
        if self.same_text_rooms_all and self.same_text_rooms > self.same_text_rooms_all:
            yield at_most("same_text_rooms", self.same_text_rooms, "same_text_rooms_all", self.same_text_rooms_all)
