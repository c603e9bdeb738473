"""Values as they stand in events: cited, sealed, measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Cite:
    """A pointer to one event of any stream, by its number and hash (64 hex digits)."""

    stream: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """A value that stands outside the chain, encrypted under the patient's health key.

    commitment: SHA-256 over a random salt and the value's canonical form, 64 hex digits; also its address.
    """

    commitment: str
    patient: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact about a patient: what, when, in which unit, from which document and place; the value is sealed.

    name: the fact's name in recipes, e.g. `weight`; unit: UCUM code, or "" for what has none;
    source: SHA-256 of the document; place: FHIR path, VCF line or person who entered it;
    valid_until: past it the fact blocks.
    """

    name: str
    value: Sealed
    unit: str
    observed_at: datetime | None
    valid_until: datetime | None
    source: str
    place: str
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class Input:
    """One thing a parameter was computed from: a fact by name and commitment, and the event it stands in."""

    name: str
    commitment: str
    cite: Cite


@dataclass(frozen=True, slots=True)
class Parameter:
    """One tailored value of a control recipe, with its why.

    value: sealed, since most can be turned back into a health value; formula: the expression as approved;
    rule: its name in the recipe; rule_source: where the rule comes from; inputs: the facts it used.
    """

    name: str
    value: Sealed
    unit: str
    basis: str
    formula: str
    rule: str
    rule_source: str
    inputs: tuple[Input, ...]


@dataclass(frozen=True, slots=True)
class Advice:
    """What the guideline in use says of one drug for this patient.

    genes: what the guideline asks about, whoever the patient is; inputs: those of them that were known, as facts;
    guideline: the registration of the document; None where none is approved; verdict: sealed, what was
    weighed and which lines stand.
    """

    drug: str
    genes: tuple[str, ...]
    inputs: tuple[Input, ...]
    guideline: Cite | None
    verdict: Sealed


@dataclass(frozen=True, slots=True)
class Container:
    """A bag, vial or shipper with an identity of its own, of one patient or of stock.

    identifier: what its label reads; coi: chain of identity, or "" for stock; amount with unit.
    """

    identifier: str
    kind: str
    coi: str
    amount: Decimal
    unit: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason for which something may not go on: rule, fact, place, remedy."""

    rule: str
    fact: str
    place: str
    what: str
    remedy: str
