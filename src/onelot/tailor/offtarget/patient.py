"""The search of one patient's own haplotypes: what the reference search misses, and what of it this patient does not
have.

A site counts where it lies on the reference. Its start is the place of its first base and its end one beyond its last;
inserted bases lie, without width, at their point of insertion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from onelot.tailor.offtarget.calls import Loci, Locus, Unit, Unusable, Variants, label
from onelot.tailor.offtarget.haplotypes import Path, paths
from onelot.tailor.offtarget.planes import SequencePlanes, planes_of_many
from onelot.tailor.offtarget.search import SITE, Query, Sites
from onelot.tailor.offtarget.table import Answer, Unresolved
from onelot.tailor.reference import Reference

#: Letters of paths searched at a time.
BATCH = 1 << 20

#: Searches planes for a query and returns every site, several for one guide, strand and end included.
Run = Callable[[Sequence[SequencePlanes], Query], Sites]

#: (guide, sequence, strand, end): what one row is kept for.
Key = tuple[int, int, int, int]


@dataclass(frozen=True)
class Row:
    """One site on some haplotype."""

    key: Key
    start: int
    mismatches: int
    dna_bulge: int
    rna_bulge: int
    site: bytes
    variants: tuple[str, ...]
    haplotype: str

    @property
    def rank(self) -> tuple[int, int, bytes, int, int, tuple[str, ...]]:
        """Fewest edits, fewest bulges, first text; then the shorter and the plainer."""
        bulges = self.dna_bulge + self.rna_bulge
        return (self.mismatches + bulges, bulges, self.site, self.start, len(self.variants), self.variants)


def search_patient(reference: Reference, found: Sites, variants: Variants, query: Query, run: Run) -> Answer:
    """Sites of a patient's haplotypes, each marked where only this patient has it.

    Args:
        reference: the genome.
        found: every site of the reference for the query, not yet reduced to one row per guide, strand and end.
        variants: the patient's; their REF has been checked against the reference.
        query: what is searched for.
        run: searches planes; called with the patient's paths.
    """
    names = reference.names()
    unusable = list(variants.unusable)
    loci = {names.index(name): Loci(rows) for name, rows in variants.loci.items()}
    rows = list(_reference_rows(found, loci))
    for number, each in loci.items():
        name = names[number]
        # the whole sequence at once: hundreds of thousands of short stretches are read from it
        text = reference.fetch(name, 0, reference.length(name))

        def fetch(start: int, end: int, text: str = text) -> str:
            return text[start:end]

        led: list[Path] = []
        size = 0
        for path in paths(name, each, fetch, len(text), query.reach):
            if isinstance(path, Unusable):
                unusable.append(path)
                continue
            led.append(path)
            size += len(path.text) + 1
            if size >= BATCH:
                rows += _path_rows(led, number, each, query, run)
                led, size = [], 0
        rows += _path_rows(led, number, each, query, run)
    in_reference = set(zip(*(found[f].tolist() for f in ("guide", "sequence", "strand", "end")), strict=True))
    return _answer(query, names, _best(rows), in_reference, unusable)


def _row(site: np.void, sequence: int, start: int, end: int, variants: tuple[str, ...], haplotype: str) -> Row:
    key = (int(site["guide"]), sequence, int(site["strand"]), end)
    return Row(
        key, start, int(site["mismatches"]), int(site["dna_bulge"]), int(site["rna_bulge"]), bytes(site["site"]),
        variants, haplotype,
    )  # fmt: skip


def _reference_rows(found: Sites, loci: dict[int, Loci]) -> Iterator[Row]:
    """The reference's sites that some haplotype of the patient has unchanged."""
    for site in found:
        sequence, start, end = int(site["sequence"]), int(site["start"]), int(site["end"])
        touched = loci[sequence].touching(start, end) if sequence in loci else ()
        choices = _unchanged(touched)
        if choices is not None:
            yield _row(site, sequence, start, end, (), label(choices))


def _unchanged(loci: Iterable[Locus]) -> dict[Unit, int] | None:
    """The choice of copies that leaves all these loci as the reference has them, or none."""
    choices: dict[Unit, int] = {}
    for locus in loci:
        same = [c for c in (0, 1) if not locus.changed(c)]
        if locus.unit is None:
            if not same:
                return None
        elif not same or choices.get(locus.unit, same[0]) != same[0]:
            return None
        else:
            choices[locus.unit] = same[0]
    return choices


def _path_rows(led: Sequence[Path], sequence: int, loci: Loci, query: Query, run: Run) -> Iterator[Row]:
    """The sites of some paths that hold a difference. The paths lie in one text with N between them."""
    if not led:
        return
    starts = np.cumsum([0] + [len(path.text) + 1 for path in led])
    found = run(planes_of_many([("paths", "N".join("".join(path.text) for path in led))]), query)
    numbers = np.searchsorted(starts, found["start"], side="right") - 1
    for site, number in zip(found, numbers.tolist(), strict=True):
        path = led[number]
        first, last = int(site["start"]) - int(starts[number]), int(site["end"]) - int(starts[number])
        if last > len(path.text):
            continue  # reaches into the next path
        held = [step for step in path.steps if step.inside(first, last)]
        variants = tuple(step.locus.shown(step.copy) for step in held if step.locus.changed(step.copy))
        if not variants:
            continue
        choices = {step.locus.unit: step.copy for step in held if step.locus.unit is not None}
        start, end = path.span(first, last)
        for locus in loci.touching(start, path.steps[0].locus.start) if first < path.steps[0].first else ():
            if locus.unit is not None and locus.unit in path.choices:
                choices[locus.unit] = path.choices[locus.unit]
        yield _row(site, sequence, start, end, variants, label(choices))


def _best(rows: Iterable[Row]) -> list[Row]:
    """One row a key; equal rows of several haplotypes become one that names them all."""
    best: dict[Key, Row] = {}
    labels: dict[Key, set[str]] = {}
    for row in rows:
        kept = best.get(row.key)
        if kept is None or row.rank < kept.rank:
            best[row.key], labels[row.key] = row, {row.haplotype}
        elif row.rank == kept.rank:
            labels[row.key].add(row.haplotype)
    merged = []
    for key, row in best.items():
        told = labels[key]
        shown = "both" if told >= {"1", "2"} or "both" in told else ",".join(sorted(told))
        merged.append(Row(key, row.start, row.mismatches, row.dna_bulge, row.rna_bulge, row.site, row.variants, shown))
    return sorted(merged, key=lambda r: (r.key[0], r.key[1], r.start, r.key[3], r.key[2]))


def _answer(
    query: Query, names: tuple[str, ...], rows: list[Row], in_reference: set[Key], unusable: list[Unusable]
) -> Answer:
    sites = np.zeros(len(rows), dtype=SITE)
    for i, row in enumerate(rows):
        guide, sequence, strand, end = row.key
        sites[i] = (guide, sequence, row.start, end, strand, row.mismatches, row.dna_bulge, row.rna_bulge, row.site)
    unresolved = {Unresolved(u.chrom, u.start, u.end, u.reason) for u in unusable}
    return Answer(
        query,
        names,
        sites,
        [",".join(row.variants) for row in rows],
        [row.haplotype for row in rows],
        [row.key not in in_reference for row in rows],
        tuple(sorted(unresolved, key=lambda u: (names.index(u.chrom), u.start, u.end, u.reason))),
    )
