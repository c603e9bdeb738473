"""The facts of one patient, gathered from documents by the written rule of docs/facts.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from onelot.profile.document import Document, resources_of
from onelot.profile.read_fhir import NEVER, searched, statements
from onelot.profile.statement import Statement
from onelot.record.durations import span
from onelot.record.errors import BadInput, Mismatch
from onelot.record.recipe import FactNeed
from onelot.record.terms.opened import OpenFact, Value
from onelot.record.terms.values import Finding

Convert = Callable[[Decimal, str, str], Decimal]

# What no human has: catches a slipped decimal point or a wrong unit, and is no clinical limit (our assumption).
POSSIBLE: Mapping[str, tuple[Decimal, Decimal]] = {
    "weight_kg": (Decimal("0.3"), Decimal(650)),
    "height_cm": (Decimal(20), Decimal(272)),
    "age_a": (Decimal(0), Decimal(130)),
    "lymphocytes_per_ul": (Decimal(0), Decimal(1_000_000)),
    "wbc_per_nl": (Decimal(0), Decimal(1_500)),
    "ecog": (Decimal(0), Decimal(5)),
}
SAME = Decimal("0.005")  # two values of one time that differ by less are one value, rounded twice
MAY_BE_NEGATIVE = {"Cel", "[degF]"}


class Gathered(NamedTuple):
    """facts by name; what they superseded, newest first; findings for what is missing, outdated or contradictory."""

    facts: dict[str, OpenFact]
    superseded: tuple[OpenFact, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """A statement with its value in the need's unit, or the reason why it has none."""

    statement: Statement
    value: Value
    problem: str


def gather(documents: Sequence[Document], needs: Sequence[FactNeed], now: datetime, *, convert: Convert) -> Gathered:
    """Every needed fact that the documents state, the newest by the written rule.

    Args:
        documents: all of one patient.
        needs: the recipe's facts and markers.
        now: UTC; nothing dated later is used.
        convert: (value, from UCUM, to UCUM) -> value; raises BadInput for what cannot be converted.

    Raises:
        Mismatch: the documents belong to different people.
    """
    one_person(documents)
    facts: dict[str, OpenFact] = {}
    superseded: list[OpenFact] = []
    findings: list[Finding] = []
    for need in needs:
        reads = [_read(each, need, convert) for each in statements(need, documents, now)]
        reads.sort(key=_newest(need), reverse=True)
        if not reads:
            if need.required:
                findings.append(missing(need))
            continue
        finding = _unusable(reads, need)
        if finding is not None:
            findings.append(finding)
            superseded += [_fact(each, need) for each in reads]
            continue
        facts[need.name] = chosen = _fact(reads[0], need)
        superseded += [_fact(each, need) for each in reads[1:]]
        if (late := outdated(need, chosen, now)) is not None:
            findings.append(late)
    return Gathered(facts, tuple(superseded), tuple(findings))


def one_person(documents: Sequence[Document]) -> None:
    """Refuse documents of two people: every Patient shares an identifier or id, every phenopacket names one of them."""
    known: set[str] = set()
    for number, patient in enumerate(resources_of(documents, "Patient")):
        body = patient.body
        names = {f"id|{body['id']}"} if body.get("id") else set()
        names |= {f"{each.get('system', '')}|{each['value']}" for each in body.get("identifier", ()) if "value" in each}
        if number and not known & names:
            raise _two_people(patient.pointer)
        known |= names
    values = {each.split("|", 1)[1] for each in known}
    for packet in resources_of(documents, "Phenopacket"):
        subject = str(packet.body.get("subject", {}).get("id", ""))
        if values and subject not in values:
            raise _two_people("/subject/id")


def missing(need: FactNeed) -> Finding:
    """The finding for a fact that no document states."""
    return Finding(
        rule="docs/facts.md: a required fact must be known",
        fact=need.name,
        place=searched(need),
        what=f"{need.title} is missing",
        remedy=f"supply {need.title.lower()}" + (f" in {need.unit}" if need.unit else "") + " with its date",
    )


def outdated(need: FactNeed, fact: OpenFact, now: datetime) -> Finding | None:
    """The finding for a fact past its validity; None while it is valid."""
    if need.valid is None or (fact.valid_until is not None and now <= fact.valid_until):
        return None
    seen = f"of {fact.observed_at:%Y-%m-%d}" if fact.observed_at else "without a date"
    return Finding(
        rule=f"recipe: {need.name} is valid {need.valid.value} {need.valid.unit} {need.valid.basis}"
        f" ({need.valid.source.shown})",
        fact=need.name,
        place=f"{searched(need)} at {fact.place}",
        what=f"{need.title} {seen} is outdated",
        remedy=f"measure {need.title.lower()} again and supply it",
    )


def _two_people(place: str) -> Mismatch:
    return Mismatch(
        "the documents belong to different people",
        rule="facts of two people never meet in one profile",
        remedy="take out the document that is not this patient's, or correct its identifier",
        place=place,
    )


def _newest(need: FactNeed) -> Callable[[_Read], tuple[object, ...]]:
    if need.kind == "date":
        # The last course counts, not the last entry; "never" stands only where there was no course.
        return lambda read: (read.statement.value != NEVER, str(read.statement.value), read.statement.rank)
    # Unlike datetime.min, a plain number compares with every time, zone or none.
    return lambda read: (read.statement.at.timestamp() if read.statement.at else float("-inf"), read.statement.rank)


def _read(statement: Statement, need: FactNeed, convert: Convert) -> _Read:
    if statement.problem or need.kind != "number":
        return _Read(statement, statement.value, statement.problem)
    number = Decimal(str(statement.value))
    if not number.is_finite():
        return _Read(statement, number, "it is not a finite number")
    unit = "1" if statement.unit.startswith("{") and "/" not in statement.unit else statement.unit
    if unit != (need.unit or "1"):
        try:
            number = convert(number, unit, need.unit or "1")
        except BadInput:
            return _Read(statement, number, f"its unit cannot be converted to {need.unit}")
    if number < 0 and need.unit not in MAY_BE_NEGATIVE:
        return _Read(statement, number, "it is negative")
    low, high = POSSIBLE.get(need.name, (number, number))
    if not low <= number <= high:
        return _Read(statement, number, f"it lies outside {low} to {high} {need.unit}, where no human is")
    return _Read(statement, number, "")


def _unusable(reads: Sequence[_Read], need: FactNeed) -> Finding | None:
    # Findings go to the record in the clear: they name rule and place, never the value.
    # Of drugs the last day of all counts, so that one course nobody can read is one too many.
    first = next((read for read in reads if read.problem), reads[0]) if need.kind == "date" else reads[0]
    if first.problem:
        return Finding(
            rule="docs/facts.md rule 4: a newest value that cannot be right is never replaced by an older one",
            fact=need.name,
            place=f"{searched(need)} at {first.statement.place}",
            what=f"the newest {need.title.lower()} cannot be used: {first.problem}",
            remedy="correct the value at its source and supply the correction",
        )
    if need.kind == "date":
        return None
    level = _newest(need)(first)
    for other in reads[1:]:
        if _newest(need)(other) == level and (other.problem or not _same(first.value, other.value)):
            return Finding(
                rule="docs/facts.md rule 3: two different values of one time contradict each other",
                fact=need.name,
                place=f"{searched(need)} at {first.statement.place} and {other.statement.place}",
                what=f"two different values of {need.title.lower()} stand at the same time",
                remedy="correct one of the two at its source (status `entered-in-error` or `corrected`)",
            )
    return None


def _same(one: Value, other: Value) -> bool:
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return abs(one - other) <= SAME * max(abs(one), abs(other))
    return one == other


def _fact(read: _Read, need: FactNeed) -> OpenFact:
    statement, at = read.statement, read.statement.at
    return OpenFact(
        name=need.name,
        value=statement.original if read.problem else read.value,
        unit="" if read.problem else need.unit,
        observed_at=at,
        valid_until=at + span(need.valid) if at and need.valid else None,
        source=statement.source,
        place=statement.place,
        original=statement.original,
        synthetic=statement.synthetic,
    )
