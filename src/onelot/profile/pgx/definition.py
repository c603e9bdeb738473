"""What defines the star alleles of one gene: loci, named alleles, and the gene's documented peculiarities."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from onelot.record.errors import BadInput

# A cell may hold one of these letters: any of the bases fits (IUPAC nucleotide codes).
WOBBLE = {
    "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC", "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG",
    "N": "ACGT",
}  # fmt: skip


Primitive = tuple[int, str, str]


def primitive(pos: int, ref: str, alt: str) -> Primitive:
    """Trim what REF and ALT share at the end, then at the start: (position, deleted, inserted)."""
    while ref and alt and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    shared = 0
    while shared < min(len(ref), len(alt)) and ref[shared] == alt[shared]:
        shared += 1
    return pos + shared, ref[shared:], alt[shared:]


@dataclass(frozen=True, slots=True)
class Locus:
    """A defining position: 1-based position, reference and documented alternatives as a VCF spells them."""

    pos: int
    rsid: str | None
    ref: str
    alts: tuple[str, ...]
    hgvs: str

    @property
    def end(self) -> int:
        """Last reference base the locus covers."""
        return self.pos + len(self.ref) - 1


@dataclass(frozen=True, slots=True)
class NamedAllele:
    """A named allele.

    Attributes:
        name: as matched; shown: as reported (a suballele is reported under its core allele).
        cells: locus number -> base or wobble letter; loci left blank in the table are absent and mean the reference.
        reference: the one allele that all blanks refer to.
    """

    name: str
    shown: str
    cells: Mapping[int, str]
    reference: bool

    def bases(self, locus: int) -> str | None:
        """The spelled cell at a locus, None where blank."""
        return self.cells.get(locus)


@dataclass(frozen=True)
class GeneDefinition:
    """All that is needed to call one gene.

    Attributes:
        gene, chromosome: `CYP2C19`, `chr10`.
        modified: date of the table.
        loci: in table order; alleles: the reference first.
        undocumented_as_reference: an allele at a locus that no table documents counts as reference (toxicity genes).
        lowest_function: called by variants per copy, the least functional deciding (DPYD, RYR1).
        required: positions without which the gene is not called (NAT2).
        priorities: (pick, list of diplotypes) for unphased data (NAT2).
    """

    gene: str
    chromosome: str
    modified: str
    loci: tuple[Locus, ...]
    alleles: tuple[NamedAllele, ...]
    undocumented_as_reference: bool
    lowest_function: bool
    required: frozenset[int]
    priorities: tuple[tuple[str, tuple[str, ...]], ...]

    @classmethod
    def from_plain(cls, gene: str, plain: Mapping[str, Any]) -> GeneDefinition:
        """Build from the entry of definitions.json.

        Raises:
            BadInput: the entry lacks a field or names a locus that does not exist.
        """
        try:
            shown = plain["shown_as"]
            loci = tuple(Locus(pos, rsid, ref, tuple(alts), hgvs) for pos, rsid, ref, alts, hgvs in plain["loci"])
            alleles = tuple(
                NamedAllele(name, shown.get(name, name), dict(cells), name == plain["reference"])
                for name, cells in plain["alleles"].items()
            )
            if not alleles or not alleles[0].reference or any(max(a.cells, default=0) >= len(loci) for a in alleles):
                raise KeyError("reference or locus")
            if len(alleles[0].cells) != len(loci):
                raise KeyError("the reference must be spelled at every locus")
            return cls(
                gene, plain["chromosome"], plain["modified"], loci, alleles, bool(plain["undocumented_as_reference"]),
                bool(plain["lowest_function"]), frozenset(plain["required"]),
                tuple((pick, tuple(names)) for pick, names in plain["priorities"]),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(
                f"The definition of {gene} cannot be read: {error}.",
                rule="definitions.json as scripts/build_pgx_knowledge.py writes it",
                remedy="Build the file again, or compare yours with the one shipped.",
                place=f"definitions.json/genes/{gene}",
            ) from error

    @cached_property
    def reference_bases(self) -> tuple[str, ...]:
        """The base each blank stands for. A wobble in the reference row stands for the genome's base."""
        cells = self.alleles[0].cells
        return tuple(
            locus.ref if cells[i] in WOBBLE and len(cells[i]) == 1 else cells[i] for i, locus in enumerate(self.loci)
        )

    @cached_property
    def _fits(self) -> dict[str, tuple[frozenset[str], ...]]:
        blank = [frozenset((base,)) for base in self.reference_bases]
        table = {}
        for allele in self.alleles:
            row = list(blank)
            for locus, cell in allele.cells.items():
                row[locus] = frozenset(WOBBLE.get(cell, (cell,)))
            table[allele.name] = tuple(row)
        return table

    def fits(self, allele: NamedAllele, locus: int) -> frozenset[str]:
        """The bases that agree with an allele at a locus."""
        return self._fits[allele.name][locus]

    def order(self, name: str) -> tuple[int, int, str, int]:
        """Sort key of allele names: the reference of word-named genes, then stars by number, then table order."""
        star = re.match(r"\*(\d+)(.*)", name)
        if star:
            return (0, int(star[1]), star[2], 0)
        place = self._places.get(name, len(self._places))
        return (0 if place == 0 else 1, 0, "", place)

    @cached_property
    def variants(self) -> frozenset[Primitive]:
        """Every documented variant, trimmed."""
        return frozenset(primitive(locus.pos, locus.ref, alt) for locus in self.loci for alt in locus.alts)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {allele.shown: i for i, allele in reversed(list(enumerate(self.alleles)))}

    def at(self, locus: int) -> str:
        """A locus as reported: `chr10:94761900`."""
        return f"{self.chromosome}:{self.loci[locus].pos}"
