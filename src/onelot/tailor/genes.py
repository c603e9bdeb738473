"""Genes and their transcripts, as an annotation gives them: where they lie and which bases code."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Transcript:
    """One transcript. Spans are 0-based, half-open, forward strand, ascending and without overlap.

    `coding` are the CDS spans, stop codon included where the annotation includes it; `phase` is the number of bases at
    the 5' end of the coding sequence that belong to a codon begun earlier (0 for a whole coding sequence).
    """

    name: str
    gene: str
    chrom: str
    strand: str
    exons: tuple[tuple[int, int], ...]
    coding: tuple[tuple[int, int], ...]
    phase: int = 0
    code: int = 1

    @property
    def start(self) -> int:
        """First base of the first exon."""
        return self.exons[0][0]

    @property
    def end(self) -> int:
        """One beyond the last base of the last exon."""
        return self.exons[-1][1]


class Genes:
    """Transcripts by place."""

    def __init__(self, transcripts: Iterable[Transcript]) -> None:
        by_chrom: dict[str, list[Transcript]] = {}
        for transcript in transcripts:
            by_chrom.setdefault(transcript.chrom, []).append(transcript)
        self._rows = {c: sorted(ts, key=lambda t: (t.start, t.end, t.name)) for c, ts in by_chrom.items()}
        self._starts = {c: [t.start for t in ts] for c, ts in self._rows.items()}
        self._longest = {c: max(t.end - t.start for t in ts) for c, ts in self._rows.items()}

    def at(self, chrom: str, start: int, end: int) -> tuple[Transcript, ...]:
        """Transcripts that share a base with [start, end), in order of place."""
        if chrom not in self._rows:
            return ()
        first = bisect_left(self._starts[chrom], start - self._longest[chrom])
        last = bisect_left(self._starts[chrom], end)
        return tuple(t for t in self._rows[chrom][first:last] if t.end > start)

    def names_at(self, chrom: str, start: int, end: int) -> tuple[str, ...]:
        """Names of the genes there, each once, in order of name."""
        return tuple(sorted({t.gene for t in self.at(chrom, start, end)}))
