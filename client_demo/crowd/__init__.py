"""Scripted people by the hundred: what one is like and does next, one of them, a table, a process, all processes."""
