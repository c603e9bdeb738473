"""What is meant to happen to each patient of the cohort: product, day of the order, faults, expected end."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from onelot.record.errors import BadInput
from onelot.twin.faults import Fault, Kind, read_fault

FORMAT = "onelot-cohort/1"
ENDS = frozenset({"administered", "held", "terminated", "rejected", "returned", "ended"})


@dataclass(frozen=True)
class PatientPlan:
    """One patient: product ordered, when, what the documents hold (`chart`, see docs/cohort.md), what goes wrong."""

    patient: str
    product: str
    ordered_at: datetime
    chart: Mapping[str, Any]
    faults: tuple[Fault, ...]

    def fault(self, kind: Kind) -> Fault | None:
        """The patient's fault of this kind, if there is one."""
        return next((one for one in self.faults if one.kind == kind), None)


@dataclass(frozen=True)
class CohortPlan:
    """The whole cohort: when its clock starts (UTC), and its patients in the order of the file."""

    start: datetime
    patients: tuple[PatientPlan, ...]


@dataclass(frozen=True)
class Expected:
    """How a patient's therapy is expected to end: final disposition of the last batch ("" for none), end, why."""

    patient: str
    product: str
    disposition: str
    end: str
    reason: str


def read_plan(value: Any) -> CohortPlan:
    """The plan from the JSON value of faults.json.

    Raises:
        BadInput: another format, an unknown kind of fault, a patient twice.
    """
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise _bad("this is no plan of a cohort", "faults.json#/format")
    patients = tuple(_patient(each, f"faults.json#/patients/{n}") for n, each in enumerate(value["patients"]))
    if len({each.patient for each in patients}) != len(patients):
        raise _bad("a patient stands in the plan twice", "faults.json#/patients")
    return CohortPlan(_moment(value["start"]), patients)


def read_expected(text: str) -> tuple[Expected, ...]:
    """The rows of expected.csv.

    Raises:
        BadInput: an end that is none of ours.
    """
    rows = tuple(Expected(**row) for row in csv.DictReader(io.StringIO(text)))
    for number, row in enumerate(rows, start=2):
        if row.end not in ENDS:
            raise _bad(f"{row.end!r} is no end", f"expected.csv:{number}")
    return rows


def _patient(each: Mapping[str, Any], place: str) -> PatientPlan:
    faults = tuple(read_fault(one, place=f"{place}/faults/{n}") for n, one in enumerate(each.get("faults", ())))
    return PatientPlan(each["patient"], each["product"], _moment(each["ordered_at"]), each.get("chart", {}), faults)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _bad(what: str, place: str) -> BadInput:
    return BadInput(what, rule=FORMAT, remedy="see docs/cohort.md", place=place)
