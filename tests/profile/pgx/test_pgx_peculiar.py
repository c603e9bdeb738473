"""The documented peculiarities: DPYD's HapB3, NAT2's preferences and required positions, SLCO1B1's tag variant."""

from __future__ import annotations

import json
from itertools import product

import pytest
from pgx_made import gene_of, known, lines_of
from pgx_oracle import Sample, call, call_lowest, shared

from onelot.profile.pgx import GeneCall, call_gene

pytestmark = pytest.mark.shared
INTRON, EXON, STOP = 97579893, 97573863, 97450058  # rs75017182, rs56038477, rs3918290 (c.1905+1G>A)
GENOTYPES = {"missing": None, "0/0": "rr", "0/1": "ra", "1/0": "ar", "1/1": "aa"}
GROUPS = [(None, None, None), ("s", "s", "s"), ("s", "s", None), ("s", None, "s"), (None, "s", "s"), ("s", "t", "t")]


def called(name: str, sample: Sample) -> GeneCall:
    return call_gene(known().definitions[name], known().tables.get(name), lines_of(name, sample))


def dpyd(parts: dict[int, tuple[str | None, str | None]]) -> Sample:
    """All loci reference except those named: position -> ("ra", group), or (None, …) for missing."""
    gene = gene_of("DPYD")
    sample: Sample = {}
    for pos, locus in gene.loci.items():
        text, group = parts.get(pos, ("rr", None))
        if text is not None:
            bases = tuple(locus["ref"] if c == "r" else locus["alts"][0] for c in text)
            sample[pos] = (bases, group if len(set(bases)) > 1 else None)
    return sample


@pytest.mark.parametrize("groups", GROUPS)
@pytest.mark.parametrize("stop", ["missing", "0/0", "0/1", "1/1"])
def test_hapb3_in_every_constellation(groups: tuple[str | None, ...], stop: str) -> None:
    """Against the enumerator, and each deletion only widens what is possible."""
    for intron, exon in product(GENOTYPES, repeat=2):
        parts = {
            INTRON: (GENOTYPES[intron], groups[0]),
            EXON: (GENOTYPES[exon], groups[1]),
            STOP: (GENOTYPES[stop], groups[2]),
        }
        sample = dpyd(parts)
        got = called("DPYD", sample)
        wanted = call_lowest(gene_of("DPYD"), sample)
        assert len(got.diplotypes) == len(wanted)
        names = set()
        for pair in wanted:
            copies = [copy for copy, n in pair for _ in range(n)]
            names.add(frozenset("|".join(sorted(copy)) or "Reference" for copy in copies))
        flat = {
            frozenset("|".join(sorted(half.strip("[]").split(" + "))) for half in d.split("/")) for d in got.diplotypes
        }
        assert flat == names, (intron, exon, stop, groups)
        for pos in (INTRON, EXON, STOP):
            less = called("DPYD", {p: v for p, v in sample.items() if p != pos})
            assert set(got.possible_phenotypes) <= set(less.possible_phenotypes), (
                intron,
                exon,
                stop,
                groups,
                pos,
                got,
                less,
            )


HAPB3, DEAD = "c.1129-5923C>G, c.1236G>A (HapB3)", "c.1905+1G>A (*2A)"
NM, IM, PM = "Normal Metabolizer", "Intermediate Metabolizer", "Poor Metabolizer"
BOTH = {INTRON: ("ra", None), EXON: ("ra", None)}
PHASED = {STOP: ("ra", "s"), INTRON: ("ra", "s"), EXON: ("ra", "s")}


@pytest.mark.parametrize(
    ("parts", "diplotype", "score", "phenotype"),
    [
        (BOTH, f"Reference/{HAPB3}", "1.5", IM),
        ({EXON: ("ra", None)}, "Reference/Reference", "2.0", NM),
        ({INTRON: ("ra", None)}, "Reference/c.1129-5923C>G", "1.5", IM),
        ({INTRON: (None, None), EXON: ("ra", None)}, f"Reference/{HAPB3}", "1.5", IM),
        ({STOP: ("aa", None)}, f"{DEAD}/{DEAD}", "0.0", PM),
        (BOTH | {STOP: ("ra", None)}, f"{HAPB3}/{DEAD}", "0.5", PM),
        (PHASED, f"Reference/[{HAPB3} + {DEAD}]", "1.0", IM),
    ],
)
def test_dpyd_by_its_least_functional_variants(
    parts: dict[int, tuple[str | None, str | None]], diplotype: str, score: str, phenotype: str
) -> None:
    got = called("DPYD", dpyd(parts))
    assert (got.diplotypes[0], got.activity_score, got.phenotype) == (diplotype, score, phenotype)


def test_dpyd_unphased_keeps_both_phenotypes_possible() -> None:
    """Two variants of unknown phase: on two copies (as CPIC presumes) or on one."""
    got = called("DPYD", dpyd({STOP: ("ra", None), 97082391: ("ra", None)}))
    assert got.phenotype == "Poor Metabolizer"
    assert got.possible_phenotypes == ("Intermediate Metabolizer", "Poor Metabolizer")


def priorities() -> list[dict]:
    path = shared() / "pgx" / "definition" / "alleles" / "exemptions.json"
    return json.loads(path.read_text())["NAT2"]["unphasedDiplotypePriorities"]


@pytest.mark.parametrize("rule", priorities(), ids=lambda rule: rule["id"])
def test_nat2_prefers_as_its_table_says(rule: dict) -> None:
    gene = gene_of("NAT2")
    one, two = (gene.spelled(name) for name in rule["pick"].split("/"))
    unphased: Sample = {p: ((one[p], two[p]), None) for p in gene.positions}
    wanted = call(gene, unphased)
    got = called("NAT2", unphased)
    assert len(got.diplotypes) == len(wanted)
    if {"/".join(sorted(n for n, k in pair for _ in range(k))) for pair in wanted} == {
        "/".join(sorted(name.split("/"))) for name in rule["list"]
    }:
        assert got.diplotypes[0] == rule["pick"]
        assert set(got.diplotypes) == set(rule["list"])
        assert "preferred" in str(got.reason)
    phased: Sample = {p: (bases, "s") for p, (bases, _) in unphased.items()}
    assert rule["pick"] in called("NAT2", phased).diplotypes


def test_some_nat2_rules_do_apply() -> None:
    gene, applied = gene_of("NAT2"), 0
    for rule in priorities():
        one, two = (gene.spelled(name) for name in rule["pick"].split("/"))
        got = called("NAT2", {p: ((one[p], two[p]), None) for p in gene.positions})
        applied += "preferred" in str(got.reason)
    assert applied >= 20


@pytest.mark.parametrize("pos", [18400194, 18400344, 18400593, 18400806, 18400860])
def test_nat2_is_not_called_without_a_required_position(pos: int) -> None:
    gene = gene_of("NAT2")
    strand = gene.spelled("*1")
    got = called("NAT2", {p: ((strand[p],) * 2, None) for p in gene.positions if p != pos})
    assert not got.called
    assert got.keys == ()
    assert f"required positions are missing: chr8:{pos}" in str(got.reason)


def test_slco1b1_falls_back_on_its_tag_variant() -> None:
    gene = gene_of("SLCO1B1")
    tag = next(p for p, locus in gene.loci.items() if locus["rsid"] == "rs4149056")
    strand = {p: locus["ref"] for p, locus in gene.loci.items()}
    alt = gene.loci[tag]["alts"][0]
    other = next(p for p in gene.positions if p != tag)
    for bases, names, phenotype in (
        ((strand[tag], strand[tag]), "*1/*1", "Normal Function"),
        ((strand[tag], alt), "*1/*5", "Decreased Function"),
        ((alt, alt), "*5/*5", "Poor Function"),
    ):
        sample: Sample = {p: ((b, b), None) for p, b in strand.items()}
        sample[tag] = (bases, None)
        sample[other] = (("GGG", "GGG"), None)  # an allele no table knows: no named pair
        got = called("SLCO1B1", sample)
        assert not got.called
        assert got.keys == ()
        assert got.phenotype == phenotype
        assert f"rs4149056 alone, as {names}" in str(got.reason)


def test_slco1b1_suballeles_are_reported_as_their_core() -> None:
    gene = gene_of("SLCO1B1")
    one, two = gene.spelled("*45.001"), gene.spelled("*1")
    got = called("SLCO1B1", {p: ((one[p], two[p]), "s") for p in gene.positions})
    assert "*1/*45" in got.diplotypes
    assert not any("." in name for name in got.diplotypes)


@pytest.mark.parametrize("name", ["CACNA1S", "DPYD", "G6PD", "NUDT15", "RYR1", "TPMT", "CYP2C19", "CYP2B6", "UGT1A1"])
def test_an_undocumented_allele(name: str) -> None:
    """Reference for the six toxicity genes, no call for the others; unknown to the gate in all."""
    gene = gene_of(name)
    strand = {p: locus["ref"] for p, locus in gene.loci.items()}
    pos = next(p for p, locus in gene.loci.items() if len(locus["ref"]) == 1 and len(locus["alts"][0]) == 1)
    novel = next(b for b in "ACGT" if b != strand[pos] and b not in gene.loci[pos]["alts"])
    sample: Sample = {p: ((b, b), None) for p, b in strand.items()}
    clean = called(name, sample)
    sample[pos] = ((strand[pos], novel), None)
    got = called(name, sample)
    assert f"undocumented allele {novel}" in str(got.reason)
    assert clean.keys
    assert got.keys == ()
    if name in ("CYP2C19", "CYP2B6", "UGT1A1"):
        assert not got.called
    else:
        assert got.diplotypes == clean.diplotypes
        assert set(clean.possible_phenotypes) <= set(got.possible_phenotypes)
