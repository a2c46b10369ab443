"""Whether there is a phone number in a text, among times, dates, prices, coordinates and counting.

Pure.
"""

import re
from itertools import pairwise

from server.safety.folding import any_of

_NOT_PHONE = re.compile(
    r"""
      -?\d{1,3}[.,]\d{3,}\s*°?\s*[nsew]?\s*[,;/ ]\s*-?\d{1,3}[.,]\d{3,}
    | (?<![\d.])\d{4}[./-]\d{1,2}[./-]\d{1,2}(?![\d./-]\d) | (?<![\d.])\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?![\d.-]\d)
    | (?<![\d.])\d{1,2}\s?[:.h]\s?\d{2}(?:\s?:\s?\d{2})?(?![\d.]\d|\d)
    | (?<![\d.,])\d{1,3}(?:[,.']\d{3})+(?![.-]?\d)
    | \b(?:1[89]|20)\d\d\s?[-/]\s?(?:1[89]|20)?\d\d\b
    | (?<!\d)(?<!\d[ -])(?:(?:1[89]|20)\d\d[ ,/-]+)+(?:1[89]|20)\d\d(?![ -]?\d)
    | (?<![\d.])\d{1,2}\.\d{4,}(?![.-]?\d) | (?<!\d)\d{5}-\d{4}(?!\d)
    | (?:[1-9]|(?<!\d)0)0{5,}(?!\d)
    """,
    re.VERBOSE,
)
_RUN = re.compile(r"(?<![\w.,])(?:\+|00)?\s?\(?\d(?:[\s.()/_*~-]{0,3}\d){6,16}(?!\w|[.,]\d)")
SEVEN_DIGITS = re.compile(r"\d(?:[\s.()/_*~-]{0,3}\d){6}")
"""Seven digits as they stand in every such run: to ask for these first spares a year and a price what takes 40 µs."""
_CUE = re.compile(r"(?<![^\W_])" + any_of(*(
    "call text ring phone tel number mobile cell sms reach whatsapp llama llamame llámame telefono teléfono movil móvil"
    " numero número appelle numéro ruf handy nummer звони телефон номер 电话 手机 打给 اتصل رقم tlf zadzwoń"
).split()))  # fmt: skip
"""Before a number of seven or eight digits: alone it might be anything."""
_SCORES = re.compile(r"\d[-:]\d(?:\D+\d[-:]\d)+")


def has_phone(plain: str) -> bool:
    """Tell whether there is a phone number in a folded text."""
    return SEVEN_DIGITS.search(plain) is not None and any(
        _is_phone(found.group(), plain) for found in _RUN.finditer(_NOT_PHONE.sub(" , ", plain))
    )


def _is_phone(run: str, plain: str) -> bool:
    groups = [len(group) for group in re.findall(r"\d+", run)]
    digits = sum(groups)
    if run.strip().startswith(("+", "00")):
        return digits >= 8
    if _counts(run) or _SCORES.search(run):
        return False
    if digits >= 9:
        # Digits one by one are a number in disguise; a heap of small ones with this and that between them is none.
        return len(groups) <= 5 or set(groups) == {1} or (max(groups) <= 2 and len(groups) <= 8)
    return _CUE.search(plain) is not None


def _counts(run: str) -> bool:
    """Tell whether the numbers go up or down by one, as in counting."""
    numbers = [int(number) for number in re.findall(r"\d+", run)]
    steps = {after - before for before, after in pairwise(numbers)}
    return len(numbers) > 2 and steps in ({1}, {-1})
