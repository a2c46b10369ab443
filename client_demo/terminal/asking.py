"""What a slash command asks of the server: about whom, about which bottle, with which words.

Knows whom one has met and which bottle is in hand. Never knows a screen: what comes of it is an event's to tell.
"""

from collections.abc import Awaitable, Callable
from functools import partial

from client_demo.client import Client
from client_demo.places import parse_place
from client_demo.terminal import safe, slash
from client_demo.terminal.answers import Answers, blocked_name
from client_demo.terminal.bottles import Bottles
from client_demo.terminal.met import Met
from client_demo.terminal.slash import Misunderstood, Slash


class Asking:
    """The commands of one person's evening."""

    def __init__(self, client: Client, *, met: Met, bottles: Bottles, answers: Answers) -> None:
        self._client, self._met, self._bottles, self._answers = client, met, bottles, answers
        self._commands: dict[str, Callable[[str], Awaitable[object]]] = {
            "mute": partial(self._about_member, client.mute),
            "unmute": partial(self._about_somebody_met, client.unmute),
            "keep": partial(self._about_member, client.keep),
            "unkeep": partial(self._about_somebody_met, client.unkeep),
            "eject": partial(self._about_member, client.eject),
            "contact": self._contact,
            "block": self._block,
            "blocks": lambda _: self._show_blocks(),
            "unblock": self._unblock,
            "report": self._report,
            "name": client.rename,
            "move": self._move,
            "throw": self._throw,
            "answer": lambda words: client.answer(bottles.in_hand(), words),
            "back": lambda _: client.throw_back(bottles.in_hand()),
        }

    def command(self, asked: Slash) -> Awaitable[object] | None:
        """Return what a line asks of the server, not begun yet; None where none of this is asked for.

        Raises:
            Misunderstood: nobody is called so, no bottle is in hand, or something is missing.
            PlaceUnknown: the place to move to is none.
        """
        ask = self._commands.get(asked.name)
        return None if ask is None else ask(asked.argument)

    def _here(self) -> dict[str, str]:
        """Return the names of the others here, by member id."""
        members = self._client.members
        return {id: safe.line(member["name"]) for id, member in members.items() if id != self._client.me}

    def _about_member(self, command: Callable[..., Awaitable[object]], typed: str) -> Awaitable[object]:
        who = slash.choose_member(typed, self._here())
        return command(who, ref=self._about(who))

    def _about_somebody_met(self, command: Callable[..., Awaitable[object]], typed: str) -> Awaitable[object]:
        who = self._choose_lately(typed)
        return command(who, ref=self._about(who))

    def _contact(self, typed: str) -> Awaitable[object]:
        who, line = slash.parse_contact(typed, self._here())
        return self._client.contact(who, line, ref=self._about(who))

    def _move(self, typed: str) -> Awaitable[object]:
        near, cell = (typed, None) if "," in typed else (None, typed)
        finest = int(self._client.limits.get("finest_cell") or 6)
        return self._client.move(parse_place(near=near, cell=cell, characters=finest).cell)

    async def _throw(self, text: str) -> None:
        thrown = await self._client.throw(text)
        self._bottles.threw(str(thrown.get("bottle")), text)

    def _block(self, typed: str) -> Awaitable[object]:
        """Block a member, or who wrote the last bottle or answer."""
        if self._means_bottle(typed):
            bottles = self._bottles
            ref = self._about_words(f"whoever wrote {bottles.last_in_words()}")
            return self._client.block_bottle(bottles.last(), ref=ref)
        return self._about_somebody_met(self._client.block, typed)

    def _report(self, typed: str) -> Awaitable[object]:
        """Report a member, or the last bottle or answer."""
        name, reason, note = slash.parse_report(typed)
        if self._means_bottle(name):
            bottles = self._bottles
            ref = self._about_words(bottles.last_in_words())
            return self._client.report_bottle(bottles.last(), reason, note=note, ref=ref)
        who = self._choose_lately(name)
        return self._client.report(who, reason, note=note, ref=self._about(who))

    def _about(self, who: str) -> str:
        """Return a ref by which the answer is known to be about somebody: it names nobody itself."""
        return self._about_words(self._met.who(who))

    def _about_words(self, whom: str) -> str:
        ref = self._client.new_ref()
        self._met.ask(ref, whom)
        return ref

    def _means_bottle(self, typed: str) -> bool:
        """Tell whether a bottle is meant, and nobody who is called so."""
        return typed.casefold() == "bottle" and not any(name.casefold() == "bottle" for name in self._here().values())

    def _choose_lately(self, typed: str) -> str:
        """Return who is meant: of those here, or else of those met before."""
        here = self._here()
        try:
            return slash.choose_member(typed, here)
        except Misunderstood:
            me = self._client.members.get(self._client.me, {}).get("name") or self._client.name or ""
            if typed.casefold() == safe.line(me).casefold():
                raise Misunderstood(f"{typed!r} is you.") from None
            met = self._met.names(self._client.me)
            if not met.keys() - here.keys():
                raise
            return slash.choose_member(typed, met)

    async def _show_blocks(self) -> None:
        self._answers.show_blocks(await self._client.blocks())

    async def _unblock(self, typed: str) -> None:
        held = await self._client.blocks()
        which = slash.choose_block(typed, [blocked_name(block) for block in held])
        name = blocked_name(held[which])
        await self._client.unblock(held[which]["block"], ref=self._about_words(name))
