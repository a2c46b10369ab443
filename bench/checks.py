"""CPU time of everything that is looked at before a message goes out, in the server's own code: no sockets.

What a text goes through: its form (NFC, length), the rates of its speaker and room, the operator's list, ways out of
the room, and what goes round. Speakers are new, the dearest case; texts are those of bench/talk.py, as they are and as
phones and habits change them, and some in other scripts, or those of a file, each said once, so that every fingerprint
is new. As on a server where people have talked for a while, as many fingerprints are known as are kept, and each new
one has the oldest forgotten. Each round has a key of its own, since by some keys twice as many texts are nearly another
as by others. Beside it the cost of each part.
"""

import itertools
import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import msgspec

from bench.talk import sentence
from client_demo.progress import Display
from geo import Cell
from rooms.person import Person
from rooms.room import Room, Seat
from rooms.seating import place_of
from rooms.world import World
from server.collector import look_rarely
from server.house import House
from server.safety.contacts import leads_out
from server.safety.fingerprints import SHORT_CHARS
from server.safety.folding import fold
from server.safety.identities import Identity
from server.safety.sametext import SameTexts
from server.safety.text_index import TEXTS_MAX
from server.safety.tokens import IDENTITY_BYTES
from server.safety.wordlist import read_rules
from server.safety.words import clean_text
from server.settings import Settings
from server.store.memory import MemoryStore
from server.store.sealing import NONCE_BYTES, Seal

NOW = 1_700_000_000.0
TEXT_MAX_CHARS = 1000
SLOW_STEP_S = 60.0
"""Between two messages of one person, so that no rate is met."""
_PEOPLE = 1000
"""Addresses people come from, and those who talked before."""
_OTHER_SCRIPTS = (
    "Кто-нибудь знает, где здесь поблизости можно недорого поесть вечером?",
    "Вчера у вокзала потеряли зелёную перчатку, никто не находил?",
    "有人知道附近有什么好吃的餐厅吗？我刚搬到这里来，想找个安静的地方。",
    "هل يعرف أحد مقهى هادئا قريبا من هنا؟ انتقلت إلى الحي قبل أسبوع",
    "¿Alguien sabe si el autobús número 42 sigue pasando después de medianoche?",
)


class Row(msgspec.Struct, kw_only=True):
    """µs of CPU per message, the median over rounds: of all checks, and of each part by itself."""

    texts: str
    chars: float
    all_us: float
    parts_us: dict[str, float]


class Checked:
    """Somebody in a room, and the checks their words go through."""

    def __init__(self, *, words: int, seed: int) -> None:
        ids = itertools.count()
        rng = random.Random(seed)
        settings = Settings(room_per_min=1_000_000)
        world = World(settings, rng=rng, new_id=lambda: f"i{next(ids)}")
        key = rng.randbytes(32)
        self.house = House(
            settings,
            world,
            key=key,
            new_identity=lambda: rng.randbytes(IDENTITY_BYTES),
            new_nonce=lambda: rng.randbytes(16).hex(),
            new_ticket=lambda: rng.randbytes(10).hex(),
            store=MemoryStore(),
            seal=Seal(key, new_nonce=lambda: rng.randbytes(NONCE_BYTES)),
        )
        if words:
            self.house.checks.list, _ = read_rules(f"word{number}" for number in range(words))
        person = Person("ann", Cell.at(40.75, -73.99, 6))
        world.enter(person, now=NOW)
        self.identity = Identity("ann", settings)
        self.identity.sits(NOW)
        # What is held by chance makes one of many suspect, as it would.
        self._origins = itertools.cycle(
            [self.house.origin(f"10.0.{number // 256}.{number % 256}") for number in range(_PEOPLE)]
        )
        self.place: tuple[Room, Seat] = place_of(person)
        self.same = SameTexts(key, own_max=3, all_max=5)
        self._now = itertools.count(NOW, SLOW_STEP_S)

    def hear(self, talk: Sequence[str]) -> None:
        """Know what was said until now, each of many who are not new in a room of their own."""
        regulars = [Identity(f"regular {number}", self.house.settings) for number in range(_PEOPLE)]
        for regular in regulars:
            regular.sits(NOW - self.house.settings.new_identity_s)
        for text, regular in zip(talk, itertools.cycle(regulars), strict=False):
            self.house.checks.look(text, regular, next(self._origins), regular.id, now=NOW)
            self.goes_round(text, regular.id, regular.id)

    def check(self, text: str) -> None:
        """Do all that is done to a message before the room says it, by the calls that the server makes."""
        room, seat = self.place
        house, identity = self.house, self.identity
        clean_text(text, max_chars=TEXT_MAX_CHARS)
        house.pace(identity.said, room, seat, now=next(self._now))
        house.checks.look(text, identity, next(self._origins), "room", now=NOW)

    def form(self, text: str) -> None:
        """Look at the text's form."""
        clean_text(text, max_chars=TEXT_MAX_CHARS)

    def rates(self, _: str) -> None:
        """Count it."""
        room, seat = self.place
        self.house.pace(self.identity.said, room, seat, now=next(self._now))

    def goes_round(self, text: str, room: str = "room", who: str = "ann") -> None:
        """Look whether it went to other rooms."""
        print = self.same.print(fold(text))
        if print is not None:
            self.same.meet(print, room, who, now=NOW)


def measure(name: str, texts: Sequence[str], talk: Sequence[str], *, rounds: int, words: int) -> Row:
    """Return what it costs to check these texts where there was that talk before."""
    parts: dict[str, Callable[[Checked], Callable[[str], object]]] = {
        "all": lambda checked: checked.check,
        "form": lambda checked: checked.form,
        "rates": lambda checked: checked.rates,
        "list": lambda checked: checked.house.checks.list.holds,
        "ways out": lambda _: lambda text: leads_out(fold(text)),
        "goes round": lambda checked: checked.goes_round,
    }
    spent: dict[str, list[float]] = {part: [] for part in parts}
    for seed in range(rounds):
        checked = Checked(words=words, seed=seed)
        checked.hear(talk)
        for part, of in parts.items():
            spent[part].append(_us_per_call(of(checked), texts))
    medians = {part: round(statistics.median(each), 2) for part, each in spent.items()}
    return Row(
        texts=name,
        chars=round(statistics.mean(map(len, texts)), 1),
        all_us=medians.pop("all"),
        parts_us=medians,
    )


def _us_per_call(call: Callable[[str], object], texts: Sequence[str]) -> float:
    began = time.process_time()
    for text in texts:
        call(text)
    return (time.process_time() - began) / len(texts) * 1e6


def honest(count: int, wanted: Callable[[str], bool], *, seed: int = 7) -> list[str]:
    """Return so many honest messages of that kind."""
    rng = random.Random(seed)
    return list(itertools.islice(filter(wanted, (sentence(rng) for _ in itertools.count())), count))


def accented(text: str) -> str:
    """Return the text as a phone writes it, in a language with accents."""
    return text.replace("e", "é", 1).replace("'", "’") + "…"


def typed(text: str, rng: random.Random) -> str:
    """Return the text as many type it, with dots, smiles, brackets and stars: what is odd, and leads nowhere."""
    words = text.lower().split()
    at = rng.randrange(1, len(words))
    habit = rng.choice(("{0}... {1}", "{0} . . {1} ..", "{0} {1} :)", "{0} ({1})", "{0} *{1}*", "bo: {0}.. {1} :("))
    return habit.format(" ".join(words[:at]), " ".join(words[at:]))


def shuffled(text: str, rng: random.Random) -> str:
    """Return the words of a text in another order, pairs of characters where no spaces are: something new to say."""
    words = text.split() if " " in text else [text[at : at + 2] for at in range(0, len(text), 2)]
    rng.shuffle(words)
    return (" " if " " in text else "").join(words)


def of_bench(count: int) -> dict[str, list[str]]:
    """Return so many texts of each kind that this bench makes."""
    rng = random.Random(9)
    latin = honest(count, lambda text: SHORT_CHARS <= len(text) < 60)
    return {
        f"under {SHORT_CHARS} characters": honest(count, lambda text: len(text) < SHORT_CHARS),
        f"{SHORT_CHARS} to 59 characters": latin,
        "the same with accents": [accented(text) for text in latin],
        "the same as many type": [typed(text, rng) for text in latin],
        f"{SHORT_CHARS} and more": honest(count, lambda text: len(text) >= SHORT_CHARS),
        "as people talk": honest(count, lambda _: True),
        "other scripts": [shuffled(rng.choice(_OTHER_SCRIPTS), rng) for _ in range(count)],
    }


def of_file(path: Path) -> dict[str, list[str]]:
    """Return a file's texts, one a line, by their length. Raises click.ClickException."""
    lines = (line.strip() for line in path.read_text(errors="replace").splitlines())
    texts = list(dict.fromkeys(line for line in lines if line and len(line) <= TEXT_MAX_CHARS))
    if not texts:
        raise click.ClickException(f"{path} has no text of at most {TEXT_MAX_CHARS} characters, one a line.")
    kinds = {
        f"under {SHORT_CHARS} characters": [text for text in texts if len(text) < SHORT_CHARS],
        f"{SHORT_CHARS} to 59 characters": [text for text in texts if SHORT_CHARS <= len(text) < 60],
        f"{SHORT_CHARS} and more": [text for text in texts if len(text) >= SHORT_CHARS],
        "all of them": texts,
    }
    return {kind: some for kind, some in kinds.items() if some}


@click.command(
    epilog="Examples:\n\n\b\n"
    "  python -m bench.checks\n"
    "  python -m bench.checks --texts chat.txt\n"
    "  python -m bench.checks --words 500 --json"
)
@click.option("--count", type=click.IntRange(100, 100_000), default=3000, show_default=True, help="Messages of a kind.")
@click.option("--rounds", type=click.IntRange(1, 100), default=15, show_default=True)
@click.option("--words", type=click.IntRange(0, 10_000), default=0, show_default=True, help="Rules on the list.")
@click.option(
    "--texts",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Messages that people wrote, one a line, instead of those made here.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of a table.")
def main(count: int, rounds: int, words: int, texts: Path | None, as_json: bool) -> None:
    """Measure the CPU time of all checks together, per message."""
    look_rarely()  # as the server does
    kinds = of_file(texts) if texts is not None else of_bench(count)
    talk = honest(TEXTS_MAX, lambda text: len(text) >= SHORT_CHARS, seed=8)
    rows = []
    with Display("texts of", total=len(kinds)) as display:
        for done, (name, some) in enumerate(kinds.items()):
            display.show({"measuring": name}, done=done)
            rows.append(measure(name, some, talk, rounds=rounds, words=words))
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(rows)))
        return
    click.echo(
        f"{'µs of CPU per message':24} {'chars':>6} {'all':>6}   " + " ".join(f"{p:>10}" for p in rows[0].parts_us)
    )
    for row in rows:
        parts = " ".join(f"{us:10.2f}" for us in row.parts_us.values())
        click.echo(f"{row.texts:24} {row.chars:6.1f} {row.all_us:6.2f}   {parts}")


if __name__ == "__main__":
    main()
