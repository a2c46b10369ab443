"""What an operator may switch off: coming in without an account and without a token from before, and ways to meet.

Knows the names alone. Never knows what is off now, nor what a feature does.
"""

from collections.abc import Iterator

FEATURES = ("anonymous", "shake", "bottles")
ANONYMOUS, SHAKE, BOTTLES = FEATURES


def problems(*, features_off: str) -> Iterator[str]:
    """Yield one sentence for each word of the setting that is no feature."""
    for feature in features_off.split():
        if feature not in FEATURES:
            yield f"features_off: {feature!a:.40} is no feature to switch off; it takes {', '.join(FEATURES)}."
