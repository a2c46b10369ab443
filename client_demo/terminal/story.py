"""What each event does to the screen: one method per event, found by its name.

Knows the widgets and reads the client's knowledge. Never sends anything.
"""

from collections.abc import Callable
from typing import Any

from textual.content import Content

from client_demo.client import Client, Held
from client_demo.terminal import safe, wording
from client_demo.terminal.answers import Answers
from client_demo.terminal.bottles import Bottles
from client_demo.terminal.breaks import Banner, Breaks, Seat
from client_demo.terminal.heading import Heading
from client_demo.terminal.met import Met
from client_demo.terminal.people import Palette, People, in_common, mark, remark
from client_demo.terminal.server_time import ServerTime, hour
from client_demo.terminal.transcript import Line, OwnLine, Transcript, said
from client_demo.terminal.waiting import Search, Waiting

Message = dict[str, Any]

AT_ONCE_S = 0.3
"""Who sits down so soon behind one's own coming was moved to the room in the same instant."""


class Story:
    """Tells the events of one person's evening."""

    def __init__(
        self,
        client: Client,
        *,
        server_time: ServerTime,
        heading: Heading,
        people: People,
        transcript: Transcript,
        waiting: Waiting,
        banner: Banner,
        choice: str = "",
    ) -> None:
        self._client, self._time = client, server_time
        self._heading, self._people, self._transcript = heading, people, transcript
        self._waiting, self._banner = waiting, banner
        self._palette = Palette()
        self.met = Met()
        self._sitting: dict[str, str] = {}
        self._seat = Seat()
        self._arrival: tuple[Line, Message, float] | None = None
        self._coming: tuple[Line | None, str, list[str]] = (None, "", [])
        self._choice = choice
        self.bottles = Bottles(transcript)
        self.answers = Answers(transcript, self.met)
        self._breaks = Breaks(
            client,
            self._seat,
            server_time=server_time,
            heading=heading,
            transcript=transcript,
            banner=banner,
            bottles=self.bottles,
        )

    def tell(self, event: Message) -> None:
        """Show one event; what is unknown is not shown."""
        name = f"on_{event['type']}"
        tell: Callable[[Message], None] | None = getattr(self, f"_{name}", None)
        for other in (self._breaks, self.answers, self.bottles):
            tell = tell or getattr(other, name, None)
        if tell is not None:
            tell(event)
        self.met.answered(event)
        self._refresh()

    def tick(self) -> None:
        """Let the countdowns go on."""
        self._show_time()
        self._breaks.tick()

    # --- rooms --------------------------------------------------------------------------------------------

    def _on_room(self, event: Message) -> None:
        self._time.heard(event["now"], self._client.limits.get("time_scale") or 1.0)
        self.met.sit(event["room"], event["members"], event["now"])
        seat = self._seat
        # The client may know of the next room already while events of this one are still to be told.
        seat.me, seat.now_ms, seat.closes_ms = event["me"], event["now"], event.get("closes") or 0
        before, self._sitting = self._sitting, {member["id"]: member["name"] for member in event["members"]}
        if event["room"] == seat.room:
            return
        is_new, seat.room = bool(seat.room), event["room"]
        self._arrival = None
        if len(before) > 1 and sorted(before.values()) == sorted(self._sitting.values()):
            self._transcript.note("A new room, the same company.", when=hour(event["now"]), kind="room")
            if event.get("kind") == "shake":
                self._transcript.note(safe.line(event.get("why") or ""))
            return
        self._transcript.begin_room()
        self._palette.start_anew()
        words = Content.assemble(("New room. " if is_new else "", "bold"), self._company(event))
        line = self._transcript.note(words, when=hour(event["now"]), kind="room")
        if is_new and event.get("ref") is None:
            self._arrival = line, event, self._time.now_s()
        if event.get("why"):
            self._transcript.note(safe.line(event["why"]))
        if not is_new:
            self._note_once()

    def _note_once(self) -> None:
        """Say what is worth saying when one has just come, and not in every room again."""
        if self._choice:
            self._transcript.note(f"{self._choice}.")
        if not self._client.has_own_name:
            me = self._client.members.get(self._client.me, {})
            name = safe.line(me.get("name", ""))
            self._transcript.note(f"You are {name} here; each room gives another name (^R: your own).")
        self._transcript.note("What the server keeps: /help")

    def _company(self, event: Message) -> str:
        others = (_shown(member) for member in event["members"] if member["id"] != event["me"])
        names = sorted(others, key=str.casefold)
        if not names:
            return "You sit alone for now."
        return f"You sit with {wording.listed(names)}, within {wording.distance(event.get('within_m'))}."

    def _on_closing(self, event: Message) -> None:
        self._seat.closes_ms = event["closes"]
        left = wording.clock(self._time.local_s(event["closes"]) - self._time.now_s())
        self._transcript.note(f"This room ends in {left}. Everyone is then seated anew.", kind="warning")

    def _on_extended(self, event: Message) -> None:
        self._seat.closes_ms = event["closes"]
        left = wording.clock(self._time.local_s(event["closes"]) - self._time.now_s())
        self._transcript.note(f"This room goes on for {left}.")

    # --- people -------------------------------------------------------------------------------------------

    def _on_joined(self, event: Message) -> None:
        self.met.see(event["member"])
        self._sitting[event["id"]] = event["member"]["name"]
        if event["id"] != self._seat.me and not self._came_along(event):
            self._note_company(_shown(event["member"]), "sat down")
        if self._waiting.display and self._client.waiting is None:
            self._transcript.note("That is company.", kind="good")

    def _came_along(self, event: Message) -> bool:
        """Tell of somebody in the line of the new room, and return True, where they were moved there together with one.

        A server seats people of a room that moves one after the other among those who are there: to whoever came first
        the others would look like newcomers.
        """
        if self._arrival is None or self._time.now_s() - self._arrival[2] > AT_ONCE_S:
            return False
        line, room, at_s = self._arrival
        within_m = event.get("within_m") or room.get("within_m")
        room = room | {"members": [*room["members"], event["member"]], "within_m": within_m}
        line.rewrite(Content.assemble(("New room. ", "bold"), self._company(room)))
        self._arrival = line, room, at_s
        return True

    def _on_left(self, event: Message) -> None:
        self._sitting.pop(event["id"], None)
        how = wording.LEFT.get(event.get("why") or "", "left")
        self._note_company(self.met.name(event["id"]), how)

    def _note_company(self, name: str, did: str) -> None:
        """Tell who came or went; several who do the same in a row share a line."""
        last, done, names = self._coming
        if last is not None and done == did and self._transcript.is_last(last):
            names.append(name)
            last.rewrite(f"{wording.listed(names)} {did}")
        else:
            self._coming = (self._transcript.note(f"{name} {did}"), did, [name])

    def _on_changed(self, event: Message) -> None:
        before, after = self.met.member(event["id"]), event["member"]
        was, now = safe.line(before.get("name", "")), safe.line(after["name"])
        who = "You" if event["id"] == self._seat.me else now
        if was and was != now:
            verb = "are" if who == "You" else "is"
            self._transcript.note(f"{'You' if who == 'You' else was} {verb} now {now}")
            self._palette.renamed(before["name"], after["name"])
        elif bool(before.get("away")) != bool(after.get("away")) and who != "You":
            self._transcript.note(f"{who} is away" if after.get("away") else f"{who} is back")
        self.met.see(after)
        self._sitting[event["id"]] = after["name"]

    def show_people(self) -> None:
        """Show who sits here, one a line, and what is known of them; narrow screens have no list beside the talk."""
        me = self._client.me
        members = self._client.members
        mine = members.get(me, {}).get("topics") or ()
        for member in sorted(members.values(), key=lambda member: (member["id"] != me, member["name"].casefold())):
            topics = (member.get("topics") or ()) if member["id"] == me else in_common(member, mine)
            label = "topics" if member["id"] == me else "both"
            known = [remark(member, me), str(member.get("verified") or "")]
            known += [f"{label}: {', '.join(map(str, topics))}"] if topics else []
            told = safe.line("; ".join(filter(None, known)))
            self._transcript.note(f"{mark(member, me)} {safe.line(member['name'])}{f': {told}' if told else ''}")

    def _on_ejected(self, event: Message) -> None:
        contact = safe.line(str(self._client.server.get("contact") or ""))
        self._transcript.note(" ".join(filter(None, (safe.line(event.get("why") or ""), contact))), kind="warning")

    def ends_with_leaving(self) -> str:
        """Return what ends with leaving, in a sentence; nothing if nothing does."""
        keeps = sum(bool(member.get("kept")) for member in self._client.members.values())
        return wording.leaving(bottles=self.bottles.afloat, keeps=keeps)

    # --- words --------------------------------------------------------------------------------------------

    def _on_said(self, event: Message) -> None:
        own = self._transcript.own(event.get("ref")) if event["from"] == self._seat.me else None
        if own is not None:
            own.acknowledge(hour(event["at"]))
            self._transcript.settle(own)
            return
        mine = event["from"] == self._seat.me
        colour = "$primary" if mine else self._palette.colour(event["name"])
        aside = wording.marks(event.get("marks"))
        words = said(safe.line(event["name"]), safe.lines(event["text"]), colour, aside=aside)
        self._transcript.add(Line(words, when=hour(event["at"]), classes="said"))

    def say(self, text: str, ref: str) -> OwnLine:
        """Show one's own words as on their way; returns their line."""
        name = safe.line(self._client.members.get(self._client.me, {}).get("name", "")) or "You"
        line = OwnLine(name, text, shown=safe.lines(text), when=hour(), ref=ref)
        self._transcript.add(line)
        return line

    def _on_moved(self, event: Message) -> None:
        at = wording.clock(self._time.local_s(event["counts_from"]) - self._time.now_s())
        self._transcript.note(f"Your new place {safe.line(event['cell'])} counts in {at}, or with ^N at once.")

    def _on_notice(self, event: Message) -> None:
        words = Content.assemble(("From the operator  ", "bold"), safe.lines(event["text"]))
        self._transcript.note(words, kind="notice")

    def _on_error(self, event: Message) -> None:
        if event.get("ref") is None:
            self._transcript.note(safe.line(event.get("message") or event["code"]), kind="error")

    def _on_held(self, event: Message) -> None:
        if event.get("ref") is None:
            self._transcript.note(wording.held(Held(event)), kind="error")

    def _on_overrun(self, event: Message) -> None:
        self._transcript.note(f"{wording.count(event['lost'], 'event')} came too fast to be shown.", kind="warning")

    # --- what is always shown -----------------------------------------------------------------------------

    def _refresh(self) -> None:
        client = self._client
        self._heading.tell(
            cell=safe.line(client.cell_in_room),
            within_m=client.within_m,
            why=safe.line(client.why),
            people=len(client.members),
        )
        self._people.show(client.members, client.me, self._palette)
        self._show_time()
        if client.connected and not self._breaks.is_waiting:
            is_away = client.members.get(client.me, {}).get("away")
            self._banner.show("You are away and your seat is kept. Say anything, or ^O, to be back." if is_away else "")

    def _show_time(self) -> None:
        """Show how long the seat lasts, and how the search stands: one clock, for what comes next."""
        client, search = self._client, self._search()
        self._waiting.show(search)
        if client.closes is not None:
            window_s = (client.limits.get("window_s") or 1800) / (client.limits.get("time_scale") or 1.0)
            # A room that began late outlasts the gathering that it waits for.
            until_s = search.next_s if search is not None else self._time.local_s(client.closes)
            self._heading.tell(closes_s=until_s, gathers=search is not None, window_s=window_s)

    def _search(self) -> Search | None:
        client = self._client
        waiting = client.waiting
        if waiting is None or client.closed is not None:
            return None
        limits = client.limits
        next_s = self._time.local_s(waiting.get("next_at") or 0)
        # What was told is past where a window ended and this room, young enough, went on into the next.
        if next_s <= self._time.now_s() and client.closes is not None:
            next_s = self._time.local_s(client.closes)
        return Search(
            within_m=waiting.get("within_m") or 0,
            reach_max_m=limits.get("far_max_m" if client.far else "reach_max_m") or 15000,
            people=waiting.get("people") or "",
            next_s=next_s,
            company=self._company_here(waiting),
            members=len(client.members),
            seats_min=int(limits.get("seats_min") or 3),
        )

    def _company_here(self, waiting: Message) -> int:
        """Return how many keep company here: as the server counts them, or else who is not away."""
        counted = (waiting.get("why_args") or {}).get("company")
        if isinstance(counted, int):
            return counted
        return sum(not member.get("away") for member in self._client.members.values())


def _shown(member: Message) -> str:
    """Return what somebody is called, and that they visit."""
    return f"{safe.line(member['name'])} (visiting)" if member.get("visiting") else safe.line(member["name"])
