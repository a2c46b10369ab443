"""Talk of people who mean nothing but to talk, made from a grammar: what honest messages are for measuring checks.

The same seed makes the same talk. More than half are the short lines that most of chat is made of, said again and again
by everybody; most of the rest are sentences nobody has said before; some are what many say word for word. There are
times, prices, dates and abbreviations among them, which an unkind check would take for something else.
"""

import random
from collections.abc import Callable

SHORT = 0.55
COMMON = 0.002
"""Shares of short lines, and among the others of what everybody says word for word: a guess, one in 1,000 of all."""

_SHORT = (
    "hi", "hello all", "hey", "evening!", "good morning", "lol", "haha yes", "no way", "really?", "same here", "me too",
    "not sure", "where?", "when?", "how much?", "ok", "thanks!", "thank you so much", "you are welcome", "nice :)",
    "see you at 7.30", "bye all", "good night", "gotta go", "brb", "who is here?", "anyone around?", "where from?",
    "from next door", "I am 25", "that is funny", "I agree", "I doubt it", "of course", "maybe later", "why not",
    "how are you?", "fine, and you?", "tired", "so hot today", "it rains again", "cheers", "what a day", "never mind",
)  # fmt: skip
COMMONPLACES = (
    "Hello everybody, how are you all tonight?", "Does anyone know a good place to eat around here?",
    "Good morning everyone, have a nice day!", "Is anybody here from around the station?",
    "I have to go now, see you all later!", "What is everybody doing this weekend?",
    "Nice to meet you all, good night!", "Does anybody know if the trains are running?",
    "It is so quiet in here, is anybody awake?", "Happy birthday to you, all the best!",
    "Why is it so loud outside tonight?", "I am new here, how does this work?",
)  # fmt: skip
_WHO = (
    "my sister", "the neighbour upstairs", "a man in a green coat", "our landlord", "my flatmate", "the baker", "a kid",
    "my boss", "an old friend", "the lady from the kiosk", "my dog", "a tourist", "the driver", "my grandmother",
    "somebody from work", "the caretaker", "two policemen", "a cyclist", "my cousin Lea", "the plumber", "our teacher",
    "that waiter", "a fellow student", "my ex", "the whole choir", "a busker", "the vet", "my uncle", "the new guy",
)  # fmt: skip
_DID = (
    "forgot the keys", "painted the door blue", "sold me a broken lamp", "played the trumpet", "lost a shoe",
    "laughed at me", "fed the pigeons", "missed the ferry", "cooked far too much soup", "fell asleep on the tram",
    "asked for directions", "found a wallet", "burned the rice", "won at cards", "sang all night",
    "left without paying", "repaired my bike", "told me a long story", "dropped the cake", "bought three umbrellas",
    "waited for an hour", "got stuck in the lift", "called in sick", "moved the piano", "adopted a cat", "quit smoking",
    "learned to swim", "ran into a lamp post",
)  # fmt: skip
_WHERE = (
    "by the river", "behind the library", "at the corner shop", "in the old tunnel", "near platform 3", "on the roof",
    "at the swimming pool", "next to the town hall", "in bus 42", "under the bridge", "at the flea market",
    "on our street", "in the hospital café", "by the playground", "at the museum", "in the stairwell",
    "outside the cinema", "on the hill", "at the gym", "near the lighthouse", "in the park", "at the crossing",
    "by the fountain", "in the laundromat",
)  # fmt: skip
_WHEN = (
    "yesterday", "this morning", "at 7.30", "around 10:45", "last Tuesday", "on 26.11.", "just now", "after lunch",
    "in the middle of the night", "an hour ago", "before the rain", "while I was shaving", "at half past six",
    "in 2019", "twice this week", "right after the match", "when the lights went out", "on my way home",
    "during the break",
)  # fmt: skip
_THING = (
    "coffee", "a decent falafel", "second-hand books", "a bicycle pump", "good bread", "a quiet bench", "cheap tiles",
    "a haircut for under 15 euros", "a locksmith", "warm gloves", "fresh mint", "a piano teacher", "spare keys", "tea",
    "a room to rent", "strawberries", "a dentist", "a tent", "old records", "a phone charger", "stamps",
    "a birthday cake",
)  # fmt: skip
_THINK = (
    "I think", "I bet", "nobody told me that", "apparently", "you know what,", "it turns out", "rumour has it that",
    "believe it or not,", "I swear", "funny enough,", "as far as I know", "they say", "honestly,", "no joke,", "e.g.",
)  # fmt: skip
_THEN = (
    "and I still do not know why", "which made my day", "so now I am hungry", "but do not tell anyone", "it cost 3.50",
    "I had to laugh", "what would you do?", "has that happened to you?", "the police came, too", "and then it snowed",
    "I will never go there again", "best thing in weeks", "so we all stood there", "and nobody said a word", "typical",
    "I should have taken a photo", "that was version 1.2 of my plan", "my feet are soaked", "and it is only Monday",
    "I am not even angry", "so I turned round", "we were 12 people in the end", "guess who paid",
    "until 2 in the night",
)  # fmt: skip


def sentence(rng: random.Random) -> str:
    """Return something honest to say."""
    if rng.random() < SHORT:
        return rng.choice(_SHORT)
    if rng.random() < COMMON:
        # Like words, such sentences are not equally common: the first is said most.
        return COMMONPLACES[min(int(rng.paretovariate(0.7)) - 1, len(COMMONPLACES) - 1)]
    text = rng.choice(_FORMS)(rng)
    return text[:1].upper() + text[1:] if rng.random() < 0.7 else text


_STARTS = "Bar Lin Tor Wes Kal Mun Ost Fen Har Pel Sil Ven Gra Dol Ram Nor Lau Tes Quin Mar Hol Bre Ald Zim".split()
_MIDDLES = "a e i o u en er is ol an".split()
_ENDS = "dorf ton ham berg feld witz ford mont sund holm stad wick ridge lund bach".split()
_MOODS = "really again finally almost nearly always never just even secretly twice suddenly slowly proudly".split()
_LOOKS = "old red empty crowded tiny famous ugly new broken lovely loud yellow dark second smelly wooden".split()


def _name(rng: random.Random) -> str:
    """Return a name of a street or of somebody: people near each other name what is near."""
    return rng.choice(_STARTS) + rng.choice(_MIDDLES) + rng.choice(_ENDS)


def _who(rng: random.Random) -> str:
    return rng.choice(_WHO) if rng.random() < 0.5 else f"{rng.choice(_LOOKS)} {_name(rng)}"


def _did(rng: random.Random) -> str:
    return f"{rng.choice(_MOODS)} {rng.choice(_DID)}" if rng.random() < 0.5 else rng.choice(_DID)


def _where(rng: random.Random) -> str:
    if rng.random() < 0.4:
        return rng.choice(_WHERE)
    return f"{rng.choice(('in', 'near', 'behind', 'off', 'on'))} the {rng.choice(_LOOKS)} {_name(rng)}"


def _story(rng: random.Random) -> str:
    return f"{_who(rng)} {_did(rng)} {_where(rng)} {rng.choice(_WHEN)}, {rng.choice(_THEN)}"


def _opinion(rng: random.Random) -> str:
    return f"{rng.choice(_THINK)} {_who(rng)} {_did(rng)} {rng.choice(_WHEN)}"


def _question(rng: random.Random) -> str:
    where, thing = _where(rng), rng.choice(_THING)
    return f"is there {thing} {where}, or {_where(rng)}? {rng.choice(_THEN)}"


def _answer(rng: random.Random) -> str:
    return f"{rng.choice(_THING)}? {_where(rng)}, {_who(rng)} {_did(rng)} there {rng.choice(_WHEN)}"


def _both(rng: random.Random) -> str:
    return f"{_opinion(rng)}. {rng.choice(_THEN)}, and {_who(rng)} {_did(rng)}"


_FORMS: tuple[Callable[[random.Random], str], ...] = (_story, _opinion, _question, _answer, _both)
