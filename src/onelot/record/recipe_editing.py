"""What a recipe says of a product that edits one patient's own variant: the platform, the guide, the evidence file.

Everything in the recipe is the platform, the same for every patient; the guide alone is the patient's. It is chosen and
confirmed by two people on the therapy's stream and never released by the program.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from onelot.record.quantity import Quantity, Source, Strict

# What the chosen guide is called among the inputs of a parameter; no fact or measured value may have this name.
CHOSEN_GUIDE = "chosen_guide"
Before = Literal["clinical_lot", "release"]
Concerns = Literal["patient", "guide", "toxicology_lot"]


@dataclass(frozen=True)
class EvidenceNeed(Strict):
    """One document of the evidence file. What is missing, outdated, against, or of another guide, blocks.

    asks: what the document must show. concerns: the patient; the guide (shown for the chosen one and no other); the
    toxicology lot (shown with a released one of that guide). before: what may not happen without it; what blocks the
    clinical lot blocks its release and its use as well. low, high, unit: where a number decides, in clear in the recipe
    and sealed in the record. valid: how long it holds from its date; None for ever.
    """

    name: str
    title: str
    asks: str
    concerns: Concerns
    before: Before
    source: Source
    unit: str = ""
    low: Quantity | None = None
    high: Quantity | None = None
    valid: Quantity | None = None


@dataclass(frozen=True)
class Editing(Strict):
    """The patient's own part of an editing product.

    Attributes:
        parameter, title: what the chosen guide is called among the tailored parameters (its spacer, as DNA, 5' to 3').
        fact: the causal variant, CHROM:POS:REF:ALT on the reference used.
        editors: entries of the editor table that the platform's editor lots encode; no guide of another is chosen.
        mismatches, dna_bulges, rna_bulges: the least an off-target search must have covered before a guide is chosen.
        evidence: the evidence file, in the order in which it is usually gathered.
    """

    parameter: str
    title: str
    fact: str
    editors: tuple[str, ...]
    mismatches: Quantity
    dna_bulges: Quantity
    rna_bulges: Quantity
    evidence: tuple[EvidenceNeed, ...]
    source: Source
