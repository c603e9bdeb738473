"""The statements that FHIR R4 resources make about a need: Observation, Condition, Medication*, Patient, history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from onelot.profile import read_history
from onelot.profile.coding import ANSWERS, FLAGS, SCORES, WORDS, keys_of, parse_need, words_of
from onelot.profile.document import Document, Resource, resources_of
from onelot.profile.statement import Statement, instant, last_day, stated
from onelot.record.recipe import FactNeed

FINISHED = {"final": 0, "amended": 1, "corrected": 1}
STANDING = {"active", "recurrence", "relapse"}
BIRTH_SEX = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
DRUGS = ("MedicationAdministration", "MedicationStatement", "MedicationRequest")
NEVER = read_history.NEVER
Made = Callable[..., Statement]


def statements(need: FactNeed, documents: Sequence[Document], now: datetime) -> list[Statement]:
    """Every statement about this need, in the documents' order; those dated after `now` are left out."""
    readers = {"age_a": _age, "alive": _alive, "sex": _sex}
    patients = list(resources_of(documents, "Patient"))
    if need.name in readers:
        return [found for patient in patients for found in readers[need.name](patient, now)]
    codes = parse_need(need.codes)
    if need.kind == "date":
        return [*_drugs(codes, documents, now), *read_history.events(codes, documents, now)]
    found = [each for o in resources_of(documents, "Observation") for each in _observation(o, need, codes)]
    if need.kind == "text":
        found += [each for c in resources_of(documents, "Condition") for each in _condition(c, codes)]
        found += [each for d in resources_of(documents, "Disease") for each in _disease(d, codes)]
        found += read_history.family(codes, documents)
    if need.kind == "flag":
        found += read_history.allergies(codes, documents)
    if need.name == "pregnancy" and not found:
        found += [each for patient in patients for each in _not_pregnant(patient, now)]
    return [each for each in found if each.at is None or each.at <= now]


def searched(need: FactNeed) -> str:
    """The FHIR path where this fact is looked for."""
    known = {"age_a": "Patient.birthDate", "alive": "Patient.deceased", "sex": "Patient.gender"}
    if need.name in known:
        return known[need.name]
    codes = "|".join(f"'{code.rpartition('|')[2]}'" for code in parse_need(need.codes)) or "no code given"
    if need.kind == "date":
        return f"{'|'.join((*DRUGS, *read_history.EVENTS))}.where(code={codes})"
    if need.kind == "text" and any("=" in code for code in need.codes):
        return f"Condition.where(code={codes})"
    return f"Observation.where(code={codes}).value"


def _observation(resource: Resource, need: FactNeed, codes: Mapping[str, str]) -> Iterator[Statement]:
    body = resource.body
    if body.get("status") not in FINISHED:
        return
    period = body.get("effectivePeriod", {})
    at = instant(body.get("effectiveDateTime") or body.get("effectiveInstant") or period.get("end"))
    parts = [("", body)] + [(f"/component/{n}", part) for n, part in enumerate(body.get("component", ()))]
    for place, part in parts:
        if any(key in codes for key in keys_of(part.get("code"))):
            yield _value(resource, place, part, need.kind, at, FINISHED[body["status"]])


def _value(
    resource: Resource, place: str, part: Mapping[str, Any], kind: str, at: datetime | None, rank: int
) -> Statement:
    def made(at_place: str, value: Any, **more: Any) -> Statement:
        return stated(resource, at, place + at_place, value, rank=rank, **more)

    if "dataAbsentReason" in part:
        return made("/dataAbsentReason", "", problem=f"no value: {words_of(part['dataAbsentReason'])}")
    if quantity := part.get("valueQuantity"):
        return _quantity(made, quantity, kind)
    if "valueInteger" in part and kind == "number":
        return made("/valueInteger", Decimal(part["valueInteger"]), unit="1")
    if "valueBoolean" in part and kind == "flag":
        return made("/valueBoolean", bool(part["valueBoolean"]))
    if concept := part.get("valueCodeableConcept"):
        return _answer(made, concept, kind)
    if "valueString" in part and kind == "text":
        text = str(part["valueString"])
        return made("/valueString", WORDS.get(text.strip().lower(), text), original=text)
    return made("", "", problem=f"its value cannot be read as a {kind}")


def _quantity(made: Made, quantity: Mapping[str, Any], kind: str) -> Statement:
    original = f"{quantity.get('value')} {quantity.get('code') or quantity.get('unit') or ''}".strip()
    place = "/valueQuantity/value"
    if kind != "number" or "value" not in quantity:
        return made(place, "", original=original, problem=f"its value cannot be read as a {kind}")
    if quantity.get("comparator"):
        original = f"{quantity['comparator']} {original}"
        return made(place, "", original=original, problem="it is a bound, not a value")
    if not quantity.get("code") and not quantity.get("unit"):
        return made(place, Decimal(str(quantity["value"])), unit="1", original=original)
    system = quantity.get("system", "http://unitsofmeasure.org")
    if system != "http://unitsofmeasure.org":
        return made(place, "", original=original, problem=f"its unit is not UCUM but of {system}")
    unit = quantity.get("code") or quantity["unit"]
    return made(place, Decimal(str(quantity["value"])), unit=unit, original=original)


def _answer(made: Made, concept: Mapping[str, Any], kind: str) -> Statement:
    keys, words = keys_of(concept), words_of(concept)
    place = "/valueCodeableConcept"
    if kind == "text":
        read = next((ANSWERS[key] for key in keys if key in ANSWERS), None) or WORDS.get(words.strip().lower(), words)
        return made(place, read, original=words)
    table: Mapping[str, Any] = FLAGS if kind == "flag" else SCORES
    for key in keys:
        if key in table:
            return made(place, table[key], unit="1" if kind == "number" else "", original=words)
    return made(place, "", original=words, problem=f"its answer cannot be read as a {kind}")


def _condition(resource: Resource, codes: Mapping[str, str]) -> Iterator[Statement]:
    body = resource.body
    clinical = {key.rsplit("|")[-1] for key in keys_of(body.get("clinicalStatus"))}
    verified = {key.rsplit("|")[-1] for key in keys_of(body.get("verificationStatus"))}
    if not clinical & STANDING or (verified and "confirmed" not in verified):
        return
    at = instant(body.get("recordedDate") or body.get("onsetDateTime"))
    for number, key in enumerate(keys_of(body.get("code"))):
        if key in codes:
            display = str(body["code"]["coding"][number].get("display", key))
            yield stated(resource, at, f"/code/coding/{number}/code", codes[key] or display, original=key)
            return


def _disease(resource: Resource, codes: Mapping[str, str]) -> Iterator[Statement]:
    if resource.body.get("excluded"):
        return
    term = resource.body.get("term", {})
    key = f"{str(term.get('id', '')).partition(':')[0]}|{term.get('id', '')}"
    if key in codes:
        yield stated(resource, None, "/term/id", codes[key] or str(term.get("label", key)), original=str(term["id"]))


def _drugs(codes: Mapping[str, str], documents: Sequence[Document], now: datetime) -> Iterator[Statement]:
    medications = {str(m.body.get("id")): m.body for m in resources_of(documents, "Medication")}
    for resource in resources_of(documents, *DRUGS):
        if resource.body.get("status") == "entered-in-error":
            continue
        concept = _drug(resource.body, medications)
        if concept is None:
            problem = "a drug is named by a reference that leads nowhere"
            yield stated(resource, now, "/medicationReference", "", problem=problem)
        elif any(key in codes for key in keys_of(concept)):
            found = _course(resource, now)
            if found and (found.at is None or found.at <= now):
                yield found


def _drug(body: Mapping[str, Any], medications: Mapping[str, Mapping[str, Any]]) -> Any:
    """What was given, from the resource itself, a contained or another Medication; None where nothing says so."""
    if "medicationCodeableConcept" in body:
        return body["medicationCodeableConcept"]
    reference = str(body.get("medicationReference", {}).get("reference", ""))
    contained = {f"#{each.get('id')}": each for each in body.get("contained", ())}
    found = contained.get(reference) or medications.get(reference.rsplit("/")[-1].rsplit(":")[-1])
    return found.get("code", {}) if found else None


def _course(resource: Resource, now: datetime) -> Statement | None:
    """When one course of a drug ended, as a statement; None where it was not given or lies ahead."""
    body, status = resource.body, resource.body.get("status")
    if status == "not-taken":
        at = instant(body.get("dateAsserted") or body.get("effectiveDateTime"))
        return stated(resource, at, "/status", NEVER, original="not-taken")
    if status in ("not-done", "cancelled", "draft", "intended", "unknown"):
        return None
    period, place = body.get("effectivePeriod", {}), "/effectivePeriod/end"
    if resource.kind == "MedicationRequest":
        period = body.get("dispenseRequest", {}).get("validityPeriod", {})
        place = "/dispenseRequest/validityPeriod/end"
        started = instant(body.get("authoredOn"))
    else:
        started = instant(body.get("effectiveDateTime") or period.get("start"))
        if "effectiveDateTime" in body:
            period, place = {"end": body["effectiveDateTime"]}, "/effectiveDateTime"
    end = last_day(period.get("end"))
    if end is None:
        # A course without an end may still be going on: it counts as taken today.
        return stated(resource, started, "", now.date().isoformat(), original="no end stated")
    at = started or datetime(end.year, end.month, end.day, tzinfo=UTC)
    return stated(resource, at, place, min(end, now.date()).isoformat(), original=str(period["end"]))


def _age(patient: Resource, now: datetime) -> Iterator[Statement]:
    text = str(patient.body.get("birthDate", ""))
    if not text:
        return
    try:
        born = date.fromisoformat(text)
    except ValueError:
        yield stated(patient, now, "/birthDate", "", original=text, problem="the birth date is not given to the day")
        return
    years = now.year - born.year - ((now.month, now.day) < (born.month, born.day))
    problem = "the birth date lies in the future" if born > now.date() else ""
    yield stated(
        patient, now, "/birthDate", Decimal(years), unit="a", original="birth date, in the vault", problem=problem
    )


def _alive(patient: Resource, now: datetime) -> Iterator[Statement]:
    died = patient.body.get("deceasedDateTime")
    if died is not None:
        yield stated(patient, now, "/deceasedDateTime", (instant(died) or now) > now, original=f"deceased: {died}")
    else:
        dead = bool(patient.body.get("deceasedBoolean", False))
        place = "/deceasedBoolean" if "deceasedBoolean" in patient.body else ""
        yield stated(
            patient, now, place, not dead, original=f"deceased: {dead}".lower() if place else "no death recorded"
        )


def _sex(patient: Resource, now: datetime) -> Iterator[Statement]:
    if patient.body.get("gender"):
        yield stated(patient, now, "/gender", str(patient.body["gender"]))


def _not_pregnant(patient: Resource, now: datetime) -> Iterator[Statement]:
    for number, extension in enumerate(patient.body.get("extension", ())):
        if extension.get("url") == BIRTH_SEX:
            if extension.get("valueCode") == "M":
                yield stated(patient, now, f"/extension/{number}/valueCode", False, original="recorded sex: M")
            return
    if patient.body.get("gender") == "male":
        yield stated(patient, now, "/gender", False, original="recorded sex: male")


def kinds_read() -> Iterable[str]:
    """The resource types facts are read from; an adapter validates these."""
    histories = (*read_history.EVENTS, "AllergyIntolerance", "FamilyMemberHistory")
    return ("Patient", "Observation", "Condition", "Medication", *DRUGS, *histories)
