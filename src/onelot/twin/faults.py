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
    "late_fact",
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
    rest = {name: str(value) for name, value in data.items() if name not in {"kind", *numbers, *words}}
    if wrong:
        raise _bad(f"{kind}: {', '.join(wrong)} is missing or not understood", f"the fields of {kind}", place)
    return Fault(kind, numbers, {**rest, **words})


def read_faults(data: Any, *, place: str = "faults.json") -> dict[str, tuple[Fault, ...]]:
    """Faults by patient from the JSON value {"patients": [{"patient": name, "faults": [{"kind": ...}]}]}.

    Raises:
        BadInput: with the path of the first thing that does not fit.
    """
    listed = data.get("patients") if isinstance(data, dict) else None
    if not isinstance(listed, list):
        raise _bad("there is no list of patients", "patients, each with its faults", f"{place}#/patients")
    found: dict[str, tuple[Fault, ...]] = {}
    for row, each in enumerate(listed):
        here = f"{place}#/patients/{row}"
        name = each.get("patient") if isinstance(each, dict) else None
        faults = each.get("faults", []) if isinstance(each, dict) else None
        if not isinstance(name, str) or not isinstance(faults, list) or name in found:
            raise _bad("a patient without name or with no list of faults, or twice", "patient, faults", here)
        found[name] = tuple(read_fault(one, place=f"{here}/faults/{n}") for n, one in enumerate(faults))
    return found


def _bad(what: str, rule: str, place: str) -> BadInput:
    return BadInput(what, rule=f"faults of the twin: {rule}", remedy="mend the file of faults", place=place)


def fault_of(faults: Faults, patient: str, kind: Kind) -> Fault | None:
    """The patient's fault of this kind, if any."""
    return next((fault for fault in faults.get(patient, ()) if fault.kind == kind), None)
