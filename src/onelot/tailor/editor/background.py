"""The patient's other variants near the target, as far as the calls say on which allele they lie."""

from __future__ import annotations

from collections.abc import Iterable

from onelot.record.errors import BadInput
from onelot.tailor.editor.allele import FLANK, Background, Variant
from onelot.tailor.offtarget.calls import Call, variants_of


def background_of(variant: Variant, calls: Iterable[Call]) -> Background:
    """The bases of the allele that carries a variant, and of the other one, within `FLANK` bases.

    Variants on both alleles, or phased with the target, are applied; others, and insertions and deletions, become
    notes.

    Raises:
        BadInput: the patient does not carry the variant.
    """
    first, last = variant.pos - 1 - FLANK, variant.pos - 1 + len(variant.ref) + FLANK
    near = [c for c in calls if c.chrom == variant.chrom and first <= c.pos - 1 < last]
    own = next((c for c in near if (c.pos, c.ref) == (variant.pos, variant.ref) and variant.alt in c.alts), None)
    number = own.alts.index(variant.alt) + 1 if own else 0
    if own is None or number not in own.alleles:
        raise BadInput(
            f"the patient's calls do not hold {variant}",
            rule="an editor is designed for a variant the patient carries",
            remedy="check variant and sample, or leave out --vcf",
            place=str(variant),
        )
    copy = own.alleles.index(number)
    both = all(a == number for a in own.alleles)
    placed = variants_of(c for c in near if c is not own)
    own_unit = ("phased",) if own.phase_set is None else ("phased", own.phase_set)
    wanted: dict[int, str] = {}
    other: dict[int, str] = {}
    notes = [f"{u.chrom}:{u.start + 1}: {u.reason}" for u in placed.unusable]
    for locus in placed.loci.get(variant.chrom, ()):
        shown = locus.shown(0) or locus.shown(1)
        if any(len(letters) != 1 for letters in (*locus.letters, locus.ref)):
            notes.append(f"{shown} is no single-base variant and was not applied: check the design by hand")
        elif locus.unit is None:
            wanted[locus.start] = other[locus.start] = locus.letters[0]
        elif own.phased and not both and locus.unit == own_unit:
            wanted[locus.start], other[locus.start] = locus.letters[copy], locus.letters[1 - copy]
        else:
            notes.append(f"{shown} is not phased with the target and was not applied: check the design by hand")
    return Background(wanted, other, both, tuple(notes))
