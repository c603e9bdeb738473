"""What is searched for: guides, the PAM and the limits, each checked before any work starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from onelot.record.errors import BadInput

BASES = "ACGT"
#: IUPAC letter -> set of bases as a 4-bit mask, bit 0 A, bit 1 C, bit 2 G, bit 3 T (IUPAC-IUB 1984).
IUPAC: dict[str, int] = {
    "A": 1, "C": 2, "G": 4, "T": 8, "R": 5, "Y": 10, "S": 6, "W": 9, "K": 12, "M": 3,
    "B": 14, "D": 13, "H": 11, "V": 7, "N": 15,
}  # fmt: skip
SPACER_LENGTHS = range(15, 31)
_COMPLEMENT = str.maketrans("ACGTRYSWKMBDHVNacgtn", "TGCAYRSWMKVHDBNtgcan")


def reverse_complement(sequence: str) -> str:
    """The opposite strand, read 5'→3'; IUPAC letters allowed."""
    return sequence.translate(_COMPLEMENT)[::-1]


@dataclass(frozen=True)
class Guide:
    """One guide: a name and its spacer (ACGT, 15 to 30 letters, read 5'→3', written as DNA)."""

    name: str
    spacer: str


@dataclass(frozen=True)
class Pam:
    """A PAM in IUPAC letters, and the side of the protospacer on which it lies: 3 (Cas9) or 5 (Cas12a)."""

    pattern: str
    side: int

    def __post_init__(self) -> None:
        if not self.pattern:
            raise BadInput(
                "the PAM is empty",
                rule="a search needs a PAM of 1 to 16 IUPAC letters",
                remedy="give the PAM of the editor, e.g. --pam NGG; to search every position give N",
                place="--pam",
            )
        for at, letter in enumerate(self.pattern, start=1):
            if letter not in IUPAC:
                raise BadInput(
                    f"letter {letter!r} in the PAM is no IUPAC letter",
                    rule="a PAM is written in the letters ACGTRYSWKMBDHVN",
                    remedy="write the PAM as its maker does, e.g. NGG, NNGRRT or TTTV",
                    place=f"--pam, letter {at}",
                )
        if len(self.pattern) > 16:
            raise BadInput(
                f"the PAM has {len(self.pattern)} letters",
                rule="a search needs a PAM of 1 to 16 IUPAC letters",
                remedy="give only the PAM, without the spacer",
                place="--pam",
            )
        if self.side not in (3, 5):
            raise BadInput(
                f"the PAM side is {self.side}",
                rule="the PAM lies 3' of the protospacer (Cas9) or 5' of it (Cas12a)",
                remedy="give --pam-side 3 or --pam-side 5",
                place="--pam-side",
            )

    @classmethod
    def of(cls, pattern: str, side: int) -> Pam:
        """A PAM from text in either case."""
        return cls(pattern.strip().upper(), side)


@dataclass(frozen=True)
class Limits:
    """How far a site may differ: mismatches 0 to 6, DNA bulges 0 to 2, RNA bulges 0 to 2."""

    mismatches: int
    dna_bulges: int = 0
    rna_bulges: int = 0

    def __post_init__(self) -> None:
        for value, top, option in (
            (self.mismatches, 6, "--mismatches"),
            (self.dna_bulges, 2, "--dna-bulges"),
            (self.rna_bulges, 2, "--rna-bulges"),
        ):
            if not 0 <= value <= top:
                raise BadInput(
                    f"{option} is {value}",
                    rule=f"the search is exact from 0 to {top}",
                    remedy=f"give {option} between 0 and {top}",
                    place=option,
                )

    @property
    def bulged(self) -> bool:
        """Whether any bulge is allowed."""
        return self.dna_bulges > 0 or self.rna_bulges > 0


def check_spacer(spacer: str, *, place: str) -> str:
    """The spacer in upper case; refuses any letter but ACGT and lengths outside 15 to 30.

    Raises:
        BadInput: with the letter's position or the length found.
    """
    upper = spacer.upper()
    for at, letter in enumerate(upper, start=1):
        if letter not in BASES:
            remedy = (
                "write T instead of U" if letter == "U" else "remove it, or leave out the PAM if it was pasted along"
            )
            raise BadInput(
                f"letter {spacer[at - 1]!r} at position {at} of the spacer {spacer!r} is not one of ACGT",
                rule="a spacer is written as DNA in the letters ACGT",
                remedy=remedy,
                place=place,
            )
    if len(upper) not in SPACER_LENGTHS:
        raise BadInput(
            f"the spacer {spacer!r} has {len(upper)} letters",
            rule=f"a spacer has {SPACER_LENGTHS.start} to {SPACER_LENGTHS.stop - 1} letters, PAM not included",
            remedy="give the spacer alone, 20 letters for most Cas9 guides, 23 for most Cas12a guides",
            place=place,
        )
    return upper


def parse_guides(lines: Iterable[str], *, place: str) -> tuple[Guide, ...]:
    """Guides from lines: a spacer a line, or name and spacer with a tab; empty lines and lines with # are skipped.

    Args:
        lines: text lines.
        place: name of their source, for messages.

    Raises:
        BadInput: no guide at all, wrong letters or length, an empty or repeated name.
    """
    guides: list[Guide] = []
    seen: dict[str, int] = {}
    for number, raw in enumerate(lines, start=1):
        line = raw.strip("\r\n")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        at = f"{place}, line {number}"
        parts = [part.strip() for part in line.split("\t")]
        if len(parts) > 2 or not all(parts):
            raise BadInput(
                f"{len(parts)} field(s) with tabs between, some may be empty",
                rule="a guide line is a spacer, or a name and a spacer with one tab between",
                remedy="keep one guide a line: NAME<tab>SPACER",
                place=at,
            )
        spacer = check_spacer(parts[-1], place=at)
        name = parts[0] if len(parts) == 2 else spacer
        if name in seen:
            raise BadInput(
                f"the guide name {name!r} was given before, in line {seen[name]}",
                rule="every guide has a name of its own, since rows are told apart by it",
                remedy="rename or remove one of the two",
                place=at,
            )
        seen[name] = number
        guides.append(Guide(name, spacer))
    if not guides:
        raise BadInput(
            "no guide found",
            rule="a search needs at least one guide",
            remedy="write one spacer a line, or name and spacer with a tab",
            place=place,
        )
    return tuple(guides)
