"""The parts of a recipe that look at the patient: facts, rules, washouts, and the drugs around the product."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from onelot.record.quantity import Quantity, Source, Strict


@dataclass(frozen=True)
class FactNeed(Strict):
    """A fact the recipe needs: kind, unit, terminology codes (`system|code`), how long it is valid (days)."""

    name: str
    title: str
    kind: Literal["number", "text", "flag", "date"]
    unit: str = ""
    codes: tuple[str, ...] = ()
    valid: Quantity | None = None
    required: bool = True


@dataclass(frozen=True)
class Rule(Strict):
    """A typed yes/no formula over facts; when it is not true, `otherwise` says what and `remedy` what to do."""

    name: str
    title: str
    formula: str
    uses: tuple[str, ...]
    otherwise: str
    remedy: str
    source: Source
    constants: Mapping[str, Quantity] = field(default_factory=dict)


@dataclass(frozen=True)
class Washout(Strict):
    """How long a drug or treatment must have ended before cells are taken.

    fact: a date need; at_least: since that day. decided: False waits until the day it is over; True holds until a
    qualified person decides, since waiting alone does not make it good.
    """

    name: str
    title: str
    fact: str
    at_least: Quantity
    otherwise: str
    remedy: str
    decided: bool = False


@dataclass(frozen=True)
class Drug(Strict):
    """One drug of the conditioning or premedication: dose and on how many days."""

    name: str
    dose: Quantity
    days: Quantity


@dataclass(frozen=True)
class Conditioning(Strict):
    """Conditioning before the dose; may start only on a signed clearance. rescue: minimum rescue cells, if any."""

    regimen: str
    drugs: tuple[Drug, ...]
    infuse_after: Quantity
    infuse_before: Quantity
    source: Source
    rescue: Quantity | None = None


@dataclass(frozen=True)
class SupportiveDrug(Strict):
    """A drug given beside the product (antiemetic, antifungal, …), without a dose: label and gate decide."""

    name: str
    purpose: str
    source: Source
