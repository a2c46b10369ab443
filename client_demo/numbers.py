"""Numbers on a command line: a click range says what it wants in words of its own, these in everybody's.

Knows words alone; what is in range and what is not stays click's.
"""

import click


class WholeNumber(click.IntRange):
    """A whole number within bounds: "'abc' is not a valid whole number."."""

    name = "whole number"


class Number(click.FloatRange):
    """A number within bounds."""

    name = "number"
