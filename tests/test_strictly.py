"""What a name, a topic and a bottle may not hold although talk may, and the sentences that they may hold."""

import time

import pytest

from server.codes import Refused
from server.safety.folding import fold
from server.safety.strictly import leads_out_strictly
from server.safety.words import clean_name
from tests.test_contacts import CONTACTS, LINKS, ORDINARY

LEAD_OUT = [
    "t . me / annie",
    "t. me/annie",
    "t.me / annie",
    "write t . me",
    "annie.bsky.social",
    "mastodon.social",
    "foo.io",
    "find me at foo.io please",
    "foo . io",
    "foo dot io",
    "FOO.IO",
    "ｆｏｏ．ｉｏ",
    "annie.co",
    "annie.de",
    "sub.annie.io",
    "it is all on annie.me",
    "twitch.tv",
    "bit . ly / abc",
]
NAME_SOMEBODY = [
    "a@b.co",
    "a @b.co",
    "ann @ b.co",
    "annie99 on insta",
    "annie99 insta",
    "annie_k (snap)",
    "Annie99 auf Instagram",
    "ann1e on my telegram",
    "find annie99 on ig",
    "annie on insta",
    "annie on telegram!",
]
PASS = [
    *ORDINARY,
    "see you at 5.30",
    "see you @ home. then we eat",
    "U.S.A.",
    "e.g. this",
    "i.e. at home",
    "Dr.No",
    "St.Art",
    "R.E.M.",
    "P.S. I miss the sea",
    "A.I. is not my thing",
    "no.so what",
    "Vive la France.De rien",
    "muchas gracias.es un placer",
    "Bonnie & Co.",
    "Bonnie and Co. at the bar",
    "version 2.0 is out",
    "Nr. 5 is alive",
    "I met her at 9. In the park. At last",
    "to be or not to be. that is it",
    "live on tiktok",
    "nobody on insta",
    "I was 12 and on my own",
    "bus 42 in line",
    "we stood 2 hours in line",
    "my 2nd time at the signal tower",
    "polka dot dress",
    "and/or me",
    "t-shirt me",
    "Ann 2",
    "Ann2",
    "Ann_2",
    "J.R.",
    "Anna-Lena v. B.",
]


def way_out(text: str) -> str | None:
    return leads_out_strictly(fold(text))


@pytest.mark.parametrize("text", [*LEAD_OUT, *LINKS])
def test_links_are_known_where_nobody_can_ask_back(text: str) -> None:
    assert way_out(text) == "link"


@pytest.mark.parametrize("text", [*NAME_SOMEBODY, *CONTACTS])
def test_names_on_other_services_are_known_where_nobody_can_ask_back(text: str) -> None:
    assert way_out(text) == "contact"


@pytest.mark.parametrize("unit", ["…", "a", "㌖"])
def test_a_long_text_is_looked_at_at_once(unit: str) -> None:
    plain = fold(unit * 10_000)
    began = time.process_time()
    assert leads_out_strictly(plain) is None
    # 1 to 30 s where a pattern begins anew at each of its characters, else a few ms.
    assert time.process_time() - began < 0.6


@pytest.mark.parametrize("text", PASS)
def test_ordinary_sentences_pass(text: str) -> None:
    assert way_out(text) is None


@pytest.mark.parametrize("name", ["annie99 on insta", "t . me / annie", "annie.bsky.social", "foo.io", "a@b.co"])
def test_nobody_is_called_so(name: str) -> None:
    with pytest.raises(Refused, match="A name may not hold"):
        clean_name(name)
