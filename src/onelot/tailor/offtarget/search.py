"""The search over the reference: a query, the chunks it is cut into, and the sites found.

A chunk is pure work on arrays and may run anywhere: in threads (the loops release the interpreter's lock), in other
processes, after a restart. Chunks share nothing; their answers are joined and put in order by `joined`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from onelot.tailor.offtarget.align import ANCHOR, DNA, GUIDE, LENGTH, MISMATCHES, RNA, resolve
from onelot.tailor.offtarget.pattern import BASES, IUPAC, Guide, Limits, Pam
from onelot.tailor.offtarget.planes import Bytes, SequencePlanes
from onelot.tailor.offtarget.tiles import scan

#: PAM starts looked at in one chunk: small, so that a guide of a repeat, with a hit at every base, fits in memory.
CHUNK = 1 << 20

#: One site found: guide and sequence by number, the site on the forward strand, 0 for + and 1 for -, edits, letters.
SITE = np.dtype(
    [
        ("guide", "<i4"), ("sequence", "<i4"), ("start", "<i8"), ("end", "<i8"), ("strand", "u1"),
        ("mismatches", "u1"), ("dna_bulge", "u1"), ("rna_bulge", "u1"), ("site", "S50"),
    ]
)  # fmt: skip
Sites = npt.NDArray[np.void]


@dataclass(frozen=True)
class Chunk:
    """PAM starts [first, last) of one sequence (by number)."""

    sequence: int
    first: int
    last: int


@dataclass(frozen=True)
class Query:
    """What is searched for, in the form the loops want."""

    guides: tuple[Guide, ...]
    pam: Pam
    limits: Limits

    @cached_property
    def reach(self) -> int:
        """Bases of the longest possible site, PAM included."""
        return max(len(g.spacer) for g in self.guides) + self.limits.dna_bulges + len(self.pam.pattern)

    @cached_property
    def by_length(self) -> tuple[tuple[npt.NDArray[np.int64], Bytes], ...]:
        """Guide numbers and spacer codes (guides, letters), one pair for every spacer length."""
        groups = []
        for length in sorted({len(g.spacer) for g in self.guides}):
            numbers = [i for i, g in enumerate(self.guides) if len(g.spacer) == length]
            codes = np.array([[BASES.index(c) for c in self.guides[i].spacer] for i in numbers], dtype=np.uint8)
            groups.append((np.array(numbers, dtype=np.int64), codes))
        return tuple(groups)

    @cached_property
    def pam_sets(self) -> tuple[Bytes, Bytes]:
        """The PAM as 4-bit sets in forward orientation, for the + and the - strand."""
        plus = [IUPAC[c] for c in self.pam.pattern]
        minus = [int(f"{s:04b}"[::-1], 2) for s in reversed(plus)]
        return np.array(plus, dtype=np.uint8), np.array(minus, dtype=np.uint8)


def chunks(genome: Sequence[SequencePlanes], size: int = CHUNK) -> list[Chunk]:
    """The chunks of a genome, in order."""
    return [
        Chunk(number, first, min(first + size, sequence.length))
        for number, sequence in enumerate(genome)
        for first in range(0, sequence.length, size)
    ]


def search_chunk(genome: Sequence[SequencePlanes], chunk: Chunk, query: Query) -> Sites:
    """Every site whose PAM starts in the chunk, for every fitting length; not yet one row per guide, strand and end."""
    sequence = genome[chunk.sequence]
    planes = (sequence.low, sequence.high, sequence.valid, sequence.length)
    limits = query.limits
    found = []
    for numbers, spacers in query.by_length:
        near_pam = spacers[:, ::-1] if query.pam.side == 3 else spacers
        for strand, pam in enumerate(query.pam_sets):
            forward = strand == 0
            right = (query.pam.side == 3) == forward
            codes = np.ascontiguousarray(near_pam if forward else 3 - near_pam)
            hits = scan(
                *planes,
                chunk.first,
                chunk.last,
                pam,
                right,
                codes,
                limits.dna_bulges,
                limits.rna_bulges,
                limits.mismatches,
            )
            if not len(hits):
                continue
            rows, text = resolve(
                *planes,
                hits,
                spacers,
                len(pam),
                right,
                forward,
                limits.dna_bulges,
                limits.rna_bulges,
                limits.mismatches,
            )
            sites = np.zeros(len(rows), dtype=SITE)
            sites["guide"] = numbers[rows[:, GUIDE]]
            sites["sequence"] = chunk.sequence
            sites["start"] = rows[:, ANCHOR] - (rows[:, LENGTH] if right else 0)
            sites["end"] = sites["start"] + rows[:, LENGTH] + len(pam)
            sites["strand"] = strand
            sites["mismatches"], sites["dna_bulge"], sites["rna_bulge"] = (
                rows[:, MISMATCHES],
                rows[:, DNA],
                rows[:, RNA],
            )
            sites["site"] = np.ascontiguousarray(text).view("S50").reshape(-1)
            found.append(sites)
    return np.concatenate(found) if found else np.zeros(0, dtype=SITE)


def together(parts: Iterable[Sites]) -> Sites:
    """The sites of several chunks, all of them."""
    listed = list(parts)
    return np.concatenate(listed) if listed else np.zeros(0, dtype=SITE)


def joined(parts: Iterable[Sites]) -> Sites:
    """One row per guide, sequence, strand and end, in order of guide, sequence, start, end, strand.

    Of several rows the one with the fewest edits stays, then the fewest bulges, then the first site in ASCII order
    (upper case before lower case).
    """
    sites = together(parts)
    if len(sites) == 0:
        return sites
    bulges = sites["dna_bulge"].astype(np.int64) + sites["rna_bulge"]
    if bulges.any():
        edits = bulges + sites["mismatches"]
        keys = (sites["site"], bulges, edits, sites["end"], sites["strand"], sites["sequence"], sites["guide"])
        sites = sites[np.lexsort(keys)]
        first = np.ones(len(sites), dtype=bool)
        first[1:] = False
        for field in ("guide", "sequence", "strand", "end"):
            first[1:] |= sites[field][1:] != sites[field][:-1]
        sites = sites[first]
    order = np.lexsort((sites["strand"], sites["end"], sites["start"], sites["sequence"], sites["guide"]))
    return sites[order]


def search(genome: Sequence[SequencePlanes], query: Query) -> Sites:
    """Every site of the query in a genome, one chunk after the other."""
    return joined(search_chunk(genome, chunk, query) for chunk in chunks(genome))
