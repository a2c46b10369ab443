"""The phrase book of the scripted people: what strangers near each other say among themselves.

Pure text and a choice by chance. Never knows who speaks or where; what is said to a person who types is in
replies.py. Each conversation is a short scene with parts, A who begins it, B and so on: whoever plays them, line by
line, reads as if they were listening to each other.
"""

import random
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Line:
    """What is said, and the part that says it: "A" began the conversation."""

    part: str
    text: str


Conversation = tuple[Line, ...]

_BOOK = """
A: Anyone know a decent coffee place round here?
B: The small one on the corner. The chairs are bad but the coffee is not.
A: Bad chairs are how they get you to leave. Thanks!
C: I know the one. The person at the till remembers everybody.
B: She remembers me as the one who complained about the chairs.

A: What is that noise, does anybody else hear it?
B: What kind of noise?
A: A hum. Then nothing. Then a hum.
C: They are digging up the road again. Third time since spring.
B: They must have lost something down there.
A: I thought it was my fridge, so thank you for that.

A: The sky just turned orange, look up if you can.
B: Looking. Wow.
C: All I see is a wall.
A: A nice wall?
C: A wall that is slightly orange now, so I believe you.

A: Is the train running again?
B: Every twenty minutes or so, and packed.
C: The board says yes, the platform says no.
A: The platform is usually right. I shall walk then.
D: Take the bus, it stops behind the market.

A: What is everybody doing up at this hour?
B: Waiting for the washing to finish.
C: The most honest thing I have read all day.
D: Working, supposedly. Mostly looking out of the window.
B: Twelve minutes to go, in case anybody is counting with me.

A: Found a single glove, left hand, green. Anybody?
B: Where about?
A: On the wall by the playground. I left it there, palm up.
C: There is always one. Somewhere there is a city of the other ones.
B: Not mine, but good of you to ask.

A: Good place to eat for one person with a book?
B: The noodle place. Nobody looks at you twice, and they have proper light.
A: Sold.
C: What book?
A: A very long one about whales.
D: Then take the table by the door, you will be there a while.

A: There is somebody playing the trumpet in the park and they are getting better.
B: I heard them last week! They were not good last week.
A: Practice, who would have thought.
C: Which end of the park?
A: The end with the ducks. The ducks have moved.

A: Tell me one good thing about today.
B: I caught the bus I should have missed.
C: The bread was still warm.
D: A dog chose to sit on my foot.
A: I would not have got up for two weeks for a dog on my foot.

A: Moved here a month ago. What should I know?
B: Never go to the market on a Saturday. Whatever it is you need.
C: The short way is through the arcade.
A: I have walked around that block for a month.
B: Welcome! It takes about a year and then you complain with us.

A: Does somebody have a bicycle pump?
B: There is one chained to the rack by the station, free.
A: You have saved my evening. Since when?
B: Since somebody stole the one before it.
C: The shop next to the pharmacy lends theirs, too.

A: It smells of rain.
B: It smells of fries where I am.
A: I would trade.
C: Ten minutes, then. I am taking the sheets in.
D: Finally. The trees look thirsty.

A: If this table were a real table, what would be on it?
B: A pot of tea, to begin with.
C: And seven cups that do not match.
A: Somebody's keys.
D: Crumbs. There are always crumbs.

A: Queue at the post office: eleven people, one window.
B: Courage.
A: Nine now. I have made a friend.
C: There is a machine round the back that nobody uses.
A: Do not tell the other eight.

A: What do you cook when you cannot be bothered?
B: Toast, and then an apology to myself.
C: Eggs. Always eggs.
D: Rice, whatever is left, a lot of soy sauce.
A: That last one sounds like a real dinner. Respect.

A: My neighbour has started to learn the drums.
B: How is it going?
A: For whom?
C: Bring earplugs and a cake. One for you, one for them.
B: Which one for whom?

A: There is a cat that visits me every day at four. It is not my cat.
B: It is now.
C: Mine has three names, one on each floor.
A: What do you call a cat that belongs to a whole street?
D: The landlord.

A: Somebody has chalked a chessboard on the pavement and left a move.
B: Which move?
A: Pawn to e4. With an arrow, so nobody misses it.
C: I answered it on my way to work. Do not step on my knight.
B: This is the best thing this street has done all year.

A: Does the library still open on Sundays?
B: Afternoons only, and only upstairs.
C: Downstairs is where the good armchairs are.
A: So that is why they closed it.

A: I have too many tomatoes. This is not a boast, it is a call for help.
B: How many is too many?
A: The bathtub is involved.
C: Soup. Then sauce. Then you start leaving them on doorsteps.
D: So it was you!

A: Anybody else without hot water?
B: Yes, since this morning.
C: They put up a note. In the lift. Which is broken.
A: Of course they did.
D: Mine is warm, you may queue up outside with a towel.

A: What was the last thing you fixed yourself?
B: A zip. I am still proud.
C: The kitchen chair, with a spoon.
A: How does one mend a chair with a spoon?
C: Badly, but it holds.

A: First time I ever saw a heron here, on the roof of the bakery.
B: It comes for the fish shop. It is only polite about it.
A: It stood there like a very tired umbrella.
C: I shall never see a heron as anything else again.

A: Which window table is the best in the neighbourhood?
B: I am not telling, I sit there.
C: The one in the launderette. Warm, and the film changes every forty minutes.
A: That is a review I trust.

A: Unpopular opinion: the old tram was better.
B: It had no heating.
A: It had character.
C: It had character because it had no heating.
D: I met my wife in that cold, so I am with you.

A: Somebody left a box of books on the steps of number nine, free to take.
B: Any good ones?
A: Three cookbooks, a dictionary, and half of a crime novel.
C: Which half?
A: The half without the murderer.

A: How do you get a stubborn jar open?
B: Hot water over the lid.
C: A rubber glove.
D: Hand it to somebody weaker and watch.
A: The glove did it. The pickles thank you.

A: The moon is enormous tonight.
B: It is the same size as ever, it only looks larger near the roofs.
A: Thank you, but I prefer mine enormous.
C: I am with the enormous moon.

A: What is the kindest thing a stranger did for you lately?
B: Someone ran after me with my scarf. Two whole streets.
C: The bus driver waited. He saw me running and he waited.
D: A child gave me half a biscuit. It was a little wet.
A: I shall think about that biscuit all day.

A: I am making a list of benches with a view. Suggestions?
B: The one behind the church, under the lime tree.
C: By the water, but only the third one. The others look at the bins.
A: Third one. Noted.
D: Make it a map one day and I shall print it.

A: Does anybody know what they are building behind the school?
B: Flats, the sign says.
C: The sign said a swimming pool two years ago.
A: Then I shall wait for the next sign.
B: It has been a very optimistic sign all along.

A: Three hours of meetings and I can report that we will meet again.
B: What was decided?
A: That it is important.
C: I have been in that meeting. I think we all have.
D: Get some air, it is mild out.

A: What is a word you only use at home?
B: We call the remote the clicker and the clicker is lost.
C: Second breakfast is called the inspection.
A: I love that. We have "the drawer". Everyone knows which.
D: Everybody has that drawer. Mine has four dead batteries in it.

A: The lift in our building says good morning now.
B: To everybody?
A: At eleven at night, too.
C: It is morning somewhere, and the lift knows.

A: Somebody teach me how to fold a fitted sheet.
B: You roll it up and close the cupboard quickly.
C: That is the traditional method, yes.
A: Good. I thought I was doing it wrong.

A: Small victory: I walked past the bakery and did not go in.
B: Admirable.
A: I went in on the way back.
C: As one should.
D: What did you have?
A: Two of the ones with the poppy seeds.

A: How far would you walk for good bread?
B: Half an hour, in dry weather.
C: I once took a train.
D: There and back for a loaf?
C: It was a very good loaf. I ate it on the way home.

A: The clock on the tower is four minutes fast again.
B: I have set my whole life by that clock.
A: That explains why you are always early.
B: And why I wait so much!

A: Is anybody going to the flea market this weekend?
B: If it does not rain. I need a lamp.
C: I am selling a lamp!
B: What kind of lamp?
C: The kind one sells. Come early.

A: Guess what the kids next door are shouting about.
B: Football?
A: A snail. They are having it race another snail.
C: Who is ahead?
A: Nobody has been ahead for ten minutes. It is a very even race.

A: I can hear somebody practising the same four bars on a piano. For an hour.
B: The hard four bars?
A: They were. They are getting there.
C: Clap at the end. I did once and it went quiet, then very fast.

A: What is the view from where you are, in five words?
B: Roof, roof, antenna, pigeon, roof.
C: My own knees, a table.
D: Rain on somebody else's car.
A: A crane that never moves. Does "never" count?

A: Whoever watered the plants in the stairwell: thank you.
B: Was it you?
A: It was not me, that is why I am thanking.
C: It was the woman from the third floor. She denies it.

A: Has anyone tried the new soup place?
B: Yes. Good soup, tiny spoon.
C: The spoon is so that it lasts longer.
A: I shall bring my own spoon and report.

A: Which is the right side of the street to walk on in summer?
B: The shade, so left before noon and right after.
C: I cross in the middle of the day and feel like a sundial.
A: I like that somebody has thought this through.
"""


def _read(book: str) -> tuple[Conversation, ...]:
    scenes = (scene.strip().splitlines() for scene in book.strip().split("\n\n"))
    return tuple(tuple(Line(*line.split(": ", 1)) for line in scene) for scene in scenes)


CONVERSATIONS = _read(_BOOK)

GREETINGS = (
    "Hello everybody.",
    "Hi all, new at this table.",
    "Evening! Or whatever it is where you are looking.",
    "Hello neighbours.",
    "Oh, there are people here. Hi!",
    "Hey. Is this the quiet table or the other one?",
    "Hello from round the corner.",
    "Hi! Is this seat taken?",
    "Just came in from the cold. Hello.",
)

FAREWELLS = (
    "Got to go, this was nice.",
    "Off I go. Take care all.",
    "My stop. Bye!",
    "Bye everybody, good luck with everything.",
    "Dinner calls. See you around.",
    "That is my battery. Bye!",
    "The washing is done. Bye all!",
    "Somebody is at the door. Until another time.",
    "I am needed elsewhere, it seems. Bye!",
    "Back to work, alas.",
)

_THEN = {line.text: then.text for scene in CONVERSATIONS for line, then in pairwise(scene)}


def greeting(rng: random.Random) -> str:
    """Return what somebody says who has just come in."""
    return rng.choice(GREETINGS)


def farewell(rng: random.Random) -> str:
    """Return what somebody says who is about to go."""
    return rng.choice(FAREWELLS)


def reply_to(heard: str | None, rng: random.Random) -> str:
    """Return the line that follows what was heard last; the opening of another conversation if none does."""
    return _THEN.get(heard or "") or rng.choice(CONVERSATIONS)[0].text
