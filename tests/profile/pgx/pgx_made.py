"""Cases made by Hypothesis, as the oracle's samples and as the caller's lines."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st
from pgx_oracle import Gene, Sample, shared

from onelot.adapters.knowledge import PgxKnowledge, load_pgx_knowledge
from onelot.profile.variants import CalledGenotype

GENES = sorted(p.name.split("_")[0] for p in (shared() / "pgx" / "definition" / "alleles").glob("*_translation.json"))
GENES.remove("CYP2D6")


@cache
def known() -> PgxKnowledge:
    return load_pgx_knowledge()


@cache
def gene_of(name: str) -> Gene:
    return Gene(name)


@st.composite
def cases(draw: st.DrawFn, name: str) -> Sample:
    """Two named alleles or random strands, some loci missing, phase known, partly known, or unknown."""
    gene = gene_of(name)
    alleles = list(gene.rows)
    one, two = (dict(gene.spelled(draw(st.sampled_from(alleles)))) for _ in range(2))
    for strand in (one, two):
        for pos in draw(st.lists(st.sampled_from(gene.positions), max_size=2)):
            locus = gene.loci[pos]
            strand[pos] = draw(st.sampled_from([locus["ref"], *locus["alts"]]))
    het = [p for p in gene.positions if one[p] != two[p]]
    often = st.sampled_from(het) if het else st.sampled_from(gene.positions)
    lost = set(draw(st.lists(st.one_of(often, st.sampled_from(gene.positions)), max_size=4)))
    if draw(st.booleans()) and draw(st.booleans()):
        lost |= set(draw(st.sets(st.sampled_from(gene.positions))))
    kind = draw(st.sampled_from(["phased", "unphased", "sets"]))
    sample: Sample = {}
    for pos in gene.positions:
        if pos in lost:
            continue
        group = None
        if kind == "phased":
            group = "one"
        elif kind == "sets":
            group = draw(st.sampled_from(["s1", "s2", None])) if one[pos] != two[pos] else None
        flip = group is None and draw(st.booleans()) if one[pos] != two[pos] else False
        sample[pos] = ((two[pos], one[pos]) if flip else (one[pos], two[pos]), group)
    return sample


def lines_of(name: str, sample: Sample) -> list[CalledGenotype]:
    gene = gene_of(name)
    lines = []
    for pos, (bases, group) in sample.items():
        locus = gene.loci[pos]
        alts = tuple(dict.fromkeys(b for b in bases if b != locus["ref"]))
        index = tuple((locus["ref"], *alts).index(b) for b in bases)
        phase_set = None if group in (None, "one") else str(group)
        end = pos + len(locus["ref"]) - 1
        lines.append(
            CalledGenotype(
                gene.chrom, pos, end, locus["ref"], alts, index, group is not None, phase_set, (), f"x#{pos}"
            )
        )
    return lines
