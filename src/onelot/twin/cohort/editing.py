"""A small genome of a made-up patient, with a causal variant that a base editor can correct: FASTA, GFF3, VCF, packet.

Two sequences of random letters, one gene of our own on the first. Planted are the variant (a codon for tryptophan that
becomes a stop), and near it everything a design and a search should find: two guides with a PAM, a silent bystander,
places that resemble the guide, and one that is a site in this patient alone, since a variant of theirs makes its PAM.
Nothing in it resembles a human gene on purpose.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random

from onelot.twin.cohort.genome import ontology

ASSEMBLY = "onelot-made-up-1"
FIRST, SECOND = "syn1", "syn2"
LENGTHS = {FIRST: 60_000, SECOND: 40_000}
GENE = "MADEUP1"
STOPS = ("TAA", "TAG", "TGA")
# Positions 1 to 20 of the guide, as the patient's allele has them: TGA is the stop, its A the target at position 5, the
# A at position 8 the third letter of GCA (alanine either way). GGG behind gives a PAM for two placements.
PROTOSPACER = "CCTGAGCACCTTGTCGATCT"
TARGET = 5
PAM = "TGGG"


@dataclass
class _Genome:
    """Letters of every sequence, and the patient's calls: (sequence, 1-based position, REF, ALT, genotype)."""

    letters: dict[str, list[str]]
    calls: list[tuple[str, int, str, str, str]] = field(default_factory=list)

    def put(self, name: str, start: int, text: str) -> None:
        """Write letters from a 0-based position on."""
        self.letters[name][start : start + len(text)] = text

    def text(self, name: str) -> str:
        """A sequence as one text."""
        return "".join(self.letters[name])


def made_up_genome(who: str, number: str, born: date, sex: str, at: datetime, rng: Random) -> dict[str, str]:
    """The patient's files by name: `X.fa`, `X.gff3`, `X.vcf`, `X.phenopacket.json`. The same generator, the same files.

    Args:
        who: name of the patient's files. number: hospital number, the sample's name. rng: seeded.
    """
    genome = _Genome({name: [rng.choice("ACGT") for _ in range(length)] for name, length in LENGTHS.items()})
    coding = _coding(rng)
    exons = _gene(genome, coding, rng)
    place = _target(genome, exons)
    _likenesses(genome, rng)
    _background(genome, place, rng)
    packet = phenopacket(who, number, born, sex, at, (FIRST, place + 1, "G", "A"))
    return {
        f"{who}.fa": _fasta(genome),
        f"{who}.gff3": _gff3(exons),
        f"{who}.vcf": _vcf(genome, number),
        f"{who}.phenopacket.json": packet,
    }


def _coding(rng: Random) -> str:
    """A coding sequence of 240 codons without a stop inside."""
    codons = [a + b + c for a in "ACGT" for b in "ACGT" for c in "ACGT" if a + b + c not in STOPS]
    return "ATG" + "".join(rng.choice(codons) for _ in range(238)) + "TAA"


def _gene(genome: _Genome, coding: str, rng: Random) -> list[tuple[int, int]]:
    """Lay the gene out as three exons on the first sequence; their 0-based spans."""
    start, exons, used = 20_000 + rng.randrange(2_000), [], 0
    for length in (240, 303, len(coding) - 543):
        genome.put(FIRST, start, coding[used : used + length])
        exons.append((start, start + length))
        used, start = used + length, start + length + rng.randrange(400, 900)
        genome.put(FIRST, exons[-1][1], "GT")
        genome.put(FIRST, start - 2, "AG")
    return exons


def _target(genome: _Genome, exons: list[tuple[int, int]]) -> int:
    """Write the guide's place into the second exon, in frame, healthy in the reference; 0-based place of the variant.

    The codon that becomes a stop stands at positions 3 to 5 of the guide, so the guide begins two letters before one.
    """
    first, _ = exons[1]
    start = first + 150 - 2
    healthy = PROTOSPACER[: TARGET - 1] + "G" + PROTOSPACER[TARGET:]
    genome.put(FIRST, start, healthy + PAM)
    place = start + TARGET - 1
    genome.calls.append((FIRST, place + 1, "G", "A", "1/1"))
    return place


def _likenesses(genome: _Genome, rng: Random) -> None:
    """Places that resemble the guide, on the second sequence: two and three mismatches, a bulge, and one whose PAM only
    the patient has."""
    for at, mismatches in ((4_000, 2), (9_000, 3), (15_000, 3)):
        genome.put(SECOND, at, _changed(PROTOSPACER, mismatches, rng) + "AGG")
    bulged = PROTOSPACER[:11] + "A" + PROTOSPACER[11:]
    genome.put(SECOND, 21_000, bulged + "CGG")
    only = 27_000
    genome.put(SECOND, only, _changed(PROTOSPACER, 1, rng) + "TGA")
    genome.calls.append((SECOND, only + 22 + 1, "A", "G", "0/1"))


def _changed(text: str, count: int, rng: Random) -> str:
    letters = list(text)
    # Not at the target, so that every likeness could be edited; not beside the PAM, where a guide tolerates least.
    for at in rng.sample([k for k in range(12) if k != TARGET - 1], count):
        letters[at] = rng.choice([letter for letter in "ACGT" if letter != letters[at]])
    return "".join(letters)


def _background(genome: _Genome, target: int, rng: Random) -> None:
    """Forty further variants, far from what is planted: single letters, and some short insertions and deletions."""
    taken = {(FIRST, at) for at in range(target - 400, target + 400)}
    taken |= {(SECOND, at + k) for at in (4_000, 9_000, 15_000, 21_000, 27_000) for k in range(-40, 80)}
    while len(genome.calls) < 42:
        name = rng.choice((FIRST, SECOND))
        at = rng.randrange(1_000, LENGTHS[name] - 1_000)
        if any((name, at + k) in taken for k in range(-12, 13)):
            continue
        taken |= {(name, at + k) for k in range(-12, 13)}
        ref = genome.letters[name][at]
        kind = rng.random()
        if kind < 0.8:
            alt = rng.choice([letter for letter in "ACGT" if letter != ref])
        elif kind < 0.9:
            alt = ref + "".join(rng.choice("ACGT") for _ in range(rng.randrange(1, 4)))
        else:
            ref, alt = "".join(genome.letters[name][at : at + 3]), ref
        genome.calls.append((name, at + 1, ref, alt, rng.choice(("0/1", "1/1"))))


def _fasta(genome: _Genome) -> str:
    lines = []
    for name in LENGTHS:
        text = genome.text(name)
        lines += [f">{name} {ASSEMBLY}, synthetic", *(text[at : at + 80] for at in range(0, len(text), 80))]
    return "\n".join(lines) + "\n"


def _gff3(exons: list[tuple[int, int]]) -> str:
    first, last = exons[0][0] + 1, exons[-1][1]
    rows = [
        (FIRST, "onelot", "gene", first, last, ".", "+", ".", f"ID=gene-{GENE};Name={GENE}"),
        (FIRST, "onelot", "mRNA", first, last, ".", "+", ".", f"ID=rna-{GENE};Parent=gene-{GENE};Name={GENE}-1"),
    ]
    done = 0
    for start, end in exons:
        rows.append((FIRST, "onelot", "exon", start + 1, end, ".", "+", ".", f"Parent=rna-{GENE}"))
        rows.append((FIRST, "onelot", "CDS", start + 1, end, ".", "+", str(-done % 3), f"Parent=rna-{GENE}"))
        done += end - start
    return "##gff-version 3\n" + "".join("\t".join(str(cell) for cell in row) + "\n" for row in rows)


def _vcf(genome: _Genome, sample: str) -> str:
    lines = [
        "##fileformat=VCFv4.3",
        "##source=onelot demo cohort, synthetic",
        f"##reference={ASSEMBLY}",
        *(f"##contig=<ID={name},length={length},assembly={ASSEMBLY}>" for name, length in LENGTHS.items()),
        '##FILTER=<ID=PASS,Description="All filters passed">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        "\t".join(("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", sample)),
    ]
    for name, position, ref, alt, genotype in sorted(genome.calls):
        lines.append("\t".join((name, str(position), ".", ref, alt, ".", "PASS", ".", "GT", genotype)))
    return "\n".join(lines) + "\n"


def phenopacket(who: str, number: str, born: date, sex: str, at: datetime, variant: tuple[str, int, str, str]) -> str:
    """A phenopacket of version 2 with the disease and its causal variant as in the VCF; synthetic as a whole."""
    term = {"id": "OMIM:237300", "label": "Carbamoyl phosphate synthetase I deficiency"}
    chrom, position, ref, alt = variant
    descriptor = {
        "id": f"{who}-variant",
        "geneContext": {"valueId": f"onelot:{GENE}", "symbol": GENE},
        "moleculeContext": "genomic",
        "vcfRecord": {"genomeAssembly": ASSEMBLY, "chrom": chrom, "pos": str(position), "ref": ref, "alt": alt},
        "allelicState": {"id": "GENO:0000136", "label": "homozygous"},
    }
    genomic = {
        "subjectOrBiosampleId": number,
        "interpretationStatus": "CAUSATIVE",
        "variantInterpretation": {"variationDescriptor": descriptor},
    }
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
            "created": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "createdBy": "onelot demo cohort, synthetic",
            "resources": [ontology()],
            "phenopacketSchemaVersion": "2.0",
        },
    }
    return json.dumps(value, indent=1) + "\n"
