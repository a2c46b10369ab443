"""Whether a text leads out of the room: a link, an address, a phone number, a name on some other service.

Pure. Asked only about what new identities say, since that is where adverts come from; whoever has sat here for a while
may exchange numbers. It knows the usual disguises and has to leave ordinary talk alone: times, dates, prices,
versions, abbreviations, coordinates. tests/test_contacts.py has both lists; in doubt a text is let through.
"""

import re
from itertools import pairwise

from server.safety.folding import fold


def _any(*words: str) -> str:
    """Return the pattern of any of these words, as they come out folded."""
    return "(?:" + "|".join(re.escape(fold(word)) for word in words) + ")"


_SURE = _any(*(
    "com net org info biz xyz top shop site club vip icu pro app dev live link click page blog store tech cam cash chat"
    " casino bet loan dating sex porn xxx adult webcam mobi tel name ru su ua by kz cn tw hk jp kr vn th ph uk fr eu ch"
    " cz pl ro hu gr tr il ir ae br mx ca nz za ng gg cc ws рф com.br"
).split())  # fmt: skip
"""Ends of host names that are no words people write behind a full stop without a space."""
_WORDS = _any(
    *"co io me tv ly gl so to is it at in be de es nl se no fi dk us my id am fm do la ai bio art fun one".split()
)
"""Ends of host names that are words too, or pieces of them: they count before a path alone, or with www."""

_DOT = re.compile(
    r"\s*[\[({<*]\s*" + _any("dot", "punkt", "punto", "ponto", "point", "точка", "点", ".") + r"\s*[\])}>*]\s*"
)
_SPELT_DOT = re.compile(r"(?<=\w)\s+" + _any("dot", "punkt", "punto", "ponto", "точка") + r"\s+(?=\w)")
_SPACED_DOT = re.compile(r"(?<=[a-z0-9])\s+\.\s*(?=(?:com|net|org|ru|xyz|info|me)\b)")
_AT = re.compile(r"(?<=\w)\s*[\[({<*]\s*" + _any("at", "ät", "arroba", "собака", "@") + r"\s*[\])}>*]\s*(?=\w)")

_LINK = re.compile(
    rf"""
      \bh(?:tt|xx|\*\*|ttt)ps?\s*:?\s*[/\\]{{1,2}} | \bhxxps?\b | \b[a-z]{{3,10}}://\S
    | \bwww\s?\.\s?\w
    | \b(?:t|wa|fb|m)\.me\b/?\w* | \b(?:discord\.gg|bit\.ly|tinyurl|goo\.gl|linktr\.ee|onlyfans|cutt\.ly|is\.gd)\b
    | (?<![\w@.])(?:[\w-]+\.)+{_SURE}(?![\w-]|\.\w)
    | (?<![\w@.])(?:[\w-]+\.)+{_WORDS}/\w
    | (?<![\w@.])(?:[\w-]+\.){{2,}}social\b
    | (?<![\d.])(?:\d{{1,3}}\.){{3}}\d{{1,3}}(?::\d{{2,5}}|/\w)
    """,
    re.VERBOSE,
)

_PLACES = _any(
    *"home work school uni college office night noon midnight the a an my this that church lunch dinner".split()
)
_HANDLE = re.compile(rf"(?<![\w.@/])@(?!{_PLACES}\b)[a-z_][\w.]{{2,}}")
_MAIL = re.compile(
    rf"""
      [\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{{2,}}
    | [\w.+-]{{2,}}\s?@\s?[\w-]+(?:(?:\s?\.|\s\.\s)[a-z]{{2,}}|\.\s{_SURE}\b)
    """,
    re.VERBOSE,
)
"""Behind a full stop with a space only some ends are taken for one: "see you @ home. then we eat"."""


SERVICE = _any(*(
    "telegram telegramm телеграм телега тг tg whatsapp whats whatsap watsapp wapp вотсап ватсап viber вайбер"
    " insta instagram инста snapchat wechat weixin 微信 微信号 加微信 加微 薇信 v信 kik discord skype tiktok qq"
    " 电报 飞机 onlyfans kakao kakaotalk zalo واتساب تلغرام تيليجرام"
).split())  # fmt: skip
LOOSE_SERVICE = _any(*"snap signal line ig wa vk fb vx wx tele".split())
"""Services that are words, or nothing without what follows: there a name has to look like one."""
_BARE_SERVICE = tuple(map(fold, ("微信", "加微", "薇信", "vx", "qq", "电报")))
"""Behind these any name of five letters is one. `leads_out` asks for each."""
_NAME = r"@?[a-z0-9_][\w.-]{3,}"
_ODD_NAME = r"(?=[\w.-]*[a-z])(?=[\w.-]*[\d_])@?[\w.-]{4,}"
_BEHIND = r"(?<![^\W_])"
_ELSEWHERE = re.compile(
    rf"""
      {_BEHIND}{SERVICE}\s*(?:id|name|user|username|me|号|號|is)?\s*[:=>～~-]+\s*{_NAME}
    | {_BEHIND}{SERVICE}\s*(?:id|name|user|username|me|号|號|is|my|@)?\s*{_ODD_NAME}
    | {_BEHIND}{LOOSE_SERVICE}\s*(?:id|name|user)?\s*[:=@]+\s*{_ODD_NAME}
    | {_BEHIND}{_any(*_BARE_SERVICE)}[号號]?\s*[::]?\s*[a-z0-9_-]{{5,}}
    """,
    re.VERBOSE,
)

_NOT_PHONE = re.compile(
    r"""
      -?\d{1,3}[.,]\d{3,}\s*°?\s*[nsew]?\s*[,;/ ]\s*-?\d{1,3}[.,]\d{3,}
    | (?<![\d.])\d{4}[./-]\d{1,2}[./-]\d{1,2}(?![\d./-]\d) | (?<![\d.])\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?![\d.-]\d)
    | (?<![\d.])\d{1,2}\s?[:.h]\s?\d{2}(?:\s?:\s?\d{2})?(?![\d.]\d|\d)
    | (?<![\d.,])\d{1,3}(?:[,.']\d{3})+(?![.-]?\d)
    | \b(?:1[89]|20)\d\d\s?[-/]\s?(?:1[89]|20)?\d\d\b
    | (?<!\d)(?<!\d[ -])(?:(?:1[89]|20)\d\d[ ,/-]+)+(?:1[89]|20)\d\d(?![ -]?\d)
    | (?<![\d.])\d{1,2}\.\d{4,}(?![.-]?\d) | (?<!\d)\d{5}-\d{4}(?!\d)
    | \d0{5,}(?!\d)
    """,
    re.VERBOSE,
)
_RUN = re.compile(r"(?<![\w.,])(?:\+|00)?\s?\(?\d(?:[\s.()/_*~-]{0,3}\d){6,16}(?!\w|[.,]\d)")
_TOGETHER = re.compile(r"\d(?:[\s.()/_*~-]{0,3}\d){6}")
"""Seven digits as they stand in every such run: to ask for these first spares a year and a price what takes 40 µs."""
_CUE = re.compile(r"(?<![^\W_])" + _any(*(
    "call text ring phone tel number mobile cell sms reach whatsapp llama llamame llámame telefono teléfono movil móvil"
    " numero número appelle numéro ruf handy nummer звони телефон номер 电话 手机 打给 اتصل رقم tlf zadzwoń"
).split()))  # fmt: skip
"""Before a number of seven or eight digits: alone it might be anything."""
_SCORES = re.compile(r"\d[-:]\d(?:\D+\d[-:]\d)+")

_SPELT_POINT = f" {fold('точка')} "
_FAR = bytes({word.strip().encode()[0] for word in (_SPELT_POINT, *_BARE_SERVICE) if not word.isascii()})
"""With these bytes of UTF-8 the words of other scripts begin that are looked for by themselves."""
_BLANKED = bytes(
    0x20
    if (code > 127 and code not in _FAR) or (code < 128 and chr(code).isalpha()) or chr(code) in " \n\t,!?;'\"&$%#+|^`"
    else code
    for code in range(256)
)
"""Leaves what is odd: most talk is made of the rest, and no way out can be but by some words that are looked for."""
_BRACKETS = re.compile(r"[\[({<*]")
_COLONS = re.compile(r"[:=@]")
_NAMED = re.compile(r"[\d_:=@>~-]")
"""A name on a service stands behind one of these, or has one in it."""
_DIGITS_MIN = 7
_DIGIT = re.compile(r"\d")
_BESIDE_NUMBERS = ".:-)"
_OF_NUMBERS = "0123456789" + _BESIDE_NUMBERS
_HOST_END = re.compile(rf"\.(?=[^\W\d])(?:{_SURE}(?![\w-]|\.\w)|{_WORDS}/\w|(?:me|gg|ly|gl|ee|gd|social)\b)")
"""Every host name has it. A pattern that begins with one character is ten times as fast: that is sought in C."""
_DOTTED_DIGITS = re.compile(r"\.\d{1,3}\.\d")
_LONE_COLON = re.compile(r":(?<!\d:)")
"""A colon that stands in no time of day."""
_SHAPES = bytes(0x30 if chr(code) in "0123456789" else 0x61 if code > 127 or chr(code).isalpha() else 0x20
                for code in range(256))  # fmt: skip
"""To tell by bytes what stands next to what, as in the names that people have on services: letters "a", digits "0"."""
_BESIDE_LETTER = re.compile("0(?:(?<=a0)|(?=a))")
"""A digit beside a letter, in such shapes."""
_STEMS = tuple(map(fold, (
    "tele", "теле", "тг", "tg", "what", "wats", "wapp", "атсап", "отсап", "viber", "вайбер", "insta", "инста", "snap",
    "wechat", "weixin", "微", "薇", "v信", "kik", "disc", "skype", "tik", "qq", "电报", "飞机", "only", "kakao", "zalo",
    "اتساب", "لغرام", "ليجرام",
)))  # fmt: skip
"""Something of every service's name, but for the loose ones, which stand before a colon or the like."""


def leads_out(plain: str) -> str | None:
    """Return "link" or "contact" if a folded text leads out of the room in that way, else None.

    What a way out has to have is looked for first, so that most talk costs half a microsecond.
    """
    raw = plain.encode()
    rest = raw.translate(_BLANKED)
    # One test after the other: any() over a table of these words takes twice as long as all the rest.
    is_spelt = " dot " in plain or " punkt " in plain or ("nto " in plain and _is_spelt_in_romance(plain))
    is_named = ("q" in plain and "qq" in plain) or ("x" in plain and ("vx" in plain or "hxxp" in plain))
    if rest.isspace() and not is_spelt and not is_named:
        return None
    if rest.isascii():
        odd = rest.strip().decode()
    else:
        odd = rest.decode("ascii", "ignore").strip()
        is_spelt = is_spelt or _SPELT_POINT in plain
        is_named = is_named or "微信" in plain or "加微" in plain or "薇信" in plain or "电报" in plain
    if " " in odd:
        odd = odd.replace(" ", "")
    if not is_spelt:
        if not odd:
            if is_named and not plain.isascii() and _ELSEWHERE.search(plain):
                return "contact"
            return "link" if is_named and "hxxp" in plain else None
        if not is_named and (_is_one_number(plain, odd) or _is_of_numbers(plain, odd, raw)):
            return None
    if is_spelt or " ." in plain or _BRACKETS.search(odd):
        way_out = _in_disguise(plain)
        if way_out is not None:
            return way_out
    return _in_the_open(plain, odd)


def _is_spelt_in_romance(plain: str) -> bool:
    return " punto " in plain or " ponto " in plain


def _is_one_number(plain: str, odd: str) -> bool:
    """Tell whether all that is odd is one short number, a time, a price, or full stops, in one place beside no letter.

    A third of all talk comes here, and most of it goes no further.
    """
    if len(odd) > 5 or odd.strip("0123456789.:"):
        return False
    at = plain.find(odd)
    end = at + len(odd)
    if at < 0 or plain[end : end + 1] not in " ,!?":
        return False
    before = plain[at - 1 : at]
    return before in " " if odd[0] not in ".:" else before not in " w" and not odd.strip(".")


def _is_of_numbers(plain: str, odd: str, raw: bytes) -> bool:
    """Tell whether all that is odd is full stops, times, dates, prices, hyphens and smiles: too few digits to call.

    Few texts go on to the patterns, which take 10 to 20 µs.
    """
    if odd.strip(_OF_NUMBERS):
        return False
    if "." in odd and (" ." in plain or _has_host(plain, odd)):
        return False
    if ":" in odd and _LONE_COLON.search(plain.replace(":)", "")):
        return False
    if len(odd) >= _DIGITS_MIN and len(_DIGIT.findall(odd)) >= _DIGITS_MIN:
        return False
    # A name has to follow: behind a hyphen, or with a digit in it.
    may_be_name = "-" in odd
    if not may_be_name and odd.strip(_BESIDE_NUMBERS):
        shape = (raw.replace(b".", b"") if "." in odd else raw).translate(_SHAPES).decode()
        may_be_name = _BESIDE_LETTER.search(shape) is not None
    return not (may_be_name and any(map(plain.__contains__, _STEMS)))


def _has_host(plain: str, odd: str) -> bool:
    return (
        _HOST_END.search(plain) is not None
        or "www" in plain
        or (odd.count(".") > 2 and _DOTTED_DIGITS.search(plain) is not None)
    )


def _in_disguise(plain: str) -> str | None:
    """Look for links and mail addresses with their dots and signs put otherwise."""
    dotted = _SPACED_DOT.sub(".", _DOT.sub(".", plain))
    for text in (dotted, _SPELT_DOT.sub(".", dotted)):
        if _MAIL.search(_AT.sub("@", text)):
            return "contact"
        if text != plain and _LINK.search(text):
            return "link"
    return None


def _in_the_open(plain: str, odd: str) -> str | None:
    if "@" in odd and _MAIL.search(plain):
        return "contact"
    if _may_link(plain, odd) and _LINK.search(plain):
        return "link"
    if (
        ("@" in odd and _HANDLE.search(plain))
        or (_NAMED.search(odd) and _names_a_service(plain, odd) and _ELSEWHERE.search(plain))
        or (len(_DIGIT.findall(odd)) >= _DIGITS_MIN and _has_phone(plain))
    ):
        return "contact"
    return None


def _names_a_service(plain: str, odd: str) -> bool:
    return _COLONS.search(odd) is not None or any(map(plain.__contains__, _STEMS))


def _may_link(plain: str, odd: str) -> bool:
    if "." in odd and _has_host(plain, odd):
        return True
    return (
        "//" in plain
        or "\\" in plain
        or "hxxp" in plain
        or "http" in plain
        or "onlyfans" in plain
        or "tinyurl" in plain
    )


def _has_phone(plain: str) -> bool:
    return _TOGETHER.search(plain) is not None and any(
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
