"""What people of a scenario say: short lines, so that the same from many mouths is no junk to a server.

A server holds a longer text that goes to many rooms (24 characters, docs/PROTOCOL.md); a scenario is to measure how
people and junk fare, so honest people never say one. Pure: chance comes in.
"""

import random
from collections.abc import Sequence

SHORT_MAX_CHARS = 23

GREETINGS = (
    "Hello!", "Hi all.", "Good evening.", "Hey, who is here?", "Hi, new here.", "Evening, everybody.", "Hello there.",
)  # fmt: skip
QUESTIONS = (
    "Any good coffee near?", "Who knows this place?", "Is it busy over there?", "Anybody walking home?",
    "Is the last train gone?", "What is on tonight?", "Who is out tonight?", "Did you hear that?",
    "Is it raining by you?", "Where is it quiet?", "Who lives here?", "Anybody hungry?", "Is the bar open?",
    "How long is the queue?", "Where do you sit?", "Which way to the river?",
)  # fmt: skip
ANSWERS = (
    "I think so.", "Not that I know.", "Yes, just around.", "No idea, sorry.", "Same here.", "By the bridge.",
    "Ask at the corner.", "Just now, yes.", "Not yet.", "Half an hour or so.", "Sounds good.", "Me too.",
    "Ha, true.", "Depends.", "That is what I heard.", "Try the next street.", "Only on Fridays.",
)  # fmt: skip
REMARKS = (
    "Lovely evening.", "It got cold.", "My feet hurt.", "That was loud.", "Nice crowd here.", "I missed my bus.",
    "The lights look good.", "Best soup in town.", "Long day.", "First time here.", "I could stay all night.",
    "What a sky.", "Somebody sings outside.", "The tram is late.",
)  # fmt: skip
IN_BOTTLES = ("Whoever finds this: hello.", "A wave from across town.", "Who else is awake?", "Tell me one good thing.")
IN_ANSWERS = ("A wave back.", "I am awake, too.", "It found me.", "One good thing: this.")


def line(topics: Sequence[str], rng: random.Random) -> str:
    """Return something to begin with: a question or a remark, on a topic of one's own if there is one."""
    if topics and rng.random() < 0.3:
        about = f"Anybody into {rng.choice(topics)}?"
        if len(about) <= SHORT_MAX_CHARS:
            return about
    return rng.choice(QUESTIONS if rng.random() < 0.5 else REMARKS)


def reply(heard: str, rng: random.Random) -> str:
    """Return something that may follow what was heard."""
    if heard.endswith("?"):
        return rng.choice(ANSWERS)
    return rng.choice(QUESTIONS if rng.random() < 0.3 else ANSWERS)
