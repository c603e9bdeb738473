"""The port for a reference genome: what the editor and off-target search need to know of one.

The adapter lives in `onelot.adapters.genome`; anything with these members will do.
"""

from __future__ import annotations

from typing import Protocol

from onelot.record.errors import BadInput


class Reference(Protocol):
    """A reference genome. Coordinates are 0-based and half-open; letters come back as ACGT or N, upper case."""

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the source the reference was read from."""
        ...

    def names(self) -> tuple[str, ...]:
        """The sequence names, in the order of the source."""
        ...

    def length(self, name: str) -> int:
        """Length of one sequence in bases; raises `BadInput` for an unknown name."""
        ...

    def fetch(self, name: str, start: int, end: int) -> str:
        """Bases [start, end) of one sequence, clipped to the sequence; raises `BadInput` for an unknown name."""
        ...


def check_allele(reference: Reference, chrom: str, pos: int, ref: str, *, place: str) -> None:
    """Refuse a variant whose REF is not what the reference holds (a file of another assembly, most often).

    Args:
        reference: the genome.
        chrom: sequence name, as in the reference.
        pos: 1-based position, as in VCF.
        ref: the REF allele, ACGTN letters.
        place: where the variant was read, for the message.

    Raises:
        BadInput: unknown sequence, position outside it, or other bases there.
    """
    known = reference.names()
    if chrom not in known:
        twin = next((n for n in known if n.removeprefix("chr") == chrom.removeprefix("chr")), None)
        hint = (
            f"write {twin!r}" if twin else f"the reference has {', '.join(known[:5])}{' ...' if len(known) > 5 else ''}"
        )
        raise BadInput(
            f"sequence {chrom!r} is not in the reference",
            rule="a variant must lie on a sequence of the reference it is read against",
            remedy=f"use the names of the reference: {hint}",
            place=place,
        )
    length = reference.length(chrom)
    if pos < 1 or pos - 1 + len(ref) > length:
        raise BadInput(
            f"{chrom}:{pos} with REF of {len(ref)} base(s) lies outside the sequence of {length:,} bases",
            rule="POS is 1-based and REF must lie inside the sequence (VCF 4.3, 1.6.1)",
            remedy="check that the variant and the reference are of the same assembly",
            place=place,
        )
    there = reference.fetch(chrom, pos - 1, pos - 1 + len(ref))
    if there != ref.upper():
        shown = there if len(there) <= 20 else there[:20] + "..."
        raise BadInput(
            f"REF at {chrom}:{pos} is {ref if len(ref) <= 20 else ref[:20] + '...'}, the reference has {shown}",
            rule="REF must equal the bases of the reference at POS (VCF 4.3, 1.6.1)",
            remedy="most likely the variant was called on another assembly: use that reference, or lift it over",
            place=place,
        )
