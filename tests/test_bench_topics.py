"""Topics handed out: the same to the same person, few to each, and the first the most popular."""

from collections import Counter

from bench.topics import MOST, handed_out


def test_topics_are_handed_out_by_seed_and_popularity() -> None:
    topics_of = handed_out(50, seed=1)
    again, other = handed_out(50, seed=1), handed_out(50, seed=2)
    people = [f"u{number}" for number in range(2000)]
    assert all(topics_of(user) == again(user) for user in people)
    assert any(topics_of(user) != other(user) for user in people)
    assert {len(topics_of(user)) for user in people} == set(range(1, MOST + 1))
    assert all(len(set(topics_of(user))) == len(topics_of(user)) for user in people)
    named = Counter(topic for user in people for topic in topics_of(user))
    assert 1.4 < named["topic 1"] / named["topic 2"] < 2.6
    assert named["topic 1"] > 8 * named["topic 20"]


def test_nobody_has_any_of_none() -> None:
    assert handed_out(0, seed=1)("u1") == ()
