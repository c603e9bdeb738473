"""The statements that a patient's history makes: procedures, vaccinations, allergies, diseases in the family.

A procedure or vaccination is a day, as the end of a course of a drug is; `not-done` says `never`. An allergy is a yes
or no; a disease in the family is a word with the relationship beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from onelot.profile.coding import keys_of
from onelot.profile.document import Document, Resource, resources_of
from onelot.profile.statement import Statement, instant, last_day, stated

EVENTS = ("Procedure", "Immunization")
NEVER = "never"
GOING_ON = {"in-progress", "on-hold"}
DONE = {"completed", "stopped"}


def events(codes: Mapping[str, str], documents: Sequence[Document], now: datetime) -> Iterator[Statement]:
    """The last day of each procedure or vaccination with one of these codes; `never` where it says so."""
    for resource in resources_of(documents, *EVENTS):
        body = resource.body
        concept = body.get("code") if resource.kind == "Procedure" else body.get("vaccineCode")
        if body.get("status") != "entered-in-error" and any(key in codes for key in keys_of(concept)):
            found = _event(resource, now)
            if found and (found.at is None or found.at <= now):
                yield found


def _event(resource: Resource, now: datetime) -> Statement | None:
    body, status = resource.body, resource.body.get("status")
    if status == "not-done":
        at = instant(body.get("recorded") or body.get("performedDateTime") or body.get("occurrenceDateTime"))
        return stated(resource, at, "/status", NEVER, original="not-done")
    if status == "preparation":
        return None  # it lies ahead
    if status in GOING_ON:
        return stated(resource, now, "/status", now.date().isoformat(), original=str(status))
    for place, value in _times(body):
        if (day := last_day(value)) is not None:
            at = datetime(day.year, day.month, day.day, tzinfo=UTC)
            return stated(resource, at, place, min(day, now.date()).isoformat(), original=str(value))
    problem = "it has no day that can be read" if status in DONE else f"its status is {status or 'not stated'}"
    return stated(resource, now, "/status", "", original=str(status), problem=problem)


def _times(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "/performedDateTime", body.get("performedDateTime")
    yield "/performedPeriod/end", body.get("performedPeriod", {}).get("end")
    yield "/occurrenceDateTime", body.get("occurrenceDateTime")


def allergies(codes: Mapping[str, str], documents: Sequence[Document]) -> Iterator[Statement]:
    """Yes for an allergy or intolerance that stands, no where it was refuted or is over."""
    for resource in resources_of(documents, "AllergyIntolerance"):
        body = resource.body
        verified = _last_codes(body.get("verificationStatus"))
        if "entered-in-error" in verified:
            continue
        for number, key in enumerate(keys_of(body.get("code"))):
            if key in codes:
                over = "refuted" in verified or bool(_last_codes(body.get("clinicalStatus")) & {"inactive", "resolved"})
                at = instant(body.get("recordedDate") or body.get("onsetDateTime"))
                yield stated(resource, at, f"/code/coding/{number}/code", not over, original=key)
                break


def family(codes: Mapping[str, str], documents: Sequence[Document]) -> Iterator[Statement]:
    """A disease of a relative: the need's word for it, and who."""
    for resource in resources_of(documents, "FamilyMemberHistory"):
        body = resource.body
        if body.get("status") not in ("completed", "partial"):
            continue
        at, who = instant(body.get("date")), _words(body.get("relationship")) or "a relative"
        for n, condition in enumerate(body.get("condition", ())):
            for number, key in enumerate(keys_of(condition.get("code"))):
                if key in codes:
                    word = codes[key] or str(condition["code"]["coding"][number].get("display", key))
                    place = f"/condition/{n}/code/coding/{number}/code"
                    yield stated(resource, at, place, f"{word} ({who})", original=key)
                    break


def _last_codes(concept: Any) -> set[str]:
    return {key.rsplit("|")[-1] for key in keys_of(concept)}


def _words(concept: Any) -> str:
    if not isinstance(concept, Mapping):
        return ""
    shown = [str(each["display"]) for each in concept.get("coding", ()) if each.get("display")]
    return str(concept.get("text") or (shown[0] if shown else ""))
