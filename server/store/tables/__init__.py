"""Rows in memory: a table for each kind, with the indexes it is asked by, and `Tables`, which holds what crosses them.

The rule: a table knows its own rows and nothing of another's. None knows a file, Redis, or why something is kept.
"""
