"""The colours: a dark, quiet ground, one accent, and what is said brighter than what merely happened."""

from textual.theme import Theme

DIM = "$foreground 60%"
FAINT = "$foreground 35%"

DUSK = Theme(
    name="dusk",
    primary="#5ec4b6",
    secondary="#8fb8f0",
    accent="#5ec4b6",
    foreground="#d8dbe0",
    background="#14171c",
    surface="#14171c",
    panel="#1d222a",
    success="#8fd08f",
    warning="#e8b45e",
    error="#ef8376",
    dark=True,
    variables={
        "footer-key-foreground": "#5ec4b6",
        "footer-background": "#1d222a",
        "footer-description-foreground": "#9aa0a8",
    },
)

# Twelve for the members' names, as many as a room has seats.
NAMES = (
    "#e5a07a",
    "#8fb8f0",
    "#d9a0e0",
    "#e3c36b",
    "#8fd08f",
    "#f095ae",
    "#7fc8dc",
    "#bdb97f",
    "#b3a5f5",
    "#d69f9f",
    "#9fc5b0",
    "#e0b590",
)
