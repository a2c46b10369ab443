"""What people say they like to talk about, written the same way by all who mean the same.

Compatibility forms and capitals fall away, and so do other ways to write one thing, as topics.txt lists them: whether
two share a topic is told by the words alone, in the rooms as by any client. Knows words; never who likes what.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from server.codes import Refused
from server.safety.words import in_one_line, leads_nowhere

TOPICS_MAX = 5
TOPIC_MAX_CHARS = 24


def clean_topics(topics: list[str] | None) -> tuple[str, ...]:
    """Return the topics as all write them, each once, in their order. Raises Refused."""
    if topics and len(topics) > TOPICS_MAX:
        raise Refused("bad_topic", f"At most {TOPICS_MAX} topics, and these are {len(topics)}: leave some out.")
    return tuple(dict.fromkeys(_cleaned(topic, number) for number, topic in enumerate(topics or (), 1)))


def _cleaned(topic: str, number: int) -> str:
    """Return one topic. Raises Refused, saying which one it is and what to do about it."""
    try:
        small = _small(in_one_line(topic, max_chars=TOPIC_MAX_CHARS, code="bad_topic"))
    except Refused as refused:
        raise Refused("bad_topic", f"Topic {number}: {refused.message} Write it otherwise.") from None
    if not small:
        raise Refused("bad_topic", f"Topic {number} is empty: leave it out.")
    if len(small) > TOPIC_MAX_CHARS:
        raise Refused("bad_topic", f"Topic {number} has more than {TOPIC_MAX_CHARS} small letters: write it shorter.")
    leads_nowhere("topic", small, code="bad_topic")
    return synonyms().get(small, small)


def _small(text: str) -> str:
    """Return the text without capitals, which some letters take more room without."""
    return unicodedata.normalize("NFKC", text.lower())


@cache
def synonyms() -> dict[str, str]:
    """Return how each other way to write a topic is written here."""
    return read_synonyms(files("server.safety").joinpath("topics.txt").read_text(encoding="utf-8").splitlines())


def read_synonyms(lines: Iterable[str]) -> dict[str, str]:
    """Return other way to topic, from lines of `topic: other, other`; those that begin with # say nothing.

    Raises:
        ValueError: a line is none of these, or something is written in two ways.
    """
    found: dict[str, str] = {}
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        topic, colon, others = line.partition(":")
        names = [name.strip() for name in others.split(",")]
        if not colon or not all(names):
            raise ValueError(f"{line!r} is no line of a topic and other ways to write it")
        for name in names:
            if found.setdefault(name, topic.strip()) != topic.strip():
                raise ValueError(f"{name!r} is written in two ways")
    return found
