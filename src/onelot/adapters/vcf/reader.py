"""`read_vcf`: open a file, read its header, and hand out its records one at a time."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from onelot.adapters.vcf.header import VcfHeader, plain_chromosome, read_header
from onelot.adapters.vcf.record import Genotype, Malformed, VcfRecord, interpret
from onelot.adapters.vcf.stream import Limits, digest_of, lines_of
from onelot.record.errors import BadInput

_PLACE = re.compile(r"^vcf:([0-9a-f]{12,64})#L(\d{1,12})/([^/]+)/([^/]+)$")
MOST_NAMES = 10_000
Spans = tuple[tuple[int, int], ...]
Regions = Mapping[str, Iterable[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class VcfFile:
    """A VCF file opened for reading; iterating gives its records and may be repeated.

    Attributes:
        path: where it lies.
        digest: SHA-256 of the file, hexadecimal.
        header: what stands before the records.
        samples: the samples read, in the order of `VcfRecord.genotypes`.
        regions: short chromosome name -> sorted, disjoint (first, last) positions; None reads everything.
    """

    path: Path
    digest: str
    header: VcfHeader
    samples: tuple[str, ...]
    regions: Mapping[str, tuple[tuple[int, int], ...]] | None
    info_keys: frozenset[str]
    limits: Limits

    @property
    def source(self) -> str:
        """Short name of the file for places: `vcf:` and the first 12 digits of the digest."""
        return f"vcf:{self.digest[:12]}"

    def __iter__(self) -> Iterator[VcfRecord]:
        """Give the records in file order.

        Raises:
            BadInput: a line cannot be interpreted; `place` is file:line.
        """
        lines = lines_of(self.path, self.limits)
        read_header(lines, self.path, self.limits)
        width = 8 if not self.header.samples else 9 + len(self.header.samples)
        at = {name: 9 + i for i, name in enumerate(self.header.samples)}
        wanted = tuple(at[name] for name in self.samples)
        memo: dict[tuple[str, str, int], Genotype] = {}
        spans_of: dict[bytes, Spans] = {}
        for number, raw in lines:
            if self.regions is not None and not self._touches(raw, number, spans_of):
                if (count := raw.count(b"\t") + 1) != width and (width, count) != (8, 9):
                    raise self._bad(number, f"it has {count} columns, the header has {width}")
                continue
            try:
                columns = raw.decode("utf-8").split("\t")
                if len(columns) != width and (width, len(columns)) != (8, 9):
                    raise Malformed(f"it has {len(columns)} columns, the header has {width}")
                record = interpret(
                    columns, number, self.header.version, wanted, self.samples, self.info_keys, self.source, memo
                )
            except (Malformed, UnicodeDecodeError) as error:
                raise self._bad(number, str(error)) from error
            yield record

    def _touches(self, raw: bytes, number: int, spans_of: dict[bytes, Spans]) -> bool:
        """Tell cheaply whether a line overlaps the regions; the line is not interpreted otherwise."""
        head = raw.split(b"\t", 4) if len(raw) < 400 else raw[:400].split(b"\t", 4)
        if len(head) < 5 and len(raw) > 400:
            head = raw.split(b"\t", 4)
        if len(head) < 5 or not head[1].isdigit() or len(head[1]) > 10:
            raise self._bad(number, "it does not begin with CHROM, POS, ID, REF")
        chrom = head[0]
        if chrom not in spans_of:
            if len(spans_of) > MOST_NAMES:
                spans_of.clear()  # names are the file's own: they must not fill the memory
            spans_of[chrom] = (self.regions or {}).get(plain_chromosome(chrom.decode("utf-8", "replace")), ())
        spans = spans_of[chrom]
        if not spans:
            return False
        first = int(head[1])
        last = first + len(head[3]) - 1
        if (mark := raw.find(b"END=")) >= 0:
            digits = raw[mark + 4 : mark + 15].split(b";")[0].split(b"\t")[0]
            last = max(last, int(digits)) if digits.isdigit() else last
        i = bisect_left(spans, (first, 0))
        return (i < len(spans) and spans[i][0] <= last) or (i > 0 and spans[i - 1][1] >= first)

    def _bad(self, number: int, why: str) -> BadInput:
        return BadInput(
            f"Line {number} cannot be interpreted: {why}.",
            rule=f"{self.header.version}, data lines",
            remedy="Correct the line with the tool that wrote it, or fetch the file again if it is cut off.",
            place=f"{self.path}:{number}",
        )


def read_vcf(
    path: str | Path,
    sample: str | None = None,
    *,
    regions: Regions | None = None,
    info_keys: Iterable[str] = (),
    limits: Limits | None = None,
) -> VcfFile:
    """Open a VCF 4.x file (plain, gzip or bgzip).

    Args:
        path: the file.
        sample: read this sample alone; None reads all.
        regions: chromosome (either naming) -> (first, last) 1-based inclusive. Lines elsewhere are only checked for
            chromosome, position and number of columns, which makes a whole genome quick. None reads everything.
        info_keys: INFO fields to keep; END is always kept.
        limits: what to refuse; see `Limits`.

    Raises:
        BadInput: the header is not that of a VCF file, or it lacks the sample.
    """
    path, limits = Path(path), limits or Limits()
    header = read_header(lines_of(path, limits), path, limits)
    if sample is not None and sample not in header.samples:
        raise BadInput(
            f"The file holds no sample {sample!r}.",
            rule="a genotype belongs to one named sample",
            remedy=f"Name one of: {', '.join(header.samples[:10]) or 'none, the file has no samples'}.",
            place=f"{path}:{header.lines}",
        )
    samples = header.samples if sample is None else (sample,)
    spans = None if regions is None else {plain_chromosome(c): _merged(r) for c, r in regions.items()}
    return VcfFile(path, digest_of(path), header, samples, spans, frozenset(info_keys), limits)


def value_at(path: str | Path, place: str, limits: Limits | None = None) -> str:
    """Follow a place back to its source: the text of one FORMAT field of one sample on one line.

    Args:
        path: the file the place speaks of.
        place: as `VcfRecord.place` writes it.

    Raises:
        BadInput: the place has another form, the file has another digest, or line, sample or field are not there.
    """
    path, limits = Path(path), limits or Limits()
    found = _PLACE.match(place)
    if found is None or not digest_of(path).startswith(found[1]):
        raise _lost(path, place, "it is not a place in this file: its form or its digest differs")
    sample = found[3].replace("~1", "/").replace("~0", "~")
    lines = lines_of(path, limits)
    header = read_header(lines, path, limits)
    for number, raw in lines:
        if number == int(found[2]):
            columns = raw.decode("utf-8", "replace").split("\t")
            fields = columns[8].split(":") if len(columns) > 8 else []
            if sample in header.samples and found[4] in fields and len(columns) == 9 + len(header.samples):
                values = columns[9 + header.samples.index(sample)].split(":")
                if fields.index(found[4]) < len(values):
                    return values[fields.index(found[4])]
            break
    raise _lost(path, place, "line, sample or field are not there")


def _lost(path: Path, place: str, why: str) -> BadInput:
    return BadInput(
        f"The place {place[:80]!r} cannot be followed: {why}.",
        rule="a place is vcf:<digest>#L<line>/<sample>/<field>",
        remedy="Give the file the fact was read from; its digest stands in the fact's source.",
        place=str(path),
    )


def _merged(regions: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(regions):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return tuple(merged)
