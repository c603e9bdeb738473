"""Sex and repeated samples, on files written here: what they hold is known by how they were made."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from onelot.app.cli.profile import app
from onelot.app.sample_identity import check_sex, compare_files, read_panel
from onelot.record.errors import BadInput, Mismatch

PANEL = [(str(1 + n % 22), 1_000_000 + n * 50_000, "A", "G", 0.5) for n in range(60)]


def write(path: Path, lines: list[tuple[str, int, str]]) -> Path:
    head = ["##fileformat=VCFv4.2", "##reference=GRCh38", '##FORMAT=<ID=GT,Number=1,Type=String,Description="g">']
    columns = "\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", "S1"])
    body = [f"chr{chrom}\t{pos}\t.\tA\tG\t.\tPASS\t.\tGT\t{genotype}" for chrom, pos, genotype in lines]
    path.write_text("\n".join([*head, columns, *body]) + "\n")
    return path


def on_x(heterozygous: int, of: int, on_y: int = 0) -> list[tuple[str, int, str]]:
    x = [("X", 3_000_000 + n * 1000, "0/1" if n < heterozygous else "1/1") for n in range(of)]
    return x + [("Y", 10_000_000 + n, "1/1") for n in range(on_y)]


def test_the_other_sex_is_refused_and_too_little_tells_nothing(tmp_path: Path) -> None:
    woman, man = write(tmp_path / "w.vcf", on_x(60, 150)), write(tmp_path / "m.vcf", on_x(0, 150, 20))
    assert check_sex(woman, "female").sex == "female" and check_sex(man, "male").sex == "male"
    for file, stated in ((woman, "male"), (man, "female")):
        with pytest.raises(Mismatch):
            check_sex(file, stated)
    assert check_sex(write(tmp_path / "few.vcf", on_x(3, 9)), "male").sex == "undecided"


def person(seed: int) -> list[tuple[str, int, str]]:
    chance = random.Random(seed)  # noqa: S311 - made-up people
    alleles = [(chrom, pos, chance.random() < f, chance.random() < f) for chrom, pos, _, _, f in PANEL]
    return [(chrom, pos, f"{int(a)}/{int(b)}") for chrom, pos, a, b in sorted(alleles, key=lambda each: int(each[0]))]


def panel(path: Path, columns: str = "chrom\tpos\tref\talt\tfrequency") -> Path:
    path.write_text("\n".join([columns, *("\t".join(map(str, each)) for each in PANEL)]) + "\n")
    return path


def test_samples_of_one_person_and_of_two(tmp_path: Path) -> None:
    snps = panel(tmp_path / "panel.tsv")
    first, again, other = (write(tmp_path / f"{n}.vcf", person(seed)) for n, seed in enumerate((1, 1, 2)))
    assert compare_files(first, again, snps).answer == "same"
    assert compare_files(first, other, snps).answer == "different"
    run = CliRunner()
    given = ["--panel", str(snps), "--json"]
    assert run.invoke(app, ["identity", str(first), "--repeated", str(again), *given]).exit_code == 0
    assert run.invoke(app, ["identity", str(first), "--repeated", str(other), *given]).exit_code == 1


def test_a_panel_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="frequency"):
        read_panel(panel(tmp_path / "p.tsv", "chrom\tpos\tref\talt\tshare"))
    bad = panel(tmp_path / "q.tsv")
    bad.write_text(bad.read_text().replace("1000000", "x", 1))
    with pytest.raises(BadInput) as refusal:
        read_panel(bad)
    assert str(refusal.value.place).endswith("q.tsv:2")
