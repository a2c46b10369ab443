"""The operator's side: what they may do (`office`), and the two ways in: a local socket and /admin.

The rule: nothing here is on the way of a message, and nothing an operator does goes without an entry in the audit log.
"""
