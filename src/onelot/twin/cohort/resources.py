"""FHIR R4 resources of made-up patients, as JSON values. Each is labelled as test health data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

Json = dict[str, Any]

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ATC = "http://www.whocc.no/atc"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
UCUM = "http://unitsofmeasure.org"
TERMS = "http://terminology.hl7.org/CodeSystem"
PRODUCT = "urn:onelot:product"
SCOPE = "urn:onelot:consent-scope"
FACT = "urn:onelot:fact"
TEST_DATA = {"security": [{"system": f"{TERMS}/v3-ActReason", "code": "HTEST", "display": "test health data"}]}

MARKERS = {
    "hiv": ("56888-1", "HIV 1+2 Ab+HIV1 p24 Ag [Presence] in Serum or Plasma by Immunoassay"),
    "hbv": ("5196-1", "Hepatitis B virus surface Ag [Presence] in Serum or Plasma by Immunoassay"),
    "hcv": ("13955-0", "Hepatitis C virus Ab [Presence] in Serum or Plasma by Immunoassay"),
    "syphilis": ("24110-9", "Treponema pallidum Ab [Presence] in Serum by Immunoassay"),
}
ANSWERS = {"negative": ("260385009", "Negative"), "reactive": ("11214006", "Reactive")}

# First line of a lymphoma, and what is asked about before cells are taken (ATC).
EARLIER = (
    ("vincristine", "L01CA02", "vincristine"),
    ("cyclophosphamide", "L01AA01", "cyclophosphamide"),
    ("rituximab", "L01FA01", "rituximab"),
)
NEVER_TAKEN = (
    ("checkpoint", "L01FF", "PD-1 and PD-L1 inhibitors"),
    ("bendamustine", "L01AA09", "bendamustine"),
    ("cladribine", "L01BB04", "cladribine"),
    ("daratumumab", "L01FC01", "daratumumab"),
    ("immunosuppressants", "L04", "immunosuppressants"),
)


def stamp(at: datetime) -> str:
    """A FHIR dateTime in UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def concept(system: str, code: str, display: str) -> Json:
    """A CodeableConcept with one coding."""
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def _base(kind: str, identifier: str) -> Json:
    return {"resourceType": kind, "id": identifier, "meta": TEST_DATA}


def patient(identifier: str, family: str, given: str, gender: str, born: date, number: str) -> Json:
    """A Patient with one hospital number."""
    return {
        **_base("Patient", identifier),
        "identifier": [{"system": "urn:onelot:demo-hospital", "value": number}],
        "name": [{"use": "official", "family": family, "given": [given]}],
        "gender": gender,
        "birthDate": born.isoformat(),
        "deceasedBoolean": False,
    }


def order(subject: str, product: str, at: datetime, number: str) -> Json:
    """An active ServiceRequest for a product."""
    return {
        **_base("ServiceRequest", f"{subject}-order"),
        "identifier": [{"system": "urn:onelot:demo-clinic-orders", "value": number}],
        "status": "active",
        "intent": "order",
        "code": concept(PRODUCT, product, product),
        "subject": {"reference": f"Patient/{subject}"},
        "authoredOn": stamp(at),
        "requester": {"display": "Demo Prescriber"},
    }


def consent(subject: str, scopes: Sequence[str], at: datetime, until: datetime) -> Json:
    """An active Consent permitting these scopes from `at` until `until`."""
    return {
        **_base("Consent", f"{subject}-consent"),
        "status": "active",
        "scope": concept(f"{TERMS}/consentscope", "treatment", "Treatment"),
        "category": [concept(LOINC, "59284-0", "Consent Document")],
        "patient": {"reference": f"Patient/{subject}"},
        "dateTime": stamp(at),
        "policyRule": concept(f"{TERMS}/v3-ActCode", "OPTIN", "opt-in"),
        "provision": {
            "type": "permit",
            "period": {"start": stamp(at), "end": stamp(until)},
            "code": [concept(SCOPE, scope, scope.replace("_", " ")) for scope in scopes],
        },
    }


def condition(subject: str, system: str, code: str, display: str, at: datetime) -> Json:
    """An active, confirmed Condition."""
    return {
        **_base("Condition", f"{subject}-diagnosis"),
        "clinicalStatus": concept(f"{TERMS}/condition-clinical", "active", "Active"),
        "verificationStatus": concept(f"{TERMS}/condition-ver-status", "confirmed", "Confirmed"),
        "code": concept(system, code, display),
        "subject": {"reference": f"Patient/{subject}"},
        "onsetDateTime": at.date().isoformat(),
        "recordedDate": stamp(at),
    }


def measured(subject: str, name: str, code: str, display: str, value: float, unit: str, at: datetime) -> Json:
    """An Observation with a quantity; unit is a UCUM code."""
    return {
        **_observation(subject, name, code, display, at),
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
    }


def scored(subject: str, name: str, code: str, display: str, value: int, at: datetime) -> Json:
    """An Observation with a whole-number score."""
    return {**_observation(subject, name, code, display, at), "valueInteger": value}


def entered(subject: str, name: str, display: str, value: int, at: datetime) -> Json:
    """An Observation with a whole number that a person enters; its code is of our own system."""
    return {
        **_observation(subject, name, name, display, at),
        "code": concept(FACT, name, display),
        "valueInteger": value,
    }


def answered(subject: str, name: str, code: str, display: str, answer: Json, at: datetime) -> Json:
    """An Observation answered with a concept."""
    return {**_observation(subject, name, code, display, at), "valueCodeableConcept": answer}


def marker(subject: str, name: str, answer: str, at: datetime) -> Json:
    """An infection marker: name of `MARKERS`, answer `negative` or `reactive`."""
    code, display = MARKERS[name]
    return answered(subject, name, code, display, concept(SNOMED, *ANSWERS[answer]), at)


def not_pregnant(subject: str, at: datetime) -> Json:
    """A statement that the patient is not pregnant."""
    return answered(
        subject, "pregnancy", "82810-3", "Pregnancy status", concept(SNOMED, "60001007", "Not pregnant"), at
    )


def steroid_not_taken(subject: str, at: datetime) -> Json:
    """A statement that no systemic steroid was taken."""
    return {
        **_base("MedicationStatement", f"{subject}-steroid"),
        "status": "not-taken",
        "medicationCodeableConcept": concept(RXNORM, "8640", "prednisone"),
        "subject": {"reference": f"Patient/{subject}"},
        "dateAsserted": stamp(at),
    }


def drug_not_taken(subject: str, name: str, system: str, code: str, display: str, at: datetime) -> Json:
    """A statement that a drug, or any of a group, was never taken."""
    return {
        **_base("MedicationStatement", f"{subject}-{name}"),
        "status": "not-taken",
        "medicationCodeableConcept": concept(system, code, display),
        "subject": {"reference": f"Patient/{subject}"},
        "dateAsserted": stamp(at),
    }


def drug_course(subject: str, name: str, system: str, code: str, display: str, start: datetime, end: datetime) -> Json:
    """A finished course of a drug."""
    return {
        **_base("MedicationStatement", f"{subject}-{name}"),
        "status": "completed",
        "medicationCodeableConcept": concept(system, code, display),
        "subject": {"reference": f"Patient/{subject}"},
        "effectivePeriod": {"start": start.date().isoformat(), "end": end.date().isoformat()},
        "dateAsserted": stamp(end),
    }


def lymphoma_history(subject: str, at: datetime) -> list[Json]:
    """First line of a lymphoma, long over, and statements that nothing else with a washout was ever given."""
    start, end, asked = at - timedelta(days=180), at - timedelta(days=75), at - timedelta(days=1)
    return [drug_course(subject, name, ATC, code, display, start, end) for name, code, display in EARLIER] + [
        drug_not_taken(subject, name, ATC, code, display, asked) for name, code, display in NEVER_TAKEN
    ]


def no_allogeneic_transplant(subject: str, at: datetime) -> Json:
    """A statement that blood stem cells of another person were never transplanted."""
    return {
        **_base("Procedure", f"{subject}-transplant"),
        "status": "not-done",
        "code": concept(SNOMED, "425843001", "Allogeneic hematopoietic stem cell transplantation"),
        "subject": {"reference": f"Patient/{subject}"},
        "performedDateTime": stamp(at),
    }


def steroid_course(subject: str, start: datetime, end: datetime) -> Json:
    """A finished course of a systemic steroid."""
    return {
        **_base("MedicationStatement", f"{subject}-steroid"),
        "status": "completed",
        "medicationCodeableConcept": concept(RXNORM, "8640", "prednisone"),
        "subject": {"reference": f"Patient/{subject}"},
        "effectivePeriod": {"start": start.date().isoformat(), "end": end.date().isoformat()},
        "dateAsserted": stamp(end),
    }


def _observation(subject: str, name: str, code: str, display: str, at: datetime) -> Json:
    return {
        **_base("Observation", f"{subject}-{name.replace('_', '-')}"),
        "status": "final",
        "code": concept(LOINC, code, display),
        "subject": {"reference": f"Patient/{subject}"},
        "effectiveDateTime": stamp(at),
    }
