"""Sentences that stand in more than one restriction."""


def objection(contact: str) -> str:
    """Return how to object: every restriction says so."""
    return (
        f"To object: {contact}" if contact else "To object, ask whoever runs this server; they have named no contact."
    )
