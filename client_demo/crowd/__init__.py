"""Scripted people by the hundred: what one does next, one of them, a process of them, all processes."""
