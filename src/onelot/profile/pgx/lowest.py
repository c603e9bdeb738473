"""DPYD and RYR1: called by the variants on each copy, the least functional one deciding.

Their tables name single variants, of which one copy may carry several, so a copy is a list of named variants
("[c.85T>C (*9A) + c.1905+1G>A (*2A)]"), and its function that of its least functional variant (CPIC guideline for
fluoropyrimidines and DPYD, PMID 29152729). A variant that belongs to no named allele of the copy is listed by its
genomic name and has no function.

HapB3 (DPYD) has two defining variants; the intronic one is causal and wins over the exonic tag.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from onelot.profile.pgx.definition import GeneDefinition, NamedAllele
from onelot.profile.pgx.phenotype import Phenotype, PhenotypeTable
from onelot.profile.pgx.possible import settled
from onelot.profile.pgx.sites import Observed

HAPB3 = "c.1129-5923C>G, c.1236G>A (HapB3)"
HAPB3_INTRON = "c.1129-5923C>G"
INTRON_RSID, EXON_RSID = "rs75017182", "rs56038477"
# From least to most functional; DPYD orders by its activity values instead.
SEVERITY = ("Malignant Hyperthermia Associated", None, "Uncertain Function", "Normal Function")
MOST_LAYINGS = 1024

Copy = frozenset[str]


@dataclass(frozen=True, slots=True)
class Laying:
    """One way to lay the variants on the two copies."""

    names: tuple[str, str]
    functions: tuple[str | None, str | None]


def layings(definition: GeneDefinition, table: PhenotypeTable, seen: Mapping[int, Observed]) -> list[Laying]:
    """Every way to lay the observed variants on two copies, least functional first.

    Raises:
        TooMany: the phase of too many heterozygous loci is unknown.
    """
    seen, hap = _without_hapb3(definition, seen)
    fixed = {n: o.bases[0] for n, o in seen.items() if len(set(o.bases)) == 1}
    groups: dict[str, list[int]] = {}
    for locus, observed in seen.items():
        if len(set(observed.bases)) > 1:
            groups.setdefault(observed.block or f"locus {locus}", []).append(locus)
    if hap is not None and hap.names[0] != hap.names[1]:
        groups.setdefault(hap.block or "hapb3", [])
    if 2 ** max(0, len(groups) - 1) > MOST_LAYINGS:
        raise TooMany(len(groups))
    found: dict[tuple[str, str], Laying] = {}
    order = sorted(groups)
    for turns in product((0, 1), repeat=max(0, len(order) - 1)):
        turn = dict(zip(order, (0, *turns), strict=False))
        copies = []
        for side in (0, 1):
            bases = fixed | {n: seen[n].bases[side ^ turn[g]] for g in order for n in groups[g]}
            extra = hap.names[side ^ turn.get(hap.block or "hapb3", 0)] if hap is not None else None
            copies.append(_name_copies(definition, bases, extra))
        for left, right in product(*copies):
            pair = sorted((left, right), key=lambda c: _copy_order(definition, c))
            names = (shown(definition, pair[0]), shown(definition, pair[1]))
            found[names] = Laying(
                names, (function_of(definition, table, pair[0]), function_of(definition, table, pair[1]))
            )
    return sorted(found.values(), key=lambda laying: (_rank_sum(table, laying.functions), laying.names))


class TooMany(Exception):
    """More loci of unknown phase than are laid out one by one."""

    def __init__(self, groups: int) -> None:
        super().__init__(f"the phase of {groups} heterozygous loci is unknown")


def possible_lowest(
    definition: GeneDefinition, table: PhenotypeTable, seen: Mapping[int, Observed]
) -> frozenset[Phenotype]:
    """Phenotypes still possible: each copy may carry, besides what was seen, any variant with a missing locus."""
    sure = settled(seen)
    copies = {len(observed.bases) for observed in sure.values()}
    if not sure or copies != {2}:
        return table.all()
    try:
        ways = layings(definition, table, sure) + layings(definition, table, _without_lone_tag(definition, sure))
    except TooMany:
        return table.all()
    unseen = [a for a in definition.alleles[1:] if not set(a.cells) <= set(sure)]
    hidden = {_function(table, a.name) for a in unseen}
    if any(len(a.cells) > 1 and a.name != HAPB3 for a in unseen):
        hidden.add(None)  # part of an allele that needs several variants: a variant without a name of its own
    found: set[Phenotype] = set()
    for way in ways:
        choices = [{function} | {_least(table, (function, other)) for other in hidden} for function in way.functions]
        found |= {table.of_functions([one, other]) for one, other in product(*choices)}
    return frozenset(found)


def _without_lone_tag(definition: GeneDefinition, sure: Mapping[int, Observed]) -> dict[int, Observed]:
    """HapB3 called from its exonic tag alone may turn out absent once the intronic variant is read."""
    loci = {locus.rsid: n for n, locus in enumerate(definition.loci)}
    alone = loci.get(INTRON_RSID) not in sure
    return {n: o for n, o in sure.items() if not (alone and n == loci.get(EXON_RSID))}


@dataclass(frozen=True, slots=True)
class _HapB3:
    names: tuple[str | None, str | None]
    block: str | None


def _without_hapb3(
    definition: GeneDefinition, seen: Mapping[int, Observed]
) -> tuple[dict[int, Observed], _HapB3 | None]:
    """Take the two HapB3 loci out and say which of its names each copy carries."""
    loci = {locus.rsid: n for n, locus in enumerate(definition.loci)}
    if INTRON_RSID not in loci or EXON_RSID not in loci:
        return dict(seen), None
    rest = {n: o for n, o in seen.items() if n not in (loci[INTRON_RSID], loci[EXON_RSID])}
    intron, exon = seen.get(loci[INTRON_RSID]), seen.get(loci[EXON_RSID])
    if intron is None and exon is None:
        return rest, None
    i = _variant(definition, loci[INTRON_RSID], intron)
    e = _variant(definition, loci[EXON_RSID], exon)
    if intron is None and exon is not None:
        return rest, _HapB3((HAPB3 if e[0] else None, HAPB3 if e[1] else None), exon.block)
    if exon is None and intron is not None:
        return rest, _HapB3((HAPB3_INTRON if i[0] else None, HAPB3_INTRON if i[1] else None), intron.block)
    if intron is None or exon is None:
        return rest, None
    same = [len(set(o.bases)) == 1 for o in (intron, exon)]
    if any(same) or (intron.block is not None and intron.block == exon.block):
        names = [HAPB3 if tag and cause else HAPB3_INTRON if cause else None for cause, tag in zip(i, e, strict=True)]
        return rest, _HapB3((names[0], names[1]), exon.block if same[0] else intron.block)
    # Both heterozygous, their phase to each other unknown: the tag is taken to sit with the causal variant.
    return rest, _HapB3((HAPB3 if i[0] else None, HAPB3 if i[1] else None), intron.block)


def _variant(definition: GeneDefinition, locus: int, observed: Observed | None) -> tuple[bool, bool]:
    if observed is None:
        return False, False
    reference = definition.reference_bases[locus]
    return observed.bases[0] != reference, observed.bases[1] != reference


def _name_copies(definition: GeneDefinition, bases: Mapping[int, str | None], extra: str | None) -> list[Copy]:
    """The named variants of one copy; several answers where a missing locus leaves two names alike."""
    reference = definition.reference_bases
    varied = {n for n, base in bases.items() if base != reference[n]}
    cores: dict[frozenset[int], list[NamedAllele]] = {}
    for allele in definition.alleles[1:]:
        core = frozenset(n for n in allele.cells if n in bases)
        if core and core <= varied and all(bases[n] in definition.fits(allele, n) for n in core):
            cores.setdefault(core, []).append(allele)
    largest = [core for core in cores if not any(core < other for other in cores)]
    answers = []
    for chosen in _disjoint(largest):
        left = varied - set().union(*chosen) if chosen else varied
        unnamed = [_genomic(definition, n, bases[n]) for n in sorted(left)]
        for names in product(*([allele.shown for allele in cores[core]] for core in chosen)):
            answers.append(frozenset((*names, *unnamed, *((extra,) if extra else ()))))
    return list(dict.fromkeys(answers))


def _disjoint(cores: Sequence[frozenset[int]]) -> list[tuple[frozenset[int], ...]]:
    """All largest choices of cores that share no locus."""
    choices: list[tuple[frozenset[int], ...]] = [()]
    for core in cores:
        grown = []
        for choice in choices:
            clash = [other for other in choice if other & core]
            grown.append(choice if clash else (*choice, core))
            if clash:
                grown.append((*(other for other in choice if not other & core), core))
        choices = list(dict.fromkeys(grown))
    full = [c for c in choices if not any(set(c) < set(other) for other in choices)]
    return [c for c in full if all(any(core & other for other in c) or core in c for core in cores)]


def _genomic(definition: GeneDefinition, locus: int, base: str | None) -> str:
    site = definition.loci[locus]
    return f"g.{site.pos}{site.ref}>{base}"


def shown(definition: GeneDefinition, copy: Copy) -> str:
    """`Reference`, one name, or several in square brackets."""
    names = sorted(copy, key=definition.order)
    if not names:
        return definition.alleles[0].shown
    return names[0] if len(names) == 1 else f"[{' + '.join(names)}]"


def function_of(definition: GeneDefinition, table: PhenotypeTable, copy: Copy) -> str | None:
    """The function of the least functional variant; the reference's where there is none."""
    names = copy or {definition.alleles[0].name}
    return _least(table, tuple(_function(table, name) for name in sorted(names)))


def _function(table: PhenotypeTable, name: str) -> str | None:
    return table.functions.get(name)


def _least(table: PhenotypeTable, functions: Sequence[str | None]) -> str | None:
    return min(functions, key=lambda function: _rank(table, function))


def _rank(table: PhenotypeTable, function: str | None) -> float:
    if table.scored:
        return -1.0 if function is None else float(function)
    return float(SEVERITY.index(function)) if function in SEVERITY else 1.0


def _rank_sum(table: PhenotypeTable, functions: tuple[str | None, str | None]) -> float:
    return sum(_rank(table, function) for function in functions)


def _copy_order(definition: GeneDefinition, copy: Copy) -> tuple[tuple[int, int, str, int], ...]:
    names = sorted(definition.order(name) for name in copy) or [definition.order(definition.alleles[0].name)]
    return tuple(names)
