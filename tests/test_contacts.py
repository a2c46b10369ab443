"""What leads out of a room, in the disguises that adverts wear, and the ordinary talk that must be let through."""

import random
import re
import time

import pytest

from server.safety import contacts
from server.safety.folding import fold
from server.safety.phones import has_phone

LINKS = [
    "http://example.com",
    "see https://example.org/a?b=c",
    "HTTPS://EXAMPLE.COM",
    "hxxp://evil.example/x",
    "hxxps evil",
    "www.example.de",
    "www . example . com",
    "go to example.com now",
    "example.co.uk has it",
    "my-page.xyz",
    "example(dot)com",
    "example [dot] com",
    "example dot com",
    "example . com",
    "example (.) com",
    "exämple.com",
    "ｅｘａｍｐｌｅ．ｃｏｍ",
    "exa\u200bmple.c\u200bom",
    "ехаmрlе.соm",
    "example。com",
    "пример.рф",
    "заходи на сайт пример точка ру example.ru",
    "t.me/somebody",
    "join t.me/+abc",
    "wa.me/123456789",
    "discord.gg/abc",
    "bit.ly/xyz",
    "youtu.be/abc",
    "twitch.tv/somebody",
    "linktr.ee/me",
    "ftp://files.example",
    "http:// example.com",
    "visit example.com.",
    "(example.net)",
    "EXAMPLE DOT COM",
    "mira ejemplo punto com",
    "例子.cn 快来",
    "10.0.0.1:8080",
    "192.168.1.1/admin",
    "example.shop!",
    "cheap.pills.top",
    "www.page.xxx",
    "page.by/offer",
    "example . net",
    "(really) example <dot> com",
    "example\n.com",
    "example\rdot\rcom",
    "evil.xn--p1ai",
    "xn--e1afmkfd.xn--p1ai",
    "example dot\tcom",
]

CONTACTS = [
    "write me: ann@example.com",
    "ann (at) example.com",
    "ann[at]example[dot]com",
    "ann at example dot com is not one, ann@example dot com is",
    "ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏｍ",
    "follow @somebody_99",
    "@somebody on there",
    "telegram: somebody",
    "Telegram - @somebody",
    "tg: some_body",
    "add me on telegram somebody99",
    "whatsapp +44 7911 123456",
    "snap: some_body1",
    "insta: somebody",
    "IG: some.body_22",
    "телеграм: somebody",
    "телега @somebody",
    "微信：abc12345",
    "加微信 abc12345",
    "加微abc12345",
    "vx:abc12345",
    "qq 123456789",
    "line: abc_1234",
    "call +1 (555) 123-4567",
    "+447911123456",
    "0044 7911 123456",
    "07911 123456 is mine",
    "0 7 9 1 1 1 2 3 4 5 6",
    "555-123-4567",
    "(555) 123 4567",
    "5551234567",
    "079.123.45.67",
    "06 12 34 56 78",
    "call me 555-1234",
    "text 555 1234",
    "٠٧٩١١١٢٣٤٥٦",
    "۰۹۱۲۳۴۵۶۷۸۹",
    "०९८७६५४३२१०",
    "０７９１１１２３４５６",
    "07-9\u200b11-12\u200b34-56",
    "mein handy 0171 2345678",
    "llámame al 612 345 678",
    "звони 8 912 345 67 89",
    "电话 138 0013 8000",
    "رقم ٠٥٥١٢٣٤٥٦٧",
    "0791 / 234 56 78",
    "+49-171-2345678",
    "skype: some.body",
    "kik somebody_1",
    "discord: somebody#1234",
    "we met there. telegram ann.55 is me",
    "instagram 7.30ann",
    "vxann55",
    "我加微信 annie88",
    "加我微信：annie_88",
    "我的微信号annie88",
    "my ig is annie99",
    "snap annie99",
    "line id annie88",
    "signal name is annie.88",
    "discord annie#1234",
    "on discord: annie.b#0042",
    "whats: ann_55",
]

ORDINARY = [
    "see you at 7.30",
    "at 7:30 pm",
    "between 10:00 and 12:30, or 14:00",
    "v1.2",
    "version 1.2.3 is out",
    "Python 3.11.4",
    "e.g. tea",
    "i.e. now",
    "a.m. or p.m.?",
    "U.S.A.",
    "it costs 3.50",
    "that is 1,000,000 people",
    "1.000.000 euros",
    "12 000 000",
    "$1,299.99",
    "I'm 25",
    "25 m from here",
    "26.11.2026",
    "2026-11-26",
    "11/26/2026 at 19:30",
    "26.11.2026 19:30",
    "1914-1918",
    "in 2019, 2020, 2021 and 2022",
    "40.7128, -74.0060",
    "40.7128 -74.0060",
    "52.5200° N, 13.4050° E",
    "it is -3.5 degrees",
    "3-2, 1-0 and 2-2",
    "2-1 1-0 0-0 3-3 1-2",
    "100% sure",
    "1 2 3 4 5 6 7 8 9 10",
    "10 9 8 7 6 5 4 3 2 1 0",
    "room 101",
    "bus 42 at 18.05",
    "flat 3/12",
    "and/or",
    "he/she",
    "km/h",
    "24/7",
    "9/11",
    "I am done.so what",
    "yes.it was",
    "hello.how are you",
    "well...maybe",
    "wait.what",
    "ok.me too",
    "no.no.no",
    "Mr.Smith",
    "St.Pauli",
    "z.B. Tee",
    "Das war's.Und du?",
    "¿qué tal?todo bien",
    "aquí.es bonito",
    "c'est ça.on y va",
    "Добрый день.Как дела",
    "и т.д. и т.п.",
    "т.е. да",
    "你好。今天怎么样",
    "今天是2026年11月26日",
    "下午3点半见",
    "我25岁",
    "شكرا. كيف حالك",
    "أنا ٢٥ سنة",
    "الساعة ٧:٣٠",
    "नमस्ते। कैसे हो",
    "meet @ 7",
    "@home today",
    "I am @ the park",
    "nice :)",
    "a:b",
    "note: bring tea",
    "line: everyone waits",
    "what a signal: clear",
    "the line is long",
    "I saw it on insta",
    "nobody uses telegram here",
    "telegram is slow today",
    "do you have whatsapp?",
    "oh snap that hurt",
    "on telegram 2 days ago",
    "chat with me",
    "let us chat here: it is quiet",
    "discord among friends",
    "population 8000000000",
    "8000000",
    "π is 3.14159265358979",
    "1/2 cup",
    "10-15 minutes",
    "page 100-120",
    "5 x 5 = 25",
    "rated 4.5/5",
    "ISBN no",
    "3.5 km",
    "1.80 m tall",
    "10:30-11:45, 12:15-13:00",
    "Mon-Fri 9-17",
    "16 oz",
    "iPhone 15",
    "Windows 11",
    "A380",
    "B2B",
    "100.000 Euro",
    "7.30h",
    "19h30",
    "the year 2000.great times",
    "que sera.sera",
    "the dot is small",
    "a red dot on it",
    "it is at home",
    "look at (at last) this",
    "one. two. three.",
    "I think so. To be fair",
    "It is hot. De nada",
    "Is it a film? net weight",
    "100,5",
    "12'345'678",
    "zip 90210",
    "it rained. we were 12, at 10:45",
    "around 10:45. it cost 3.50",
    "telegram 7.30, he said. ann knows",
    "90210-1234",
    "take care, see you soon.xxx",
    "happy news.By the way, I passed",
    "whats 2nite like?",
    "do you have whatsapp7?",
    "is there .NET on this box?",
    "*really* (so they say) <grins>",
    "hmm . . . let us see . ok",
    "oh no..... 1.5 hours... :( ",
    "Ann: only what I said: nothing",
    "oh snap 2night it is",
    "the line 7b is late",
    "we won #1234 of the draw",
    "I wa there at 10am",
    "微信里的群太多了",
]


ALL = LINKS + CONTACTS + ORDINARY


def leads_out(text: str) -> str | None:
    return contacts.leads_out(fold(text))


@pytest.mark.parametrize("text", LINKS)
def test_links_are_known_in_their_disguises(text: str) -> None:
    assert leads_out(text) == "link"


@pytest.mark.parametrize("text", CONTACTS)
def test_contacts_are_known_in_their_disguises(text: str) -> None:
    assert leads_out(text) == "contact"


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_talk_is_let_through(text: str) -> None:
    assert leads_out(text) is None


HOST = re.compile(
    rf"""(?<![\w@.])(?:(?:[\w-]+\.)+(?:{contacts._SURE}(?![\w-]|\.\w)|{contacts._WORDS}/\w)|(?:[\w-]+\.){{2,}}social\b)"""
)
"""A host name read from where it begins."""


def is_link(text: str) -> bool:
    return contacts._LINK.search(text) is not None or HOST.search(text) is not None


def leads_out_in_full(plain: str) -> bool:
    """Tell what the patterns themselves say, with nothing looked for first."""
    dotted = contacts._SPACED_DOT.sub(".", contacts._DOT.sub(".", plain))
    in_disguise = (dotted, contacts._SPELT_DOT.sub(".", dotted))
    return (
        any(is_link(text) or contacts._MAIL.search(contacts._AT.sub("@", text)) for text in in_disguise)
        or any(search(plain) for search in (is_link, contacts._MAIL.search, contacts._HANDLE.search))
        or contacts._ELSEWHERE.search(plain) is not None
        or has_phone(plain)
    )


def changed(text: str, rng: random.Random) -> str:
    chars = list(text)
    for _ in range(rng.randint(0, 4)):
        at = rng.randrange(len(chars) + 1)
        chars[at : at + rng.randrange(2)] = rng.choice(
            (
                *" .:@()[]<>{}*-_/0123456789,!?'~=+éяб\\#…\r",
                " " * 9,
                " dot ",
                "\rdot\r",
                "(at)",
                "[dot]",
                "www.",
                " . ",
                "me",
                "com",
                "",
            )
        )
    return "".join(chars)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_looked_for_first_changes_nothing(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(1500):
        plain = fold(changed(rng.choice(ORDINARY), rng) + rng.choice((" ", "", ". ")) + changed(rng.choice(ALL), rng))
        assert (contacts.leads_out(plain) is not None) == leads_out_in_full(plain), plain


LONG = (
    *(("@ ", "a", " dot "), ("@ ", "㌖", " dot "), ("", "a", "@"), ("a@", "a-.", ""), ("", "@", ""), ("", "a1_", "")),
    *(("www. ", "-", ""), ("www. ", "a-.", ".com"), ("", "a-", ".com"), ("www ", "a.co/", ""), ("1 : a1 tg ", " ", "")),
    *(
        ("qq ", " ", "@"),
        ("(", " ", "dot)"),
        ("", " ", " . me/"),
        ("call ", "1", ""),
        ("+", "1 ", ""),
        ("call 1", "0", "1"),
    ),
)


@pytest.mark.parametrize(("begins", "unit", "ends"), LONG)
def test_a_text_twenty_times_as_long_as_one_may_be_is_looked_at_at_once(begins: str, unit: str, ends: str) -> None:
    plain = fold(begins + unit * (20_000 // len(unit)) + ends)
    began = time.process_time()
    contacts.leads_out(plain)
    # 4 to 30 s where a pattern begins anew at each of its characters, else a few ms.
    assert time.process_time() - began < 2
