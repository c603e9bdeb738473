"""The made-up genome holds what it says it holds, for any seed; read by a reader of the test's own."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import pytest

from onelot.twin.cohort.editing import made_up_genome

NUMBER, AT = "SYN-000001", datetime(2026, 9, 18, tzinfo=UTC)
TURNED = str.maketrans("ACGT", "TGCA")


def files(seed: int) -> dict[str, str]:
    return made_up_genome("p25", NUMBER, date(2026, 3, 1), "male", AT, Random(f"{seed}"))


def fasta(text: str) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith(">"):
            found[line[1:].split()[0]] = name = []
        else:
            name.append(line)
    return {key: "".join(parts) for key, parts in found.items()}


def calls(text: str) -> list[tuple[str, int, str, str, str]]:
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return [(row[0], int(row[1]), row[3], row[4], row[9]) for row in rows]


def coding(text: str, letters: dict[str, str]) -> str:
    rows = [line.split("\t") for line in text.splitlines() if "\tCDS\t" in line]
    return "".join(letters[row[0]][int(row[3]) - 1 : int(row[4])] for row in rows)


def variant(text: str) -> tuple[str, int, str, str]:
    packet: Any = json.loads(text)
    found = packet["interpretations"][0]["diagnosis"]["genomicInterpretations"][0]
    record = found["variantInterpretation"]["variationDescriptor"]["vcfRecord"]
    return record["chrom"], int(record["pos"]), record["ref"], record["alt"]


def test_the_same_seed_the_same_files() -> None:
    assert files(1) == files(1) and files(1)["p25.fa"] != files(2)["p25.fa"]


@pytest.mark.parametrize("seed", range(12))
def test_the_causal_variant_makes_a_stop_that_an_adenine_editor_undoes(seed: int) -> None:
    made = files(seed)
    letters = fasta(made["p25.fa"])
    chrom, position, ref, alt = variant(made["p25.phenopacket.json"])
    assert (ref, alt) == ("G", "A") and letters[chrom][position - 1] == ref
    assert (chrom, position, ref, alt, "1/1") in calls(made["p25.vcf"])
    healthy = coding(made["p25.gff3"], letters)
    ill = letters[chrom][: position - 1] + alt + letters[chrom][position:]
    patient = coding(made["p25.gff3"], {**letters, chrom: ill})
    assert healthy.startswith("ATG") and len(healthy) % 3 == 0
    (changed,) = [k for k in range(0, len(healthy), 3) if healthy[k : k + 3] != patient[k : k + 3]]
    assert healthy[changed : changed + 3] == "TGG" and patient[changed : changed + 3] == "TGA"
    assert not {"TAA", "TAG", "TGA"} & {healthy[k : k + 3] for k in range(0, len(healthy) - 3, 3)}
    # A window of 4 to 8 and NGG: the target lies at position 5 of one placement at least.
    start = position - 1 - 4
    assert ill[start + 21 : start + 23] == "GG"


@pytest.mark.parametrize("seed", range(12))
def test_every_call_fits_the_reference_and_one_makes_a_site(seed: int) -> None:
    made = files(seed)
    letters = fasta(made["p25.fa"])
    found = calls(made["p25.vcf"])
    assert len(found) == 42
    for chrom, position, ref, alt, genotype in found:
        assert letters[chrom][position - 1 : position - 1 + len(ref)] == ref != alt
        assert genotype in ("0/1", "1/1")
    chrom, position, _, _ = variant(made["p25.phenopacket.json"])
    start = position - 1 - 4
    guide = letters[chrom][start : start + 4] + "A" + letters[chrom][start + 5 : start + 20]

    def sites(text: str) -> set[int]:
        return {
            k
            for k in range(len(text) - 22)
            if text[k + 21 : k + 23] == "GG" and sum(a != b for a, b in zip(text[k : k + 20], guide, strict=True)) <= 1
        }

    name, at, ref, alt, _ = next(each for each in found if each[0] == "syn2" and each[1] == 27_023)
    other = letters[name][: at - 1] + alt + letters[name][at:]
    assert len(ref) == len(alt) == 1
    assert sites(other) - sites(letters[name]) == {27_000}
