"""Calls made elsewhere, for genes that short reads in a VCF cannot settle: CYP2D6, MT-RNR1, HLA-A, HLA-B.

One gene a line, tab-separated: gene, diplotype, phenotype, activity score; the last two may be empty or absent. This is
PharmCAT's outside-call file. A `#` starts a comment. What is read here is marked as an outside call for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from onelot.profile.pgx.caller import GeneCall
from onelot.profile.pgx.phenotype import NOT_ASSIGNED, Phenotype, PhenotypeTable
from onelot.record.errors import BadInput

# The alleles CPIC gives guidance on; any other typing is "negative" for each.
HLA_RISK = {"HLA-A": ("*31:01",), "HLA-B": ("*15:02", "*57:01", "*58:01")}
ONE_COPY = frozenset({"MT-RNR1"})
_NAME = re.compile(r"^[^\s/]+$")


def read_outside_calls(
    lines: Iterable[str],
    tables: Mapping[str, PhenotypeTable],
    allowed: Iterable[str],
    source: str,
) -> dict[str, GeneCall]:
    """Read outside calls.

    Args:
        lines: the file's lines.
        tables: phenotype tables by gene.
        allowed: genes that may be called outside.
        source: name of the file, for places.

    Raises:
        BadInput: a gene that is not allowed or stands twice, or a line of another form; place is source:line.
    """
    genes = frozenset(allowed)
    calls: dict[str, GeneCall] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        place = f"{source}:{number}"
        fields = [*(cell.strip() for cell in line.rstrip("\r\n").split("\t")), "", "", ""]
        gene, diplotype = fields[0], fields[1].removeprefix(fields[0])
        if gene not in genes:
            raise _bad(
                place,
                f"{gene[:40]!r} is not called from outside",
                f"Outside calls are read for: {', '.join(sorted(genes))}.",
            )
        if gene in calls:
            raise _bad(place, f"{gene} stands twice", "Keep one line a gene.")
        calls[gene] = _call(gene, diplotype, fields[2], fields[3], tables.get(gene), place)
    return calls


def _call(gene: str, diplotype: str, phenotype: str, score: str, table: PhenotypeTable | None, place: str) -> GeneCall:
    names = diplotype.split("/") if diplotype else []
    copies = 1 if gene in ONE_COPY else 2
    if diplotype and (len(names) != copies or not all(_NAME.match(name) for name in names)):
        raise _bad(
            place, f"{diplotype[:60]!r} does not name {copies} allele(s)", "Write *1/*4, or one name for MT-RNR1."
        )
    if not (diplotype or phenotype or score):
        raise _bad(place, "the line says neither diplotype nor phenotype nor score", "Complete or remove the line.")
    note = f"outside call ({place})"
    if gene in HLA_RISK and diplotype:
        told = "; ".join(_hla(gene, names))  # all of them hold at once, so together they are one phenotype
        found = [Phenotype(told, None, told)]
    elif table is not None and diplotype:
        found = [table.of(names[0], names[1] if copies == 2 else None)]
        if lost := [name for name in names if name not in table.functions]:
            note += f"; not in the table: {', '.join(lost)}"
    else:
        found = [NOT_ASSIGNED]
    if phenotype or score:
        stated = Phenotype(phenotype or "n/a", score or None, score or phenotype)
        if found != [NOT_ASSIGNED] and not any(stated.name == f.name or stated.score == f.score for f in found):
            note += f"; the file states {phenotype or score}, the table {', '.join(f.name for f in found)}: both stand"
            found = [*found, stated]
        elif found == [NOT_ASSIGNED]:
            found = [stated]
    return GeneCall(
        gene, (diplotype,) if diplotype else (),
        found[0].name if len(found) == 1 else None,
        tuple(sorted(f.key for f in found)), tuple(sorted(f.name for f in found)),
        found[0].score if len(found) == 1 else None, True, (), (), note, ((gene, place),), (), True,
    )  # fmt: skip


def _hla(gene: str, names: list[str]) -> list[str]:
    """`*57:01 positive` for each allele guidance exists for; typing is compared at two fields."""
    typed = {":".join(name.removeprefix(gene).removeprefix(gene[-1]).split(":")[:2]).rstrip("NLSCAQ") for name in names}
    return [f"{allele} {'positive' if allele in typed else 'negative'}" for allele in HLA_RISK[gene]]


def _bad(place: str, what: str, remedy: str) -> BadInput:
    return BadInput(
        f"Outside call refused: {what}.",
        rule="outside-call file: gene, diplotype, phenotype, score",
        remedy=remedy,
        place=place,
    )
