"""The patient's variants from a VCF file (plain or gzip), one sample, checked against the reference line by line.

Reads what the off-target search needs (VCF 4.3: CHROM, POS, REF, ALT, GT, PS) and nothing else. Memory is bounded by
the
calls that differ from the reference.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

from onelot.record.errors import BadInput
from onelot.tailor.offtarget.calls import Call
from onelot.tailor.reference import Reference, check_allele

#: Longest line read, in characters.
LONGEST = 10_000_000
_CONTIG = re.compile(r"##contig=<.*?\bID=([^,>]+).*?\blength=(\d+)")


def _wrong(what: str, place: str, remedy: str = "correct the file, or fetch it again") -> BadInput:
    return BadInput(what, rule="a patient's variants are VCF 4.x, one sample, with GT", remedy=remedy, place=place)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open("rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rt", encoding="utf-8") if zipped else path.open(encoding="utf-8") as file:
            number = 0
            while line := file.readline(LONGEST):
                number += 1
                if len(line) == LONGEST:
                    raise _wrong(f"a line is longer than {LONGEST:,} characters", f"{path}, line {number}")
                yield number, line.rstrip("\r\n")
    except (OSError, EOFError, UnicodeDecodeError) as problem:
        raise _wrong(f"cannot read the variants: {problem}", str(path), "check the path and the file") from problem


def read_variants(
    path: Path, reference: Reference, sample: str | None = None, near: tuple[str, int, int] | None = None
) -> Iterator[Call]:
    """The calls of one sample that differ from the reference or are missing in part, one at a time, in file order.

    Args:
        path: the file.
        reference: the genome every REF is checked against.
        sample: its name; may be left out when the file has only one.
        near: (sequence, first POS, last POS): only records there are read, others passed over unchecked.

    Raises:
        BadInput: no VCF, the sample is not there, or a line does not fit the reference (another assembly).
    """
    column = -1
    known = {name: reference.length(name) for name in reference.names()}
    for number, line in _lines(path):
        at = f"{path}, line {number}"
        if number == 1 and not line.startswith("##fileformat=VCF"):
            raise _wrong("the first line is not ##fileformat=VCF...", at)
        if match := _CONTIG.match(line):
            name, length = match[1], int(match[2])
            if name in known and known[name] != length:
                raise _wrong(
                    f"the file says {name} has {length:,} bases, the reference has {known[name]:,}", at,
                    "the file was made on another assembly: use that reference, or lift the variants over",
                )  # fmt: skip
        elif line.startswith("#CHROM"):
            column = _column(line.split("\t"), sample, at)
        elif line and not line.startswith("#"):
            if column < 0:
                raise _wrong("a record comes before the #CHROM line", at)
            if near is not None and not _is_near(line, near):
                continue
            call = _call(line.split("\t"), column, at)
            if call is not None:
                check_allele(reference, call.chrom, call.pos, call.ref, place=at)
                yield call
    if column < 0:
        raise _wrong("there is no #CHROM line", str(path))


def _is_near(line: str, near: tuple[str, int, int]) -> bool:
    chrom, first, last = near
    cells = line.split("\t", 2)
    return len(cells) < 3 or (cells[0] == chrom and (not cells[1].isdigit() or first <= int(cells[1]) <= last))


def _column(header: list[str], sample: str | None, at: str) -> int:
    samples = header[9:]
    if not samples:
        raise _wrong("the file has no sample", at, "give a VCF with the patient's genotypes")
    if sample is None:
        if len(samples) > 1:
            raise _wrong(f"the file has {len(samples)} samples", at, f"name one: --sample {samples[0]}")
        return 9
    if sample not in samples:
        raise _wrong(f"sample {sample!r} is not in the file", at, f"name one of: {', '.join(samples[:8])}")
    return 9 + samples.index(sample)


def _call(cells: list[str], column: int, at: str) -> Call | None:
    if len(cells) <= column:
        raise _wrong(f"the line has {len(cells)} columns, the sample needs {column + 1}", at)
    if not (cells[1].isascii() and cells[1].isdigit()):
        raise _wrong(f"POS {cells[1]!r} is no number", at)
    keys = cells[8].split(":")
    values = dict(zip(keys, cells[column].split(":"), strict=False))
    genotype = values.get("GT", "")
    alleles: list[int | None] = []
    alts = () if cells[4] == "." else tuple(a if a.startswith("<") else a.upper() for a in cells[4].split(","))
    for part in re.split(r"[/|]", genotype):
        if part == "." or (part.isascii() and part.isdigit() and int(part) <= len(alts)):
            alleles.append(None if part == "." else int(part))
        else:
            raise _wrong(f"genotype {genotype!r} does not fit {len(alts)} alternative allele(s)", at)
    if all(a == 0 for a in alleles):
        return None
    ref = cells[3].upper()
    if not ref or set(ref) - set("ACGTN"):
        raise _wrong(f"REF {cells[3]!r} is not written in ACGTN", at)
    phase_set = values.get("PS")
    return Call(
        cells[0], int(cells[1]), ref, alts, tuple(alleles), "|" in genotype,
        phase_set if phase_set not in (None, ".", "") else None, at,
    )  # fmt: skip
