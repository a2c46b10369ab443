"""All that scripted people may ever say, gathered for tests."""

from client_demo import replies
from client_demo.phrases import CONVERSATIONS, FAREWELLS, GREETINGS


def every_text() -> set[str]:
    """Return everything anybody may ever say of their own accord."""
    lines = (line.text for scene in CONVERSATIONS for line in scene)
    return {*lines, *GREETINGS, *FAREWELLS}


def every_reply() -> set[str]:
    """Return everything anybody may say to somebody, their name still to be put in."""
    pools = [
        replies.WELCOMES,
        replies.SHORT_WELCOMES,
        replies.INVITATIONS,
        replies.GOODBYES,
        replies.MURMURS,
        replies.FOR_ADVICE,
        replies.FOR_AN_ANSWER,
        replies.ANY_QUESTION,
        replies.ANY_WORDS,
        replies.NOT_ENGLISH,
        *(lines for _, lines in replies._TOPICS),
    ]
    return {line for pool in pools for line in pool}
