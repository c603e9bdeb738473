"""The header of a VCF file: version, contigs, assembly, samples, declared fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from onelot.adapters.vcf.stream import Limits
from onelot.record.errors import BadInput, Mismatch

COLUMNS = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
VERSIONS = ("VCFv4.0", "VCFv4.1", "VCFv4.2", "VCFv4.3", "VCFv4.4", "VCFv4.5")

# Length of chromosome 1 and X in each assembly (NCBI assembly reports GCF_000001405.25 and .40, GCF_009914755.1).
LENGTHS = {
    ("1", 249250621): "GRCh37",
    ("X", 155270560): "GRCh37",
    ("1", 248956422): "GRCh38",
    ("X", 156040895): "GRCh38",
    ("1", 248387328): "T2T-CHM13",
    ("X", 154259566): "T2T-CHM13",
}
_NAMES = (
    (re.compile(r"grch38|hg38|hs38|\bb38\b|GCA_000001405\.15|GCF_000001405\.(2[6-9]|3\d|4\d)", re.I), "GRCh38"),
    (re.compile(r"grch37|hg19|hs37|\bb37\b|GCA_000001405\.1\b|GCF_000001405\.(1[3-9]|2[0-5])\b", re.I), "GRCh37"),
    (re.compile(r"ncbi36|hg18|\bb36\b", re.I), "NCBI36"),
    (re.compile(r"chm13|t2t", re.I), "T2T-CHM13"),
)
_CONTIG = re.compile(r"^##contig=<(.*)>$")
_KEY_VALUE = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|[^,]*)(?:,|$)')


def plain_chromosome(name: str) -> str:
    """`chr7`, `Chr7` and `7` are one chromosome, `chrM`, `M` and `MT` another: give the short name."""
    short = name[3:] if name[:3].lower() == "chr" else name
    return "MT" if short in {"M", "MT"} else short


@dataclass(frozen=True, slots=True)
class Contig:
    """One ##contig line: name as written, length in bases if stated, assembly as written if stated."""

    name: str
    length: int | None
    assembly: str | None


@dataclass(frozen=True, slots=True)
class VcfHeader:
    """What stands before the records.

    Attributes:
        version: e.g. "VCFv4.2".
        assembly: "GRCh38", "GRCh37", ... as the header's reference, contig assemblies and lengths agree; None if
            it says nothing.
        assembly_line: line that told the assembly.
        contigs: in the order of the file.
        samples: column names from the tenth on; names are unique.
        lines: number of header lines, the column line included.
        file_date: what ##fileDate says, as written; "" if the header says nothing.
    """

    version: str
    assembly: str | None
    assembly_line: int | None
    contigs: tuple[Contig, ...]
    samples: tuple[str, ...]
    lines: int
    path: str = field(default="", compare=False)
    file_date: str = ""

    def require_assembly(self, wanted: str) -> bool:
        """Check the stated assembly; True if the header states it, False if the header is silent.

        Raises:
            Mismatch: the header states another assembly.
        """
        if self.assembly is None:
            return False
        if self.assembly != wanted:
            raise Mismatch(
                f"The file is on {self.assembly}, but {wanted} is needed.",
                rule=f"the tables in use give positions on {wanted}",
                remedy=f"Call the variants again on {wanted}, or lift the file over and have it checked.",
                place=f"{self.path}:{self.assembly_line}",
            )
        return True


def read_header(lines: Iterator[tuple[int, bytes]], path: Path, limits: Limits) -> VcfHeader:
    """Take the header lines off `lines`, up to and including the column line.

    Raises:
        BadInput: no VCF version line, an unknown version, no column line, repeated samples, two assemblies.
    """
    version, dated, stated = "", "", dict[str, int]()
    contigs: list[Contig] = []
    size, number = 0, 0
    for number, raw in lines:
        size += len(raw)
        if number > limits.header_lines or size > limits.header_bytes:
            raise _bad(path, number, "the header passes the reader's limit", "Check that this is a VCF file.")
        text = _text(raw, path, number)
        if number == 1:
            version = _version(text, path)
        elif text.startswith("##fileDate="):
            dated = text.partition("=")[2].strip()
        elif text.startswith("##"):
            _note(text, number, contigs, stated, path)
        elif text.startswith("#CHROM"):
            assembly = _one_assembly(stated, path)
            return VcfHeader(
                version,
                assembly,
                stated.get(assembly or ""),
                tuple(contigs),
                _samples(text, path, number),
                number,
                str(path),
                dated,
            )
        else:
            raise _bad(path, number, "the column line (#CHROM …) is missing", "Fetch the whole file again.")
    raise _bad(path, number, "the file ends inside its header", "Fetch the whole file again.")


def _version(text: str, path: Path) -> str:
    version = text.removeprefix("##fileformat=").strip()
    if version not in VERSIONS:
        raise _bad(
            path,
            1,
            f"the first line is not a known VCF version: {text[:60]!r}",
            f"Give a file of {VERSIONS[0]} to {VERSIONS[-1]}.",
        )
    return version


def _note(text: str, number: int, contigs: list[Contig], stated: dict[str, int], path: Path) -> None:
    if text.startswith(("##reference=", "##assembly=")):
        for assembly in _assemblies_named(text):
            stated.setdefault(assembly, number)
        return
    if not (found := _CONTIG.match(text)):
        return
    fields = {key: value.strip('"') for key, value in _KEY_VALUE.findall(found[1])}
    length = fields.get("length")
    if "ID" not in fields or (length is not None and not length.isdecimal()):
        raise _bad(
            path,
            number,
            f"contig line without a name or with a wrong length: {text[:80]!r}",
            "Repair the header with the tool that wrote it.",
        )
    contig = Contig(fields["ID"], int(length) if length else None, fields.get("assembly"))
    contigs.append(contig)
    for assembly in _assemblies_named(contig.assembly or ""):
        stated.setdefault(assembly, number)
    by_length = LENGTHS.get((plain_chromosome(contig.name), contig.length or 0))
    if by_length:
        stated.setdefault(by_length, number)


def _assemblies_named(text: str) -> list[str]:
    return [name for pattern, name in _NAMES if pattern.search(text)]


def _one_assembly(stated: dict[str, int], path: Path) -> str | None:
    if len(stated) > 1:
        told = ", ".join(f"{name} (line {line})" for name, line in stated.items())
        raise _bad(
            path,
            max(stated.values()),
            f"the header names more than one assembly: {told}",
            "Find out on which assembly the variants were called and repair the header.",
        )
    return next(iter(stated), None)


def _samples(text: str, path: Path, number: int) -> tuple[str, ...]:
    columns = text.split("\t")
    if tuple(columns[:8]) != COLUMNS or (len(columns) > 8 and columns[8] != "FORMAT"):
        raise _bad(
            path,
            number,
            "the column line does not name the eight fixed columns, tab-separated, and FORMAT",
            "Repair the header with the tool that wrote it.",
        )
    samples = tuple(columns[9:])
    if len(set(samples)) != len(samples) or "" in samples:
        raise _bad(path, number, "sample names are repeated or empty", "Give each sample one name of its own.")
    return samples


def _text(raw: bytes, path: Path, number: int) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _bad(path, number, "the line is not UTF-8 text", "Check that this is a VCF file.") from error


def _bad(path: Path, number: int, what: str, remedy: str) -> BadInput:
    return BadInput(
        f"Header refused: {what}.",
        rule="VCF 4.x section 1, meta-information and header lines",
        remedy=remedy,
        place=f"{path}:{number}",
    )
