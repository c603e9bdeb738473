"""Every base-editor guide that can make a one-base correction, and what else it would edit.

Coordinates are 0-based, forward. A position k of the protospacer counts from 1 at its 5' end as the guide reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from onelot.tailor.editor.allele import Allele, Correction
from onelot.tailor.editor.consequence import Consequence, consequences
from onelot.tailor.editor.table import Editor
from onelot.tailor.genes import Genes
from onelot.tailor.offtarget.pattern import IUPAC, reverse_complement

_PAIR = {"A": "T", "C": "G", "G": "C", "T": "A"}


@dataclass(frozen=True)
class Bystander:
    """Another editable base in the window: where it is, what it would become, what that does alone after the
    correction.

    `pos` is 1-based; `before` and `after` are forward-strand bases.
    """

    window_position: int
    pos: int
    before: str
    after: str
    consequences: tuple[Consequence, ...]

    @property
    def changing(self) -> bool:
        """Whether any transcript's protein changes, or may."""
        return any(c.changing for c in self.consequences)


@dataclass(frozen=True)
class OtherAllele:
    """What the guide meets on the patient's other allele."""

    mismatches: int
    pam_present: bool
    editable_in_window: int

    @property
    def may_be_edited(self) -> bool:
        """Whether a PAM and an editable base are there; the mismatches decide how likely it is."""
        return self.pam_present and self.editable_in_window > 0


@dataclass(frozen=True)
class Candidate:
    """One guide of one editor that puts the target base in the window."""

    editor: Editor
    strand: str
    start: int
    end: int
    spacer: str
    pam: str
    target_position: int
    bystanders: tuple[Bystander, ...]
    all_edited: tuple[Consequence, ...]
    other_allele: OtherAllele

    @property
    def gc(self) -> float:
        """Fraction of G and C in the spacer."""
        return sum(c in "GC" for c in self.spacer) / len(self.spacer)

    @property
    def flags(self) -> tuple[str, ...]:
        """Known difficulties: GC outside 0.40 to 0.80 (our assumption), and TTTT, which ends transcription from a U6
        promoter."""
        found = []
        if not 0.40 <= self.gc <= 0.80:
            found.append(f"GC {self.gc:.0%}")
        if "TTTT" in self.spacer:
            found.append("poly-T")
        return tuple(found)


@dataclass(frozen=True)
class Placement:
    """A protospacer and PAM as half-open forward spans, on one strand."""

    strand: str
    protospacer: tuple[int, int]
    pam: tuple[int, int]

    def read(self, allele: Allele) -> tuple[str, str]:
        """(protospacer, PAM) as read 5'→3' on the strand."""
        texts = ["".join(allele.base(p) for p in range(*span)) for span in (self.protospacer, self.pam)]
        if self.strand == "-":
            texts = [reverse_complement(t) for t in texts]
        return texts[0], texts[1]

    def forward(self, position: int) -> int:
        """Forward position of protospacer position k (from 1)."""
        start, end = self.protospacer
        return start + position - 1 if self.strand == "+" else end - position


def placements(editor: Editor, correction: Correction) -> Iterator[tuple[Placement, int]]:
    """Every placement of an editor that has the target base in its window, with the target's position."""
    before, after = editor.converts
    if (correction.before, correction.after) == (before, after):
        strand = "+"
    elif (_PAIR.get(correction.before), _PAIR.get(correction.after)) == (before, after):
        strand = "-"
    else:
        return
    length, pam = editor.spacer_length, len(editor.pam.pattern)
    for k in range(editor.window[0], editor.window[1] + 1):
        start = correction.start - (k - 1) if strand == "+" else correction.start + k - length
        end = start + length
        right = (editor.pam.side == 3) == (strand == "+")
        yield Placement(strand, (start, end), (end, end + pam) if right else (start - pam, start)), k


def pam_fits(text: str, pattern: str) -> bool:
    """Whether letters fit an IUPAC PAM; anything but ACGT never does."""
    return all(c in "ACGT" and IUPAC[p] & IUPAC[c] for c, p in zip(text, pattern, strict=True))


def candidates(
    editors: Sequence[Editor], correction: Correction, wanted: Allele, other: Allele, genes: Genes
) -> tuple[Candidate, ...]:
    """All candidates of all editors for a one-base correction, in the order of the table."""
    found = []
    for editor in editors:
        for placement, k in placements(editor, correction):
            spacer, pam = placement.read(wanted)
            if set(spacer) <= set("ACGT") and pam_fits(pam, editor.pam.pattern):
                found.append(_candidate(editor, placement, k, correction, wanted, other, genes))
    return tuple(found)


def _candidate(
    editor: Editor, placement: Placement, k: int, correction: Correction, wanted: Allele, other: Allele, genes: Genes
) -> Candidate:
    spacer, pam = placement.read(wanted)
    editable, becomes = editor.converts
    forward = becomes if placement.strand == "+" else _PAIR[becomes]
    first, last = editor.window

    def corrected(position: int) -> str:
        return correction.after if position == correction.start else wanted.base(position)

    bystanders = []
    for j in range(first, last + 1):
        if j == k or spacer[j - 1] != editable:
            continue
        at = placement.forward(j)
        effect = consequences(corrected, {at: forward}, correction.chrom, genes)
        bystanders.append(Bystander(j, at + 1, wanted.base(at), forward, effect))
    everything = {b.pos - 1: forward for b in bystanders}
    other_spacer, other_pam = placement.read(other)
    return Candidate(
        editor, placement.strand,
        min(placement.protospacer[0], placement.pam[0]), max(placement.protospacer[1], placement.pam[1]),
        spacer, pam, k, tuple(bystanders),
        consequences(corrected, everything, correction.chrom, genes) if everything else (),
        OtherAllele(
            sum(a != b for a, b in zip(spacer, other_spacer, strict=True)),
            pam_fits(other_pam, editor.pam.pattern),
            sum(other_spacer[j - 1] == editable for j in range(first, last + 1)),
        ),
    )  # fmt: skip
