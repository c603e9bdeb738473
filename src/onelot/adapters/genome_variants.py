"""The patient's variants for a search or a design: one sample of a VCF, every REF held against the reference.

The file is read by `onelot.adapters.vcf`; here each record that differs from the reference becomes a call. Memory is
bounded by those.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from onelot.adapters.vcf import VcfFile, read_vcf
from onelot.record.errors import BadInput
from onelot.tailor.offtarget.calls import Call
from onelot.tailor.reference import Reference, check_allele


def _wrong(what: str, place: str, remedy: str) -> BadInput:
    return BadInput(what, rule="a patient's variants are VCF 4.x, one sample, with GT", remedy=remedy, place=place)


def read_variants(
    path: Path, reference: Reference, sample: str | None = None, near: tuple[str, int, int] | None = None
) -> Iterator[Call]:
    """The calls of one sample that differ from the reference or are missing in part, one at a time, in file order.

    Args:
        path: the file.
        reference: the genome every REF is checked against.
        sample: its name; may be left out when the file has only one.
        near: (sequence, first POS, last POS): only records that touch it are read, others passed over unchecked.

    Raises:
        BadInput: no VCF, the sample is not there, or a line does not fit the reference (another assembly).
    """
    file = read_vcf(path, sample, regions={near[0]: [near[1:]]} if near else None)
    _check_header(file, reference)
    for record in file:
        genotype, at = record.genotypes[0], f"{path}:{record.line}"
        if not genotype.alleles:
            raise _wrong("the sample has no genotype here", at, "give a VCF with the patient's genotypes (GT)")
        if all(allele == 0 for allele in genotype.alleles):
            continue
        check_allele(reference, record.chrom, record.pos, record.ref, place=at)
        yield Call(
            record.chrom, record.pos, record.ref, record.alts, genotype.alleles, genotype.phased, genotype.phase_set, at
        )


def _check_header(file: VcfFile, reference: Reference) -> None:
    at = f"{file.path}:{file.header.lines}"
    if not file.samples:
        raise _wrong("the file has no sample", at, "give a VCF with the patient's genotypes")
    if len(file.samples) > 1:
        raise _wrong(f"the file has {len(file.samples)} samples", at, f"name one: --sample {file.samples[0]}")
    known = {name: reference.length(name) for name in reference.names()}
    for contig in file.header.contigs:
        if contig.length is not None and known.get(contig.name, contig.length) != contig.length:
            raise _wrong(
                f"the file says {contig.name} has {contig.length:,} bases, the reference has {known[contig.name]:,}",
                str(file.path),
                "the file was made on another assembly: use that reference, or lift the variants over",
            )
