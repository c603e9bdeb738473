"""HLA typing: read, normalised to G group, P group and two fields, and matched between patient and donor.

A typing may be less than full resolution; it then stands for every allele it could be, and its groups are all groups
those alleles belong to. Two typings match for certain only if each is one group and the groups are equal.
G groups share the nucleotide sequence, P groups the protein sequence of the antigen-binding domain (IPD-IMGT/HLA).
An allele that is not expressed (suffix N) has no P group.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from onelot.record.errors import BadInput

_NAME = re.compile(r"^(?:HLA-)?([A-Z][A-Z0-9]{0,4})\*(\d{2,4}(?::\d{2,5}){0,3})([NLSCAQGP]?)$")
LOCI = ("A", "B", "C", "DRB1", "DQB1")


@dataclass(frozen=True, slots=True)
class Typing:
    """One allele as typed: locus, fields, suffix; `alternatives` where the laboratory left several open."""

    locus: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return "/".join(f"{self.locus}*{name}" for name in self.names)


def parse_typing(text: str, place: str | None = None) -> Typing:
    """Read `HLA-A*01:01:01:01`, `B*57:01`, `A*01:01:01G`, `DRB1*15:01P`, or several alternatives joined by `/`.

    Raises:
        BadInput: no HLA name, or alternatives of two loci; multiple-allele codes (A*01:AB) are written out
            first (`hla_codes.expand`), serology is not read.
    """
    names, loci = [], set()
    for part in text.strip().split("/"):
        found = _NAME.match(part.strip())
        if found is None:
            raise BadInput(
                f"{part[:40]!r} is not read as an HLA allele.",
                rule="WHO nomenclature: locus*field:field…, suffix N, L, S, C, A, Q, or group suffix G, P",
                remedy="Give names such as A*02:01; have codes and serology translated by the laboratory.",
                place=place,
            )
        loci.add(found[1])
        names.append(found[2] + found[3])
    if len(loci) != 1:
        raise BadInput(f"{text[:60]!r} names several loci.", rule="one typing is of one locus",
                       remedy="Write one typing a locus and copy.", place=place)  # fmt: skip
    return Typing(loci.pop(), tuple(dict.fromkeys(names)))


@dataclass(frozen=True)
class HlaGroups:
    """The groups of one release of IPD-IMGT/HLA, as the site's own files give them.

    Attributes:
        version: e.g. "IPD-IMGT/HLA 3.58.0".
        g: locus -> allele (full name) -> G group, or the allele itself where it is alone.
        p: locus -> allele -> P group; alleles that are not expressed are absent.
    """

    version: str
    g: Mapping[str, Mapping[str, str]]
    p: Mapping[str, Mapping[str, str]]

    @cached_property
    def _members(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """(locus, name of any length or group) -> the full names it stands for."""
        found: dict[tuple[str, str], list[str]] = {}
        for locus, alleles in self.g.items():
            for name, group in alleles.items():
                bare = name.rstrip("NLSCAQ")
                suffix = name[len(bare) :]
                fields = bare.split(":")
                keys = {name, *(":".join(fields[:n]) for n in range(1, len(fields) + 1))}
                keys |= {":".join(fields[:n]) + suffix for n in range(2, len(fields) + 1)}
                keys.add(group)
                if (protein := self.p.get(locus, {}).get(name)) is not None:
                    keys.add(protein)
                for key in keys:
                    found.setdefault((locus, key), []).append(name)
        return {key: tuple(names) for key, names in found.items()}

    def alleles(self, typing: Typing, place: str | None = None) -> tuple[str, ...]:
        """The full names a typing stands for.

        Raises:
            BadInput: this release knows no such allele or group.
        """
        out: dict[str, None] = {}
        for name in typing.names:
            members = self._members.get((typing.locus, name))
            if members is None:
                raise BadInput(
                    f"{typing.locus}*{name} is not in {self.version}.",
                    rule="a typing names alleles of the release in use",
                    remedy="Check the name, or use the release the laboratory typed against.",
                    place=place,
                )
            out.update(dict.fromkeys(members))
        return tuple(out)

    def g_groups(self, typing: Typing) -> frozenset[str]:
        """G groups, `A*01:01:01G`; an allele alone in its group stands under its own name.

        Raises:
            BadInput: as `alleles`.
        """
        return frozenset(f"{typing.locus}*{self.g[typing.locus][name]}" for name in self.alleles(typing))

    def p_groups(self, typing: Typing) -> frozenset[str]:
        """P groups, `A*01:01P`; empty if nothing it stands for is expressed.

        Raises:
            BadInput: as `alleles`.
        """
        known = self.p.get(typing.locus, {})
        return frozenset(f"{typing.locus}*{known[name]}" for name in self.alleles(typing) if name in known)

    def two_field(self, typing: Typing) -> frozenset[str]:
        """Two-field names, the expression suffix kept: `A*01:01`, `A*01:04N`.

        Raises:
            BadInput: as `alleles`.
        """
        found = set()
        for name in self.alleles(typing):
            bare = name.rstrip("NLSCAQ")
            found.add(f"{typing.locus}*{':'.join(bare.split(':')[:2])}{name[len(bare) :]}")
        return frozenset(found)


def read_groups(g_lines: Iterable[str], p_lines: Iterable[str], source: str) -> HlaGroups:
    """Build the groups from the lines of hla_nom_g.txt and hla_nom_p.txt.

    Raises:
        BadInput: a line of another form, or two releases; place is source and line.
    """
    g, version = _table(g_lines, f"{source}/hla_nom_g.txt")
    p, other = _table(p_lines, f"{source}/hla_nom_p.txt")
    if version != other:
        raise BadInput(f"The files are of {version} and {other}.", rule="both group files are of one release",
                       remedy="Take both from the same release.", place=source)  # fmt: skip
    named = {locus: {n: grp for n, grp in names.items() if not n.endswith("N")} for locus, names in p.items()}
    return HlaGroups(version, g, named)


def _table(lines: Iterable[str], place: str) -> tuple[dict[str, dict[str, str]], str]:
    table: dict[str, dict[str, str]] = {}
    version = ""
    for number, line in enumerate(lines, 1):
        if line.startswith("# version:"):
            version = line.split(":", 1)[1].strip()
        if line.startswith("#") or not line.strip():
            continue
        fields = line.strip().split(";")
        if len(fields) != 3 or not fields[0].endswith("*") or not fields[1]:
            raise BadInput("The line is not locus*;alleles;group.", rule="group files of IPD-IMGT/HLA",
                           remedy="Fetch the file again.", place=f"{place}:{number}")  # fmt: skip
        names = fields[1].split("/")
        for name in names:
            table.setdefault(fields[0][:-1], {})[name] = fields[2] or name
    if not version or not table:
        raise BadInput("The file states no release or holds no groups.", rule="group files of IPD-IMGT/HLA",
                       remedy="Fetch the file again.", place=place)  # fmt: skip
    return table, version


@dataclass(frozen=True, slots=True)
class LocusMatch:
    """Patient and donor at one locus: copies matched for certain and at best, of two."""

    locus: str
    certain: int
    possible: int


@dataclass(frozen=True, slots=True)
class MatchGrade:
    """Patient and donor over all loci compared."""

    loci: tuple[LocusMatch, ...]
    version: str

    @property
    def certain(self) -> int:
        """Copies matched for certain."""
        return sum(match.certain for match in self.loci)

    @property
    def possible(self) -> int:
        """Copies matched at best."""
        return sum(match.possible for match in self.loci)

    def __str__(self) -> str:
        of = 2 * len(self.loci)
        best = "" if self.possible == self.certain else f", at best {self.possible}/{of}"
        return f"{self.certain}/{of}{best} by P group ({self.version})"


Pair = tuple[Typing, Typing]


def match_grade(
    patient: Mapping[str, Pair], donor: Mapping[str, Pair], groups: HlaGroups, loci: Iterable[str] = LOCI
) -> MatchGrade:
    """Match a donor to a patient by P group, the better of the two pairings at each locus.

    Args:
        patient, donor: locus -> the two typings; write a homozygous one twice.
        loci: those to compare; each must be typed in both.

    Raises:
        BadInput: a locus is not typed, or a typing is not in the release.
    """
    found = []
    for locus in loci:
        if locus not in patient or locus not in donor:
            raise BadInput(f"HLA-{locus} is not typed in both.", rule="a locus is compared only where both are typed",
                           remedy="Have it typed, or leave the locus out.")  # fmt: skip
        mine = [_expressed(typing, groups) for typing in patient[locus]]
        theirs = [_expressed(typing, groups) for typing in donor[locus]]
        counts = [
            [(_certain(a, b), bool(a & b)) for a, b in zip(mine, other, strict=True)]
            for other in (theirs, theirs[::-1])
        ]
        found.append(
            LocusMatch(
                locus,
                max(sum(sure for sure, _ in pairing) for pairing in counts),
                max(sum(maybe for _, maybe in pairing) for pairing in counts),
            )
        )
    return MatchGrade(tuple(found), groups.version)


def _expressed(typing: Typing, groups: HlaGroups) -> frozenset[str]:
    """P groups it may belong to; alleles that are not expressed count as a group of their own."""
    found = groups.p_groups(typing)
    silent = any(name not in groups.p.get(typing.locus, {}) for name in groups.alleles(typing))
    return found | {f"{typing.locus}*not expressed"} if silent else found


def _certain(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one) == 1 and one == other
