"""What a set of base changes does to the proteins of the transcripts they lie in.

Descriptions follow HGVS protein nomenclature in three-letter form, e.g. p.(Gly12Asp), p.(Gly12=), p.(Gln9Ter);
changes in
one codon are judged together. Splice means the two intron bases next to an exon; nothing else about splicing is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from onelot.record.errors import BadInput
from onelot.tailor.genes import Genes, Transcript

#: NCBI genetic codes by number: amino acids in TCAG order (1 standard, 2 vertebrate mitochondrial, 3 yeast
#: mitochondrial,
#: 11 bacterial). Source: NCBI Taxonomy, "The Genetic Codes".
CODES = {
    1: "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
    2: "FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIMMTTTTNNKKSS**VVVVAAAADDEEGGGG",
    3: "FFLLSSSSYY**CCWWTTTTPPPPHHQQRRRRIIMMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
    11: "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
}
_THREE = {
    "A": "Ala", "C": "Cys", "D": "Asp", "E": "Glu", "F": "Phe", "G": "Gly", "H": "His", "I": "Ile",
    "K": "Lys", "L": "Leu", "M": "Met", "N": "Asn", "P": "Pro", "Q": "Gln", "R": "Arg", "S": "Ser",
    "T": "Thr", "V": "Val", "W": "Trp", "Y": "Tyr", "*": "Ter", "X": "Xaa",
}  # fmt: skip
_PAIR = {"A": "T", "C": "G", "G": "C", "T": "A"}

#: Effects that change a protein, or may.
CHANGING = frozenset({"missense", "nonsense", "stop lost", "start lost", "splice", "partial codon"})

#: Base of the allele at a 0-based forward position.
Base = Callable[[int], str]


@dataclass(frozen=True)
class Consequence:
    """Effect in one transcript: its kind, and the protein description where there is one."""

    gene: str
    transcript: str
    effect: str
    protein: str = ""

    @property
    def changing(self) -> bool:
        """Whether the protein changes, or may."""
        return self.effect in CHANGING


def amino_acid(codon: str, code: int = 1) -> str:
    """One-letter amino acid of a codon; X when it holds anything but ACGT."""
    if code not in CODES:
        raise BadInput(
            f"genetic code {code} is not known here",
            rule=f"transl_table is one of {sorted(CODES)}",
            remedy="remove or correct transl_table in the annotation",
            place=f"transl_table={code}",
        )
    index = 0
    for letter in codon:
        if letter not in "TCAG":
            return "X"
        index = index * 4 + "TCAG".index(letter)
    return CODES[code][index]


def coding_positions(transcript: Transcript) -> tuple[int, ...]:
    """Forward positions of the coding bases, in the order they are translated, from the first whole codon on."""
    positions = [p for start, end in transcript.coding for p in range(start, end)]
    if transcript.strand == "-":
        positions.reverse()
    return tuple(positions[transcript.phase :])


def consequences(base: Base, changes: Mapping[int, str], chrom: str, genes: Genes) -> tuple[Consequence, ...]:
    """The effects of changing some bases of an allele, in every transcript they touch.

    Args:
        base: base of the allele before the change, by 0-based forward position.
        changes: new base (forward strand) by 0-based position.
        chrom: the sequence they lie on.
        genes: the annotation.
    """
    found: list[Consequence] = []
    touched = {t for p in changes for t in genes.at(chrom, p, p + 1)}
    for transcript in sorted(touched, key=lambda t: (t.gene, t.name)):
        found += _in_transcript(base, changes, transcript)
    return tuple(found)


def _in_transcript(base: Base, changes: Mapping[int, str], transcript: Transcript) -> list[Consequence]:
    positions = coding_positions(transcript)
    place = {p: i for i, p in enumerate(positions)}
    codons = sorted({place[p] // 3 for p in changes if p in place})
    found = [_codon(base, changes, transcript, positions, codon) for codon in codons]
    for p in sorted(changes):
        if p not in place and transcript.start <= p < transcript.end:
            found.append(Consequence(transcript.gene, transcript.name, _outside(p, transcript)))
    return found


def _codon(
    base: Base, changes: Mapping[int, str], transcript: Transcript, positions: tuple[int, ...], codon: int
) -> Consequence:
    at = positions[3 * codon : 3 * codon + 3]
    if len(at) < 3:
        return Consequence(transcript.gene, transcript.name, "partial codon")

    def letter(p: int, changed: bool) -> str:
        forward = changes.get(p, base(p)) if changed else base(p)
        return forward if transcript.strand == "+" else _PAIR.get(forward, "N")

    before = amino_acid("".join(letter(p, False) for p in at), transcript.code)
    after = amino_acid("".join(letter(p, True) for p in at), transcript.code)
    number = codon + 1
    first = _THREE[before]
    if before == after:
        return Consequence(transcript.gene, transcript.name, "synonymous", f"p.({first}{number}=)")
    if codon == 0 and transcript.phase == 0 and before == "M":
        return Consequence(transcript.gene, transcript.name, "start lost", "p.(Met1?)")
    effect = "stop lost" if before == "*" else "nonsense" if after == "*" else "missense"
    protein = f"p.(Ter{number}{_THREE[after]}ext*?)" if before == "*" else f"p.({first}{number}{_THREE[after]})"
    return Consequence(transcript.gene, transcript.name, effect, protein)


def _outside(p: int, transcript: Transcript) -> str:
    """Effect of a base of a transcript that is not in a whole codon."""
    for start, end in transcript.coding:
        if start <= p < end:
            return "partial codon"
    for start, end in transcript.exons:
        if start <= p < end:
            return "UTR" if transcript.coding else "non-coding exon"
    inner = transcript.exons
    for (_, left_end), (right_start, _) in zip(inner, inner[1:], strict=False):
        if left_end <= p < right_start:
            return "splice" if p < left_end + 2 or p >= right_start - 2 else "intron"
    return "intron"
