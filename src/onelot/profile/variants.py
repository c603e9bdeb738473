"""A genotype that was called, with the place where it was read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CalledGenotype:
    """What one line of a variant file says about one sample.

    Attributes:
        chrom: chromosome as written (`chr7` or `7`).
        pos, end: first and last base covered, 1-based inclusive.
        ref, alts: alleles as written; an alternative may be symbolic (`<DEL>`, `<NON_REF>`, `*`) or a breakend.
        alleles: index into (ref, *alts) per copy; None where that copy is missing; () where nothing was called.
        phased: the order of the copies means something inside the phase set.
        phase_set: name of the phase set; None where the file gives none.
        filters: None not applied, () passed, else the filters failed.
        place: where it stands: `vcf:<digest>#L<line>/<sample>/GT`.
    """

    chrom: str
    pos: int
    end: int
    ref: str
    alts: tuple[str, ...]
    alleles: tuple[int | None, ...]
    phased: bool
    phase_set: str | None
    filters: tuple[str, ...] | None
    place: str

    @property
    def missing(self) -> bool:
        """True if any copy is unknown."""
        return not self.alleles or None in self.alleles

    def spelled(self) -> tuple[str | None, ...]:
        """The allele of each copy as text, None where missing."""
        texts = (self.ref, *self.alts)
        return tuple(None if index is None else texts[index] for index in self.alleles)
