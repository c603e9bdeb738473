"""From HGVS to SPDI and back, on a reference the user names; n. and c. on transcripts the user names."""

from __future__ import annotations

from dataclasses import dataclass

from onelot.profile.naming.hgvs import Edit, HgvsName, Interval, Kind, Position
from onelot.profile.naming.justify import Sequences, shifted_right
from onelot.profile.naming.spdi import Spdi
from onelot.record.errors import BadInput

_COMPLEMENT = str.maketrans("ACGTNacgtn", "TGCANtgcan")


@dataclass(frozen=True, slots=True)
class Transcript:
    """A transcript as its user defines it.

    Attributes:
        accession: name with version; sequence: genomic sequence it lies on.
        forward: True if it reads along the sequence.
        exons: (first, last) genomic positions, 1-based inclusive, in transcript order.
        coding: first and last base of the coding sequence, in transcript positions; None for non-coding.
    """

    accession: str
    sequence: str
    forward: bool
    exons: tuple[tuple[int, int], ...]
    coding: tuple[int, int] | None = None

    def genomic(self, position: int, offset: int = 0) -> int:
        """The genomic position (1-based) of a transcript position and intron offset.

        Raises:
            BadInput: outside the transcript, or an offset that does not start at an exon's edge.
        """
        left = position
        for first, last in self.exons:
            size = last - first + 1
            if 1 <= left <= size:
                at_edge = (left == size and offset > 0) or (left == 1 and offset < 0) or offset == 0
                if not at_edge:
                    raise self._bad(f"{position}{offset:+d}", "an intron offset starts at the edge of an exon")
                step = left - 1 + offset
                return first + step if self.forward else last - step
            left -= size
        raise self._bad(str(position), f"it has {sum(b - a + 1 for a, b in self.exons)} bases")

    def place(self, genomic: int) -> tuple[int, int]:
        """Transcript position and intron offset of a genomic position (1-based); the nearer exon edge is taken.

        Raises:
            BadInput: before the first exon or after the last.
        """
        seen, nearest = 0, None
        for first, last in self.exons:
            size = last - first + 1
            step = genomic - first if self.forward else last - genomic
            if 0 <= step < size:
                return seen + step + 1, 0
            edge = (seen + 1, step) if step < 0 else (seen + size, step - size + 1)
            if nearest is None or abs(edge[1]) < abs(nearest[1]):
                nearest = edge
            seen += size
        if nearest is None or (nearest[0], nearest[1] < 0) == (1, True) or (nearest[0], nearest[1] > 0) == (seen, True):
            raise self._bad(f"genomic {genomic}", "it lies outside the transcript")
        return nearest

    def number(self, position: Position, kind: Kind) -> tuple[int, int]:
        """Transcript position and offset of a named position.

        Raises:
            BadInput: `?`, or a c. position on a non-coding transcript.
        """
        if position.base is None:
            raise self._bad("?", "the position is unknown")
        if kind == "n":
            return position.base, position.offset
        if self.coding is None:
            raise self._bad(str(position), "the transcript has no coding sequence")
        start, stop = self.coding
        if position.after_stop:
            return stop + position.base, position.offset
        if position.base == 0:
            raise self._bad("0", "c. positions go from -1 to 1")
        return start + position.base - (1 if position.base > 0 else 0), position.offset

    def named(self, number: int, offset: int, kind: Kind) -> Position:
        """The name of a transcript position."""
        if kind == "n" or self.coding is None:
            return Position(number, offset)
        start, stop = self.coding
        if number > stop:
            return Position(number - stop, offset, True)
        return Position(number - start + (1 if number >= start else 0), offset)

    def _bad(self, what: str, why: str) -> BadInput:
        return BadInput(
            f"{what} on {self.accession}: {why}.",
            rule="HGVS numbering of transcripts",
            remedy="Check the position and the version of the transcript.",
        )


def complement(bases: str) -> str:
    """The reverse complement."""
    return bases.translate(_COMPLEMENT)[::-1]


def hgvs_to_spdi(name: HgvsName, sequences: Sequences, transcript: Transcript | None = None) -> Spdi:
    """The variant on its genomic sequence.

    Args:
        name: g. or m. on a sequence the port knows; n. or c. on the transcript given.
        transcript: needed for n. and c.; its accession must be the name's.

    Raises:
        BadInput: an uncertain position, another transcript, stated bases that are not the reference's, a copy number.
    """
    first, last = _span(name, transcript)
    sequence = name.accession if transcript is None else transcript.sequence
    if not 1 <= first <= last <= sequences.length(sequence):
        raise _refused(name, f"{first}_{last} is no stretch of {sequence}", "Check positions and version.")
    forward = transcript is None or transcript.forward
    bases = sequences.fetch(sequence, first - 1, last).upper()
    stated = name.edit.deleted if forward else complement(name.edit.deleted)
    if name.edit.kind == "ins":
        if last != first + 1:
            raise _refused(name, "an insertion stands between two neighbours", "Write both neighbours.")
        return Spdi(sequence, first, "", name.edit.inserted if forward else complement(name.edit.inserted))
    if name.edit.deleted.isdecimal() and name.edit.kind != "copy":
        if int(name.edit.deleted) != len(bases):
            raise _refused(name, f"it states {name.edit.deleted} bases for {len(bases)}", "Check the positions.")
    elif stated and name.edit.kind != "copy" and stated != bases:
        raise _refused(name, f"it states {stated[:20]}, the reference has {bases[:20]}", "Check positions and version.")
    inserted = name.edit.inserted if forward else complement(name.edit.inserted)
    match name.edit.kind:
        case "sub" | "delins":
            return Spdi(sequence, first - 1, bases, inserted)
        case "del":
            return Spdi(sequence, first - 1, bases, "")
        case "dup":
            return Spdi(sequence, last, "", bases)
        case "inv":
            return Spdi(sequence, first - 1, bases, complement(bases))
        case "=":
            return Spdi(sequence, first - 1, bases, bases)
    raise _refused(name, "a copy number says nothing of the place", "Give the variant itself.")


def _span(name: HgvsName, transcript: Transcript | None) -> tuple[int, int]:
    """First and last genomic position, 1-based."""
    if not name.interval.exact:
        raise _refused(name, "its position is uncertain", "Give exact positions.")
    ends = (name.interval.start[0], name.interval.end[0])
    if name.kind in ("g", "m"):
        if transcript is not None:
            raise _refused(name, "a genomic name needs no transcript", "Leave the transcript out.")
        return ends[0].base or 0, ends[1].base or 0
    if transcript is None or transcript.accession != name.accession:
        raise _refused(name, "its transcript is not the one named", f"Name the transcript {name.accession}.")
    low, high = sorted(transcript.genomic(*transcript.number(end, name.kind)) for end in ends)
    return low, high


def spdi_to_hgvs(
    variant: Spdi, sequences: Sequences, transcript: Transcript | None = None, kind: Kind | None = None
) -> HgvsName:
    """The HGVS name, at the most 3' place of the sequence named.

    Args:
        variant: on a sequence the port knows.
        transcript: for an n. or c. name; None for a genomic one.
        kind: "m" for mitochondrial, "n" for a coding transcript's own numbering; else g, or c where there is coding.

    Raises:
        BadInput: outside the sequence or transcript, or deleted bases that are not the reference's.
    """
    if transcript is None:
        start, deleted, inserted = shifted_right(variant, sequences)
        interval, edit = _described(start, deleted, inserted, sequences, variant.sequence)
        low, high = interval
        return HgvsName(variant.sequence, kind or "g", Interval((Position(low),), (Position(high),)), edit)
    use: Kind = kind or ("c" if transcript.coding else "n")
    if transcript.forward:
        start, deleted, inserted = shifted_right(variant, sequences)
        (low, high), edit = _described(start, deleted, inserted, sequences, variant.sequence)
    else:
        turned = _Reversed(sequences)
        length = sequences.length(variant.sequence)
        end = variant.position + variant.deleted_length
        gone = variant.deleted if isinstance(variant.deleted, int) else complement(variant.deleted)
        mirrored = Spdi(variant.sequence, length - end, gone, complement(variant.inserted))
        start, deleted, inserted = shifted_right(mirrored, turned)
        (far, near), edit = _described(start, deleted, inserted, turned, variant.sequence)
        low, high = length + 1 - far, length + 1 - near
    ends = [transcript.named(*transcript.place(position), use) for position in (low, high)]
    return HgvsName(transcript.accession, use, Interval((ends[0],), (ends[1],)), edit)


class _Reversed:
    """A reference read along its other strand."""

    def __init__(self, sequences: Sequences) -> None:
        self._sequences = sequences

    def length(self, name: str) -> int:
        return self._sequences.length(name)

    def fetch(self, name: str, start: int, end: int) -> str:
        length = self._sequences.length(name)
        return complement(self._sequences.fetch(name, length - end, length - start))


def _described(
    start: int, deleted: str, inserted: str, sequences: Sequences, name: str
) -> tuple[tuple[int, int], Edit]:
    """First and last position (1-based) and the edit, by HGVS' order of preference: >, del, inv, dup, ins, delins."""
    first, last = start + 1, start + len(deleted)
    if deleted == inserted:
        return (first, last), Edit("=")
    if len(deleted) == 1 == len(inserted):
        return (first, last), Edit("sub", deleted, inserted)
    if not inserted:
        return (first, last), Edit("del")
    if deleted:
        if len(deleted) == len(inserted) and complement(deleted) == inserted:
            return (first, last), Edit("inv")
        return (first, last), Edit("delins", inserted=inserted)
    if start >= len(inserted) and sequences.fetch(name, start - len(inserted), start).upper() == inserted:
        return (start - len(inserted) + 1, start), Edit("dup")
    length = sequences.length(name)
    if start in (0, length):  # nothing stands on the other side, so a neighbour is written with it
        at = 1 if start == 0 else length
        neighbour = sequences.fetch(name, at - 1, at).upper()
        return (at, at), Edit("delins", inserted=inserted + neighbour if start == 0 else neighbour + inserted)
    return (start, start + 1), Edit("ins", inserted=inserted)


def _refused(name: HgvsName, why: str, remedy: str) -> BadInput:
    return BadInput(f"{name} is refused: {why}.", rule="HGVS nomenclature for DNA", remedy=remedy)
