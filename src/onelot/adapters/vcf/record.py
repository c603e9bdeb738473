"""One line of a VCF file, taken apart and checked.

A genotype is indices into (REF, ALT 1, ALT 2, …); None is a missing allele, which is never taken for the reference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from onelot.profile.variants import CalledGenotype

_SEQUENCE = re.compile(r"^[ACGTNacgtn]+$")
_BREAKEND = re.compile(r"^(?:[ACGTNacgtn.]*[\[\]][^\[\]]+:\d+[\[\]][ACGTNacgtn.]*|\.[ACGTNacgtn]+|[ACGTNacgtn]+\.)$")
_SYMBOLIC = re.compile(r"^<[^<>\s]+>$")
_GENOTYPE = re.compile(r"^([/|]?)((?:\.|\d{1,5})(?:[/|](?:\.|\d{1,5}))*)$")
BLOCK_ALTS = frozenset({"<NON_REF>", "<*>", "<X>"})
MOST_COPIES = 8


class Malformed(Exception):
    """Why a line cannot be interpreted; the reader adds file and line."""


@dataclass(frozen=True, slots=True)
class Genotype:
    """GT of one sample.

    Attributes:
        alleles: index per copy, None where missing; () where the sample has no GT at this line.
        phased: True if the copies' order means something inside the phase set. One copy is phased.
        phase_set: PS as written; None where absent or ".".
    """

    alleles: tuple[int | None, ...]
    phased: bool
    phase_set: str | None = None

    @property
    def missing(self) -> bool:
        """True if any copy is unknown."""
        return not self.alleles or None in self.alleles


@dataclass(frozen=True, slots=True)
class VcfRecord:
    """One data line.

    Attributes:
        line: line number in the file, from 1.
        chrom: as written (`chr7` or `7`).
        pos: 1-based position of the first base of REF.
        id: as written; None for ".".
        ref, alts: as written, in capitals where they are sequence; alts is () for ".".
        filters: None for "." (not applied), () for PASS, else the names.
        info: INFO fields as text, a flag as ""; only the keys the reader was asked to keep, END always.
        genotypes: one per sample read, in the order of `VcfFile.samples`.
    """

    line: int
    chrom: str
    pos: int
    id: str | None
    ref: str
    alts: tuple[str, ...]
    filters: tuple[str, ...] | None
    info: dict[str, str]
    genotypes: tuple[Genotype, ...]
    samples: tuple[str, ...]
    source: str

    @property
    def end(self) -> int:
        """Last base covered, 1-based inclusive: INFO END of a block or symbolic allele, else from REF."""
        return int(self.info["END"]) if "END" in self.info else self.pos + len(self.ref) - 1

    @property
    def is_block(self) -> bool:
        """True for a gVCF block: no alternative but the "any other" one."""
        return "END" in self.info and all(alt in BLOCK_ALTS for alt in self.alts)

    def place(self, sample: str, field: str = "GT") -> str:
        """Where a value stands: `vcf:<digest>#L<line>/<sample>/<field>`; `~` and `/` escaped as in RFC 6901."""
        return f"{self.source}#L{self.line}/{sample.replace('~', '~0').replace('/', '~1')}/{field}"

    def called(self, sample: str) -> CalledGenotype:
        """The genotype of one sample as the rooms know it.

        Raises:
            ValueError: the sample was not read.
        """
        genotype = self.genotypes[self.samples.index(sample)]
        return CalledGenotype(
            self.chrom,
            self.pos,
            self.end,
            self.ref,
            self.alts,
            genotype.alleles,
            genotype.phased,
            genotype.phase_set,
            self.filters,
            self.place(sample),
        )


def interpret(
    columns: list[str],
    line: int,
    version: str,
    wanted: tuple[int, ...],
    samples: tuple[str, ...],
    info_keys: frozenset[str],
    source: str,
    memo: dict[tuple[str, str, int], Genotype],
) -> VcfRecord:
    """Take one split line apart.

    Args:
        columns: the tab-separated fields.
        wanted: column numbers of the samples to read; samples: their names.
        memo: cache of parsed genotype columns, shared between lines.

    Raises:
        Malformed: with the reason.
    """
    chrom, pos, ident, ref, alt, qual, filters, info = columns[:8]
    if not chrom or any(mark in chrom for mark in " \t<>"):
        raise Malformed(f"CHROM {chrom!r} is empty or symbolic")
    if not pos.isdecimal() or len(pos) > 10:
        raise Malformed(f"POS {pos[:40]!r} is not a whole number")
    if not _SEQUENCE.match(ref):
        raise Malformed(f"REF {ref[:40]!r} is not a sequence of A, C, G, T, N")
    if qual != "." and not _number(qual):
        raise Malformed(f"QUAL {qual[:40]!r} is not a number")
    alts = _alts(alt, ref)
    kept = _info(info, info_keys, int(pos))
    genotypes = _genotypes(columns, wanted, len(alts), memo) if wanted else ()
    named = None if filters == "." else () if filters == "PASS" else tuple(filters.split(";"))
    return VcfRecord(
        line,
        chrom,
        int(pos),
        None if ident == "." else ident,
        ref.upper(),
        alts,
        named,
        kept,
        genotypes,
        samples,
        source,
    )


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _alts(text: str, ref: str) -> tuple[str, ...]:
    if text == ".":
        return ()
    alts = []
    for alt in text.split(","):
        if _SEQUENCE.match(alt):
            alts.append(alt.upper())
        elif alt == "*" or _SYMBOLIC.match(alt) or _BREAKEND.match(alt):
            alts.append(alt)
        else:
            raise Malformed(f"ALT {alt[:40]!r} is neither sequence, symbol nor breakend")
    if len(set(alts)) != len(alts) or ref.upper() in alts:
        raise Malformed(f"ALT {text[:40]!r} repeats an allele or the reference")
    return tuple(alts)


def _info(text: str, keys: frozenset[str], pos: int) -> dict[str, str]:
    kept: dict[str, str] = {}
    if text != "." and (keys or "END=" in text):
        for item in text.split(";"):
            key, _, value = item.partition("=")
            if key == "END" or key in keys:
                if key in kept:
                    raise Malformed(f"INFO {key} stands twice")
                kept[key] = value
    if "END" in kept and (not kept["END"].isdecimal() or len(kept["END"]) > 10 or int(kept["END"]) < pos - 1):
        raise Malformed(f"INFO END {kept['END'][:40]!r} is no position at or after POS")
    return kept


def _genotypes(
    columns: list[str], wanted: tuple[int, ...], alts: int, memo: dict[tuple[str, str, int], Genotype]
) -> tuple[Genotype, ...]:
    format_ = columns[8]
    out = []
    for column in wanted:
        key = (format_, columns[column], alts)
        if (genotype := memo.get(key)) is None:
            genotype = _genotype(format_, columns[column], alts)
            if len(memo) > 4096:  # long fields such as PL hardly repeat; the cache must not grow with the file
                memo.clear()
            memo[key] = genotype
        out.append(genotype)
    return tuple(out)


def _genotype(format_: str, text: str, alts: int) -> Genotype:
    names = format_.split(":")
    values = text.split(":")
    if len(set(names)) != len(names) or "" in names:
        raise Malformed(f"FORMAT {format_[:40]!r} repeats a field or holds an empty one")
    if len(values) > len(names):
        raise Malformed(f"a sample has {len(values)} values for {len(names)} FORMAT fields")
    if names[0] != "GT":
        if "GT" in names:
            raise Malformed("GT is not the first FORMAT field")
        return Genotype((), False)
    found = _GENOTYPE.match(values[0])
    if not found:
        raise Malformed(f"GT {values[0][:40]!r} is not a genotype")
    prefix, body = found.groups()
    alleles = tuple(None if a == "." else int(a) for a in re.split(r"[/|]", body))
    if len(alleles) > MOST_COPIES:
        raise Malformed(f"GT {values[0][:40]!r} has more than {MOST_COPIES} copies")
    if any(a is not None and a > alts for a in alleles):
        raise Malformed(f"GT {values[0]!r} names an allele that is not in ALT")
    at = names.index("PS") if "PS" in names else len(values)
    phase_set = values[at] if at < len(values) and values[at] not in {".", ""} else None
    return Genotype(alleles, _phased(prefix, body, len(alleles)), phase_set)


def _phased(prefix: str, body: str, copies: int) -> bool:
    # VCF 4.4 lets a genotype begin with its own separator; without one, it is phased if all others are.
    if copies == 1:
        return prefix != "/"
    return "/" not in body and prefix != "/"
