"""Whether a text leads out of the room: a link, an address, a phone number, a name on some other service.

Pure. Asked only about what new identities say, since that is where adverts come from; whoever has sat here for a while
may exchange numbers. It knows the usual disguises and has to leave ordinary talk alone: times, dates, prices,
versions, abbreviations, coordinates. tests/test_contacts.py has both lists; in doubt a text is let through.
"""

import re

from server.safety.folding import any_of, fold
from server.safety.phones import SEVEN_DIGITS, has_phone

_SURE = r"(?:xn--[a-z0-9-]+|" + any_of(*(
    "com net org info biz xyz top shop site club vip icu pro app dev live link click page blog store tech cam cash chat"
    " casino bet loan dating sex porn adult webcam mobi tel name ru su ua kz cn tw hk jp kr vn th ph uk fr eu ch"
    " cz pl ro hu gr tr il ir ae br mx ca nz za ng gg cc ws рф com.br"
).split()) + ")"  # fmt: skip
"""Ends of host names that are no words people write behind a full stop without a space, and all in Punycode."""
_WORDS = any_of(
    *"co io me tv ly gl so to is it at in be by de es nl se no fi dk us my id am fm do la ai".split(),
    *"bio art fun one xxx".split(),
)
"""Ends of host names that are words too, pieces of them, or kisses: they count before a path alone, or with www."""

_OPENS, _CLOSES = r"[\[({<*]\s*", r"\s*[\])}>*]"
_DOT_WORD = any_of("dot", "punkt", "punto", "ponto", "point", "точка", "点", ".")
_AT_WORD = any_of("at", "ät", "arroba", "собака", "@")
_IN_BRACKETS = re.compile(f"{_OPENS}(?:{_DOT_WORD}|{_AT_WORD}){_CLOSES}")
_DOT = re.compile(rf"\s*{_OPENS}{_DOT_WORD}{_CLOSES}\s*")
_SPELT_DOT = re.compile(r"(?<=\w)\s+" + any_of("dot", "punkt", "punto", "ponto", "точка") + r"\s+(?=\w)")
_SPACED_END = r"\.(?:\s*(?=(?:com|org|ru|xyz|info|me)\b)|\s+(?=net\b))"
"""Of a host name with a space before its last dot. People write about .NET."""
_SPACED_DOT = re.compile(rf"(?<=[a-z0-9])\s+{_SPACED_END}")
_AT = re.compile(rf"(?<=\w)\s*{_OPENS}{_AT_WORD}{_CLOSES}\s*(?=\w)")

_LINK = re.compile(
    r"""
      \bh(?:tt|xx|\*\*|ttt)ps?\s*:?\s*[/\\]{1,2} | \bhxxps?\b | \b[a-z]{3,10}://\S
    | \bwww\s?\.\s?\w
    | \b(?:t|wa|fb|m)\.me\b/?\w* | \b(?:discord\.gg|bit\.ly|tinyurl|goo\.gl|linktr\.ee|onlyfans|cutt\.ly|is\.gd)\b
    | (?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?::\d{2,5}|/\w)
    """,
    re.VERBOSE,
)

_ENDS_HOST = re.compile(rf"\.(?:{_SURE}(?![\w-]|\.\w)|{_WORDS}/\w|(?P<deep>social\b))")
_HOST_BACK = re.compile(r"(?:[\w-]+\.)*[\w-]+(?![\w@.])")
_DEEP_HOST_BACK = re.compile(r"(?:[\w-]+\.)+[\w-]+(?![\w@.])")
"""What stands before the end of a host name, read from there: read from where it begins it takes n² steps, for it may
begin behind each of n hyphens."""

_PLACES = any_of(
    *"home work school uni college office night noon midnight the a an my this that church lunch dinner".split()
)
_HANDLE = re.compile(rf"(?<![\w.@/])@(?!{_PLACES}\b)[a-z_][\w.]{{2,}}")
_MAIL = re.compile(
    rf"""
      (?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{{2,}}
    | (?<![\w.+-])[\w.+-]{{2,}}\s?@\s?[\w-]+(?:(?:\s?\.|\s\.\s)[a-z]{{2,}}|\.\s{_SURE}\b)
    """,
    re.VERBOSE,
)
"""Behind a full stop with a space only some ends are taken for one: "see you @ home. then we eat"."""


SERVICE = any_of(*(
    "telegram telegramm телеграм телега тг tg whatsapp whatsap watsapp wapp вотсап ватсап viber вайбер"
    " insta instagram инста snapchat wechat weixin 微信 微信号 加微信 加微 薇信 v信 kik discord skype tiktok qq"
    " 电报 飞机 onlyfans kakao kakaotalk zalo واتساب تلغرام تيليجرام"
).split())  # fmt: skip
LOOSE_SERVICE = any_of(*"snap signal line ig wa vk fb vx wx tele whats".split())
"""Services that are words, or nothing without what follows: there a name has to look like one."""
_BARE_SERVICE = tuple(map(fold, ("微信", "加微", "薇信", "vx", "qq", "电报")))
"""Behind these any name of five letters is one. `leads_out` asks for each."""
_NAME = r"@?[a-z0-9_][\w.-]{3,}"
_ODD_NAME = r"(?=[\w.-]*[a-z])(?=[\w.-]*[\d_])@?[\w.-]{4,}"
_PLAIN_NAME = r"(?=[a-z][a-z.-]*\d)[a-z][\w.-]{3,}"
"""Letters with digits behind them: "annie99", and neither "2night" nor "b4"."""
_BEGINS = r"(?:(?<![^\W_])|(?=[\u4e00-\u9fff]))"
"""Where a word begins: in Chinese anywhere, as in 我的微信."""
_ELSEWHERE = re.compile(
    rf"""
      {_BEGINS}{SERVICE}\s*(?:id|name|user|username|me|号|號|is)?\s*[:=>～~-]+\s*{_NAME}
    | {_BEGINS}{SERVICE}\s*(?:id|name|user|username|me|号|號|is|my|@)?\s*{_ODD_NAME}
    | {_BEGINS}{LOOSE_SERVICE}\s*(?:id|name|user)?\s*[:=@]+\s*{_ODD_NAME}
    | {_BEGINS}(?:ig|snap|wx)(?:\s+(?:id|name|user|is|me|my))*\s+{_PLAIN_NAME}
    | {_BEGINS}{LOOSE_SERVICE}\s+(?:id|name|user)(?:\s+is)?\s+{_PLAIN_NAME}
    | {_BEGINS}discord\s*(?:id|name|user|tag|is|my)?\s*:?\s*[a-z0-9][\w.]+\#\d{{4}}\b
    | {_BEGINS}{any_of(*_BARE_SERVICE)}[号號]?\s*[::]?\s*[a-z0-9_-]{{5,}}
    """,
    re.VERBOSE,
)

_FEW_SPACES = " " * 4
"""One more than may stand within a phone number: no pattern tells these from more, and some take n² steps for n."""
_MANY_SPACES = _FEW_SPACES + " "
_RUN_OF_SPACES = re.compile(r"\s{5,}")

_SPELT_POINT = f" {fold('точка')} "
_FAR = bytes({word.strip().encode()[0] for word in (_SPELT_POINT, *_BARE_SERVICE) if not word.isascii()})
"""With these bytes of UTF-8 the words of other scripts begin that are looked for by themselves."""
_BLANKED = bytes(
    0x20
    if (code > 127 and code not in _FAR)
    or (code < 128 and (chr(code).isalpha() or chr(code).isspace()))
    or chr(code) in ",!?;'\"&$%#+|^`"
    else code
    for code in range(256)
)
"""Leaves what is odd: most talk is made of the rest, and no way out can be but by some words that are looked for."""
_AROUND_A_WORD = re.compile(r"[\[({<*][.@]?[\])}>*]")
"""Brackets in what is odd that may have had a word for a dot or an at sign in them, or the sign itself."""
_SPACED_HOST = re.compile(rf" {_SPACED_END}")
_COLONS = re.compile(r"[:=@]")
_COLON_NAME = re.compile(rf"[:=@]\s*{_ODD_NAME}")
"""What stands behind a loose service."""
_NAMED = re.compile(r"[\d_:=@>~-]")
"""A name on a service stands behind one of these, or has one in it."""
_DIGITS_MIN = 7
_DIGIT = re.compile(r"\d")
_BESIDE_NUMBERS = ".:-()[]{}<*"
_OF_NUMBERS = "0123456789" + _BESIDE_NUMBERS
_HOST_END = re.compile(rf"\.(?=[^\W\d])(?:{_SURE}(?![\w-]|\.\w)|{_WORDS}/\w|(?:me|gg|ly|gl|ee|gd|social)\b)")
"""Every host name has it. A pattern that begins with one character is ten times as fast: that is sought in C."""
_DOTTED_DIGITS = re.compile(r"\.\d{1,3}\.\d")
_LONE_COLON = re.compile(r":(?<!\d:)(?![()])")
"""A colon that stands in no time of day and no smile."""
_SHAPES = bytes(0x30 if chr(code) in "0123456789" else 0x61 if code > 127 or chr(code).isalpha() else 0x20
                for code in range(256))  # fmt: skip
"""To tell by bytes what stands next to what, as in the names that people have on services: letters "a", digits "0"."""
_BESIDE_LETTER = re.compile("0(?:(?<=a0)|(?=a))")
"""A digit beside a letter, in such shapes."""
_STEM = re.compile(
    "t(?:elegram|g|iktok)|w(?:hatsa|atsa|app|echat|eixin)|insta|k(?:ik|akao)|v(?:iber|x)|s(?:kype|napchat)|discord|qq"
    "|onlyfans|zalo"
)
"""Something of the name of every service that is written in ASCII, but for the loose ones. Branches by first letters
take three fifths of the time of one test after the other."""
_LOOSE_STEM = re.compile(rf"\b{LOOSE_SERVICE}\s")
_OTHER_STEMS = tuple(map(fold, (
    "теле", "тг", "атсап", "отсап", "вайбер", "инста", "微", "薇", "v信", "电报", "飞机", "اتساب", "لغرام", "ليجرام",
)))  # fmt: skip


def leads_out(plain: str) -> str | None:
    """Return "link" or "contact" if a folded text leads out of the room in that way, else None.

    What a way out has to have is looked for first, so that most talk costs half a microsecond.
    """
    if "\n" in plain or "\t" in plain:
        plain = plain.replace("\n", " ").replace("\t", " ")
    raw = plain.encode()
    rest = raw.translate(_BLANKED)
    # One test after the other: any() over a table of these words takes twice as long as all the rest.
    is_spelt = " dot " in plain or " punkt " in plain or ("nto " in plain and _is_spelt_in_romance(plain))
    is_named = ("q" in plain and "qq" in plain) or ("x" in plain and ("vx" in plain or "hxxp" in plain))
    if rest.isspace() and not is_spelt and not is_named:
        return None
    if _MANY_SPACES in plain:
        plain = _RUN_OF_SPACES.sub(_FEW_SPACES, plain)
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
            return "link" if is_named and _is_link(plain) else None
        if not is_named and _is_harmless(plain, odd, raw):
            return None
    if is_spelt or _is_in_brackets(plain, odd) or _SPACED_HOST.search(plain):
        way_out = _in_disguise(plain)
        if way_out is not None:
            return way_out
    return _in_the_open(plain, odd)


def has_mail(plain: str) -> bool:
    """Tell whether there is a mail address in a folded text, in the open or in disguise."""
    plain = _RUN_OF_SPACES.sub(_FEW_SPACES, plain)
    return _MAIL.search(plain) is not None or _in_disguise(plain) == "contact"


def _is_spelt_in_romance(plain: str) -> bool:
    return " punto " in plain or " ponto " in plain


def _is_harmless(plain: str, odd: str, raw: bytes) -> bool:
    """Tell whether what is odd are full stops that end no host's name, numbers, brackets and smiles that lead nowhere.

    Nearly half of the bench's texts come here, three of four that people wrote, and few go on to the patterns, which
    take 10 to 50 µs.
    """
    if not odd.strip("."):
        return not _has_host(plain, odd)
    return _is_one_number(plain, odd) or (
        not odd.strip(_OF_NUMBERS)
        and not ("." in odd and _has_host(plain, odd))
        and not _is_in_brackets(plain, odd)
        and not (len(odd) >= _DIGITS_MIN and SEVEN_DIGITS.search(plain))
        and not (_may_be_name(plain, odd, raw) and _names_a_service(plain, odd))
    )


def _is_one_number(plain: str, odd: str) -> bool:
    """Tell whether all that is odd is one short number, a time, a price, in one place beside no letter."""
    if len(odd) > 5 or odd.strip("0123456789.:") or odd[0] in ".:":
        return False
    at = plain.find(odd)
    end = at + len(odd)
    return at >= 0 and plain[end : end + 1] in " ,!?" and plain[at - 1 : at] in " "


def _may_be_name(plain: str, odd: str, raw: bytes) -> bool:
    """Tell whether there may be a name on a service: behind a hyphen or a colon, or with a digit in it or behind it."""
    if "-" in odd or "#" in plain or (":" in odd and _LONE_COLON.search(plain)):
        return True
    if not odd.strip(_BESIDE_NUMBERS):
        return False
    shape = (raw.replace(b".", b"") if "." in odd else raw).translate(_SHAPES).decode()
    return _BESIDE_LETTER.search(shape) is not None


def _is_in_brackets(plain: str, odd: str) -> bool:
    """Tell whether a dot or an at sign is put in brackets."""
    return _AROUND_A_WORD.search(odd) is not None and _IN_BRACKETS.search(plain) is not None


def _has_host(plain: str, odd: str) -> bool:
    return (
        _HOST_END.search(plain) is not None
        or "www" in plain
        or (" ." in plain and _SPACED_HOST.search(plain) is not None)
        or (odd.count(".") > 2 and _DOTTED_DIGITS.search(plain) is not None)
    )


def _in_disguise(plain: str) -> str | None:
    """Look for links and mail addresses with their dots and signs put otherwise."""
    dotted = _SPACED_DOT.sub(".", _DOT.sub(".", plain))
    for text in (dotted, _SPELT_DOT.sub(".", dotted)):
        with_at = _AT.sub("@", text)
        if "@" in with_at and _MAIL.search(with_at):
            return "contact"
        if text != plain and _is_link(text):
            return "link"
    return None


def _in_the_open(plain: str, odd: str) -> str | None:
    if "@" in odd and _MAIL.search(plain):
        return "contact"
    if _may_link(plain, odd) and _is_link(plain):
        return "link"
    if (
        ("@" in odd and _HANDLE.search(plain))
        or (_NAMED.search(odd) and _names_a_service(plain, odd) and _ELSEWHERE.search(plain))
        or (len(_DIGIT.findall(odd)) >= _DIGITS_MIN and has_phone(plain))
    ):
        return "contact"
    return None


def _is_link(text: str) -> bool:
    if _LINK.search(text):
        return True
    back = ""
    for end in _ENDS_HOST.finditer(text):
        back = back or text[::-1]
        if (_DEEP_HOST_BACK if end["deep"] else _HOST_BACK).match(back, len(text) - end.start()):
            return True
    return False


def _names_a_service(plain: str, odd: str) -> bool:
    return (
        _STEM.search(plain) is not None
        or (_DIGIT.search(odd) is not None and _LOOSE_STEM.search(plain) is not None)
        or (not plain.isascii() and any(map(plain.__contains__, _OTHER_STEMS)))
        or (_COLONS.search(odd) is not None and _COLON_NAME.search(plain) is not None)
    )


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
