"""The phrase book of the scripted people: what strangers near each other may say, and what answers it.

Pure text and a choice by chance. Never knows who speaks or where. Each conversation is an opening with the lines
that may follow it, and those that may follow them, so that a room of people who only look things up in here
reads as if they were listening to each other.
"""

import random
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Line:
    """Something to say and what may be said next."""

    text: str
    then: tuple["Line", ...] = field(default=())


def _l(text: str, *then: Line | str) -> Line:
    return Line(text, tuple(Line(each) if isinstance(each, str) else each for each in then))


CONVERSATIONS = (
    _l(
        "Anyone know a decent coffee place round here?",
        _l(
            "The small one on the corner, the chairs are bad but the coffee is not.",
            "Bad chairs are how they get you to leave. Thanks!",
            "I know the one. The person at the till remembers everybody.",
        ),
        _l("Depends. To sit or to carry?", "To sit. It is warm where I am and I want it to stay so.", "To carry."),
        "I gave up and bought a flask. Best decision of the year.",
    ),
    _l(
        "What is that noise, does anybody else hear it?",
        _l("They are digging up the road again.", "Third time since spring. They must have lost something."),
        _l("What kind of noise?", "A hum. Then nothing. Then a hum.", "Like a lorry that cannot make up its mind."),
        "I thought it was my fridge, so thank you for that.",
    ),
    _l(
        "The sky just turned orange, look up if you can.",
        _l("Looking. Wow.", "Told you.", "It will be gone in five minutes, it always is."),
        _l("All I see is a wall.", "A nice wall?", "Then we shall describe it to you. It is orange."),
        "That means rain tomorrow, my grandmother would have said.",
    ),
    _l(
        "Is the train running again?",
        _l("Every twenty minutes or so, and packed.", "Better than walking. Thanks.", "I shall walk then."),
        _l("The board says yes, the platform says no.", "The platform is usually right."),
        "Take the bus, it stops behind the market.",
    ),
    _l(
        "What is everybody doing up here at this hour?",
        _l("Waiting for the washing to finish.", "The most honest thing I have read all day.", "How long to go?"),
        _l("Working, supposedly.", "We will not tell.", "Same. Mostly looking out of the window."),
        "Could not sleep, so I came to see who else could not.",
    ),
    _l(
        "Found a single glove, left hand, green. Anybody?",
        _l("Where about?", "On the wall by the playground. I left it there, palm up.", "By the bus stop."),
        "There is always one. Somewhere there is a city of the other ones.",
        "Not mine, but good of you to ask.",
    ),
    _l(
        "Good place to eat for one person with a book?",
        _l("The noodle place. Nobody looks at you twice.", "Sold.", "And they have proper light. Good tip."),
        _l("What book?", "A very long one about whales.", "A mystery. Do not say anything."),
        "The bench by the water, with something from the bakery.",
    ),
    _l(
        "There is somebody playing the trumpet in the park and they are getting better.",
        _l("I heard them last week! They were not good last week.", "Practice, who would have thought."),
        "Which end of the park?",
        "My neighbour used to. We miss it, in a way.",
    ),
    _l(
        "Tell me one good thing about today.",
        _l("I caught the bus I should have missed.", "That counts double.", "A good driver, then."),
        _l("The bread was still warm.", "Now I need bread.", "From where? Asking for a friend."),
        "A dog chose to sit on my foot.",
        "Nobody called me.",
    ),
    _l(
        "Moved here a month ago. What should I know?",
        _l(
            "Never on a Saturday. Whatever it is.", "Noted. All of it on Sundays then.", "True of the market above all."
        ),
        _l("The short way is through the arcade.", "I have walked around that block for a month."),
        "The library has a roof. Ask at the desk.",
        "Welcome! It takes about a year and then you complain with us.",
    ),
    _l(
        "Does somebody have a bicycle pump?",
        _l("There is one chained to the rack by the station, free.", "You have saved my evening.", "Since when?"),
        "I have one but I am across the river by now.",
        "The shop next to the pharmacy lends theirs.",
    ),
    _l(
        "It smells of rain.",
        _l("It smells of fries where I am.", "I would trade.", "Rain and fries. A whole evening."),
        "Ten minutes, then. I am taking the sheets in.",
        "Finally. The trees look thirsty.",
    ),
    _l(
        "If this room were a real room, what would be in it?",
        _l("A kettle, to begin with.", "And seven cups that do not match.", "Seconded."),
        _l("A window, open a little.", "And somebody who asks to close it.", "It would be me."),
        "Too many coats on one hook.",
    ),
    _l(
        "Queue at the post office: eleven people, one window.",
        _l("Courage.", "Nine now. I have made a friend.", "I brought a sandwich."),
        "Thanks, I was about to go there. Now I am not.",
        "There is a machine round the back that nobody uses.",
    ),
)

GREETINGS = (
    "Hello everybody.",
    "Hi all, new here.",
    "Evening!",
    "Hello neighbours.",
    "Oh, there are people here. Hi!",
    "Hey. Is this the quiet room or the other one?",
    "Hello from round the corner.",
)

FAREWELLS = (
    "Got to go, this was nice.",
    "Off I go. Take care all.",
    "My stop. Bye!",
    "Bye everybody, good luck with the glove.",
    "Dinner calls. See you around.",
    "That is my battery. Bye!",
)

_THEN: dict[str, tuple[str, ...]] = {}


def _file(line: Line) -> None:
    if line.then:
        _THEN[line.text] = tuple(each.text for each in line.then)
    for each in line.then:
        _file(each)


for _conversation in CONVERSATIONS:
    _file(_conversation)


def greeting(rng: random.Random) -> str:
    """Return what somebody says who has just come in."""
    return rng.choice(GREETINGS)


def farewell(rng: random.Random) -> str:
    """Return what somebody says who is about to go."""
    return rng.choice(FAREWELLS)


def reply_to(heard: str | None, rng: random.Random) -> str:
    """Return a line that may follow what was heard last; the opening of another conversation if none does."""
    then = _THEN.get(heard or "")
    return rng.choice(then) if then else rng.choice(CONVERSATIONS).text


def every_text() -> set[str]:
    """Return everything anybody may ever say."""
    openings = {conversation.text for conversation in CONVERSATIONS}
    return openings.union(GREETINGS, FAREWELLS, *_THEN.values())
