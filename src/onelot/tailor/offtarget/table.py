"""The answer of a search, and how it is written: one tab-separated row a site, and a summary that says what it
is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from onelot.tailor.genes import Genes
from onelot.tailor.offtarget import STATEMENT
from onelot.tailor.offtarget.search import Query, Sites

COLUMNS = (
    "guide", "chrom", "start", "end", "strand", "site", "mismatches", "dna_bulge", "rna_bulge", "variants", "haplotype",
)  # fmt: skip
#: What stands in `haplotype` when no patient was given.
REFERENCE = "ref"


@dataclass(frozen=True)
class Unresolved:
    """A stretch of the genome that could not be searched whole for this patient, and why."""

    chrom: str
    start: int
    end: int
    reason: str


@dataclass(frozen=True)
class Answer:
    """Sites in order; for a patient also, site by site, the variants and haplotype that make it.

    `patient_only` is true where the reference has no site at the same guide, strand and end within the limits.
    """

    query: Query
    names: tuple[str, ...]
    sites: Sites
    variants: Sequence[str] | None = None
    haplotypes: Sequence[str] | None = None
    patient_only: Sequence[bool] | None = None
    unresolved: tuple[Unresolved, ...] = field(default=())


def header(answer: Answer, genes: Genes | None = None) -> tuple[str, ...]:
    """Column names; `patient_only` follows when a patient was given, `genes` when an annotation was."""
    more = ("patient_only",) if answer.patient_only is not None else ()
    return COLUMNS + more + (("genes",) if genes is not None else ())


def rows(answer: Answer, genes: Genes | None = None) -> Iterator[tuple[str, ...]]:
    """The cells of every row, as text, in order."""
    sites, count = answer.sites, len(answer.sites)
    guides = [guide.name for guide in answer.query.guides]
    variants = answer.variants if answer.variants is not None else [""] * count
    haplotypes = answer.haplotypes if answer.haplotypes is not None else [REFERENCE] * count
    columns = (sites[name].tolist() for name in sites.dtype.names or ())
    for i, (guide, sequence, start, end, strand, m, d, r, site) in enumerate(zip(*columns, strict=True)):
        chrom = answer.names[sequence]
        row: tuple[str, ...] = (
            guides[guide], chrom, str(start), str(end), "-" if strand else "+", site.decode("ascii"),
            str(m), str(d), str(r), variants[i], haplotypes[i],
        )  # fmt: skip
        if answer.patient_only is not None:
            row += ("yes" if answer.patient_only[i] else "no",)
        if genes is not None:
            row += (",".join(genes.names_at(chrom, start, end)),)
        yield row


def lines(answer: Answer, genes: Genes | None = None) -> Iterator[str]:
    """The table as text lines, header first, without line ends."""
    yield "\t".join(header(answer, genes))
    for row in rows(answer, genes):
        yield "\t".join(row)


def counts(answer: Answer) -> dict[str, dict[str, int]]:
    """For every guide: how many sites by number of mismatches ("0", "1", ...), and "bulged" for those with a bulge."""
    top = answer.query.limits.mismatches
    table = {guide.name: {**{str(m): 0 for m in range(top + 1)}, "bulged": 0} for guide in answer.query.guides}
    names = [guide.name for guide in answer.query.guides]
    fields = ("guide", "mismatches", "dna_bulge", "rna_bulge")
    for guide, m, d, r in zip(*(answer.sites[f].tolist() for f in fields), strict=True):
        table[names[guide]]["bulged" if d or r else str(m)] += 1
    return table


def summary(answer: Answer, reference_digest: str) -> dict[str, Any]:
    """What was asked, against what, what came out, and what that does not mean."""
    limits = answer.query.limits
    told: dict[str, Any] = {
        "statement": STATEMENT,
        "reference_sha256": reference_digest,
        "pam": answer.query.pam.pattern,
        "pam_side": answer.query.pam.side,
        "mismatches_max": limits.mismatches,
        "dna_bulges_max": limits.dna_bulges,
        "rna_bulges_max": limits.rna_bulges,
        "guides": {guide.name: guide.spacer for guide in answer.query.guides},
        "sites": len(answer.sites),
        "sites_by_mismatches": counts(answer),
    }
    if answer.patient_only is not None:
        told["patient_only"] = int(sum(answer.patient_only))
        told["unresolved"] = [
            {"chrom": u.chrom, "start": u.start, "end": u.end, "reason": u.reason} for u in answer.unresolved
        ]
    return told
