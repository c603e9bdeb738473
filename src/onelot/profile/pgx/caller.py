"""One gene of one sample, called: diplotypes, phenotype, and all that stays possible."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from onelot.profile.pgx.definition import GeneDefinition
from onelot.profile.pgx.lowest import TooMany, layings, possible_lowest
from onelot.profile.pgx.match import Pair, callable_alleles, consistent_pairs, uncallable_alleles
from onelot.profile.pgx.phenotype import Phenotype, PhenotypeTable
from onelot.profile.pgx.possible import possible_phenotypes
from onelot.profile.pgx.sites import Observed, Sample, observe
from onelot.profile.variants import CalledGenotype

# SLCO1B1 without a named pair: CPIC gives guidance on this variant alone (PMID 35152405).
SLCO1B1_TAG, SLCO1B1_TAG_ALLELES = "rs4149056", ("*1", "*5")
MOST_SHOWN = 64


@dataclass(frozen=True, slots=True)
class GeneCall:
    """The answer for one gene.

    Attributes:
        diplotypes: every consistent one, best first; at most 64 are named.
        phenotype: of the best; None where the best do not agree or no table exists.
        keys: what guidance is looked up by, for each phenotype still possible; sorted; () where nothing can be
            told: not called, or an allele that no table documents was seen (its function is unknown).
        possible_phenotypes: names still possible, sorted; () where the gene has no table.
        activity_score: of the best, as the table writes it.
        called: True if at least one diplotype is consistent (or an outside call stands).
        missing_positions: `chr:position` of each defining locus without a readable genotype.
        uncallable_alleles: alleles lost with them.
        reason: why not called, or what to know about the call.
        places: locus -> place of the genotype used.
        scores: match scores of the diplotypes, in their order; () for calls by lowest function.
        outside: the call came from outside the variant file.
    """

    gene: str
    diplotypes: tuple[str, ...]
    phenotype: str | None
    keys: tuple[str, ...]
    possible_phenotypes: tuple[str, ...]
    activity_score: str | None
    called: bool
    missing_positions: tuple[str, ...]
    uncallable_alleles: tuple[str, ...]
    reason: str | None
    places: tuple[tuple[str, str], ...] = ()
    scores: tuple[int, ...] = ()
    outside: bool = False

    def as_plain(self) -> dict[str, object]:
        """The gene's entry in `onelot profile pgx --json`."""
        return {
            "diplotypes": list(self.diplotypes),
            "phenotype": self.phenotype,
            "possible_phenotypes": list(self.possible_phenotypes),
            "activity_score": self.activity_score,
            "called": self.called,
            "missing_positions": list(self.missing_positions),
            "uncallable_alleles": list(self.uncallable_alleles),
            "reason": self.reason,
        }


def call_gene(definition: GeneDefinition, table: PhenotypeTable | None, lines: Iterable[CalledGenotype]) -> GeneCall:
    """Call one gene.

    Args:
        definition: the gene's star alleles.
        table: its phenotypes; None where no table exists (the gene is called without a phenotype).
        lines: the sample's lines on the gene's chromosome.
    """
    return call_sample(definition, table, observe(definition, lines))


def call_sample(definition: GeneDefinition, table: PhenotypeTable | None, sample: Sample) -> GeneCall:
    """Call one gene from genotypes already placed on its loci."""
    names, phenotypes, scores, reason = _answers(definition, table, sample)
    best = _agreed(phenotypes)
    notes = [*([reason] if reason else []), *sample.notes]
    if names and table is not None and best is None:
        notes.insert(0, "the best diplotypes differ in phenotype")
    if len(names) > MOST_SHOWN:
        notes.append(f"{len(names)} diplotypes are consistent; the first {MOST_SHOWN} are named")
    fallback = _slco1b1(definition, table, sample) if not names else None
    if fallback is not None:
        best, note = fallback
        notes.append(note)
    possible = _possible(definition, table, sample)
    return GeneCall(
        definition.gene,
        tuple(names[:MOST_SHOWN]),
        best.name if best is not None else None,
        tuple(sorted({p.key for p in possible})) if names and not _undocumented(sample) else (),
        tuple(sorted({p.name for p in possible})),
        best.score if best is not None else None,
        bool(names),
        tuple(definition.at(n) for n in sorted(sample.missing)),
        tuple(uncallable_alleles(definition, sample.seen)),
        "; ".join(notes) or None,
        tuple((definition.at(n), o.place) for n, o in sorted(sample.seen.items())),
        tuple(scores[:MOST_SHOWN]),
    )


def _undocumented(sample: Sample) -> bool:
    return any(observed.undocumented for observed in sample.seen.values())


Answers = tuple[list[str], list[Phenotype], list[int], str | None]


def _answers(definition: GeneDefinition, table: PhenotypeTable | None, sample: Sample) -> Answers:
    """Names of all diplotypes, phenotypes of the best ones, scores, and why there are none."""
    if (why := _refusal(definition, sample)) is not None:
        return [], [], [], why
    if definition.lowest_function and table is not None:
        try:
            ways = layings(definition, table, sample.seen)
        except TooMany as error:
            return [], [], [], str(error)
        return ["/".join(way.names) for way in ways], [table.of_functions(list(ways[0].functions))], [], None
    pairs = consistent_pairs(definition, sample.seen, callable_alleles(definition, sample.seen))
    if not pairs:
        return [], [], [], "no pair of named alleles explains the genotypes"
    pairs, picked = _prefer(definition, sample.seen, pairs)
    best = pairs[:1] if picked else [p for p in pairs if p.score == pairs[0].score]
    phenotypes = [] if table is None else [table.of(p.first, p.second) for p in best]
    return [p.name for p in pairs], phenotypes, [p.score for p in pairs], picked


def _refusal(definition: GeneDefinition, sample: Sample) -> str | None:
    if not sample.seen:
        return f"none of its {len(definition.loci)} positions has a genotype in the file"
    if lost := [definition.at(n) for n in sorted(sample.missing) if definition.loci[n].pos in definition.required]:
        return f"required positions are missing: {', '.join(lost)}"
    if len(sample.copies) > 1:
        return "its positions differ in the number of copies"
    if half := [definition.at(n) for n, o in sorted(sample.seen.items()) if None in o.bases]:
        return f"only one copy was called at {', '.join(half)}"
    if definition.lowest_function and sample.copies != {2}:
        return "one copy where two are expected"
    return None


def _prefer(definition: GeneDefinition, seen: dict[int, Observed], pairs: list[Pair]) -> tuple[list[Pair], str | None]:
    """For unphased data the table may say which of an ambiguous set of diplotypes to prefer (NAT2)."""
    if any(o.block is not None for o in seen.values()):
        return pairs, None
    names = {pair.name for pair in pairs}
    for pick, listed in definition.priorities:
        if names == set(listed):
            first = [pair for pair in pairs if pair.name == pick]
            return first + [p for p in pairs if p.name != pick], f"{pick} preferred among {', '.join(sorted(names))}"
    return pairs, None


def _agreed(phenotypes: Sequence[Phenotype]) -> Phenotype | None:
    return phenotypes[0] if phenotypes and len(set(phenotypes)) == 1 else None


def _possible(definition: GeneDefinition, table: PhenotypeTable | None, sample: Sample) -> frozenset[Phenotype]:
    if table is None:
        return frozenset()
    return (possible_lowest if definition.lowest_function else possible_phenotypes)(definition, table, sample.seen)


def _slco1b1(definition: GeneDefinition, table: PhenotypeTable | None, sample: Sample) -> tuple[Phenotype, str] | None:
    tag = [n for n, locus in enumerate(definition.loci) if locus.rsid == SLCO1B1_TAG]
    observed = sample.seen.get(tag[0]) if tag and definition.gene == "SLCO1B1" else None
    if table is None or observed is None or len(observed.bases) != 2 or None in observed.bases:
        return None
    locus = definition.loci[tag[0]]
    if not set(observed.bases) <= {locus.ref, *locus.alts}:
        return None
    first, second = (SLCO1B1_TAG_ALLELES[base != locus.ref] for base in sorted(observed.bases, key=str, reverse=True))
    names = sorted((first, second), key=definition.order)
    return table.of(*names), f"phenotype from {SLCO1B1_TAG} alone, as {'/'.join(names)}"
