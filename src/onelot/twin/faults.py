"""What goes wrong on purpose, per patient, read from the file of the cohort (`onelot-cohort/1`).

    weak_collection            factor: part of a low collection that is there; collections: how many are weak (1)
    stalled_growth             from_day: cells grow no more from this day, or factor: at this part of their rate
    low_viability              to: viable part of the drug product (0.61), or value: percent
    late_sterility_failure     when: before_dose or after_dose
    late_warm_courier          hours: late by; warmest: degrees Celsius inside (else what those hours do to a shipper)
    wrong_bag                  another patient's bag is scanned first at the bedside (bag_of)
    weight_corrected           to: kg, the right weight, found after tailoring
    consent_withdrawn          at: the step after which the patient withdraws
    device_unknown             phase: the answer to this phase's command is lost, once
    late_fact                  fact: arrives late
    wrong_guide                the clinical lot holds another guide than the chosen one

The world acts on the first five and on wrong_bag and device_unknown; the others are for whoever drives the cohort.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
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
    "wrong_guide",
]
# One setting of each group must be there; those of the first table are numbers.
_NUMBERS: Mapping[str, tuple[str, ...]] = {
    "weak_collection": ("factor",),
    "stalled_growth": ("from_day", "factor"),
    "low_viability": ("to", "value"),
    "late_warm_courier": ("hours",),
    "weight_corrected": ("to",),
}
_WORDS: Mapping[str, tuple[str, ...]] = {
    "late_sterility_failure": ("when",),
    "consent_withdrawn": ("at",),
    "device_unknown": ("phase",),
    "late_fact": ("fact",),
}


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong: its kind and its settings by name."""

    kind: Kind
    settings: Mapping[str, Decimal | str | bool]

    def number(self, name: str) -> float | None:
        """A setting that is a number, or None."""
        found = self.settings.get(name)
        return float(found) if isinstance(found, Decimal) else None


Faults = Mapping[str, tuple[Fault, ...]]


def _setting(value: Any) -> Decimal | str | bool:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(str(value))
    return value if isinstance(value, bool) else str(value)


def read_fault(data: Any, *, place: str) -> Fault:
    """One fault from its JSON value: `kind` and what that kind needs.

    Raises:
        BadInput: unknown kind, or something missing or not understood; with its place.
    """
    named = data.get("kind") if isinstance(data, dict) else None
    kind: Kind | None = next((each for each in get_args(Kind) if each == named), None)
    if kind is None:
        raise _bad(f"{named!r} is no fault the twin knows", f"one of {', '.join(get_args(Kind))}", place)
    settings = {name: _setting(value) for name, value in data.items() if name != "kind"}
    for table, kept in ((_NUMBERS, Decimal), (_WORDS, str)):
        names = table.get(kind, ())
        if names and not any(isinstance(settings.get(name), kept) for name in names):
            raise _bad(f"{kind} does not say {' or '.join(names)}", f"the settings of {kind}", place)
    if kind == "late_sterility_failure" and settings["when"] not in ("before_dose", "after_dose"):
        raise _bad(f"{settings['when']} is no moment of {kind}", "before_dose or after_dose", place)
    return Fault(kind, settings)


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
