"""SPDI: sequence, position (0-based, between bases), deleted, inserted."""

from __future__ import annotations

import re
from dataclasses import dataclass

from onelot.record.errors import BadInput

_SPDI = re.compile(r"^([A-Za-z0-9_.\-]+):(\d{1,10}):([ACGTNacgtn]*|\d{1,9}):([ACGTNacgtn]*)$")


@dataclass(frozen=True, slots=True)
class Spdi:
    """One variant. `deleted` may be a number of bases where the text gave no sequence."""

    sequence: str
    position: int
    deleted: str | int
    inserted: str

    @property
    def deleted_length(self) -> int:
        """How many bases go."""
        return self.deleted if isinstance(self.deleted, int) else len(self.deleted)

    def __str__(self) -> str:
        return f"{self.sequence}:{self.position}:{self.deleted}:{self.inserted}"


def parse_spdi(text: str) -> Spdi:
    """Read `NC_000001.11:40819438:CTCCTCCT:CTCCT`; the deleted part may be a length.

    Raises:
        BadInput: the text is no SPDI.
    """
    found = _SPDI.match(text.strip()) if len(text) < 100_000 else None
    if found is None:
        raise BadInput(
            f"{text[:60]!r} is no SPDI.",
            rule="SPDI: sequence:position:deleted:inserted, position from 0",
            remedy="Write, say, NC_000001.11:40819438:CTCCTCCT:CTCCT.",
        )
    name, position, deleted, inserted = found.groups()
    gone: str | int = int(deleted) if deleted.isdecimal() else deleted.upper()
    return Spdi(name, int(position), gone, inserted.upper())
