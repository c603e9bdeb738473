"""What goes wrong on purpose, per patient, read from data.

weak_collection            factor: the first collection gives this part of what it would
stalled_growth             from_day: from this day of culture the cells grow no more
low_viability              value: percent viable in the drug product
late_sterility_failure     when: before_dose or after_dose; growth shows early or late in the test
late_warm_courier          hours: late by; warmest: degrees Celsius reached inside the shipper
wrong_bag                  another patient's bag is scanned at the bedside first
weight_corrected           to: kg, the right weight, found after tailoring
consent_withdrawn          at: the step after which the patient withdraws
device_unknown             phase: the answer to this phase's command is lost, once
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, get_args

from onelot.record.errors import BadInput

Kind = Literal[
    "weak_collection",
    "stalled_growth",
    "low_viability",
    "late_sterility_failure",
    "late_warm_courier",
    "wrong_bag",
    "weight_corrected",
    "consent_withdrawn",
    "device_unknown",
]
_NUMBERS: Mapping[str, tuple[str, ...]] = {
    "weak_collection": ("factor",),
    "stalled_growth": ("from_day",),
    "low_viability": ("value",),
    "late_warm_courier": ("hours", "warmest"),
    "weight_corrected": ("to",),
}
_WORDS: Mapping[str, tuple[str, ...]] = {
    "late_sterility_failure": ("when",),
    "consent_withdrawn": ("at",),
    "device_unknown": ("phase",),
}


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong: its kind, its numbers and its words by name."""

    kind: Kind
    numbers: Mapping[str, Decimal]
    words: Mapping[str, str]


Faults = Mapping[str, tuple[Fault, ...]]


def _number(value: Any) -> Decimal:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        found = Decimal("NaN")
    return found


def read_fault(data: Any, *, place: str) -> Fault:
    """One fault from its JSON value: `kind` and what that kind needs.

    Raises:
        BadInput: unknown kind, or something missing or not understood; with its place.
    """
    named = data.get("kind") if isinstance(data, dict) else None
    kind: Kind | None = next((each for each in get_args(Kind) if each == named), None)
    if kind is None:
        raise _bad(f"{named!r} is no fault the twin knows", f"one of {', '.join(get_args(Kind))}", place)
    numbers = {name: _number(data.get(name)) for name in _NUMBERS.get(kind, ())}
    words = {name: str(data.get(name, "")) for name in _WORDS.get(kind, ())}
    wrong = [name for name, value in numbers.items() if not value.is_finite()]
    wrong += [name for name, value in words.items() if not value]
    if kind == "late_sterility_failure" and words["when"] not in ("before_dose", "after_dose"):
        wrong.append("when")
    wrong += sorted(set(data) - {"kind", "patient", "note", *numbers, *words})
    if wrong:
        raise _bad(f"{kind}: {', '.join(wrong)} is missing or not understood", f"the fields of {kind}", place)
    return Fault(kind, numbers, words)


def read_faults(data: Any, *, place: str = "faults") -> dict[str, tuple[Fault, ...]]:
    """Faults by patient from their JSON value: {patient: [{kind, ...}, ...]}.

    Raises:
        BadInput: with the path of the first thing that does not fit.
    """
    if not isinstance(data, dict) or not all(isinstance(each, list) for each in data.values()):
        raise _bad("faults are not lists by patient", "{patient: [{kind, ...}]}", place)
    return {
        patient: tuple(read_fault(each, place=f"{place}#/{patient}/{number}") for number, each in enumerate(listed))
        for patient, listed in data.items()
    }


def _bad(what: str, rule: str, place: str) -> BadInput:
    return BadInput(what, rule=f"faults of the twin: {rule}", remedy="mend the file of faults", place=place)


def fault_of(faults: Faults, patient: str, kind: Kind) -> Fault | None:
    """The patient's fault of this kind, if any."""
    return next((fault for fault in faults.get(patient, ()) if fault.kind == kind), None)
