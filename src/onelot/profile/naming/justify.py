"""Normalisation: where an insertion or deletion could be written at several places, one is chosen.

VRS and SPDI take the whole stretch over which it can be shifted (fully justified); HGVS the rightmost place.
"""

from __future__ import annotations

from typing import Protocol

from onelot.profile.naming.spdi import Spdi
from onelot.record.errors import BadInput

STEP = 256


class Sequences(Protocol):
    """A reference the user names. Positions are 0-based, half-open; bases in any case."""

    def length(self, name: str) -> int:
        """Number of bases of a sequence."""
        ...

    def fetch(self, name: str, start: int, end: int) -> str:
        """The bases from start to end."""
        ...


def checked(variant: Spdi, sequences: Sequences) -> tuple[int, str, str]:
    """The variant with its deleted bases read from the reference.

    Raises:
        BadInput: it lies outside the sequence, or states other bases than the reference has.
    """
    length = sequences.length(variant.sequence)
    end = variant.position + variant.deleted_length
    if end > length:
        raise BadInput(
            f"{variant} lies outside {variant.sequence}, which has {length:,} bases.",
            rule="a position lies on its sequence",
            remedy="Check the position and the version of the sequence.",
        )
    bases = sequences.fetch(variant.sequence, variant.position, end).upper()
    if isinstance(variant.deleted, str) and variant.deleted != bases:
        raise BadInput(
            f"{variant} deletes {variant.deleted[:20]}, but the reference has {bases[:20]} there.",
            rule="the deleted bases are those of the reference",
            remedy="Check the position and the version of the sequence.",
        )
    return variant.position, bases, variant.inserted


def trimmed(position: int, deleted: str, inserted: str) -> tuple[int, str, str]:
    """Take off what both share, at the end first; a variant that changes nothing is left as it is."""
    if deleted == inserted:
        return position, deleted, inserted
    while deleted and inserted and deleted[-1] == inserted[-1]:
        deleted, inserted = deleted[:-1], inserted[:-1]
    while deleted and inserted and deleted[0] == inserted[0]:
        position, deleted, inserted = position + 1, deleted[1:], inserted[1:]
    return position, deleted, inserted


def justified(variant: Spdi, sequences: Sequences) -> tuple[int, str, str]:
    """Fully justified: (start, deleted, inserted) over the whole stretch of possible places.

    Raises:
        BadInput: as `checked`.
    """
    start, deleted, inserted = trimmed(*checked(variant, sequences))
    if (deleted and inserted) or deleted == inserted:
        return start, deleted, inserted
    cycle = deleted or inserted
    left = _roll(sequences, variant.sequence, start, cycle, -1)
    right = _roll(sequences, variant.sequence, start + len(deleted), cycle, 1)
    before = sequences.fetch(variant.sequence, start - left, start).upper()
    after = sequences.fetch(variant.sequence, start + len(deleted), start + len(deleted) + right).upper()
    return start - left, before + deleted + after, before + inserted + after


def shifted_right(variant: Spdi, sequences: Sequences) -> tuple[int, str, str]:
    """At the rightmost place (HGVS: the most 3' position), trimmed.

    Raises:
        BadInput: as `checked`.
    """
    start, deleted, inserted = trimmed(*checked(variant, sequences))
    if (deleted and inserted) or deleted == inserted:
        return start, deleted, inserted
    cycle = deleted or inserted
    by = _roll(sequences, variant.sequence, start + len(deleted), cycle, 1)
    turn = by % len(cycle)
    rolled = cycle[turn:] + cycle[:turn]
    return start + by, rolled if deleted else "", rolled if inserted else ""


def _roll(sequences: Sequences, name: str, at: int, cycle: str, step: int) -> int:
    """How many bases the cycle can be rolled from `at`, to the right (1) or the left (-1)."""
    length, rolled = sequences.length(name), 0
    while True:
        if step > 0:
            piece = sequences.fetch(name, at + rolled, min(length, at + rolled + STEP)).upper()
        else:
            piece = sequences.fetch(name, max(0, at - rolled - STEP), at - rolled).upper()[::-1]
        for base in piece:
            turn = rolled % len(cycle)
            if base != (cycle[turn] if step > 0 else cycle[-1 - turn]):
                return rolled
            rolled += 1
        if len(piece) < STEP:
            return rolled
