"""HGVS names of DNA variants: g., m., n. and c. read and written. Protein and RNA names are not read.

A position is a number on the sequence; in n. and c. an offset into an intron may follow (`88+1`, `89-2`), in c. it
may lie before the start (`-14`) or after the stop (`*46`) of the coding sequence. Intervals may be uncertain:
`(4_6)_246`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from onelot.record.errors import BadInput

Kind = Literal["g", "m", "n", "c"]
EditKind = Literal["sub", "del", "ins", "delins", "dup", "inv", "=", "copy"]
LONGEST = 100_000

_ACCESSION = r"[A-Za-z]+(?:[_\-]?[A-Za-z0-9\-]+)*_?[A-Za-z]*\d*(?:\.\d+)?"
_NAME = re.compile(rf"^({_ACCESSION})(?:\(([A-Za-z][A-Za-z0-9\-_]*)\))?:([gmnc])\.(.+)$")
_BASES = "[ACGTNacgtn]"
_EDITS: tuple[tuple[EditKind, re.Pattern[str]], ...] = (
    ("sub", re.compile(rf"^({_BASES})>({_BASES})$")),
    ("delins", re.compile(rf"^del({_BASES}*|\d+)ins({_BASES}+)$")),
    ("del", re.compile(rf"^del({_BASES}*|\d+)()$")),
    ("ins", re.compile(rf"^()ins({_BASES}+)$")),
    ("dup", re.compile(rf"^dup({_BASES}*)()$")),
    ("inv", re.compile(rf"^inv({_BASES}*)()$")),
    ("=", re.compile(rf"^({_BASES}*)=()$")),
    ("copy", re.compile(r"^copy(\d+)()$")),
)


@dataclass(frozen=True, slots=True)
class Position:
    """One position.

    Attributes:
        base: number; None for `?`. From the start of the sequence (g, m, n), of the coding sequence (c; negative before
            it), or after its end (`after_stop`).
        offset: bases into the intron, 0 outside introns.
        after_stop: `*46`.
    """

    base: int | None
    offset: int = 0
    after_stop: bool = False

    def __str__(self) -> str:
        if self.base is None:
            return "?"
        offset = "" if not self.offset else f"{self.offset:+d}"
        return f"{'*' if self.after_stop else ''}{self.base}{offset}"


@dataclass(frozen=True, slots=True)
class Interval:
    """From `start` to `end`; each may itself be uncertain, a pair (earliest, latest)."""

    start: tuple[Position, ...]
    end: tuple[Position, ...]
    uncertain: bool = False

    @property
    def exact(self) -> bool:
        """True if both ends are one known position."""
        ends = (*self.start, *self.end)
        return len(ends) == 2 and not self.uncertain and all(p.base is not None for p in ends)

    def __str__(self) -> str:
        if self.start == self.end and len(self.start) == 1:
            return f"({self.start[0]})" if self.uncertain else str(self.start[0])
        text = f"{_side(self.start)}_{_side(self.end)}"
        return f"({text})" if self.uncertain else text


def _side(ends: tuple[Position, ...]) -> str:
    return str(ends[0]) if len(ends) == 1 else f"({ends[0]}_{ends[1]})"


@dataclass(frozen=True, slots=True)
class Edit:
    """What happens there. `deleted` is what the text states (bases, or a count), "" where it states nothing."""

    kind: EditKind
    deleted: str = ""
    inserted: str = ""
    uncertain: bool = False

    def __str__(self) -> str:
        text = {
            "sub": f"{self.deleted}>{self.inserted}", "del": "del", "ins": f"ins{self.inserted}",
            "delins": f"delins{self.inserted}", "dup": "dup", "inv": "inv", "=": "=", "copy": f"copy{self.deleted}",
        }[self.kind]  # fmt: skip
        return f"({text})" if self.uncertain else text


@dataclass(frozen=True, slots=True)
class HgvsName:
    """One DNA variant by name."""

    accession: str
    kind: Kind
    interval: Interval
    edit: Edit
    gene: str | None = None

    def __str__(self) -> str:
        gene = f"({self.gene})" if self.gene else ""
        return f"{self.accession}{gene}:{self.kind}.{self.interval}{self.edit}"


def parse_hgvs(text: str) -> HgvsName:
    """Read `NC_000010.11:g.94775367A>G`, `NM_000352.3:c.2557_2694del`, ….

    Raises:
        BadInput: the text is no such name, or of a kind that is not read (p., r., several variants in brackets).
    """
    text = text.strip()
    found = _NAME.match(text) if len(text) <= LONGEST else None
    if found is None:
        raise _bad(text, "it is not ACCESSION:g. (m., n., c.) followed by position and edit")
    accession, gene, kind, rest = found.groups()
    interval, tail = parse_interval(rest, kind, text)
    edit = parse_edit(tail, text)
    if edit.kind == "ins" and (interval.start == interval.end):
        raise _bad(text, "an insertion stands between two positions")
    return HgvsName(accession, kind, interval, edit, gene)  # type: ignore[arg-type]


def _position(kind: str) -> str:
    number = r"\d{1,10}"
    if kind in "gm":
        return rf"(?:{number}|\?)"
    offset = r"(?:[+-]\d{1,9})?"
    lead = r"[-*]?" if kind == "c" else "-?"
    return rf"(?:{lead}{number}{offset}|\?)"


def parse_interval(text: str, kind: str, whole: str = "") -> tuple[Interval, str]:
    """Read an interval off the front of a text; gives it and the rest.

    Raises:
        BadInput: no interval stands there.
    """
    pos = _position(kind)
    side = rf"(?:{pos}|\({pos}_{pos}\))"
    for pattern, uncertain in (
        (rf"^({side})_({side})", False),
        (rf"^\(({pos})_({pos})\)", True),
        (rf"^({pos})()", False),
    ):
        if (found := re.match(pattern, text)) is not None:
            start = _ends(found[1])
            end = _ends(found[2]) if found[2] else start
            rest = text[found.end() :]
            if rest.startswith("_"):
                break
            return Interval(start, end, uncertain), rest
    raise _bad(whole or text, "its position cannot be read")


def _ends(text: str) -> tuple[Position, ...]:
    return tuple(_one(part) for part in text.strip("()").split("_"))


def _one(text: str) -> Position:
    if text == "?":
        return Position(None)
    found = re.match(r"^(\*?)(-?\d+)([+-]\d+)?$", text)
    if found is None:
        raise _bad(text, "its position cannot be read")
    return Position(int(found[2]), int(found[3] or 0), bool(found[1]))


def parse_edit(text: str, whole: str = "") -> Edit:
    """Read an edit: `A>T`, `del`, `delAinsC`, `insAC`, `dup`, `inv`, `=`, `copy2`; `(A>T)` is uncertain.

    Raises:
        BadInput: no edit of DNA.
    """
    uncertain = text.startswith("(") and text.endswith(")")
    inner = text[1:-1] if uncertain else text
    for kind, pattern in _EDITS:
        if (found := pattern.match(inner)) is not None:
            return Edit(kind, found[1].upper(), found[2].upper(), uncertain)
    raise _bad(whole or text, f"the edit {text[:40]!r} is not one of >, del, ins, delins, dup, inv, =, copy")


def _bad(text: str, why: str) -> BadInput:
    return BadInput(
        f"{text[:60]!r} is not read as an HGVS name: {why}.",
        rule="HGVS nomenclature for DNA (g., m., n., c.), one variant, one name",
        remedy="Write one variant, say NC_000010.11:g.94775367A>G.",
    )
