"""Which pairs of named alleles explain a sample: the exact matcher.

A pair is consistent if every group of loci whose phase is known together can be laid on the two copies in one of the
two ways. Loci without a known phase are groups of one, so every phase is weighed without writing permutations out.
Score of an allele: the observed loci its table row spells; a wobble cell that meets the genome's base does not count.
(Semantics: PharmCAT's Named Allele Matcher 101 and 201.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from onelot.profile.pgx.definition import WOBBLE, GeneDefinition, NamedAllele
from onelot.profile.pgx.sites import Observed


@dataclass(frozen=True, slots=True)
class Pair:
    """A consistent diplotype, or one allele where there is one copy (`second` is None)."""

    first: str
    second: str | None
    score: int

    @property
    def name(self) -> str:
        """`*1/*3A`, or `*1` for one copy."""
        return self.first if self.second is None else f"{self.first}/{self.second}"


def callable_alleles(definition: GeneDefinition, seen: Iterable[int]) -> list[NamedAllele]:
    """The alleles of which at least one spelled locus was observed."""
    loci = set(seen)
    return [allele for allele in definition.alleles if not loci.isdisjoint(allele.cells)]


def uncallable_alleles(definition: GeneDefinition, seen: Iterable[int]) -> list[str]:
    """The alleles that cannot be told from the reference on what was observed, in table order."""
    kept = {allele.name for allele in callable_alleles(definition, seen)}
    return list(dict.fromkeys(allele.shown for allele in definition.alleles if allele.name not in kept))


def consistent_pairs(
    definition: GeneDefinition, seen: Mapping[int, Observed], alleles: Sequence[NamedAllele]
) -> list[Pair]:
    """Every consistent pair of the given alleles, best score first, then by name.

    Args:
        seen: locus number -> genotype of one or two copies; all loci must have the same number.
        alleles: candidates; an allele without an observed locus acts as the reference does.
    """
    if not seen:
        return []
    single = all(len(observed.bases) == 1 for observed in seen.values())
    fitting = [allele for allele in alleles if _can_fit(definition, allele, seen)]
    groups = [[locus] for locus, o in seen.items() if o.block is None and len(set(o.bases)) > 1]
    blocks: dict[str, list[int]] = {}
    for locus, observed in seen.items():
        if observed.block is not None:
            blocks.setdefault(observed.block, []).append(locus)
    groups += list(blocks.values())
    fixed = [locus for locus, observed in seen.items() if len(set(observed.bases)) == 1]
    base = {
        allele.name: _score(definition, allele, {locus: seen[locus].bases[0] for locus in fixed}) for allele in fitting
    }
    found: dict[tuple[str, str | None], int] = {}
    for i, first in enumerate(fitting):
        if single:
            _keep(found, first.shown, None, base[first.name])
            continue
        for second in fitting[i:]:
            extra = _lay(definition, first, second, seen, groups)
            if extra is not None:
                names = sorted((first.shown, second.shown), key=definition.order)
                _keep(found, names[0], names[1], base[first.name] + base[second.name] + extra)
    pairs = [Pair(first, second, score) for (first, second), score in found.items()]
    return sorted(pairs, key=lambda p: (-p.score, definition.order(p.first), definition.order(p.second or "")))


def _keep(found: dict[tuple[str, str | None], int], first: str, second: str | None, score: int) -> None:
    found[first, second] = max(score, found.get((first, second), score))


def _can_fit(definition: GeneDefinition, allele: NamedAllele, seen: Mapping[int, Observed]) -> bool:
    return all(not definition.fits(allele, locus).isdisjoint(o.bases) for locus, o in seen.items())


def _lay(
    definition: GeneDefinition,
    first: NamedAllele,
    second: NamedAllele,
    seen: Mapping[int, Observed],
    groups: Sequence[Sequence[int]],
) -> int | None:
    """Lay each group on the two copies the better way; the score gained, or None if a group fits neither way."""
    gained = 0
    for group in groups:
        ways = []
        for one, other in ((0, 1), (1, 0)):
            left = {locus: seen[locus].bases[one] for locus in group}
            right = {locus: seen[locus].bases[other] for locus in group}
            if all(left[n] in definition.fits(first, n) and right[n] in definition.fits(second, n) for n in group):
                ways.append(_score(definition, first, left) + _score(definition, second, right))
        if not ways:
            return None
        gained += max(ways)
    return gained


def _score(definition: GeneDefinition, allele: NamedAllele, bases: Mapping[int, str | None]) -> int:
    score = 0
    for locus, base in bases.items():
        cell = allele.cells.get(locus)
        if cell is not None and not (cell in WOBBLE and base == definition.loci[locus].ref):
            score += 1
    return score
