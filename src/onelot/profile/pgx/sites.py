"""From lines of a variant file to the genotype at each defining locus of a gene.

A locus without a readable genotype is missing, never reference. A variant may be spelled differently from the table
(longer REF, split multi-allelic lines, equal-length blocks), so variants are compared after trimming what REF and ALT
share. Left-aligned variants are assumed; without a reference sequence they cannot be shifted here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from onelot.profile.pgx.definition import GeneDefinition, Locus, Primitive, primitive
from onelot.profile.variants import CalledGenotype

BLOCK_ALTS = frozenset({"<NON_REF>", "<*>", "<X>"})
# Repeats in the tables are shorter than this; a file that is not left-aligned may spell an indel this far away.
ALIGNMENT_WINDOW = 60
WRONG_REFERENCE = "REF does not fit the assembly"


@dataclass(frozen=True, slots=True)
class Observed:
    """The genotype at one locus.

    Attributes:
        bases: one spelled allele per copy; a copy that is unknown is None (only beside a known variant).
        block: copies of loci with an equal block keep their order together; None where order means nothing.
        place: where it was read.
        undocumented: alleles seen that the table does not know, already set to reference where the gene says so.
    """

    bases: tuple[str | None, ...]
    block: str | None
    place: str
    undocumented: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sample:
    """All loci of one gene in one sample.

    Attributes:
        seen: locus number -> genotype. missing: locus number -> why.
        notes: what a reader should know: discarded lines, undocumented alleles.
    """

    seen: dict[int, Observed]
    missing: dict[int, str]
    notes: tuple[str, ...] = field(default=())

    @property
    def copies(self) -> set[int]:
        """The numbers of copies seen; more than one member is a contradiction."""
        return {len(observed.bases) for observed in self.seen.values()}


def observe(definition: GeneDefinition, lines: Iterable[CalledGenotype]) -> Sample:
    """Read every locus of a gene.

    Args:
        definition: the gene.
        lines: the sample's lines on the gene's chromosome, in any order; others may be among them at no harm
            as long as their chromosome is the gene's.
    """
    lines = list(lines)
    seen: dict[int, Observed] = {}
    missing: dict[int, str] = {}
    notes: list[str] = []
    for number, locus in enumerate(definition.loci):
        near = [line for line in lines if line.pos <= locus.end and line.end >= locus.pos]
        result = _locus(definition, locus, near)
        if not isinstance(result, str) and (twin := _spelled_elsewhere(locus, lines, definition.variants)) is not None:
            result = f"{twin.ref[:20]}>{','.join(twin.alts)[:20]} at {twin.pos} may be its variant, not left-aligned"
        if isinstance(result, str):
            missing[number] = result
            if near:
                notes.append(f"{definition.at(number)}: {result}")
        else:
            seen[number] = result
            if result.undocumented:
                notes.append(f"{definition.at(number)}: undocumented allele {', '.join(result.undocumented)}")
    return Sample(seen, missing, tuple(notes))


def _locus(definition: GeneDefinition, locus: Locus, near: Sequence[CalledGenotype]) -> Observed | str:
    exact = [line for line in near if not _is_block(line) and _speaks_of(locus, line)]
    if not exact:
        return _from_reference(locus, near)
    if wrong := [line for line in exact if not _same_reference(locus, line)]:
        return f"{WRONG_REFERENCE}: {wrong[0].ref[:20]} is not {locus.ref[:20]} ({wrong[0].place})"
    if failed := [line for line in exact if line.filters]:
        return f"the line failed {', '.join(failed[0].filters or ())}"
    spelled: list[tuple[str | None, ...]] = []
    for line in exact:
        copies = _spell(locus, line)
        if isinstance(copies, str):
            return copies
        spelled.append(copies)
    if _contradict(exact, spelled):
        return "two lines contradict each other"
    merged = _merge(spelled, locus, all(line.phased for line in exact))
    if isinstance(merged, str):
        return merged
    return _checked(definition, locus, merged, exact[0])


def _contradict(exact: Sequence[CalledGenotype], spelled: Sequence[tuple[str | None, ...]]) -> bool:
    """Lines may split one site between them; two lines about the same variant must say the same."""
    told: list[frozenset[Primitive | None]] = [
        frozenset(primitive(line.pos, line.ref, alt) for alt in line.alts) or frozenset((None,)) for line in exact
    ]
    return any(
        spelled[i] != spelled[j] and (told[i] & told[j] or None in told[i] | told[j])
        for i in range(len(exact))
        for j in range(i)
    )


def _spelled_elsewhere(
    locus: Locus, lines: Sequence[CalledGenotype], known: frozenset[Primitive]
) -> CalledGenotype | None:
    """A called indel close by that no table knows at its place, but that is the locus' own, turned along a repeat."""
    shapes = [primitive(locus.pos, locus.ref, alt) for alt in locus.alts if len(alt) != len(locus.ref)]
    for line in lines if shapes else ():
        if not -ALIGNMENT_WINDOW <= line.pos - locus.pos <= ALIGNMENT_WINDOW:
            continue
        for index in {index for index in line.alleles if index}:
            alt = line.alts[index - 1]
            told = primitive(line.pos, line.ref, alt) if alt.isalpha() else None
            if told is not None and told not in known and any(_turned(told, shape) for shape in shapes):
                return line
    return None


def _turned(one: Primitive, other: Primitive) -> bool:
    return all(len(a) == len(b) and a in b + b for a, b in zip(one[1:], other[1:], strict=True))


def _is_block(line: CalledGenotype) -> bool:
    return line.end > line.pos + len(line.ref) - 1 and all(alt in BLOCK_ALTS for alt in line.alts)


def _speaks_of(locus: Locus, line: CalledGenotype) -> bool:
    """True if the line tells the locus' alleles: the same spelling, the same variant, or bases across a single base."""
    if line.pos == locus.pos and (line.ref == locus.ref or len(locus.ref) == 1 == len(line.ref)):
        return True
    known = {primitive(locus.pos, locus.ref, alt) for alt in locus.alts}
    if any(primitive(line.pos, line.ref, alt) in known for alt in line.alts if alt.isalpha()):
        return True
    return len(locus.ref) == 1 and bool(line.alts) and all(len(alt) == len(line.ref) for alt in line.alts)


def _same_reference(locus: Locus, line: CalledGenotype) -> bool:
    first, last = max(locus.pos, line.pos), min(locus.end, line.pos + len(line.ref) - 1)
    return line.ref[first - line.pos : last - line.pos + 1] == locus.ref[first - locus.pos : last - locus.pos + 1]


def _spell(locus: Locus, line: CalledGenotype) -> tuple[str | None, ...] | str:
    """The copies of one line in the locus' own spelling; a text says why that cannot be done."""
    if not line.alleles:
        return "no genotype"
    if all(index is None for index in line.alleles):
        return "the genotype is missing"
    known = {primitive(locus.pos, locus.ref, alt): alt for alt in locus.alts}
    copies: list[str | None] = []
    for index in line.alleles:
        if index is None:
            copies.append(None)
            continue
        alt = line.ref if index == 0 else line.alts[index - 1]
        if not alt.isalpha() or "N" in alt:
            return f"the allele {alt[:20]} cannot be read as bases"
        if index == 0:
            copies.append(locus.ref)
        elif (same := known.get(primitive(line.pos, line.ref, alt))) is not None:
            copies.append(same)
        elif len(locus.ref) == 1 and len(alt) == len(line.ref):
            copies.append(alt[locus.pos - line.pos])
        elif line.pos == locus.pos:
            copies.append(alt if line.ref == locus.ref else f"{line.ref}>{alt}")
        else:
            return f"another variant ({line.ref[:20]}>{alt[:20]}) covers the locus"
    return tuple(copies)


def _merge(spelled: list[tuple[str | None, ...]], locus: Locus, phased: bool) -> tuple[str | None, ...] | str:
    """Join lines that split one multi-allelic site, or repeat it."""
    if len(set(spelled)) == 1:
        return spelled[0]
    copies = {len(text) for text in spelled}
    if len(copies) != 1:
        return "two lines differ in their number of copies"
    if phased:
        out: list[str | None] = []
        for column in zip(*spelled, strict=True):
            others = {base for base in column if base is not None and base != locus.ref}
            if len(others) > 1:
                return "two lines contradict each other"
            out.append(next(iter(others), None if None in column else locus.ref))
        return tuple(out)
    alts: dict[str, int] = {}
    for text in spelled:
        for base in {b for b in text if b is not None and b != locus.ref}:
            alts[base] = max(alts.get(base, 0), text.count(base))
    total, ploidy = sum(alts.values()), copies.pop()
    if total > ploidy or any(None in text for text in spelled) and total < ploidy:
        return "two lines contradict each other"
    found: list[str | None] = [base for base, n in alts.items() for _ in range(n)]
    return tuple([locus.ref] * (ploidy - total) + found)


def _checked(
    definition: GeneDefinition, locus: Locus, bases: tuple[str | None, ...], line: CalledGenotype
) -> Observed | str:
    if len(bases) > 2:
        return f"{len(bases)} copies"
    if definition.chromosome not in {"chrX", "chrY", "chrM"} and len(bases) == 1:
        # One copy on an autosome: a lone reference says nothing of the other copy, a lone variant must not be lost.
        bases = (*bases, None)
    if None in bases and all(base in (None, locus.ref) for base in bases):
        return "only one copy was called, and it is reference"
    undocumented = tuple(dict.fromkeys(b for b in bases if b is not None and b != locus.ref and b not in locus.alts))
    if undocumented and definition.undocumented_as_reference:
        bases = tuple(locus.ref if base in undocumented else base for base in bases)
    heterozygous = len(set(bases)) > 1
    block = None
    if heterozygous and line.phased:
        block = f"set {line.phase_set}" if line.phase_set is not None else "one set"
    return Observed(bases, block, line.place, undocumented)


def _from_reference(locus: Locus, near: Sequence[CalledGenotype]) -> Observed | str:
    """A locus no line speaks of is reference only if reference lines or blocks cover all of its bases."""
    if not near:
        return "no line covers the position"
    uncovered = set(range(locus.pos, locus.end + 1))
    copies, place = 0, ""
    for line in near:
        hom_ref = bool(line.alleles) and all(index == 0 for index in line.alleles)
        if line.filters:
            return f"the line failed {', '.join(line.filters)}"
        if not hom_ref and not line.missing:
            return f"another variant ({line.ref[:20]}>{','.join(line.alts)[:20]}) covers the locus"
        if hom_ref and (_is_block(line) or line.end == line.pos):
            uncovered -= set(range(line.pos, line.end + 1))
            copies, place = max(copies, len(line.alleles)), place or line.place
    if uncovered:
        return "the lines there do not tell its alleles"
    return Observed((locus.ref,) * copies, None, place)
