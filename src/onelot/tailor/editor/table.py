"""The table of base editors: what each converts, its PAM, spacer length and window, with where that was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from onelot.record.errors import BadInput
from onelot.tailor.offtarget.pattern import Pam

#: What each kind converts, read on the strand it deaminates.
CONVERSIONS = {"adenine": ("A", "G"), "cytosine": ("C", "T")}


_PAIR = {"A": "T", "C": "G", "G": "C", "T": "A"}


def kinds_for(before: str, after: str) -> tuple[str, ...]:
    """The kinds of base editor that turn one forward-strand base into another, acting on either strand."""
    changes = {(before, after), (_PAIR.get(before, ""), _PAIR.get(after, ""))}
    return tuple(kind for kind, conversion in CONVERSIONS.items() if conversion in changes)


@dataclass(frozen=True)
class Editor:
    """One base editor. Window positions count from 1 at the 5' end of the protospacer, both ends included."""

    name: str
    kind: str
    pam: Pam
    spacer_length: int
    window: tuple[int, int]
    reference: str
    status: str

    @property
    def converts(self) -> tuple[str, str]:
        """(base, base it becomes) on the strand read by the guide."""
        return CONVERSIONS[self.kind]

    @property
    def span(self) -> int:
        """Bases of protospacer and PAM."""
        return self.spacer_length + len(self.pam.pattern)


def parse_editors(table: Mapping[str, Any], *, place: str) -> tuple[Editor, ...]:
    """Editors from the data table.

    Raises:
        BadInput: an entry lacks a field or holds a value that cannot be.
    """
    editors = []
    for number, row in enumerate(table.get("editors", ())):
        at = f"{place}, editors[{number}]"
        try:
            first, last = row["window"]
            editor = Editor(
                str(row["name"]), str(row["kind"]), Pam.of(str(row["pam"]), int(row["pam_side"])),
                int(row["spacer_length"]), (int(first), int(last)), str(row["reference"]), str(row["status"]),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as problem:
            raise _wrong(f"the entry cannot be read: {problem!r}", at) from problem
        if editor.kind not in CONVERSIONS:
            raise _wrong(f"kind {editor.kind!r} is neither adenine nor cytosine", at)
        if not 1 <= editor.window[0] <= editor.window[1] <= editor.spacer_length:
            raise _wrong(f"window {editor.window} does not lie inside {editor.spacer_length} letters", at)
        if editor.status not in ("checked", "unverified") or not editor.reference:
            raise _wrong("an editor needs a reference and a status, checked or unverified", at)
        editors.append(editor)
    if not editors:
        raise _wrong("the table holds no editor", place)
    return tuple(editors)


def _wrong(what: str, place: str) -> BadInput:
    return BadInput(
        what,
        rule="the editor table names kind, PAM, spacer length, window, reference and status of every editor",
        remedy="mend the entry of the table",
        place=place,
    )
