"""The patient's variants as called, and the loci they make: which letters each of the two copies carries there."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

#: What tells which copy an allele lies on: loci of one unit are phased with each other, others are not.
Unit = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One VCF record of one sample. `pos` is 1-based as in VCF; `alleles` index REF (0) and `alts`, None where missing.

    `phased` says that the genotype was written with `|`; `phase_set` is its PS value, if any. `place` says where it
    stands.
    """

    chrom: str
    pos: int
    ref: str
    alts: tuple[str, ...]
    alleles: tuple[int | None, ...]
    phased: bool
    phase_set: str | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Locus:
    """A stretch of the reference (0-based; `size` 0 for an insertion) and the letters of either copy there.

    `letters[c]` is what copy c has instead of `ref`; `called[c]` its ALT as in the VCF, empty for the reference.
    `phase` is None for an unphased call, empty for one phased without a phase set, else the phase set. Millions of
    these
    are held for a patient, so what can be told from these fields is not stored.
    """

    chrom: str
    start: int
    size: int
    ref: str
    letters: tuple[str, str]
    pos: int
    called_ref: str
    called: tuple[str, str]
    phase: str | None

    @property
    def end(self) -> int:
        """One beyond the last reference base."""
        return self.start + self.size

    @property
    def unit(self) -> Unit | None:
        """What this locus chooses its copy with; None when both copies are equal."""
        if self.letters[0] == self.letters[1]:
            return None
        if self.phase is None:
            return ("unphased", str(self.pos), self.called_ref, *self.called)
        return ("phased", self.phase) if self.phase else ("phased",)

    def shown(self, copy: int) -> str:
        """The allele of a copy as CHROM:POS:REF:ALT, empty for the reference."""
        alt = self.called[copy]
        return f"{self.chrom}:{self.pos}:{self.called_ref}:{alt}" if alt else ""

    def changed(self, copy: int) -> bool:
        """Whether a copy differs from the reference here."""
        return self.letters[copy] != self.ref

    def touches(self, start: int, end: int) -> bool:
        """Whether a site on the reference covers a base of it, or spans it where it is empty."""
        return (self.start < end and start < self.end) if self.end > self.start else start < self.start < end


@dataclass(frozen=True)
class Unusable:
    """A call that cannot be searched, or only in part: its stretch of the reference, and why."""

    chrom: str
    start: int
    end: int
    reason: str


@dataclass(frozen=True)
class Variants:
    """A patient's loci by sequence, in order of place, and the calls that could not be used in full."""

    loci: dict[str, list[Locus]]
    unusable: list[Unusable]


def variants_of(calls: Iterable[Call]) -> Variants:
    """The loci that calls make; takes one call at a time, so that a reader need not hold them all.

    Alleles are trimmed of the bases all called alleles share, first on the left (the anchor of VCF), then on the right.
    A missing allele counts as the reference and is listed; `*` (deleted by another record) counts as the reference.
    """
    loci: dict[str, list[Locus]] = {}
    unusable: list[Unusable] = []
    shared: dict[Any, Any] = {}
    for call in calls:
        span = (call.chrom, call.pos - 1, call.pos - 1 + len(call.ref))
        if not any(call.alleles):
            if None in call.alleles:
                unusable.append(Unusable(*span, "the genotype is missing"))
            continue
        if len(call.alleles) > 2:
            unusable.append(Unusable(*span, f"the genotype has {len(call.alleles)} alleles, at most 2 are searched"))
            continue
        texts = [call.ref, *call.alts]
        if any(a and set(texts[a]) - set("ACGTN") and texts[a] != "*" for a in call.alleles):
            unusable.append(Unusable(*span, "a symbolic allele or breakend cannot be searched"))
            continue
        if None in call.alleles:
            unusable.append(Unusable(*span, "one allele of the genotype is missing; the reference was searched for it"))
        pair = [a or 0 for a in call.alleles] * (2 if len(call.alleles) == 1 else 1)
        locus = _locus(call, (pair[0], pair[1]), texts, shared)
        if locus is not None:
            loci.setdefault(locus.chrom, []).append(locus)
    for rows in loci.values():
        rows.sort(key=lambda locus: (locus.start, locus.size, locus.ref, locus.letters, locus.phase or ""))
        # a record given twice is one variant
        rows[:] = [locus for i, locus in enumerate(rows) if i == 0 or locus != rows[i - 1]]
    return Variants(loci, unusable)


def _locus(call: Call, pair: tuple[int, int], texts: Sequence[str], shared: dict[Any, Any]) -> Locus | None:
    """The locus of a call, or none; equal texts and pairs are held once, in `shared`."""
    chosen = [call.ref if texts[a] == "*" else texts[a] for a in pair]
    ref, start = call.ref, call.pos - 1
    while ref and all(c and c[0] == ref[0] for c in chosen):
        ref, chosen, start = ref[1:], [c[1:] for c in chosen], start + 1
    while ref and all(c and c[-1] == ref[-1] for c in chosen):
        ref, chosen = ref[:-1], [c[:-1] for c in chosen]
    if chosen[0] == chosen[1] == ref:
        return None
    called = ["" if c == ref else texts[a] for c, a in zip(chosen, pair, strict=True)]
    phase = (call.phase_set or "") if call.phased else None

    def once(value: Any) -> Any:
        return shared.setdefault(value, value)

    letters, alts = once((chosen[0], chosen[1])), once((called[0], called[1]))
    return Locus(once(call.chrom), start, len(ref), once(ref), letters, call.pos, once(call.ref), alts, once(phase))


class Loci:
    """The loci of one sequence, by place."""

    def __init__(self, rows: Sequence[Locus]) -> None:
        self.rows = tuple(rows)
        self._starts = [locus.start for locus in rows]
        self.longest = max((locus.end - locus.start for locus in rows), default=0)

    def first_from(self, position: int) -> int:
        """Number of the first locus that starts at or after a position."""
        return bisect_left(self._starts, position)

    def touching(self, start: int, end: int) -> tuple[Locus, ...]:
        """The loci that a site on the reference touches."""
        near = self.rows[self.first_from(start - self.longest) : self.first_from(end)]
        return tuple(locus for locus in near if locus.touches(start, end))


def label(choices: dict[Unit, int]) -> str:
    """How a choice of copies is shown: both, 1, 2, 1@PS, or unphased when the calls do not say which copy."""
    if not choices:
        return "both"
    (unit, copy), *more = choices.items()
    if more or unit[0] == "unphased":
        return "unphased"
    return str(copy + 1) if len(unit) == 1 else f"{copy + 1}@{unit[1]}"
