"""The variant to correct, and the two alleles around it as the patient has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from onelot.record.errors import BadInput
from onelot.tailor.reference import Reference, check_allele

#: Bases read on either side of a variant.
FLANK = 120


@dataclass(frozen=True)
class Variant:
    """One variant as in VCF: 1-based position, REF and ALT in ACGT letters."""

    chrom: str
    pos: int
    ref: str
    alt: str

    def __str__(self) -> str:
        return f"{self.chrom}:{self.pos}:{self.ref}:{self.alt}"


@dataclass(frozen=True)
class Correction:
    """What shall be changed: forward bases [start, start + len(before)) from `before` to `after`, trimmed of shared
    bases."""

    chrom: str
    start: int
    before: str
    after: str
    to_reference: bool = True

    @property
    def is_single(self) -> bool:
        """Whether one base becomes another."""
        return len(self.before) == len(self.after) == 1


@dataclass(frozen=True)
class Background:
    """The patient's other single-base variants near the target: 0-based forward position -> base, for each allele.

    `wanted` is the allele that carries the variant, `other` its counterpart; `both_alleles` says that the other
    carries it
    too. `notes` says what could not be placed.
    """

    wanted: Mapping[int, str] = field(default_factory=dict)
    other: Mapping[int, str] = field(default_factory=dict)
    both_alleles: bool = False
    notes: tuple[str, ...] = ()


def parse_variant(text: str) -> Variant:
    """A variant from CHROM:POS:REF:ALT; the sequence name may itself hold colons.

    Raises:
        BadInput: not four parts, a position that is no number, letters other than ACGT, or REF equal to ALT.
    """
    parts = text.rsplit(":", 3)
    if len(parts) != 4 or not parts[0] or not (parts[1].isascii() and parts[1].isdigit()):
        raise _wrong(f"{text!r} is not CHROM:POS:REF:ALT", text)
    chrom, pos, ref, alt = parts[0], int(parts[1]), parts[2].upper(), parts[3].upper()
    if not ref or not alt or set(ref + alt) - set("ACGT"):
        raise _wrong("REF and ALT are written in the letters ACGT", text)
    if ref == alt:
        raise _wrong("REF and ALT are the same", text)
    return Variant(chrom, pos, ref, alt)


def _wrong(what: str, place: str) -> BadInput:
    return BadInput(
        what,
        rule="a variant is CHROM:POS:REF:ALT with POS and alleles as in VCF",
        remedy="write it like chr7:117559590:ATCT:A",
        place=f"--variant {place}",
    )


def correction_of(reference: Reference, variant: Variant, to: str) -> Correction:
    """The change that turns the patient's allele into the wanted one.

    Args:
        reference: the genome.
        variant: the causal variant; its REF is checked against the reference.
        to: the allele to end with: "REF", "ALT", or the allele's own letters.

    Raises:
        BadInput: REF differs from the reference, or `to` is neither of the two alleles.
    """
    check_allele(reference, variant.chrom, variant.pos, variant.ref, place=f"--variant {variant}")
    wanted = to.strip().upper()
    if wanted in ("REF", variant.ref):
        before, after, to_reference = variant.alt, variant.ref, True
    elif wanted in ("ALT", variant.alt):
        before, after, to_reference = variant.ref, variant.alt, False
    else:
        raise BadInput(
            f"allele {to!r} is neither REF {variant.ref} nor ALT {variant.alt}",
            rule="a correction ends with one of the variant's two alleles",
            remedy="give --correct-to REF, ALT or the letters of one of them",
            place="--correct-to",
        )
    start = variant.pos - 1
    while len(before) > 0 and len(after) > 0 and before[-1] == after[-1]:
        before, after = before[:-1], after[:-1]
    while len(before) > 0 and len(after) > 0 and before[0] == after[0]:
        before, after, start = before[1:], after[1:], start + 1
    return Correction(variant.chrom, start, before, after, to_reference)


@dataclass(frozen=True)
class Allele:
    """Forward letters around the target: `text[i]` lies at forward position `start + i` up to and including the target.

    Right of an allele with an insertion or deletion, text and reference positions differ by `len(before) - len(ref)`.
    """

    start: int
    text: str

    def base(self, position: int) -> str:
        """Base at a forward position; N outside the stretch."""
        i = position - self.start
        return self.text[i] if 0 <= i < len(self.text) else "N"


def allele_with(
    reference: Reference, variant: Variant, correction: Correction, letters: str, background: Mapping[int, str]
) -> Allele:
    """The stretch of `FLANK` bases on either side with `letters` at the target and the background's bases applied."""
    end = correction.start + reference_bases(correction)
    left_start = max(0, correction.start - FLANK)
    left = list(reference.fetch(variant.chrom, left_start, correction.start))
    right = list(reference.fetch(variant.chrom, end, end + FLANK))
    for position, base in background.items():
        if left_start <= position < correction.start:
            left[position - left_start] = base
        elif end <= position < end + len(right):
            right[position - end] = base
    return Allele(left_start, "".join(left) + letters + "".join(right))


def reference_bases(correction: Correction) -> int:
    """How many reference bases the trimmed target covers (0 for an insertion against the reference)."""
    return len(correction.after if correction.to_reference else correction.before)
