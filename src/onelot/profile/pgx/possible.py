"""Every phenotype that is still possible: what the gate weighs.

A missing locus could hold anything the table knows, so it constrains nothing. Leaving a locus out can therefore only
add phenotypes. If no pair of named alleles explains the sample at all, nothing is excluded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from onelot.profile.pgx.definition import GeneDefinition, NamedAllele
from onelot.profile.pgx.match import consistent_pairs
from onelot.profile.pgx.phenotype import Phenotype, PhenotypeTable
from onelot.profile.pgx.sites import Observed


def settled(seen: Mapping[int, Observed]) -> dict[int, Observed]:
    """The loci that settle something: both copies known, no allele that the table does not document."""
    return {n: o for n, o in seen.items() if None not in o.bases and not o.undocumented}


def possible_phenotypes(
    definition: GeneDefinition, table: PhenotypeTable, seen: Mapping[int, Observed]
) -> frozenset[Phenotype]:
    """The phenotypes of all pairs of named alleles, whatever the missing loci hold.

    Alleles alike at every settled locus are weighed together, so a sparse sample costs no more than a full one.
    """
    sure = settled(seen)
    copies = {len(observed.bases) for observed in sure.values()}
    if not sure or len(copies) != 1:
        return table.all()
    alike: dict[tuple[frozenset[str], ...], set[str]] = {}
    leaders: dict[tuple[frozenset[str], ...], NamedAllele] = {}
    for allele in definition.alleles:
        key = tuple(definition.fits(allele, locus) for locus in sorted(sure))
        alike.setdefault(key, set()).add(allele.shown)
        leaders.setdefault(key, replace(allele, shown=allele.name))  # suballeles are told apart here
    functions = {leader.name: {table.functions.get(name) for name in alike[key]} for key, leader in leaders.items()}
    found: set[Phenotype] = set()
    for pair in consistent_pairs(definition, sure, list(leaders.values())):
        seconds: list[list[str | None]] = (
            [[]] if pair.second is None else [[function] for function in functions[pair.second]]
        )
        found |= {table.of_functions([one, *rest]) for one in functions[pair.first] for rest in seconds}
    return frozenset(found) or table.all()
