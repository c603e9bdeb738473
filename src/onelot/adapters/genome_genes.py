"""Genes from GFF3 (plain or gzip): transcripts with their exons and coding spans.

Format: GFF3 of the Sequence Ontology, version 1.26. Read: gene-like parents for names, exon and CDS lines by their
Parent.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from onelot.record.errors import BadInput
from onelot.tailor.genes import Genes, Transcript
from onelot.tailor.reference import Reference


def _wrong(what: str, place: str, remedy: str = "correct the line, or fetch the annotation again") -> BadInput:
    return BadInput(
        what, rule="GFF3: nine columns with tabs, 1-based spans, CDS lines with a phase", remedy=remedy, place=place
    )


@dataclass
class _Parts:
    chrom: str
    strand: str
    place: str
    exons: list[tuple[int, int]] = field(default_factory=list)
    coding: list[tuple[int, int, int]] = field(default_factory=list)
    code: int = 1


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open("rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rt", encoding="utf-8") if zipped else path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.startswith("##FASTA"):
                    return
                if line.strip() and not line.startswith("#"):
                    yield number, line.rstrip("\r\n")
    except (OSError, EOFError, UnicodeDecodeError) as problem:
        raise _wrong(f"cannot read the annotation: {problem}", str(path), "check the path and the file") from problem


def _attributes(text: str) -> dict[str, str]:
    pairs = (part.split("=", 1) for part in text.split(";") if "=" in part)
    return {key.strip(): value for key, value in pairs}


def read_genes(path: Path, reference: Reference) -> Genes:
    """All transcripts of a GFF3 file that lie on sequences of the reference.

    Raises:
        BadInput: a line that is no GFF3, a span outside its sequence, or no sequence in common with the reference.
    """
    known = set(reference.names())
    names: dict[str, str] = {}
    parents: dict[str, str] = {}
    parts: dict[str, _Parts] = {}
    strangers: set[str] = set()
    for number, line in _lines(path):
        at = f"{path}, line {number}"
        cells = line.split("\t")
        if len(cells) != 9:
            raise _wrong(f"the line has {len(cells)} columns", at)
        chrom, kind, strand = unquote(cells[0]), cells[2], cells[6]
        attributes = _attributes(cells[8])
        identity = attributes.get("ID", "")
        if identity:
            label = attributes.get("Name") or attributes.get("gene") or attributes.get("gene_name") or identity
            names.setdefault(identity, unquote(label))
            if "Parent" in attributes:
                parents[identity] = attributes["Parent"].split(",")[0]
        if kind not in ("exon", "CDS"):
            continue
        if chrom not in known:
            strangers.add(chrom)
            continue
        start, end = _span(cells[3], cells[4], reference.length(chrom), at)
        if strand not in "+-":
            raise _wrong(f"strand {strand!r} of a {kind} line is neither + nor -", at)
        for parent in attributes.get("Parent", identity).split(","):
            part = parts.setdefault(parent, _Parts(chrom, strand, at))
            if (part.chrom, part.strand) != (chrom, strand):
                raise _wrong(f"the parts of {parent!r} lie on different sequences or strands", at)
            if kind == "exon":
                part.exons.append((start, end))
            else:
                if cells[7] not in ("0", "1", "2"):
                    raise _wrong(f"phase {cells[7]!r} of a CDS line is none of 0, 1, 2", at)
                part.coding.append((start, end, int(cells[7])))
                part.code = _code(attributes, at)
    if strangers and not parts:
        raise _wrong(
            f"no sequence of the annotation is in the reference ({', '.join(sorted(strangers)[:3])} ...)",
            str(path),
            f"use an annotation of the same assembly and names, e.g. {', '.join(sorted(known)[:3])}",
        )
    return Genes(_transcript(name, part, names, parents) for name, part in parts.items())


def _span(start: str, end: str, length: int, at: str) -> tuple[int, int]:
    if not (start.isascii() and start.isdigit() and end.isascii() and end.isdigit()):
        raise _wrong(f"span {start!r} to {end!r} is not two numbers", at)
    if not 1 <= int(start) <= int(end) <= length:
        raise _wrong(
            f"span {start} to {end} does not lie in a sequence of {length:,} bases", at,
            "use an annotation of the same assembly as the reference",
        )  # fmt: skip
    return int(start) - 1, int(end)


def _code(attributes: dict[str, str], at: str) -> int:
    code = attributes.get("transl_table", "1")
    if code not in ("1", "2", "3", "11"):
        raise _wrong(f"genetic code {code!r} is not known here (1, 2, 3, 11)", at)
    return int(code)


def _transcript(name: str, part: _Parts, names: dict[str, str], parents: dict[str, str]) -> Transcript:
    coding = sorted(part.coding)
    spans = tuple((start, end) for start, end, _ in coding)
    exons = tuple(sorted(part.exons)) or spans
    for group, what in ((spans, "coding"), (exons, "exon")):
        if any(a[1] > b[0] for a, b in zip(group, group[1:], strict=False)):
            raise _wrong(f"{what} spans of {name!r} overlap", part.place)
    first = (coding[0] if part.strand == "+" else coding[-1])[2] if coding else 0
    gene = parents.get(name, name)
    return Transcript(
        names.get(name, name), names.get(gene, gene), part.chrom, part.strand, exons, spans, first, part.code
    )
