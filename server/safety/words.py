"""What people may call themselves and say: normalised once, at the edge."""

import re
import unicodedata

from server.messages import Refused

NAME_MAX_CHARS = 32
TOPICS_MAX = 5
TOPIC_MAX_CHARS = 24

_NOT_IN_NAMES = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
"""Unicode general categories: controls, format (bidi, zero-width), surrogates, private use, line separators."""
_SPACES = re.compile(r"\s+")


def clean_text(text: str, *, max_chars: int) -> str:
    """Return the text in NFC. Raises Refused if it is blank or longer than `max_chars` code points."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if len(text) > max_chars:
        raise Refused("bad_text", f"The text has {len(text)} characters; at most {max_chars} are sent.")
    if not text or text.isspace():
        raise Refused("bad_text", "The text is empty.")
    return text


def clean_name(name: str | None) -> str:
    """Return the name in NFKC, "" for none: then the room gives one. Raises Refused."""
    name = _SPACES.sub(" ", unicodedata.normalize("NFKC", name or "")).strip()
    if len(name) > NAME_MAX_CHARS:
        raise Refused("bad_name", f"The name has {len(name)} characters; at most {NAME_MAX_CHARS} are shown.")
    for char in name:
        if unicodedata.category(char) in _NOT_IN_NAMES:
            raise Refused("bad_name", f"A name may not hold U+{ord(char):04X}.")
    return name


def clean_topics(topics: list[str] | None) -> tuple[str, ...]:
    """Return the topics in NFKC, each once, in their order. Raises Refused."""
    if topics and len(topics) > TOPICS_MAX:
        raise Refused("bad_topic", f"At most {TOPICS_MAX} topics.")
    cleaned = [_SPACES.sub(" ", unicodedata.normalize("NFKC", topic)).strip() for topic in topics or ()]
    for topic in cleaned:
        if not topic or len(topic) > TOPIC_MAX_CHARS or any(unicodedata.category(c) in _NOT_IN_NAMES for c in topic):
            raise Refused("bad_topic", f"A topic has 1 to {TOPIC_MAX_CHARS} ordinary characters.")
    return tuple(dict.fromkeys(cleaned))
