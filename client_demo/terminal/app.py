"""The terminal client's screen and keys.

Knows what a person may do and asks the client for it, by asking.py where words follow a command. What comes back is
told by story.py. Never speaks the wire.
"""

import asyncio
from collections.abc import Awaitable, Collection

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from client_demo.client import Client, Closed, Held, Refused
from client_demo.places import PlaceUnknown
from client_demo.terminal import safe, slash, wording
from client_demo.terminal.asking import Asking
from client_demo.terminal.breaks import Banner
from client_demo.terminal.composer import Composer
from client_demo.terminal.dialogs import ChooseMember, Help, NewName
from client_demo.terminal.heading import Heading
from client_demo.terminal.looks import DUSK
from client_demo.terminal.people import People
from client_demo.terminal.server_time import ServerTime, hour
from client_demo.terminal.sizes import BOX_FROM_ROWS, LEAST_COLUMNS, LEAST_ROWS, PEOPLE_FROM_COLUMNS, Keys, TooSmall
from client_demo.terminal.slash import Misunderstood, Slash, Words
from client_demo.terminal.story import Story
from client_demo.terminal.transcript import OwnLine, Transcript
from client_demo.terminal.waiting import Waiting

LAST_WORDS_S = 1.0
ONCE_MORE_S = 10.0
"""Who asks again to leave within so long has read what ends with it."""
COMMAND_OF_ACTION = {"rename": "name"}
"""What a key does whose command is called otherwise."""
WORDS = "words"  # the group of workers that wait for an echo


def key(keys: str, action: str, words: str, shown: str) -> Binding:
    """Return a key that works wherever the cursor stands."""
    return Binding(keys, action, words, key_display=shown, priority=True)


class ChatApp(App[list[str]], inherit_bindings=False):
    """One person's room. Enter the client before, leave it after. Its result is what was `unheard` at the end."""

    TITLE = "hereabouts"
    CSS_PATH = "terminal.tcss"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-too-narrow"),
        (LEAST_COLUMNS, "-slim"),
        (56, "-narrow"),
        (PEOPLE_FROM_COLUMNS, "-normal"),
        (110, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-too-low"), (LEAST_ROWS, "-low"), (BOX_FROM_ROWS, "-high")]  # noqa: RUF012
    BINDINGS = [  # noqa: RUF012
        key("ctrl+n", "next", "next", "^N"),
        key("ctrl+t", "mute", "mute", "^T"),
        key("ctrl+r", "rename", "rename", "^R"),
        key("ctrl+o", "away", "away", "^O"),
        key("ctrl+l", "shake", "shake", "^L"),
        key("ctrl+s", "again", "say again", "^S"),
        key("ctrl+g,f1", "help", "help", "^G"),
        key("ctrl+q", "leave", "leave", "^Q"),
        Binding("ctrl+c", "leave", show=False, priority=True),
        Binding("pageup", "look(-1)", show=False, priority=True),
        Binding("pagedown", "look(1)", show=False, priority=True),
    ]

    def __init__(self, client: Client, place: str, *, choice: str = "", off: Collection[str] = ()) -> None:
        """Prepare.

        Args:
            place: where the person is, in words.
            choice: which of several places that was taken to be, if there are several.
            off: commands, as slash.py calls them, that this server has switched off.
        """
        super().__init__()
        self.client = client
        self._off = off
        self._offers_again = False
        self._told_at_leaving = ("", 0.0)
        time = self._time = ServerTime()
        # The heading names the cell by itself.
        self.heading = Heading(time.now_s, "" if place == f"cell {client.cell}" else place)
        self.waiting = Waiting(time.now_s)
        self.transcript = Transcript()
        self.below = Static(id="below")
        self.people = People(id="people")
        self.banner = Banner(id="banner")
        self.composer = Composer(self._submit, max_chars=int(client.limits.get("text_max_chars") or 1000))
        self.story = Story(
            client,
            server_time=time,
            heading=self.heading,
            people=self.people,
            transcript=self.transcript,
            waiting=self.waiting,
            banner=self.banner,
            choice=choice,
        )
        self.asking = Asking(client, met=self.story.met, bottles=self.story.bottles, answers=self.story.answers)

    def compose(self) -> ComposeResult:
        yield self.heading
        with Horizontal(id="middle"):
            with Vertical(id="talk"):
                yield self.waiting
                yield self.transcript
                yield self.below
            yield self.people
        yield self.banner
        yield self.composer
        yield Keys(compact=True)
        yield TooSmall(id="too-small")

    def on_mount(self) -> None:
        self.register_theme(DUSK)
        self.theme = "dusk"
        self.composer.focus()
        self.watch(self.transcript, "unseen", self._show_below)
        self.set_interval(1.0, self.story.tick)
        self.run_worker(self._follow())

    def _show_below(self, unseen: int) -> None:
        self.below.display = unseen > 0
        self.below.update(f"↓ {wording.count(unseen, 'line')} below (PgDn)")

    async def _follow(self) -> None:
        async for event in self.client.events():
            self.story.tell(event)
            self._offer_again()

    def unheard(self) -> list[str]:
        """Return what was typed and is not known to have been heard: nothing typed is lost on leaving."""
        draft = self.composer.text.strip()
        return [line.text for line in self.transcript.unheard()] + ([draft] if draft else [])

    # --- saying -------------------------------------------------------------------------------------------

    def _submit(self, typed: str) -> bool:
        """Say or do what was typed; return False where it has to be mended first."""
        try:
            asked = slash.parse(typed, off=self._off)
            if isinstance(asked, Words):
                self._say(asked.text)
            else:
                self._obey(asked)
        except (Misunderstood, PlaceUnknown) as exc:
            self._complain(str(exc))
            # A long thought that was refused is not to be gone with the next key.
            if slash.is_command(typed):
                self.composer.select_all()
            return False
        return True

    def _say(self, text: str) -> None:
        self._go_on()
        if self.client.closed is not None:
            raise Misunderstood("The connection is over; nobody would hear this.")
        if len(text) > self.composer.max_chars:
            raise Misunderstood(f"That has {len(text)} characters; {self.composer.max_chars} can be said at once.")
        line = self.story.say(text, self.client.new_ref())
        self.transcript.anchor()
        self.run_worker(self._deliver(line), group=WORDS)

    async def _deliver(self, line: OwnLine) -> None:
        try:
            echo = await self.client.say(line.text, ref=line.ref)
            line.acknowledge(hour(echo["at"]))
        except Held as held:
            line.hold(wording.held(held))
        except Refused as refused:
            line.fail(wording.refusal(refused))
        except Closed as closed:
            line.fail(wording.ending(closed))
        self._offer_again()

    def action_again(self) -> None:
        """Say again what failed, in the room one is in now; or end the wait for the next attempt."""
        self.client.retry_now()
        failed = self.transcript.failed() if self.client.closed is None else []
        for line in failed:
            line.remove()
            self._say(line.text)
        self._offer_again()

    # --- asking -------------------------------------------------------------------------------------------

    def _obey(self, asked: Slash) -> None:
        command = self.asking.command(asked)
        if command is not None:
            self._ask(command, asked)
        else:
            getattr(self, f"action_{asked.name}")()

    def _ask(self, command: Awaitable[object], asked: Slash | None = None) -> None:
        self._go_on()
        if not self.client.connected:
            self.transcript.note(wording.LATER)
        self.run_worker(self._answered(command, asked))

    async def _answered(self, command: Awaitable[object], asked: Slash | None) -> None:
        try:
            await command
        except (Refused, Closed, Misunderstood) as exc:
            why = wording.reason(exc, asked.name if asked is not None else "")
        else:
            if asked is not None and asked.name == "throw":
                self._go_on()  # more ends with leaving now
            return
        typed = f"/{asked.name} {asked.argument}".strip() if asked is not None else ""
        if typed and not self.composer.text:
            self.composer.text, typed = typed, ""
            self.composer.select_all()
        # Where the next line is being typed already, the refused one can only be shown.
        self._complain(f"{typed}: {why}" if typed else why)

    def _complain(self, words: str) -> None:
        self.transcript.note(safe.line(words), kind="error")

    def action_next(self) -> None:
        self._ask(self.client.next())

    def action_who(self) -> None:
        self.story.show_people()

    def action_extend(self) -> None:
        self._ask(self.client.extend())

    def action_shake(self) -> None:
        """Meet whoever shakes now. The answer takes some seconds, and says itself what came of it."""
        if self.client.connected:
            self.story.bottles.note_shaking()
        self._ask(self.client.shake())

    def action_pick(self) -> None:
        self._ask(self.client.pick())

    def action_away(self) -> None:
        is_away = self.client.members.get(self.client.me, {}).get("away")
        self._ask(self.client.ping() if is_away else self.client.away())

    def action_mute(self) -> None:
        self.push_screen(ChooseMember(self.client.members, self.client.me), self._turn_muting)

    def _turn_muting(self, who: str | None) -> None:
        if who is not None:
            is_muted = self.client.members.get(who, {}).get("muted")
            self._ask(self.client.unmute(who) if is_muted else self.client.mute(who))

    def action_rename(self) -> None:
        self.push_screen(NewName(safe.line(self.client.name or "")), self._rename)

    def _rename(self, name: str | None) -> None:
        if name is not None and name != self.client.name:
            self._ask(self.client.rename(name))

    def action_help(self) -> None:
        self.push_screen(Help(self.client.privacy, self.client.cell, self.composer.insert, off=self._off))

    def action_leave(self) -> None:
        """Leave, but say first what ends with that; who asks again, with nothing done in between, has read it."""
        ends, now_s = self.story.ends_with_leaving(), self._time.now_s()
        told, told_s = self._told_at_leaving
        if ends and (ends != told or now_s - told_s >= ONCE_MORE_S) and self.client.connected:
            self._told_at_leaving = (ends, now_s)
            if len(self.screen_stack) > 1:
                self.pop_screen()  # what lies over the conversation would hide the answer
            self.transcript.note(ends, kind="warning")
            return
        self.run_worker(self._leave())

    def on_text_area_changed(self) -> None:
        # To type the command is to ask once more, and the box is emptied when a line was taken.
        if not any(command.startswith(self.composer.text.strip().lower()) for command in slash.LEAVING):
            self._go_on()

    def _go_on(self) -> None:
        """Know that something else was done since leaving was asked for."""
        self._told_at_leaving = ("", 0.0)

    async def _leave(self) -> None:
        """Close, once what was said just before had a moment to be heard."""
        on_way = [worker.wait() for worker in self.workers if worker.group == WORDS and self.client.connected]
        if on_way:
            # Not a timeout around them: that would cancel the words instead of leaving them to the last moment.
            await asyncio.wait([asyncio.gather(*on_way, return_exceptions=True)], timeout=LAST_WORDS_S)
        # Read now: the lines do not outlast the screen.
        self.exit(self.unheard())

    def action_look(self, pages: int) -> None:
        """Look back or forth in the conversation, or in the help where it lies over it."""
        if isinstance(self.screen, Help):
            self.screen.look(pages)
        elif pages < 0:
            self.transcript.release_anchor()
            self.transcript.scroll_page_up(animate=False)
        else:
            self.transcript.scroll_page_down(animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer `again` only where there is something to try again, and no key for what is switched off."""
        del parameters
        return self._can_again() if action == "again" else COMMAND_OF_ACTION.get(action, action) not in self._off

    def _can_again(self) -> bool:
        if self.client.closed is not None:
            return False
        return bool(self.transcript.failed()) or not self.client.connected

    def _offer_again(self) -> None:
        # Drawing the keys anew costs more than drawing a line, so it is done only when they change.
        if self._can_again() != self._offers_again:
            self._offers_again = not self._offers_again
            self.refresh_bindings()
