"""Genomes of made-up patients: a small VCF (GRCh38) and a phenopacket."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from random import Random


@dataclass(frozen=True, slots=True)
class Site:
    """A position written to a VCF: GRCh38, 1-based; frequency of the alternate allele (ours, for variety only)."""

    chromosome: str
    position: int
    identifier: str
    ref: str
    alt: str
    frequency: float


# Positions: PharmCAT definitions (PharmVar, CPIC), GRCh38. They are few on purpose: most genes stay partly uncovered,
# which a caller has to notice.
SITES = (
    Site("chr1", 97450058, "rs3918290", "C", "T", 0.02),
    Site("chr2", 233760498, "rs4148323", "G", "A", 0.1),
    Site("chr6", 18130687, "rs1142345", "T", "C", 0.05),
    Site("chr6", 18138997, "rs1800460", "C", "T", 0.05),
    Site("chr6", 18143724, "rs1800462", "C", "G", 0.01),
    Site("chr10", 94761900, "rs12248560", "C", "T", 0.2),
    Site("chr10", 94780653, "rs4986893", "G", "A", 0.03),
    Site("chr10", 94781859, "rs4244285", "G", "A", 0.2),
    Site("chr12", 21178615, "rs4149056", "T", "C", 0.15),
    Site("chr13", 48045719, "rs116855232", "C", "T", 0.05),
    Site("chr16", 31096368, "rs9923231", "C", "T", 0.35),
)
LENGTHS = {  # GRCh38.p14 chromosome lengths
    "chr1": 248956422,
    "chr2": 242193529,
    "chr6": 170805979,
    "chr10": 133797422,
    "chr12": 133275309,
    "chr13": 114364328,
    "chr16": 90338345,
}
BLOCK = 65_280
DISEASES = {
    "cd34-edited": ("OMIM:603903", "Sickle cell disease", "HBB", "NM_000518.5:c.20A>T"),
    "aav9-weight-band": ("OMIM:253300", "Spinal muscular atrophy, type I", "SMN1", ""),
}


def vcf(sample: str, sites: Sequence[Site], rng: Random, noise: int = 40) -> str:
    """A VCF 4.3 of one sample: every site, and `noise` further made-up positions of the same chromosomes."""
    rows = [(site, _genotype(site.frequency, rng)) for site in sites]
    taken = {(site.chromosome, site.position) for site in sites}
    while len(rows) < len(sites) + noise:
        chromosome = rng.choice(sorted({site.chromosome for site in sites} & LENGTHS.keys()))
        position = rng.randrange(1_000_000, LENGTHS[chromosome] - 1_000_000)
        if (chromosome, position) in taken:
            continue
        taken.add((chromosome, position))
        ref, alt = rng.sample("ACGT", 2)
        rows.append((Site(chromosome, position, ".", ref, alt, 0.3), _genotype(0.3, rng)))
    used = sorted({site.chromosome for site, _ in rows}, key=_order)
    lines = [
        "##fileformat=VCFv4.3",
        "##source=onelot demo cohort, synthetic",
        "##reference=GRCh38",
        *(f"##contig=<ID={name},length={LENGTHS[name]},assembly=GRCh38>" for name in used if name in LENGTHS),
        '##FILTER=<ID=PASS,Description="All filters passed">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        "\t".join(("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", sample)),
    ]
    for site, genotype in sorted(rows, key=lambda row: (_order(row[0].chromosome), row[0].position)):
        fields = (site.chromosome, str(site.position), site.identifier, site.ref, site.alt, ".", "PASS", ".", "GT")
        lines.append("\t".join((*fields, genotype)))
    return "\n".join(lines) + "\n"


def outside_calls(told: Mapping[str, str]) -> str:
    """Calls made elsewhere, gene -> diplotype, as the laboratory's file: what a short-read VCF cannot settle."""
    lines = ["# onelot demo cohort, synthetic: gene, diplotype, phenotype, activity score"]
    return "\n".join([*lines, *(f"{gene}\t{diplotype}\t\t" for gene, diplotype in told.items())]) + "\n"


def bgzip(data: bytes) -> bytes:
    """The bytes as a BGZF file (SAM specification 4.1): blocks of gzip that each say their size, and an empty last."""
    blocks = [data[at : at + BLOCK] for at in range(0, len(data), BLOCK)]
    return b"".join(_block(each) for each in [*blocks, b""])


def _block(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    size = len(packed) + 25  # header 18, trailer 8, less one
    head = b"\x1f\x8b\x08\x04" + bytes(5) + b"\xff" + struct.pack("<H2sHH", 6, b"BC", 2, size)
    return head + packed + struct.pack("<II", zlib.crc32(data), len(data))


def phenopacket(who: str, number: str, product: str, born: date, sex: str, at: datetime) -> str:
    """A phenopacket of version 2 with the disease and its causal variant; subject is the hospital number."""
    disease, label, gene, hgvs = DISEASES[product]
    term = {"id": disease, "label": label}
    descriptor: dict[str, object] = {
        "id": f"{who}-variant",
        "geneContext": {"valueId": {"SMN1": "HGNC:11117", "HBB": "HGNC:4827"}[gene], "symbol": gene},
        "moleculeContext": "genomic",
        "allelicState": {"id": "GENO:0000136", "label": "homozygous"},
    }
    if hgvs:
        descriptor["expressions"] = [{"syntax": "hgvs.c", "value": hgvs}]
    else:
        descriptor["structuralType"] = {"id": "SO:1000029", "label": "chromosomal_deletion"}
    genomic = {
        "subjectOrBiosampleId": number,
        "interpretationStatus": "CAUSATIVE",
        "variantInterpretation": {"variationDescriptor": descriptor},
    }
    moment = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    value = {
        "id": f"{who}-synthetic",
        "subject": {"id": number, "dateOfBirth": f"{born.isoformat()}T00:00:00Z", "sex": sex.upper()},
        "diseases": [{"term": term}],
        "interpretations": [
            {
                "id": f"{who}-interpretation",
                "progressStatus": "SOLVED",
                "diagnosis": {"disease": term, "genomicInterpretations": [genomic]},
            }
        ],
        "metaData": {
            "created": moment,
            "createdBy": "onelot demo cohort, synthetic",
            "resources": [ontology()],
            "phenopacketSchemaVersion": "2.0",
        },
    }
    return json.dumps(value, indent=1) + "\n"


def ontology() -> dict[str, str]:
    """The resource entry of the terms for diseases."""
    return {
        "id": "omim",
        "name": "An Online Catalog of Human Genes and Genetic Disorders",
        "url": "https://www.omim.org",
        "version": "2025-10-01",
        "namespacePrefix": "OMIM",
        "iriPrefix": "https://omim.org/entry/",
    }


def _genotype(frequency: float, rng: Random) -> str:
    first, second = sorted(int(rng.random() < frequency) for _ in range(2))
    return f"{first}/{second}"


def _order(chromosome: str) -> int:
    name = chromosome.removeprefix("chr")
    return int(name) if name.isdigit() else 23 + "XYM".find(name[0])
