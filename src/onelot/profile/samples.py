"""Whose sample it is and what it can tell: origin, sex, and whether two samples are of one person.

Origin must be stated: blood after an allogeneic transplant carries the donor's genome, tumour DNA carries the tumour's,
so germline calls from either are held. Two samples are compared over a panel of SNPs by a likelihood ratio (the same
person read twice with errors, against two unrelated people), which uses how common each allele is. Panel SNPs are taken
to be independent: choose them far apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from onelot.profile.variants import CalledGenotype
from onelot.record.errors import BadInput, Held, Mismatch

Answer = Literal["same", "different", "undecided"]
Sex = Literal["female", "male", "undecided"]

# Outside the pseudo-autosomal regions of GRCh38 (Genome Reference Consortium: PAR1 ends at 2,781,479, PAR2 begins at
# 155,701,383 on X).
X_FIRST, X_LAST = 2_781_480, 155_701_382


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sample comes from.

    Attributes:
        kind: "germline" or "tumour", as ordered.
        tissue: "blood", "buccal", "fibroblast", …
        allogeneic_transplant_before: the patient had one before the sample was taken; None is unknown.
    """

    kind: Literal["germline", "tumour"]
    tissue: str
    allogeneic_transplant_before: bool | None


def require_germline(origin: Origin | None, place: str) -> Origin:
    """Pass only a sample whose DNA is the patient's germline.

    Raises:
        Held: origin not stated, tumour DNA, or blood-derived cells after (or possibly after) an allogeneic transplant.
    """
    if origin is None:
        raise _held("The origin of the sample is not stated.", "State germline or tumour, tissue, transplants.", place)
    if origin.kind != "germline":
        raise _held("The sample is tumour DNA.", "Take germline calls from a germline sample.", place)
    if origin.allogeneic_transplant_before is None:
        raise _held("It is not known whether an allogeneic transplant came before the sample.",
                    "State it: blood then carries the donor's genome.", place)  # fmt: skip
    if origin.allogeneic_transplant_before and origin.tissue != "fibroblast":
        raise _held(f"The sample ({origin.tissue}) was taken after an allogeneic transplant.",
                    "Use cultured fibroblasts, or a sample stored before the transplant.", place)  # fmt: skip
    return origin


def _held(what: str, remedy: str, place: str) -> Held:
    return Held(what, rule="germline calls rest on the patient's own germline DNA", remedy=remedy, place=place)


@dataclass(frozen=True, slots=True)
class PanelSnp:
    """A SNP of the panel: chromosome, 1-based position, alleles, frequency of the alternative in (0, 1)."""

    chrom: str
    pos: int
    ref: str
    alt: str
    frequency: float


@dataclass(frozen=True, slots=True)
class Concordance:
    """Two samples compared.

    Attributes:
        compared: SNPs called in both. equal: with the same genotype. opposite: homozygous for different alleles.
        lod: log10 likelihood of one person over two unrelated people.
        answer: "same" or "different" where |lod| reaches the limit, else "undecided".
    """

    compared: int
    equal: int
    opposite: int
    lod: float
    answer: Answer


def compare(
    one: Iterable[CalledGenotype],
    other: Iterable[CalledGenotype],
    panel: Iterable[PanelSnp],
    *,
    error: float = 0.01,
    lod_limit: float = 6.0,
) -> Concordance:
    """Compare two samples over a panel.

    Args:
        one, other: the samples' lines; those outside the panel are passed over, missing genotypes are left out.
        error: chance that a genotype is read wrongly, in (0, 0.5).
        lod_limit: evidence asked for, in powers of ten; 6 means a million to one.

    Raises:
        BadInput: a frequency or the error rate is out of range.
    """
    snps = {(_plain(s.chrom), s.pos): s for s in panel}
    if not 0 < error < 0.5 or any(not 0 < s.frequency < 1 for s in snps.values()):
        raise BadInput("A frequency or the error rate is out of range.", rule="0 < frequency < 1, 0 < error < 0.5",
                       remedy="Correct the panel.")  # fmt: skip
    first, second = _dosages(one, snps), _dosages(other, snps)
    shared = sorted(first.keys() & second.keys())
    lod = sum(_lod(first[key], second[key], snps[key].frequency, error) for key in shared)
    equal = sum(first[key] == second[key] for key in shared)
    opposite = sum(abs(first[key] - second[key]) == 2 for key in shared)
    answer: Answer = "same" if lod >= lod_limit else "different" if lod <= -lod_limit else "undecided"
    return Concordance(len(shared), equal, opposite, lod, answer)


def require_same(result: Concordance, place: str) -> None:
    """Pass only samples shown to be of one person.

    Raises:
        Mismatch: shown to be of two people. Held: not enough evidence.
    """
    told = f"{result.equal} of {result.compared} SNPs equal, {result.opposite} opposite, lod {result.lod:.1f}"
    rule = "facts of two people never meet in one profile"
    if result.answer == "different":
        raise Mismatch(f"The samples are of two people ({told}).", rule=rule,
                       remedy="Find out which sample is the patient's; take a new one.", place=place)  # fmt: skip
    if result.answer == "undecided":
        raise Held(f"The samples cannot be told apart or together ({told}).", rule=rule,
                   remedy="Read more SNPs of the panel in both samples.", place=place)  # fmt: skip


def _plain(chrom: str) -> str:
    return chrom[3:] if chrom[:3].lower() == "chr" else chrom


def _dosages(lines: Iterable[CalledGenotype], snps: Mapping[tuple[str, int], PanelSnp]) -> dict[tuple[str, int], int]:
    """Number of alternative alleles at each panel SNP with two called copies of its two alleles."""
    found: dict[tuple[str, int], int] = {}
    for line in lines:
        snp = snps.get((_plain(line.chrom), line.pos))
        if snp is None or line.missing or line.filters or len(line.alleles) != 2 or line.ref != snp.ref:
            continue
        bases = line.spelled()
        if set(bases) <= {snp.ref, snp.alt}:
            found[_plain(line.chrom), line.pos] = bases.count(snp.alt)
    return found


def _lod(one: int, other: int, frequency: float, error: float) -> float:
    """log10 of P(one, other | one person) / P(one) P(other), summed over the true genotype."""
    prior = ((1 - frequency) ** 2, 2 * frequency * (1 - frequency), frequency**2)
    read = [[1 - error if truth == seen else error / 2 for seen in range(3)] for truth in range(3)]
    together = sum(prior[t] * read[t][one] * read[t][other] for t in range(3))
    alone = [sum(prior[t] * read[t][seen] for t in range(3)) for seen in (one, other)]
    return math.log10(together / (alone[0] * alone[1]))


@dataclass(frozen=True, slots=True)
class SexCheck:
    """Sex told by the X and Y chromosomes.

    Attributes:
        x_called: variant sites of X outside the pseudo-autosomal regions; x_heterozygous: of those.
        y_called: sites of Y with a genotype.
    """

    x_called: int
    x_heterozygous: int
    y_called: int
    sex: Sex


def sex_of(
    lines: Iterable[CalledGenotype], *, female_from: float = 0.2, male_to: float = 0.02, sites: int = 100
) -> SexCheck:
    """Tell the sex from heterozygous variants on X (GRCh38).

    Args:
        lines: the sample's lines.
        female_from, male_to: share of heterozygous among variant sites; between them nothing is told. These limits
            are background knowledge, not taken from a source; a site sets its own.
        sites: variant sites needed for an answer.
    """
    called = heterozygous = on_y = 0
    for line in lines:
        chrom = _plain(line.chrom)
        if line.missing or line.filters:
            continue
        if chrom == "Y":
            on_y += 1
        elif chrom == "X" and X_FIRST <= line.pos <= X_LAST and any(line.alleles):
            called += 1
            heterozygous += len(set(line.alleles)) > 1
    share = heterozygous / called if called else 0.0
    sex: Sex = "undecided"
    if called >= sites:
        sex = "female" if share >= female_from and not on_y else "male" if share <= male_to else "undecided"
    return SexCheck(called, heterozygous, on_y, sex)


def require_sex(check: SexCheck, stated: Literal["female", "male"], place: str) -> None:
    """Pass only a sample whose sex is the stated one.

    Raises:
        Mismatch: the other sex. Held: the sample does not tell.
    """
    told = f"{check.x_heterozygous} of {check.x_called} X sites heterozygous, {check.y_called} Y sites"
    rule = "sample identity is checked before any use"
    if check.sex == "undecided":
        raise Held(f"The sample does not tell the sex ({told}).", rule=rule,
                   remedy="Give a file with X and Y, or confirm the identity otherwise.", place=place)  # fmt: skip
    if check.sex != stated:
        raise Mismatch(f"The sample is {check.sex} ({told}), the patient is recorded as {stated}.", rule=rule,
                       remedy="Find out whose sample it is.", place=place)  # fmt: skip
