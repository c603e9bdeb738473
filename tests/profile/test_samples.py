"""Whose sample it is: on 1000 Genomes samples for concordance, on made ones for sex and origin."""

from __future__ import annotations

import os
import random
from functools import cache
from pathlib import Path

import pytest

from onelot.adapters.vcf import read_vcf
from onelot.profile.samples import Origin, PanelSnp, compare, require_germline, require_same, require_sex, sex_of
from onelot.profile.variants import CalledGenotype
from onelot.record.errors import BadInput, Held, Mismatch


def shared() -> Path:
    root = Path(os.environ.get("ONELOT_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "data"
    if not root.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"shared data missing at {root}")
        pytest.skip(f"shared data missing at {root}")
    return root


@cache
def panel_and_samples() -> tuple[list[PanelSnp], dict[str, list[CalledGenotype]]]:
    """Common SNPs of the four genes, 5 kb apart at least, with their frequency; 60 of the samples."""
    panel: list[PanelSnp] = []
    samples: dict[str, list[CalledGenotype]] = {}
    for gene in ("CYP2C19", "TPMT", "CYP3A5", "NUDT15"):
        file, last = read_vcf(shared() / "kgp-pgx" / f"{gene}.vcf.gz"), -10_000
        names = file.samples[::54]
        for record in file:
            if len(record.ref) == 1 and [len(a) for a in record.alts] == [1] and record.pos - last >= 5_000:
                copies = [a for g in record.genotypes for a in g.alleles if a is not None]
                share = sum(copies) / len(copies)
                if 0.2 < share < 0.8:
                    panel.append(PanelSnp(record.chrom, record.pos, record.ref, record.alts[0], share))
                    last = record.pos
                    for name in names:
                        samples.setdefault(name, []).append(record.called(name))
    return panel, samples


def misread(lines: list[CalledGenotype], share: float, seed: int) -> list[CalledGenotype]:
    """The same sample read again: some genotypes wrong, some missing, phase gone, chr names gone."""
    chance = random.Random(seed)
    out = []
    for line in lines:
        alleles = line.alleles
        if chance.random() < share:
            alleles = tuple(chance.choice((0, 1)) for _ in alleles)
        if chance.random() < 0.1:
            alleles = (None, None)
        out.append(CalledGenotype(line.chrom.removeprefix("chr"), line.pos, line.end, line.ref, line.alts,
                                  alleles[::-1], False, None, line.filters, line.place))  # fmt: skip
    return out


@pytest.mark.shared
def test_one_person_read_twice_and_two_people() -> None:
    panel, samples = panel_and_samples()
    assert len(panel) >= 20
    names = sorted(samples)
    wrong = undecided = 0
    for i, name in enumerate(names):
        again = compare(samples[name], misread(samples[name], 0.01, i), panel)
        wrong += again.answer == "different"
        undecided += again.answer == "undecided"
    assert wrong == 0
    assert undecided <= len(names) // 10
    mixed = told = 0
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            got = compare(samples[one], samples[other], panel)
            mixed += got.answer == "same"
            told += got.answer == "different"
    pairs = len(names) * (len(names) - 1) // 2
    # The panel lies in four genes, so its SNPs are linked and people do share whole genes.
    assert mixed <= pairs // 100
    assert told >= pairs * 3 // 4


@pytest.mark.shared
def test_comparison_is_symmetric_and_bounded() -> None:
    panel, samples = panel_and_samples()
    one, other = (samples[name] for name in sorted(samples)[:2])
    assert compare(one, other, panel) == compare(other, one, panel)
    assert compare(one, one, panel).equal == compare(one, one, panel).compared
    empty = compare([], other, panel)
    assert (empty.compared, empty.lod, empty.answer) == (0, 0.0, "undecided")


def test_one_snp_by_hand() -> None:
    snp = PanelSnp("chr1", 10, "A", "G", 0.5)

    def at(*alleles: int) -> list[CalledGenotype]:
        return [CalledGenotype("1", 10, 10, "A", ("G",), alleles, False, None, (), "x")]

    same, opposite = compare(at(0, 0), at(0, 0), [snp]), compare(at(0, 0), at(1, 1), [snp])
    # P(0/0) = .25: together about .25, apart .0625, so four to one.
    assert same.lod == pytest.approx(0.6, abs=0.02)
    assert opposite.lod < -1
    assert (opposite.opposite, same.opposite) == (1, 0)
    for frequency in (0.0, 1.0):
        with pytest.raises(BadInput):
            compare(at(0, 0), at(0, 0), [PanelSnp("1", 10, "A", "G", frequency)])
    with pytest.raises(Held, match="cannot be told"):
        require_same(same, "x")
    with pytest.raises(Mismatch, match="two people"):
        require_same(compare(at(0, 0), at(1, 1), [snp], lod_limit=0.5), "x")
    require_same(compare(at(0, 0), at(0, 0), [snp], lod_limit=0.5), "x")


def x_sites(heterozygous: int, homozygous: int, y: int = 0, haploid: bool = False) -> list[CalledGenotype]:
    rows = [("X", 5_000_000 + i, (0, 1)) for i in range(heterozygous)]
    rows += [("chrX", 9_000_000 + i, (1,) if haploid else (1, 1)) for i in range(homozygous)]
    rows += [("chrY", 9_000_000 + i, (1,)) for i in range(y)]
    rows += [("chrX", 10_000 + i, (0, 1)) for i in range(500)]  # pseudo-autosomal: tells nothing
    return [CalledGenotype(c, p, p, "A", ("G",), a, False, None, (), "x") for c, p, a in rows]


@pytest.mark.parametrize(
    ("lines", "sex"),
    [
        (x_sites(120, 80), "female"),
        (x_sites(1, 199, 40), "male"),
        (x_sites(0, 200, 0, haploid=True), "male"),
        (x_sites(120, 80, 40), "undecided"),
        (x_sites(10, 90), "undecided"),
        (x_sites(3, 2), "undecided"),
        ([], "undecided"),
    ],
)
def test_sex(lines: list[CalledGenotype], sex: str) -> None:
    check = sex_of(lines)
    assert check.sex == sex
    if sex == "undecided":
        with pytest.raises(Held):
            require_sex(check, "female", "x")
    else:
        require_sex(check, sex, "x")  # type: ignore[arg-type]
        with pytest.raises(Mismatch):
            require_sex(check, "male" if sex == "female" else "female", "x")


@pytest.mark.parametrize(
    ("origin", "passes"),
    [
        (None, False),
        (Origin("tumour", "blood", False), False),
        (Origin("germline", "blood", None), False),
        (Origin("germline", "blood", True), False),
        (Origin("germline", "buccal", True), False),
        (Origin("germline", "fibroblast", True), True),
        (Origin("germline", "blood", False), True),
    ],
)
def test_germline_calls_need_germline_dna(origin: Origin | None, passes: bool) -> None:
    if passes:
        assert require_germline(origin, "x") == origin
    else:
        with pytest.raises(Held) as refusal:
            require_germline(origin, "sample-1")
        assert refusal.value.place == "sample-1"
        assert refusal.value.remedy
