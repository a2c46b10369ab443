"""The phrase book's other half: what a scripted person says to one who types.

Pure text, and which of it fits what somebody wrote. It listens for words, understands nothing, and says so when it
is asked. `{name}` stands for whoever is spoken to.
"""

import re
from collections.abc import Iterator, Sequence

Lines = tuple[str, ...]

WELCOMES: Lines = (
    "Hi {name}, welcome.",
    "Hello {name}! Take any chair.",
    "Welcome, {name}. You have missed nothing important.",
    "Oh good, {name} is here. Now we are enough for a game of cards.",
    "Hi {name}! We were just talking about nothing in particular.",
    "Good to see you, {name}.",
    "Hey {name}. Warm in here, is it not?",
)

SHORT_WELCOMES: Lines = ("Hi {name}.", "Hello {name}!", "Hey {name}.", "Hi there, {name}.", "{name}! Hello.")

INVITATIONS: Lines = (
    "And you, {name}, what brings you here?",
    "{name}, you are quiet. Good quiet or tired quiet?",
    "{name}, settle something for us: tea or coffee?",
    "How is your day going, {name}?",
    "{name}, what can you see from your window?",
)

GOODBYES: Lines = ("Bye {name}!", "Take care, {name}.", "See you, {name}.", "Come back soon, {name}.")

MURMURS: Lines = (
    "Ha.", "Same here.", "True.", "Seconded.", "I was about to say that.", "Hm, yes.", "Good point.", "Fair.",
    "I like that.", "Who would have thought.", "Quite.", "Well said.", "Me too, actually.", "That made me smile.",
    "Noted.", "Exactly.", "Interesting.", "I can picture it.", "Now I am curious too.",
)  # fmt: skip

FOR_ADVICE: Lines = (
    "Thank you, {name}, I had hoped somebody would say that.",
    "I shall go with that, {name}.",
    "That helps, {name}. Thanks.",
    "I had not thought of that, {name}.",
    "See, {name} knows. Thank you.",
    "Noted, and thank you.",
)

FOR_AN_ANSWER: Lines = (
    "Fair enough, {name}.",
    "Ah. That explains a lot.",
    "I would have said the same, {name}.",
    "I shall remember that one.",
    "Good to know, {name}.",
    "I know the feeling.",
    "Then we are two, {name}.",
    "Honest answer. I like that.",
    "That makes sense to me.",
    "I had almost guessed it, {name}.",
)

ANY_QUESTION: Lines = (
    "Good question, {name}. I know the bakery, the bus and the weather, and not much else.",
    "I would ask at the library. They know everything and whisper it.",
    "Depends on whom you ask, {name}. What do you think yourself?",
    "I have wondered about that, too. Does anybody else know?",
    "Probably. But do not hold me to it.",
    "My honest answer: no idea. My other answer: on Tuesdays.",
    "If I knew that, {name}, I would be at a better table.",
    "Short answer, yes. Long answer, it depends.",
    "Somebody here surely knows. It is not me.",
    "That one is beyond my book, {name}. Ask me about benches.",
)

ANY_WORDS: Lines = (
    "Tell us more, {name}.",
    "I did not expect that. Go on.",
    "Since when, {name}?",
    "How did that come about?",
    "That is the best thing I have heard at this table today.",
    "And what happened then?",
    "I believe you, {name}. The others will need proof.",
    "That reminds me of my neighbour. Everything does.",
    "You say that so calmly, {name}.",
    "Is that a good thing or a bad thing?",
    "I know somebody who says the very same.",
    "And what do the people around you make of it, {name}?",
    "There is a story behind that, I can tell.",
    "Say that again tomorrow and I may agree.",
    "I have nothing clever to add, {name}, but I am nodding.",
    "Let me write that down.",
)

NOT_ENGLISH: Lines = (
    "Hello, {name}! My phrase book is in English only, I am sorry.",
    "I am a bot with an English book, {name}, so I can only wave. Hello!",
    "That looks like a fine sentence, {name}. I only read English, though.",
)

# Who is asked whether they are real says so at once, whatever else was said.
_ABOUT_US: Lines = (
    "Yes, a bot, {name}. It says so behind my name: I talk out of a phrase book.",
    "We are bots here, {name}, all whose names say so. Whoever else sits down is somebody like you.",
    "A bot, honestly. I listen for words and look up what to say.",
    "No brain, only a book of phrases. But I mean every one of them, {name}.",
)

_TOPICS: tuple[tuple[str, Lines], ...] = (
    (r"\b(bots?|robots?|real|human|humans|ai|chatgpt|gpt|llm|machine|script|fake|alive|person)\b", _ABOUT_US),
    (
        r"\b(moved here|new in town|tips?|recommend\w*|advice|suggest\w*)\b",
        (
            "Welcome, then! The market, {name}, but on no account on a Saturday.",
            "The third bench by the water, {name}. Bring bread, there are ducks.",
            "Learn the short way through the arcade first. The rest follows from there.",
            "Ask the person at the till of the corner café. She knows it all, and your name by Thursday.",
        ),
    ),
    (
        r"\b(how (does|do) (this|it)|what is this|what's this|whats this|how it works|explain|new here|help)\b",
        (
            "It is simple, {name}: people near each other get a table of eight or so. It ends within half an hour, "
            "then everybody sits down anew.",
            "Small tables, {name}, and nothing said is kept. When the ring has burnt down we are all shuffled.",
            "You talk, we talk, and Next gives you another table if we bore you.",
        ),
    ),
    (
        r"\b(where (are|r|do) (you|u|we)|where am i|which city|what city|live around|from around)\b",
        (
            "Somewhere near you, {name}. Nearer than that nobody here knows, not even the server: it only has a cell.",
            "Round the corner, give or take a kilometre.",
            "Close enough to hear the same thunder, {name}.",
        ),
    ),
    (
        r"\b(how are (you|u)|how( i|')?s it going|how do you do|you ok|what'?s up|sup)\b",
        (
            "Very well, {name}, thank you. And you?",
            "Cannot complain. I have tried, nobody listens. You?",
            "Better since I sat down. How about you, {name}?",
            "Good! A little hungry. And yourself?",
        ),
    ),
    (r"\b(bye|goodbye|good night|gotta go|got to go|leaving|see you|cya|ciao|later all)\b", GOODBYES),
    (
        r"^\W*(hi|hello|hey|hallo|hiya|yo|howdy|greetings|good (morning|afternoon|evening|day)|evening|morning)\b",
        (
            "Hello {name}! How is it where you are?",
            "Hi {name}. Good timing, it had just gone quiet.",
            "Hey {name}, how was your day so far?",
            "Hello! Sit wherever you like, {name}.",
            "Hi {name}! What have you been up to?",
        ),
    ),
    (
        r"\b(thanks|thank you|thx|cheers|ty)\b",
        ("Any time, {name}.", "With pleasure.", "You are welcome, {name}.", "That is what tables are for."),
    ),
    (
        r"\b(haha\w*|lol|lmao|rofl|funny|joke)\b",
        (
            "I am here all evening, {name}.",
            "See, and they say this neighbourhood has no humour.",
            "I only know one joke and it is about a snail. It takes an hour.",
        ),
    ),
    (
        r"\b(weather|rain|raining|rainy|sun|sunny|snow|cold|hot|warm|wind|windy|storm|cloud|clouds|humid)\b",
        (
            "It changes every ten minutes here. I have stopped dressing for it.",
            "My grandmother's knee says it will turn by tonight, {name}.",
            "I have an umbrella in three places and none of them is here.",
            "Is it still like that where you are, {name}? Here it has almost stopped.",
        ),
    ),
    (
        r"\b(coffee|tea|espresso|cappuccino|cafe|café)\b",
        (
            "Now I want one, too. Where do you get yours, {name}?",
            "The small place on the corner. Bad chairs, good coffee.",
            "Tea in the morning, coffee in the afternoon, regret at night.",
            "Milk or no milk, {name}? This table has opinions.",
        ),
    ),
    (
        r"\b(eat|eating|food|dinner|lunch|breakfast|hungry|restaurant|pizza|ramen|sushi|noodles?|bread|cook|cooking|cake)\b",
        (
            "I could eat. What are you having, {name}?",
            "The noodle place, if you ask me. Take the table by the door.",
            "Whatever it is, {name}, save me a corner piece.",
            "I made toast today. It went as well as can be expected.",
        ),
    ),
    (
        r"\b(bar|beer|wine|pub|drink|drinks|cocktail)\b",
        (
            "There is a quiet one under the railway arches. Ring the bell twice.",
            "I am a one-glass person, {name}. The glass is large.",
            "Somewhere one can still hear each other. Do you know one, {name}?",
        ),
    ),
    (
        r"\b(train|trains|bus|buses|metro|subway|tram|station|traffic|taxi|bike|bicycle|cycling)\b",
        (
            "The bus behind the market is the one nobody knows. Now you do.",
            "I walk, mostly. It is the only line that runs on time.",
            "Was it packed again, {name}?",
            "They promised it would be mended by spring. They did not say which.",
        ),
    ),
    (
        r"\b(music|song|songs|band|concert|guitar|piano|sing|singing|album)\b",
        (
            "What are you listening to these days, {name}?",
            "Somebody near me practises the same four bars. I have grown fond of them.",
            "Live or at home, {name}? I am for live, but near the door.",
        ),
    ),
    (
        r"\b(football|soccer|basketball|baseball|tennis|match|game|games|gaming|sport|sports|run|running|gym)\b",
        (
            "Who is winning, {name}?",
            "I only ever follow the last ten minutes. It saves a lot of time.",
            "I used to play. Mostly in goal, mostly by accident.",
        ),
    ),
    (
        r"\b(work|working|job|office|boss|meeting|school|study|studying|exam|university|homework)\b",
        (
            "How much of it is left today, {name}?",
            "I admire people who do that with a straight face.",
            "Take a break, {name}. It will still be there, unfortunately.",
            "What do you do, when you do it?",
        ),
    ),
    (
        r"\b(dog|dogs|cat|cats|puppy|kitten|pet|pets|bird|birds)\b",
        (
            "Name and colour, please, {name}.",
            "There is a cat in my street that belongs to all of us. We belong to it, rather.",
            "I would like to see that. Does it come when it is called?",
        ),
    ),
    (
        r"\b(book|books|reading|read|film|movie|movies|series|show|watch|watching)\b",
        (
            "Any good, {name}? Do not tell us the end.",
            "I am in the middle of a very long one about whales.",
            "I fell asleep before the murderer came. What did you make of it?",
        ),
    ),
    (
        r"\b(tired|sleepy|sleep|exhausted|bored|boring|sad|lonely|sick|ill)\b",
        (
            "I am sorry to hear it, {name}. Do you want to talk about it or about something else?",
            "Then sit a while, {name}. Nobody here expects anything.",
            "One of those days? We have all had one this week.",
        ),
    ),
    (
        r"\b(love|like|great|awesome|nice|cool|wow|beautiful|amazing|happy|good)\b",
        (
            "That is good to hear, {name}.",
            "What do you like best about it, {name}?",
            "I am glad somebody says so.",
            "You are in a good mood. Stay with us.",
        ),
    ),
    (
        r"\b(who are you|your name|who is here|introduce)\b",
        (
            "I am one of the regulars, {name}. The bot kind, as my name says.",
            "Nobody in particular, {name}: a bot with a phrase book and a fondness for benches.",
        ),
    ),
    (
        r"^\W*(yes|yeah|yep|no|nope|nah|ok|okay|sure|maybe|dunno|idk)\b",
        ("Fair enough, {name}.", "I thought so.", "That settles it, then.", "Short and clear. I like it.", "Right."),
    ),
)

_COMPILED = tuple((re.compile(pattern), lines) for pattern, lines in _TOPICS)
_LETTER = re.compile(r"[^\W\d_]")
_ELSEWHERE = re.compile(r"[¿¡ñß]|\b(hola|que|como|estas|bonjour|salut|danke|gracias|merci|olá)\b")


def fitting(text: str) -> Iterator[Sequence[str]]:
    """Yield lines that may answer what somebody wrote, those that fit best first; the last always do."""
    words = text.lower().replace("’", "'")
    if not is_english(words):
        yield NOT_ENGLISH
    for pattern, lines in _COMPILED:
        if pattern.search(words):
            yield lines
    yield ANY_QUESTION if "?" in words else ANY_WORDS
    yield ANY_WORDS


def is_english(text: str) -> bool:
    """Tell whether a text may be in the only language the book has: most of its letters are plain ones."""
    letters = _LETTER.findall(text)
    plain = sum(letter.isascii() for letter in letters)
    return plain * 2 >= len(letters) and not _ELSEWHERE.search(text.lower())
