"""Variant Call Format files, read line by line with a place for every value.

Takes: a path to a VCF 4.x file: plain, gzip or bgzip, one or many samples, with or without gVCF blocks.
Gives: a header and a stream of frozen records; memory does not grow with the file.
Never: guesses. What cannot be interpreted is refused with file and line.
Standards: VCF 4.1 to 4.5 (samtools/hts-specs); BGZF (SAM specification, section 4.1).
"""

from __future__ import annotations

from onelot.adapters.vcf.header import Contig, VcfHeader
from onelot.adapters.vcf.reader import VcfFile, read_vcf, value_at
from onelot.adapters.vcf.record import Genotype, VcfRecord
from onelot.adapters.vcf.stream import Limits

__all__ = ["Contig", "Genotype", "Limits", "VcfFile", "VcfHeader", "VcfRecord", "read_vcf", "value_at"]
