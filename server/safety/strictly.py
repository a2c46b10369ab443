"""Whether a name, a topic or a bottle leads out of the room in ways that talk is allowed.

Pure. Stricter than contacts.py, and asked beside it: who writes these has time, nobody can ask back, and whoever is
refused is told and puts a space behind a full stop. Ordinary sentences pass all the same; tests/test_strictly.py has
both lists.
"""

import re

from server.safety.contacts import LOOSE_SERVICE, SERVICE, leads_out
from server.safety.folding import readings

_NO_TITLE = r"(?!(?:mr|mrs|ms|dr|st|sr|prof)\.)"
_HOST = re.compile(
    rf"""
      (?<![\w@.]){_NO_TITLE}(?:[^\W_][\w-]*\.)*[^\W_][\w-]+\.
        (?: (?:co|io|tv|gl|ly|ai|fm|nl|dk|gg|gd|ee|social)(?![\w-]|\.\w)
          | (?:de|at|es|se|us|me|id|be|fi|bio|art|fun|one)\W*$ )
    | (?<![^\W_])[^\W_]{{2,}}\s+dot\s+(?:co|io|tv|ly|ai|fm|nl|dk|gg|social)\b
    """,
    re.VERBOSE,
)
"""Ends of host names that stand behind a full stop without a space in no sentence, or seldom; of others, only behind
everything else."""
_SPACED_DOT = re.compile(r"(?<=\w)\s+\.\s*(?=\w)")
_SPACED = re.compile(r"\s*([./])\s*")
_PATH = re.compile(r"(?<![\w.])(?:t|wa|fb|m)\.me/\w|(?<![\w.])(?:discord\.gg|bit\.ly|goo\.gl|cutt\.ly|is\.gd)/\w")

_ON = r"(?:on|at|in|auf|bei|en|em|sur|su|в|на|@)"
_NO_NAMES = (
    r"(?!(?:live|only|seen|saw|not|as|like|more|nobody|everybody|somebody|anyone|all|memes|videos|dances?|cats)\b)"
)
_NAMED_ON = re.compile(
    rf"""
      (?<![\w.])(?=[\w.]*[a-z])(?=[\w.]*[\d_])[\w.]{{4,}}[\s(,:/-]+(?:{_ON}\s+)?(?:my\s+)?(?:{SERVICE}|{LOOSE_SERVICE})\b
    | ^\W*{_NO_NAMES}\w[\w.]{{2,}}\s+{_ON}\s+(?:{SERVICE}|snap|ig)\W*$
    """,
    re.VERBOSE,
)
"""A name in front of its service: with a digit in it anywhere, any name where there is nothing else."""


def way_out_of(text: str) -> str | None:
    """Return "link" or "contact" if a name, topic or bottle leads out of the room in any way it is read, else None."""
    return next(filter(None, map(leads_out_strictly, readings(text))), None)


def leads_out_strictly(plain: str) -> str | None:
    """Return "link" or "contact" if a folded name, topic or bottle leads out of the room in that way, else None."""
    way_out = leads_out(plain)
    if way_out is not None:
        return way_out
    if _HOST.search(_SPACED_DOT.sub(".", plain)) or _PATH.search(_SPACED.sub(r"\1", plain)):
        return "link"
    return "contact" if _NAMED_ON.search(plain) else None
