"""People as a file describes them: who comes where and when, what they do, and what came of it."""
