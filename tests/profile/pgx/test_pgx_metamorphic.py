"""What must not change an answer, and what may only make it wider."""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pgx_made import GENES, cases, gene_of, known, lines_of
from pgx_oracle import Sample, shared

from onelot.app.pharmacogenes import call_file, open_sample
from onelot.profile.pgx import GeneCall, call_gene
from onelot.profile.variants import CalledGenotype

pytestmark = pytest.mark.shared
CASES = shared() / "pgx" / "cases"
FILES = sorted(str(p.relative_to(CASES)) for p in CASES.glob("*/*.vcf"))


def answers(path: Path) -> dict[str, GeneCall]:
    return call_file(open_sample(path, None, known()), known())


def told(calls: dict[str, GeneCall]) -> dict[str, dict[str, object]]:
    """The answers without the line numbers in their reasons."""
    plain = {gene: call.as_plain() for gene, call in calls.items()}
    for entry in plain.values():
        entry["reason"] = re.sub(r"vcf:\S+", "vcf", str(entry["reason"]))
    return plain


@cache
def body(vcf: str) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    text = (CASES / vcf).read_text().splitlines()
    head = tuple(line for line in text if line.startswith("#"))
    return head, tuple(tuple(line.split("\t")) for line in text if not line.startswith("#"))


def written(path: Path, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Path:
    path.write_text("\n".join([*head, *("\t".join(row) for row in rows)]) + "\n")
    return path


@pytest.mark.parametrize("vcf", FILES)
def test_deleting_one_position_never_narrows(vcf: str, tmp_path: Path) -> None:
    head, rows = body(vcf)
    before = answers(CASES / vcf)
    (gene,) = [g for g, call in before.items() if call.places]
    if not before[gene].called:
        assert before[gene].reason
        return
    definition = known().definitions[gene]
    seen = [n for n, locus in enumerate(definition.loci) if definition.at(n) not in before[gene].missing_positions]
    assert seen
    for number in seen:
        pos = str(definition.loci[number].pos)
        after = answers(written(tmp_path / "x.vcf", head, [row for row in rows if row[1] != pos]))[gene]
        assert definition.at(number) in after.missing_positions
        assert set(before[gene].possible_phenotypes) <= set(after.possible_phenotypes)
        left = {definition.loci[n].pos for n in seen} - {definition.loci[number].pos}
        lost = {
            allele.shown
            for allele in definition.alleles
            if not any(definition.loci[n].pos in left for n in allele.cells)
        }
        assert lost == set(after.uncallable_alleles)


@pytest.mark.parametrize("vcf", [*FILES[::3], "pharmcat.example.vcf"])
def test_order_names_and_line_ends_change_nothing(vcf: str, tmp_path: Path) -> None:
    head, rows = body(vcf)
    before = told(answers(CASES / vcf))
    shuffled = list(rows)
    random.Random(7).shuffle(shuffled)
    assert told(answers(written(tmp_path / "a.vcf", head, shuffled))) == before
    short = [(row[0].removeprefix("chr"), *row[1:]) for row in rows]
    assert told(answers(written(tmp_path / "b.vcf", head, short))) == before
    crlf = written(tmp_path / "c.vcf", head, list(rows))
    crlf.write_bytes(crlf.read_bytes().replace(b"\n", b"\r\n"))
    assert told(answers(crlf)) == before


def split(row: tuple[str, ...]) -> list[tuple[str, ...]]:
    """One line per alternative allele, as bcftools norm -m- writes it (other alternatives become 0)."""
    alts = row[4].split(",")
    gt, *rest = row[9].split(":")
    parts = []
    for number, alt in enumerate(alts, 1):
        own = re.sub(r"\d+", lambda found, n=number: "1" if int(found[0]) == n else "0", gt)
        parts.append((*row[:4], alt, *row[5:9], ":".join([own, *rest])))
    return parts


def test_splitting_multiallelic_lines_changes_nothing(tmp_path: Path) -> None:
    head, rows = body("TPMT/s16s22.vcf")
    assert any("," in row[4] for row in rows)
    parts = [part for row in rows for part in split(row)]
    assert len(parts) > len(rows)
    whole, pieces = answers(CASES / "TPMT/s16s22.vcf"), answers(written(tmp_path / "x.vcf", head, parts))
    assert told(whole) == told(pieces)
    assert whole["TPMT"].diplotypes == ("*16/*22",)


def test_a_second_line_that_contradicts_the_first_makes_the_position_missing(tmp_path: Path) -> None:
    head, rows = body("TPMT/s1s1.vcf")
    other = (*rows[0][:4], "C", *rows[0][5:9], "0/1")
    got = answers(written(tmp_path / "x.vcf", head, [*rows, other]))["TPMT"]
    assert f"{rows[0][0]}:{rows[0][1]}" in got.missing_positions
    assert "contradict" in str(got.reason)


@pytest.mark.parametrize("name", GENES)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_made_cases(name: str, data: st.DataObject) -> None:
    sample = data.draw(cases(name))
    assume(sample and sum(len(set(b)) > 1 for b, _ in sample.values()) <= 6)
    definition, table = known().definitions[name], known().tables.get(name)
    lines = lines_of(name, sample)
    before = call_gene(definition, table, lines)
    assume(before.called)
    # swapping the phase labels throughout one phase set
    groups = sorted({str(group) for _, group in sample.values() if group is not None})
    if groups:
        chosen = data.draw(st.sampled_from(groups))
        swapped: Sample = {
            pos: (bases[::-1] if str(group) == chosen else bases, group) for pos, (bases, group) in sample.items()
        }
        after = call_gene(definition, table, lines_of(name, swapped))
        assert (after.diplotypes, after.phenotype, after.possible_phenotypes) == (
            before.diplotypes, before.phenotype, before.possible_phenotypes,
        )  # fmt: skip
    # leaving one position out
    gone = data.draw(st.sampled_from(sorted(sample)))
    after = call_gene(definition, table, lines_of(name, {p: v for p, v in sample.items() if p != gone}))
    assert set(before.possible_phenotypes) <= set(after.possible_phenotypes)
    assert set(before.uncallable_alleles) <= set(after.uncallable_alleles)
    gene = gene_of(name)
    lost = {gene.shown[n] for n, cells in gene.rows.items() if not any(p in sample and p != gone for p in cells)}
    assert set(after.uncallable_alleles) == lost - {
        gene.shown[n] for n, cells in gene.rows.items() if any(p in sample and p != gone for p in cells)
    }


# Reading of loci that the given cases do not show.


def line(pos: int, ref: str, alts: tuple[str, ...], alleles: tuple[int | None, ...], **more: object) -> CalledGenotype:
    end = int(more.get("end", pos + len(ref) - 1))  # type: ignore[call-overload]
    return CalledGenotype("6", pos, end, ref, alts, alleles, False, None, more.get("filters", ()), f"x#{pos}")  # type: ignore[arg-type]


def tpmt(*lines: CalledGenotype) -> GeneCall:
    return call_gene(known().definitions["TPMT"], known().tables["TPMT"], lines)


def test_a_gvcf_block_is_reference_and_nothing_else_is() -> None:
    block = line(18130000, "A", ("<NON_REF>",), (0, 0), end=18150000)
    assert tpmt(block).diplotypes == ("*1/*1",)
    assert tpmt(block).missing_positions == ()
    assert not tpmt().called
    assert len(tpmt().missing_positions) == 43
    assert set(tpmt().possible_phenotypes) == {p.name for p in known().tables["TPMT"].all()}
    variant = line(18130687, "T", ("C", "<NON_REF>"), (0, 1))
    parts = (line(18130000, "A", ("<NON_REF>",), (0, 0), end=18130686), variant,
             line(18130688, "A", ("<NON_REF>",), (0, 0), end=18150000))  # fmt: skip
    assert tpmt(*parts).diplotypes == ("*1/*3C",)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (line(18130687, "T", ("C",), (None, None)), "missing"),
        (line(18130687, "T", ("C",), (None, 0)), "only one copy"),
        (line(18130687, "T", ("<DEL>",), (0, 1)), "cannot be read"),
        (line(18130687, "T", ("*",), (0, 1)), "cannot be read"),
        (line(18130687, "T", ("C",), (0, 1), filters=("LowQual",)), "failed LowQual"),
        (line(18130687, "A", ("C",), (0, 1)), "REF does not fit"),
        (line(18130680, "ACGTACGTA", ("A",), (0, 1)), "another variant"),
        (line(18130687, "T", ("C",), (0, 1, 1)), "3 copies"),
    ],
)
def test_what_cannot_be_read_is_missing_and_says_why(bad: CalledGenotype, why: str) -> None:
    rest = [line(locus.pos, locus.ref, (), (0, 0)) for locus in known().definitions["TPMT"].loci[1:]]
    got = tpmt(bad, *rest)
    assert "chr6:18130687" in got.missing_positions
    assert why in str(got.reason)
    assert len(got.possible_phenotypes) > 1


def test_a_lone_variant_copy_is_not_lost() -> None:
    rest = [line(locus.pos, locus.ref, (), (0, 0)) for locus in known().definitions["TPMT"].loci[1:]]
    got = tpmt(line(18130687, "T", ("C",), (None, 1)), *rest)
    assert not got.called
    assert "only one copy" in str(got.reason)


def test_other_spellings_of_the_same_variant_are_found() -> None:
    definition, table = known().definitions["UGT1A1"], known().tables["UGT1A1"]
    rest = [CalledGenotype("2", locus.pos, locus.pos, locus.ref, (), (0, 0), False, None, (), "x")
            for locus in definition.loci if len(locus.ref) == 1]  # fmt: skip
    for ref, alt in (("C", "CAT"), ("CAT", "CATAT"), ("CATATATAT", "CATATATATAT")):
        repeat = CalledGenotype("2", 233760233, 233760233 + len(ref) - 1, ref, (alt,), (0, 1), False, None, (), "x")
        assert call_gene(definition, table, [*rest, repeat]).diplotypes == ("*1/*28",), (ref, alt)
    block = CalledGenotype("6", 18130686, 18130688, "GTA", ("GCA",), (0, 1), False, None, (), "x")
    others = [line(locus.pos, locus.ref, (), (0, 0)) for locus in known().definitions["TPMT"].loci[1:]]
    assert tpmt(block, *others).diplotypes == ("*1/*3C",)


def test_one_copy_of_the_x_chromosome() -> None:
    definition, table = known().definitions["G6PD"], known().tables["G6PD"]

    def at(alleles: tuple[int, ...], only: str = "A- 202A_376G") -> GeneCall:
        cells = next(a.cells for a in definition.alleles if a.name == only)
        lines = [
            CalledGenotype("X", locus.pos, locus.end, locus.ref, (cells[n],) if n in cells else (),
                           alleles if n in cells else (0,) * len(alleles), False, None, (), "x")
            for n, locus in enumerate(definition.loci)
        ]  # fmt: skip
        return call_gene(definition, table, lines)

    assert (at((1,)).diplotypes, at((1,)).phenotype) == (("A- 202A_376G",), "Deficient")
    assert (at((1, 1)).diplotypes[0], at((1, 1)).phenotype) == ("A- 202A_376G/A- 202A_376G", "Deficient")
    woman = at((0, 1))
    assert woman.diplotypes[0] == "B (reference)/A- 202A_376G"
    assert woman.phenotype == "Variable"


@pytest.mark.parametrize(
    ("pos", "ref", "alt"), [(233760245, "T", "TAT"), (233760246, "A", "ATA"), (233760240, "T", "TATA")]
)
def test_an_indel_that_is_not_left_aligned_is_never_passed_over(pos: int, ref: str, alt: str) -> None:
    """A reference block over the repeat does not make it reference while its variant stands a few bases on."""
    definition, table = known().definitions["UGT1A1"], known().tables["UGT1A1"]
    block = CalledGenotype("2", 233759000, 233770000, "C", ("<NON_REF>",), (0, 0), False, None, (), "x")
    assert call_gene(definition, table, [block]).diplotypes == ("*1/*1",)
    indel = CalledGenotype("2", pos, pos, ref, (alt,), (0, 1), False, None, (), "x")
    got = call_gene(definition, table, [block, indel])
    if len(alt) == 3:
        assert "chr2:233760233" in got.missing_positions
        assert "not left-aligned" in str(got.reason)
        assert len(got.possible_phenotypes) > 1
    else:
        assert got.missing_positions == ()
