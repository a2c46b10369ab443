"""What is wrong with Redis, for whoever need not know what Redis is."""


class EngineError(Exception):
    """Redis cannot be used; the message tells an operator what is wrong and what to do."""
