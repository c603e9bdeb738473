"""What happens to a therapy whose product edits the patient's own variant: design, choice of the guide, evidence.

Variant, guide and everything computed from them stand under the patient's health key. Digests of them stand nowhere in
clear: a guide has twenty letters, and a plain digest of it could be found again by trying.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from onelot.record.events.base import Event, event
from onelot.record.terms.values import Cite, Input, Sealed


@event("therapy")
@dataclass(frozen=True)
class GuidesDesigned(Event):
    """Guides were designed for the patient's variant and searched for other places: a derivation, signed.

    variant: the fact it was made for; reference, variants, genes, editors: SHA-256 of the files read ("" for none);
    limits: how far the search went; tool: name and version; design, sites: the two results, JSON texts, sealed.
    """

    variant: Input
    reference: str
    variants: str
    genes: str
    editors: str
    tool: str
    mismatches: int
    dna_bulges: int
    rna_bulges: int
    design: Sealed
    sites: Sealed


@event("therapy")
@dataclass(frozen=True)
class GuideChosen(Event):
    """A person chose one guide of a design, with a reason; it counts only once another person has confirmed it.

    guide: its spacer, as DNA, 5' to 3'; about: the candidate with all that was known of it, a JSON text.
    """

    design: Cite
    guide: Sealed
    about: Sealed
    reason: Sealed


@event("therapy")
@dataclass(frozen=True)
class GuideConfirmed(Event):
    """Another person confirmed the choice."""

    choice: Cite
    remark: Sealed


@event("therapy")
@dataclass(frozen=True)
class EvidenceRecorded(Event):
    """One document of the evidence file: which need it answers, by digest, and what it concludes.

    conclusion: supports or against; about: commitment of the guide it was shown for, "" where it concerns the patient;
    lot: the toxicology lot it was shown with; value: the number behind the conclusion, in `unit`; limit: as the recipe
    has it; statement: what it says, in words; shown_at: date of the document; valid_until: past it the document blocks.
    """

    name: str
    sha256: str
    conclusion: str
    statement: Sealed
    shown_at: datetime
    about: str = ""
    lot: str = ""
    value: Sealed | None = None
    unit: str = ""
    limit: str = ""
    valid_until: datetime | None = None
    synthetic: bool = False
