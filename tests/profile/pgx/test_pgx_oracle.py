"""The caller equals the brute-force enumerator: on real samples, and on cases Hypothesis makes for every gene."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pgx_made import GENES, cases, gene_of, known, lines_of
from pgx_oracle import (
    Gene,
    Phenotypes,
    Sample,
    call,
    call_lowest,
    kgp,
    pair_key,
    possible,
    row_score,
    shared,
    uncallable,
)

from onelot.adapters.vcf import read_vcf
from onelot.profile.pgx import GeneCall, call_gene
from onelot.profile.pgx import caller as caller_module

pytestmark = pytest.mark.shared
LOWEST = {"DPYD", "RYR1"}
KGP = ("CYP2C19", "TPMT", "CYP3A5", "NUDT15")


@cache
def phenotypes_of(name: str) -> Phenotypes:
    return Phenotypes(name)


def as_pair(name: str, shown: set[str]) -> frozenset[tuple[str, int]]:
    """Split a diplotype at the slash that leaves two known names (names may hold a slash)."""
    for found in re.finditer("/", name):
        if name[: found.start()] in shown and name[found.end() :] in shown:
            return pair_key(name[: found.start()], name[found.end() :])
    raise AssertionError(name)


def compare(name: str, answer: GeneCall, sample: Sample) -> None:
    gene = gene_of(name)
    wanted = call(gene, sample)
    shown = set(gene.shown.values())
    got = {as_pair(d, shown): s for d, s in zip(answer.diplotypes, answer.scores, strict=True)}
    if len(wanted) <= 64:
        assert got == wanted
    else:
        assert got.items() <= wanted.items()
        assert min(got.values()) >= sorted(wanted.values(), reverse=True)[63]
    preferred = answer.reason is not None and "preferred" in answer.reason
    assert preferred or list(answer.scores) == sorted(answer.scores, reverse=True)
    assert set(answer.uncallable_alleles) == uncallable(gene, sample)
    assert set(answer.missing_positions) == {f"{gene.chrom}:{p}" for p in gene.positions if p not in sample}


@pytest.mark.parametrize("name", KGP)
def test_real_samples(name: str) -> None:
    gene = gene_of(name)
    names, samples = kgp(gene)
    assert len(names) == 3202
    file = read_vcf(shared() / "kgp-pgx" / f"{name}.vcf.gz", regions=known().regions())
    records = list(file)
    compared: dict[tuple[object, ...], dict[str, object]] = {}
    called = 0
    for sample_name, sample in zip(names, samples, strict=True):
        lines = [record.called(sample_name) for record in records]
        answer = call_gene(known().definitions[name], known().tables[name], lines)
        called += answer.called
        key = tuple(sorted(sample.items()))
        if key in compared:  # people with equal genotypes get equal answers
            assert answer.as_plain() == compared[key]
            continue
        compared[key] = answer.as_plain()
        compare(name, answer, sample)
        assert answer.called == bool(call(gene, sample))
        wanted = possible(gene, phenotypes_of(name), sample)
        if wanted:
            assert set(answer.possible_phenotypes) == wanted
    assert len(compared) >= 8
    # What docs/pgx.md says: samples called, positions present.
    assert (called, len(samples[0])) == {
        "CYP2C19": (3198, 16),
        "TPMT": (3200, 9),
        "CYP3A5": (3202, 3),
        "NUDT15": (3202, 5),
    }[name]


@pytest.mark.parametrize("name", KGP)
def test_real_samples_with_their_phase_taken_away(name: str) -> None:
    """The same people unphased: each distinct genotype once; every consistent diplotype, none more."""
    gene = gene_of(name)
    names, samples = kgp(gene)
    records = list(read_vcf(shared() / "kgp-pgx" / f"{name}.vcf.gz", regions=known().regions()))
    seen: set[tuple[object, ...]] = set()
    ambiguous = 0
    for sample_name, phased in zip(names, samples, strict=True):
        sample: Sample = {pos: (tuple(sorted(bases)), None) for pos, (bases, _) in phased.items()}
        key = tuple(sorted(sample.items()))
        if key in seen:
            continue
        seen.add(key)
        lines = [replace(record.called(sample_name), phased=False) for record in records]
        answer = call_gene(known().definitions[name], known().tables[name], lines)
        compare(name, answer, sample)
        ambiguous += len(answer.diplotypes) > 1
    assert len(seen) >= 8
    assert ambiguous or name == "CYP3A5"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_made_cases_with_one_copy(data: st.DataObject) -> None:
    """G6PD of a man whose file has one copy on X."""
    diploid = data.draw(cases("G6PD"))
    assume(diploid)
    sample: Sample = {pos: (bases[:1], None) for pos, (bases, _) in diploid.items()}
    gene = gene_of("G6PD")
    strand = {pos: bases[0] for pos, (bases, _) in sample.items()}
    wanted = {
        gene.shown[n]: row_score(gene, n, strand)
        for n, cells in gene.rows.items()
        if any(p in strand for p in cells) and all(strand[p] in gene.allowed(n, p) for p in strand)
    }
    got = call_gene(known().definitions["G6PD"], known().tables["G6PD"], lines_of("G6PD", sample))
    answer = dict(zip(got.diplotypes, got.scores, strict=True))
    assert answer.items() <= wanted.items()
    assert len(answer) == min(len(wanted), caller_module.MOST_SHOWN)
    assert got.called == bool(wanted)


@pytest.mark.parametrize("name", [g for g in GENES if g not in LOWEST])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_made_cases(name: str, data: st.DataObject) -> None:
    sample = data.draw(cases(name))
    assume(sum(len(set(b)) > 1 for b, _ in sample.values()) <= 8)
    answer = call_gene(known().definitions[name], known().tables.get(name), lines_of(name, sample))
    gene = gene_of(name)
    required = {18400194, 18400344, 18400593, 18400806, 18400860} if name == "NAT2" else set()
    if not sample or required - set(sample):
        assert not answer.called
    else:
        compare(name, answer, sample)
    if name in ("TPMT", "CYP2C19", "UGT1A1", "NUDT15", "SLCO1B1", "CYP3A5", "ABCG2", "CACNA1S", "CYP2B6") and sample:
        wanted = possible(gene, phenotypes_of(name), sample)
        if wanted:
            assert set(answer.possible_phenotypes) == wanted


@pytest.mark.parametrize("name", sorted(LOWEST))
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_made_cases_of_genes_called_by_lowest_function(name: str, data: st.DataObject) -> None:
    sample = data.draw(cases(name))
    assume(sample and sum(len(set(b)) > 1 for b, _ in sample.values()) <= 6)
    answer = call_gene(known().definitions[name], known().tables[name], lines_of(name, sample))
    gene = gene_of(name)
    got = set()
    for diplotype in answer.diplotypes:
        one, two = (frozenset(copy) for copy in split_copies(diplotype, gene))
        got.add(frozenset({(one, 2)}) if one == two else frozenset({(one, 1), (two, 1)}))
    wanted = call_lowest(gene, sample)
    assert got == wanted if len(wanted) <= caller_module.MOST_SHOWN else got < wanted


def split_copies(diplotype: str, gene: Gene) -> list[list[str]]:
    for found in re.finditer("/", diplotype):
        halves = [diplotype[: found.start()], diplotype[found.end() :]]
        if all(half.startswith("[") == half.endswith("]") for half in halves):
            copies = [half.strip("[]").split(" + ") for half in halves]
            return [[n for n in names if n != gene.reference] for names in copies]
    raise AssertionError(diplotype)
