"""A request sent twice is carried out once, and answered twice the same.

With the append a note is kept under the request's own name: a keyed mark of what was asked, the events written, the
answer, and the refusal where one went on the record. Sent again with the same content, it gives just that; with another
content it is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import orjson
from pydantic_core import to_jsonable_python

from onelot.adapters.vault import Vault
from onelot.app.commands import Command
from onelot.record import errors
from onelot.record.errors import Conflict, OnelotError
from onelot.record.journal import Entry, Journal, Part


def mark_of(vault: Vault, command: Command) -> str:
    """What tells two requests apart: the command and every field of it."""
    asked = {each.name: getattr(command, each.name) for each in fields(command)}
    return vault.mark(orjson.dumps([type(command).__name__, to_jsonable_python(asked)], option=orjson.OPT_SORT_KEYS))


def note_of(mark: str, parts: Sequence[Part], answer: dict[str, Any], refusal: OnelotError | None) -> bytes:
    """What is kept beside the request's name."""
    written = [[part.stream, part.expected + n] for part in parts for n in range(1, len(part.drafts) + 1)]
    kept = {
        "mark": mark,
        "events": written,
        "answer": to_jsonable_python(answer),
        "refusal": refusal.as_dict() if refusal else None,
    }
    return orjson.dumps(kept)


def answered_before(journal: Journal, name: str, mark: str) -> tuple[tuple[Entry, ...], dict[str, Any]] | None:
    """Entries and answer of the same request, if it was carried out; None if it was not.

    Times in the answer are text then, as they were sent.

    Raises:
        Conflict: another request had this name. OnelotError: what the request was refused with, on the record.
    """
    found = journal.note(name)
    if found is None:
        return None
    note = orjson.loads(found)
    if note["mark"] != mark:
        raise Conflict(
            "another request was sent under this name",
            rule="an idempotency key names one request: the same command with the same fields",
            remedy="send this request under a key of its own",
        )
    if note["refusal"]:
        kind = getattr(errors, note["refusal"].pop("error"), errors.Refused)
        raise kind(note["refusal"].pop("what"), **note["refusal"])
    return tuple(journal.read(stream, seq - 1)[0] for stream, seq in note["events"]), note["answer"]
