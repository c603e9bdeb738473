"""Is it this patient's sample? Asked before a genome is used: the recorded sex, and samples of before."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from onelot.adapters.vcf import VcfFile, read_vcf
from onelot.profile.samples import X_FIRST, X_LAST, Concordance, PanelSnp, SexCheck, compare, require_sex, sex_of
from onelot.profile.variants import CalledGenotype
from onelot.record.errors import BadInput

COLUMNS = ("chrom", "pos", "ref", "alt", "frequency")


def check_sex(path: Path, stated: str) -> SexCheck:
    """Count what the one sample of a file tells of the sex, and refuse it where that is not the recorded one.

    A file with too little of X tells nothing, and is passed on as undecided: that is no proof of identity.

    Args:
        stated: "female" or "male" as recorded; anything else is not compared.

    Raises:
        Mismatch: the sample is of the other sex. BadInput: the file cannot be read.
    """
    file = read_vcf(path, regions={"X": ((X_FIRST, X_LAST),), "Y": ((1, 60_000_000),)})
    found = sex_of(_called(file))
    if found.sex != "undecided" and stated in ("female", "male"):
        require_sex(found, "female" if stated == "female" else "male", file.source)
    return found


def compare_files(one: Path, other: Path, panel: Path) -> Concordance:
    """Compare the samples of two files over a panel of SNPs that the site names.

    Raises:
        BadInput: a file cannot be read, or holds several samples.
    """
    snps = read_panel(panel)
    regions: dict[str, tuple[tuple[int, int], ...]] = {}
    for snp in snps:
        regions[snp.chrom] = (*regions.get(snp.chrom, ()), (snp.pos, snp.pos))
    return compare(_called(read_vcf(one, regions=regions)), _called(read_vcf(other, regions=regions)), snps)


def read_panel(path: Path) -> tuple[PanelSnp, ...]:
    """A panel: tab-separated, with the columns chrom, pos (1-based), ref, alt, frequency (of alt, above 0, below 1).

    Raises:
        BadInput: a column or a number is missing; place is file:line.
    """
    found = []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t")
        if missing := set(COLUMNS) - set(reader.fieldnames or ()):
            raise _bad(path, 1, f"the panel has no column {', '.join(sorted(missing))}")
        for row in reader:
            try:
                snp = PanelSnp(row["chrom"], int(row["pos"]), row["ref"], row["alt"], float(row["frequency"]))
            except (TypeError, ValueError) as cause:
                raise _bad(path, reader.line_num, "a position or a frequency is no number") from cause
            found.append(snp)
    return tuple(found)


def _bad(path: Path, line: int, what: str) -> BadInput:
    return BadInput(
        what,
        rule=f"a panel has the columns {', '.join(COLUMNS)}, separated by tabs",
        remedy="mend the panel at this line",
        place=f"{path}:{line}",
    )


def _called(file: VcfFile) -> Iterator[CalledGenotype]:
    if len(file.samples) != 1:
        raise BadInput(
            f"the file holds {len(file.samples)} samples",
            rule="facts of two people never meet in one profile",
            remedy="give a file with the one sample",
            place=f"{file.path}:{file.header.lines}",
        )
    return (record.called(file.samples[0]) for record in file)
