"""The given cases: every expected row, one whole example run, and a table for the files whose name is not an answer."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path

import pytest
from pgx_oracle import shared

from onelot.adapters.knowledge import PgxKnowledge, load_pgx_knowledge
from onelot.adapters.vcf import value_at
from onelot.app.pharmacogenes import call_file, open_sample, outside_calls
from onelot.profile.pgx import GeneCall

pytestmark = pytest.mark.shared
CASES = shared() / "pgx" / "cases"
OTHERS = Path(__file__).with_name("other_cases.tsv")


@cache
def known() -> PgxKnowledge:
    return load_pgx_knowledge()


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def called(vcf: str) -> dict[str, GeneCall]:
    return call_file(open_sample(CASES / vcf, None, known()), known())


def test_there_are_rows() -> None:
    assert len(rows(CASES / "expected.tsv")) == 31


@pytest.mark.parametrize("row", rows(CASES / "expected.tsv"), ids=lambda row: row["vcf"])
def test_expected_rows(row: dict[str, str]) -> None:
    got = called(row["vcf"])[row["gene"]]
    wanted = tuple(name for name in row["expected"].split(";") if name)
    assert (got.diplotypes if row["options"] == "default" else got.diplotypes[: len(wanted)]) == wanted
    assert got.called == bool(wanted)
    assert got.called or got.reason


@pytest.mark.parametrize("row", rows(OTHERS), ids=lambda row: row["vcf"])
def test_other_cases_answer_as_the_table_says(row: dict[str, str]) -> None:
    got = called(row["vcf"])[row["gene"]]
    assert ";".join(got.diplotypes) == row["answer"]
    assert (got.phenotype or "") == row["phenotype"]
    assert ";".join(got.possible_phenotypes) == row["possible"]
    assert row["why"]


def test_every_case_file_is_in_one_of_the_two_tables() -> None:
    listed = [row["vcf"] for row in (*rows(CASES / "expected.tsv"), *rows(OTHERS))]
    assert sorted(listed) == sorted(str(path.relative_to(CASES)) for path in CASES.glob("*/*.vcf"))


@pytest.mark.parametrize("vcf", ["TPMT/s3bs3c.vcf", "cyp2c19/s1s2.vcf", "built/Cyp2c19Test_s2s3_1.vcf"])
def test_every_place_leads_back_to_the_value(vcf: str) -> None:
    (gene,) = [call for call in called(vcf).values() if call.places]
    text = (CASES / vcf).read_text().splitlines()
    assert len(gene.places) >= 30
    for locus, place in gene.places:
        fields = text[int(place.split("#L")[1].split("/")[0]) - 1].split("\t")
        assert f"{fields[0]}:{fields[1]}" == locus
        assert value_at(CASES / vcf, place) == fields[9].split(":")[0]


# The whole example run of PharmCAT.


@cache
def example() -> dict[str, GeneCall]:
    return called("pharmcat.example.vcf")


def plain(name: str) -> dict:
    return json.loads((CASES / f"pharmcat.example.{name}.json").read_text())


def test_example_matches() -> None:
    results = plain("match")["results"]
    assert {r["gene"] for r in results} == set(example()) == set(known().definitions)
    for result in results:
        got = example()[result["gene"]]
        assert list(got.diplotypes) == [d["name"] for d in result["diplotypes"]], result["gene"]
        assert not got.missing_positions
        assert not result["matchData"]["missingPositions"]
        assert list(got.uncallable_alleles) == result["uncallableHaplotypes"]
        if result["gene"] not in ("DPYD", "RYR1"):  # these two are not called by score here
            assert list(got.scores) == [d["score"] for d in result["diplotypes"]], result["gene"]
        version = known().definitions[result["gene"]]
        assert len(version.loci) == len(result["variants"])


def outside_file(tmp_path: Path) -> Path:
    """Outside calls read back from the phenotype file."""
    lines = []
    for gene, report in plain("phenotype")["geneReports"].items():
        if report["callSource"] == "OUTSIDE":
            lines.append(f"{gene}\t{report['sourceDiplotypes'][0]['label']}")
    assert len(lines) == 3
    path = tmp_path / "outside.tsv"
    path.write_text("\n".join(lines) + "\n")
    return path


# Differences from the example's phenotype file, one by one.
DIFFERENCES = {
    "CFTR": (
        "Reference/Reference",
        "ivacaftor non-responsive CFTR sequence/ivacaftor non-responsive CFTR sequence",
        "the phenotype file relabels the reference; its match file and the definition table use the longer name",
    ),
}


def test_example_phenotypes(tmp_path: Path) -> None:
    calls = example() | outside_calls(outside_file(tmp_path), known(), example())
    seen = 0
    for gene, report in plain("phenotype")["geneReports"].items():
        if report["callSource"] == "NONE":
            assert gene not in calls
            continue
        got, source = calls[gene], report["sourceDiplotypes"]
        assert got.outside == (report["callSource"] == "OUTSIDE")
        if [s["label"] for s in source] != list(got.diplotypes):
            assert DIFFERENCES[gene][:2] == (source[0]["label"], got.diplotypes[0])
        wanted = "; ".join(p for p in source[0]["phenotypes"] if p.strip()) or None
        assert got.phenotype == wanted, gene
        assert got.activity_score == source[0]["activityScore"], gene
        seen += 1
    assert seen == 22


def test_an_outside_call_says_that_it_is_one(tmp_path: Path) -> None:
    calls = outside_calls(outside_file(tmp_path), known(), example())
    assert all(call.reason is not None and call.reason.startswith("outside call (") for call in calls.values())
    assert "not in the table: 1555A>G" in str(calls["MT-RNR1"].reason)
