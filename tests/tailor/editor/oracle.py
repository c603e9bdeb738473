"""Editor design by brute force: every window of both strands is looked at, every protein translated whole.

Imports nothing from the product; the editor table is read from its file by the test and handed in as plain rows.
"""

import re

SETS = {
    "A": "A", "C": "C", "G": "G", "T": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC",
    "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip
PAIR = {"A": "T", "C": "G", "G": "C", "T": "A"}
CODONS = dict(
    zip(
        (a + b + c for a in "TCAG" for b in "TCAG" for c in "TCAG"),
        "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
        strict=True,
    )
)


def flipped(text):
    return "".join(PAIR[c] for c in reversed(text))


def protein(text, gene):
    """The whole protein of a gene given as (strand, coding spans) on a forward text."""
    strand, spans = gene
    coding = "".join(text[a:b] for a, b in spans)
    if strand == "-":
        coding = flipped(coding)
    return "".join(CODONS[coding[i : i + 3]] for i in range(0, len(coding) - 2, 3))


def changed_residues(before, after, gene):
    """{residue number: (old, new)} between two alleles of the same length."""
    pairs = zip(protein(before, gene), protein(after, gene), strict=True)
    return {i: (a, b) for i, (a, b) in enumerate(pairs, start=1) if a != b}


def guides(patient, at, wanted, rows):
    """Every guide that turns base `at` (0-based) of the patient's allele into `wanted`.

    Returns a set of (editor, strand, spacer, PAM, target position, ((window position, forward 0-based place), ...)).
    """
    found = set()
    for strand in "+-":
        text = patient if strand == "+" else flipped(patient)
        target = at if strand == "+" else len(patient) - 1 - at
        new = wanted if strand == "+" else PAIR[wanted]
        for row in rows:
            old, becomes = {"adenine": "AG", "cytosine": "CT"}[row["kind"]]
            if (text[target], new) != (old, becomes):
                continue
            length, pam = row["spacer_length"], row["pam"]
            pattern = "".join(f"[{SETS[c]}]" for c in pam)
            for start in range(len(text)):
                here = (
                    (start + length, start + length + len(pam)) if row["pam_side"] == 3 else (start - len(pam), start)
                )
                if here[0] < 0 or max(here[1], start + length) > len(text):
                    continue
                position = target - start + 1
                if not row["window"][0] <= position <= row["window"][1]:
                    continue
                if not re.fullmatch(pattern, text[here[0] : here[1]]):
                    continue
                spacer = text[start : start + length]
                others = tuple(
                    (k, start + k - 1 if strand == "+" else len(text) - start - k)
                    for k in range(row["window"][0], row["window"][1] + 1)
                    if spacer[k - 1] == old and k != position
                )
                found.add((row["name"], strand, spacer, text[here[0] : here[1]], position, others))
    return found
