"""Procedures, vaccinations, allergies and diseases of the family, from FHIR R4 as validated by the reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelot.adapters.fhir import read_bundle
from onelot.profile.facts import Gathered, gather
from onelot.record.recipe import FactNeed
from tests.profile.support import NOW, convert, days, document, need

WHO = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1970-05-05"}
SNOMED, CVX = "http://snomed.info/sct", "http://hl7.org/fhir/sid/cvx"
SUBJECT = {"reference": "Patient/p"}


def concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def procedure(**changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Procedure", "status": "completed", "code": concept(SNOMED, "425843001"), "subject": SUBJECT,
        "performedDateTime": "2019-05-01", **changes,
    }  # fmt: skip


def vaccine(**changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Immunization", "status": "completed", "vaccineCode": concept(CVX, "03"), "patient": SUBJECT,
        "occurrenceDateTime": "2020-02-03T10:00:00Z", **changes,
    }  # fmt: skip


def allergy(**changes: Any) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
    return {
        "resourceType": "AllergyIntolerance", "code": concept(SNOMED, "115535002"), "patient": SUBJECT,
        "clinicalStatus": concept(system, "active"), "recordedDate": "2020-01-01", **changes,
    }  # fmt: skip


def relative(**changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "FamilyMemberHistory", "status": "completed", "patient": SUBJECT, "date": "2021-01-01",
        "relationship": {"text": "brother"}, "condition": [{"code": concept(SNOMED, "234532001")}], **changes,
    }  # fmt: skip


def only(name: str, *bodies: dict[str, Any], asked: FactNeed | None = None) -> Gathered:
    return gather([document(WHO, *bodies)], [asked or need(name)], NOW, convert=convert)


TRANSPLANT = "allogeneic_transplant_at"


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ({}, "2019-05-01"),
        ({"performedDateTime": "2019"}, "2019-12-31"),
        ({"performedDateTime": None, "performedPeriod": {"start": "2019-05-01", "end": "2019-06-02"}}, "2019-06-02"),
        ({"status": "stopped"}, "2019-05-01"),
        ({"status": "not-done", "performedDateTime": None}, "never"),
        ({"status": "in-progress"}, NOW.date().isoformat()),
        ({"status": "entered-in-error"}, None),
        ({"status": "preparation"}, None),
        ({"code": concept(SNOMED, "1")}, None),
    ],
)
def test_a_procedure_is_a_day(changes: dict[str, Any], value: str | None) -> None:
    body = {name: each for name, each in procedure(**changes).items() if each is not None}
    found = only(TRANSPLANT, body)
    assert (found.facts[TRANSPLANT].value if TRANSPLANT in found.facts else None) == value
    assert bool(found.findings) == (value is None)


@pytest.mark.parametrize("changes", [{"performedDateTime": None}, {"status": "unknown", "performedDateTime": None}])
def test_a_procedure_whose_day_cannot_be_read_holds(changes: dict[str, Any]) -> None:
    body = {name: each for name, each in procedure(**changes).items() if each is not None}
    never = procedure(status="not-done")
    found = only(TRANSPLANT, body, never)
    assert found.facts == {} and found.findings[0].place.endswith("/entry/1/resource/status")


def test_done_outweighs_never_and_the_last_counts() -> None:
    found = only(TRANSPLANT, procedure(status="not-done"), procedure(), procedure(performedDateTime="2015-01-01"))
    assert found.facts[TRANSPLANT].value == "2019-05-01"
    assert {each.value for each in found.superseded} == {"never", "2015-01-01"}, "what lost stays visible"


def test_a_live_vaccine_is_shown_and_nothing_rests_on_it() -> None:
    found = only("live_vaccine_at", vaccine())
    fact = found.facts["live_vaccine_at"]
    assert (fact.value, fact.place) == ("2020-02-03", "/entry/1/resource/occurrenceDateTime")
    assert only("live_vaccine_at").findings == (), "an optional fact holds nobody"


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ({}, True),
        ({"verificationStatus": concept("x", "refuted")}, False),
        ({"verificationStatus": concept("x", "entered-in-error")}, None),
        ({"clinicalStatus": concept("x", "resolved")}, False),
        ({"code": concept(SNOMED, "9")}, None),
    ],
)
def test_an_allergy_stands_is_over_or_was_never_there(changes: dict[str, Any], value: bool | None) -> None:
    found = only("allergy_dmso", allergy(**changes)).facts.get("allergy_dmso")
    assert (found.value if found else None) == value


def test_two_words_on_one_allergy_of_one_day_contradict_each_other() -> None:
    found = only("allergy_dmso", allergy(), allergy(verificationStatus=concept("x", "refuted")))
    assert found.facts == {} and "contradict" in found.findings[0].rule and len(found.superseded) == 2
    later = allergy(verificationStatus=concept("x", "refuted"), recordedDate="2022-01-01")
    assert only("allergy_dmso", allergy(), later).facts["allergy_dmso"].value is False, "the newest counts"


def test_a_disease_of_the_family_says_whose() -> None:
    fact = only("family_immunodeficiency", relative()).facts["family_immunodeficiency"]
    assert fact.value == "immunodeficiency (brother)"
    assert fact.place == "/entry/1/resource/condition/0/code/coding/0/code"
    assert only("family_immunodeficiency", relative(status="entered-in-error")).facts == {}


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [("smoking", "72166-2", "Never smoked tobacco"), ("alcohol", "11331-6", "two glasses a week"),
     ("occupation", "11341-5", "welder"), ("exposure", "87729-0", "benzene at work"), ("travel", "10182-4", "Kenya")],
)  # fmt: skip
def test_social_history_is_shown_and_no_shipped_rule_reads_it(name: str, code: str, said: str) -> None:
    from tests.profile.support import shipped

    body = {
        "resourceType": "Observation", "status": "final", "code": concept("http://loinc.org", code), "subject": SUBJECT,
        "effectiveDateTime": days(2).isoformat(), "valueString": said,
    }  # fmt: skip
    assert only(name, body).facts[name].value == said
    for recipe in map(shipped, ("cd19-per-kg", "cd19-flat", "cd34-edited", "aav9-weight-band")):
        acting = {used for rule in recipe.eligibility for used in rule.uses} | {each.fact for each in recipe.washouts}
        acting |= {used for parameter in recipe.parameters for used in parameter.uses}
        assert name not in acting, "it acts only through a cited rule, and there is none"
        assert not [each for each in recipe.facts if each.name == name and each.required]


def test_the_places_lead_to_what_was_read(tmp_path: Path) -> None:
    """Through the real reader: written as a bundle, validated as R4, followed by an oracle of the test's own."""
    bodies = [WHO, procedure(), vaccine(), allergy(), relative()]
    path = tmp_path / "p.json"
    path.write_text(
        json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": b} for b in bodies]})
    )
    asked = [need(name) for name in (TRANSPLANT, "live_vaccine_at", "allergy_dmso", "family_immunodeficiency")]
    found = gather([read_bundle(path)], asked, NOW, convert=convert)
    root = json.loads(path.read_text())
    stood = {}
    for name, fact in found.facts.items():
        value: Any = root
        for token in fact.place.split("/")[1:]:
            value = value[int(token)] if isinstance(value, list) else value[token]
        stood[name] = value
    assert stood == {TRANSPLANT: "2019-05-01", "live_vaccine_at": "2020-02-03T10:00:00Z", "allergy_dmso": "115535002",
                     "family_immunodeficiency": "234532001"}  # fmt: skip


STATUS = st.sampled_from(
    ["completed", "not-done", "stopped", "in-progress", "unknown", "on-hold", "preparation", "x", None]
)
DAY = st.one_of(st.none(), st.dates().map(lambda day: day.isoformat()), st.sampled_from(["2019", "2019-13", "soon", 5]))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(STATUS, DAY), max_size=5))
def test_never_is_said_only_where_nothing_says_otherwise(given_: list[tuple[str | None, Any]]) -> None:
    found = only(TRANSPLANT, *(procedure(status=status, performedDateTime=day) for status, day in given_))
    fact = found.facts.get(TRANSPLANT)
    if fact is not None and fact.value == "never":
        # What lies in the future or ahead is no transplant yet; everything else that is no `not-done` counts.
        assert all(
            status in ("not-done", "preparation") or (day or "") > NOW.date().isoformat() for status, day in given_
        )
    if any(status == "in-progress" for status, _ in given_):
        assert fact is None or fact.value == NOW.date().isoformat()
