"""What PostgreSQL can hold as text, which is less than what an address or a JSON string can say."""

from __future__ import annotations


def storable(text: str) -> bool:
    """Whether this text can stand in the database: no NUL in it, no half of a surrogate pair.

    Nothing is there under another name, so whoever asks for one is told that, as by a journal in memory.
    """
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False
