"""What of a row somebody wrote, and how it is sealed: bound to that row, so that it opens in no other.

Bottles and evidence come to a store sealed already. Never knows where rows are kept.
"""

from typing import Any

from server.store.rows import Block, Notice, Row
from server.store.sealing import Seal, SealBroken

WORDS: dict[type[Row], str] = {Block: "name", Notice: "text"}
"""The one column of a kind of row that holds what somebody wrote."""


def seal_words(kind: type[Row], columns: dict[str, Any], seal: Seal) -> None:
    """Have what somebody wrote be sealed, if a row of that kind holds any."""
    column = WORDS.get(kind)
    if column is not None:
        columns[column] = seal.seal(columns[column].encode(), about=_about(kind, columns))


def unseal_words(kind: type[Row], columns: dict[str, Any], seal: Seal) -> None:
    """Have what was sealed be as it was written, or "" if it was under another secret: the row holds all the same.

    Raises KeyError if a column is missing.
    """
    column = WORDS.get(kind)
    if column is not None:
        try:
            columns[column] = seal.unseal(columns[column], about=_about(kind, columns)).decode()
        except SealBroken:
            columns[column] = ""


def _about(kind: type[Row], columns: dict[str, Any]) -> str:
    """Return what a sealed column is bound to: its own row."""
    if kind is not Block:
        return f"notice {columns['notice']}"
    via = [columns["via"]] if columns["via"] else []
    return " ".join(["block", columns["owner"], columns["other"], *via])
