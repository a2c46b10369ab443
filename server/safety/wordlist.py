"""The operator's list of words, phrases and domains that nobody says or is called here.

Pure: lines in, rules out. One rule a line; behind `#` is a comment. A line with a full stop and no space is a domain
and holds for its subdomains too; anything else is a word, or several in a row. They are compared folded (folding.py)
and as whole words, except in scripts that set no spaces between words: there a rule holds wherever it stands. What
cannot be read is told by its line number, never by its words, and the rest holds.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from server.safety.folding import fold, readings

RULES_MAX = 10_000
LINE_MAX_CHARS = 200

_WORD = re.compile(r"[^\W_]+")
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]")
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese."""
_DOMAIN = re.compile(r"\.?[^\W_][\w-]*(?:\.[\w-]+)+")


class BrokenLine(NamedTuple):
    """A line that is no rule: its number from 1 on, and what is wrong with it."""

    number: int
    problem: str


class WordList(NamedTuple):
    """The rules in force. An empty one holds nothing back."""

    words: frozenset[str] = frozenset()
    phrases: dict[str, tuple[tuple[str, ...], ...]] = {}  # noqa: RUF012 - never changed
    """First word → the phrases that begin with it."""
    domains: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()
    """Rules that hold inside of other words."""

    def __len__(self) -> int:
        """Return how many rules there are."""
        return len(self.words) + sum(map(len, self.phrases.values())) + len(self.domains) + len(self.parts)

    def holds(self, text: str) -> bool:
        """Tell whether anything in the text is on the list."""
        return len(self) > 0 and any(map(self.holds_folded, readings(text)))

    def holds_folded(self, plain: str) -> bool:
        """Tell whether anything in a folded text is on the list."""
        if not (self.words or self.phrases or self.domains or self.parts):
            return False
        said = _WORD.findall(plain)
        return (
            not self.words.isdisjoint(said)
            or (bool(self.phrases) and self._has_phrase(said))
            or any(part in plain for part in self.parts)
            or (bool(self.domains) and "." in plain and self._has_domain(plain))
        )

    def _has_phrase(self, said: list[str]) -> bool:
        for at, word in enumerate(said):
            for phrase in self.phrases.get(word, ()):
                if tuple(said[at : at + len(phrase)]) == phrase:
                    return True
        return False

    def _has_domain(self, plain: str) -> bool:
        return any(not self.domains.isdisjoint(_and_above(host)) for host in _HOST.findall(plain))


NOTHING = WordList()
"""The list of an operator who keeps none."""


def read_rules(lines: Iterable[str]) -> tuple[WordList, list[BrokenLine]]:
    """Return the rules of a file and the lines that are none."""
    words, domains, parts = set[str](), set[str](), set[str]()
    phrases: dict[str, set[tuple[str, ...]]] = {}
    broken: list[BrokenLine] = []
    count = 0
    for number, line in enumerate(lines, 1):
        rule = line.partition("#")[0].strip()
        if not rule:
            continue
        said = _WORD.findall(fold(rule))
        problem = _problem(rule, said, count)
        if problem is not None:
            broken.append(BrokenLine(number, problem))
            continue
        count += 1
        if _DOMAIN.fullmatch(fold(rule)):
            domains.add(fold(rule).removeprefix("."))
        elif _UNSPACED.search(rule):
            parts.add(fold(rule))
        elif len(said) == 1:
            words.add(said[0])
        else:
            phrases.setdefault(said[0], set()).add(tuple(said))
    by_first = {first: tuple(sorted(rest)) for first, rest in phrases.items()}
    return WordList(frozenset(words), by_first, frozenset(domains), frozenset(parts)), broken


def _problem(rule: str, said: list[str], count: int) -> str | None:
    if "\ufffd" in rule:
        return "it is not UTF-8"
    if len(rule) > LINE_MAX_CHARS:
        return f"it is longer than {LINE_MAX_CHARS} characters"
    if not said:
        return "it has no letter or digit"
    if count >= RULES_MAX:
        return f"there are {RULES_MAX} rules already"
    return None


def _and_above(host: str) -> Iterator[str]:
    """Yield the host and every domain that it is in."""
    while host:
        yield host
        host = host.partition(".")[2]
