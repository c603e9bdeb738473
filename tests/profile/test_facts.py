from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onelot.profile.facts import gather
from onelot.record.durations import span
from onelot.record.errors import BadInput, Mismatch
from onelot.twin.cohort import resources as fhir
from tests.profile.support import NOW, convert, days, document, need, quantity

WHO = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1970-05-05"}


def weight(value: Any, at: datetime, unit: str = "kg", **changes: Any) -> dict[str, Any]:
    return {**fhir.measured("p", "weight", "29463-7", "Body weight", value, unit, at), **changes}


def only(*bodies: dict[str, Any], name: str = "weight_kg") -> Any:
    return gather([document(WHO, *bodies)], [need(name)], NOW, convert=convert)


def test_the_newest_wins_and_the_older_stays_visible() -> None:
    found = only(weight(Decimal(80), days(3)), weight(Decimal(82), days(1)), weight(Decimal(79), days(9)))
    assert found.facts["weight_kg"].value == 82
    assert found.facts["weight_kg"].place == "/entry/2/resource/valueQuantity/value"
    assert found.facts["weight_kg"].valid_until == days(1) + timedelta(days=30)
    assert [fact.value for fact in found.superseded] == [80, 79]
    assert found.findings == ()


def test_a_unit_is_converted_and_the_original_kept() -> None:
    fact = only(weight(Decimal("176.37"), days(1), "[lb_av]")).facts["weight_kg"]
    assert abs(float(fact.value) - 80.0) < 0.001  # type: ignore[arg-type]
    assert (fact.unit, fact.original) == ("kg", "176.37 [lb_av]")


def test_counts_in_thousands_become_counts() -> None:
    body = fhir.measured("p", "alc", "731-0", "Lymphocytes", 0.85, "10*3/uL", days(1))
    fact = only(body, name="lymphocytes_per_ul").facts["lymphocytes_per_ul"]
    assert fact.value == 850
    assert fact.unit == "/uL"


def test_an_outdated_value_stays_and_is_a_finding() -> None:
    found = only(weight(Decimal(80), days(31)))
    assert found.facts["weight_kg"].value == 80
    assert [finding.fact for finding in found.findings] == ["weight_kg"]
    assert "29463-7" in found.findings[0].place
    assert "/entry/1/resource/valueQuantity/value" in found.findings[0].place
    assert "30 d" in found.findings[0].rule


def test_what_is_dated_later_is_not_known_yet() -> None:
    found = only(weight(Decimal(80), NOW + timedelta(minutes=1)))
    assert found.facts == {}
    assert found.findings[0].what == "Body weight is missing"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (weight(Decimal(-80), days(1)), "negative"),
        (weight(Decimal(8000), days(1)), "no human"),
        (weight(Decimal(80), days(1), "Cel"), "cannot be converted"),
        (weight(Decimal(80), days(1), "furlong"), "cannot be converted"),
        (weight(Decimal("NaN"), days(1)), "not a finite number"),
        ({**weight(Decimal(80), days(1)), "valueQuantity": {"value": Decimal(80), "comparator": ">"}}, "a bound"),
        ({k: v for k, v in weight(Decimal(1), days(1)).items() if k != "valueQuantity"}, "cannot be read"),
    ],
)
def test_a_newest_value_that_cannot_be_right_is_never_replaced_by_an_older(body: dict[str, Any], says: str) -> None:
    found = only(weight(Decimal(80), days(5)), body)
    assert found.facts == {}
    assert says in found.findings[0].what
    assert "/entry/2/resource" in found.findings[0].place
    assert found.findings[0].remedy


def test_findings_name_no_value() -> None:
    found = only(weight(Decimal("-81.25"), days(1)), weight(Decimal("77.75"), days(9)))
    assert not any("81.25" in str(finding) or "77.75" in str(finding) for finding in found.findings)


def test_two_values_of_one_time_contradict() -> None:
    found = only(weight(Decimal(80), days(1)), weight(Decimal(70), days(1)))
    assert found.facts == {}
    assert "rule 3" in found.findings[0].rule
    assert len(found.superseded) == 2


def test_the_same_value_in_two_units_does_not_contradict() -> None:
    found = only(weight(Decimal(80), days(1)), weight(Decimal("176.4"), days(1), "[lb_av]"))
    assert found.findings == ()
    assert len(found.facts) == 1


def test_a_correction_wins_over_what_it_corrects() -> None:
    found = only(weight(Decimal(80), days(1)), weight(Decimal(60), days(1), status="corrected"))
    assert found.facts["weight_kg"].value == 60


@pytest.mark.parametrize("status", ["entered-in-error", "preliminary", "cancelled", "registered", "unknown"])
def test_unfinished_statements_do_not_count(status: str) -> None:
    assert only(weight(Decimal(80), days(1), status=status)).facts == {}


def test_a_value_without_time_cannot_be_valid() -> None:
    body = {k: v for k, v in weight(Decimal(80), days(1)).items() if k != "effectiveDateTime"}
    assert [finding.fact for finding in only(body).findings] == ["weight_kg"]


@pytest.mark.parametrize(
    ("born", "age"), [("1970-05-05", 56), ("1970-09-07", 56), ("1970-09-08", 55), ("2026-09-07", 0), ("2008-02-29", 18)]
)
def test_age_in_full_years(born: str, age: int) -> None:
    found = gather([document({**WHO, "birthDate": born})], [need("age_a")], NOW, convert=convert)
    assert found.facts["age_a"].value == age


@pytest.mark.parametrize("born", ["1970", "1970-05", "2027-01-01"])
def test_a_birth_date_that_gives_no_age(born: str) -> None:
    found = gather([document({**WHO, "birthDate": born})], [need("age_a")], NOW, convert=convert)
    assert found.facts == {}
    assert found.findings[0].fact == "age_a"


@pytest.mark.parametrize(
    ("said", "alive"),
    [
        ({}, True),
        ({"deceasedBoolean": False}, True),
        ({"deceasedBoolean": True}, False),
        ({"deceasedDateTime": "2026-09-06"}, False),
        ({"deceasedDateTime": "2027-01-01"}, True),
    ],
)
def test_alive(said: dict[str, Any], alive: bool) -> None:
    assert gather([document({**WHO, **said})], [need("alive")], NOW, convert=convert).facts["alive"].value is alive


def test_pregnancy_must_be_stated_except_for_men() -> None:
    assert only(name="pregnancy").facts == {}
    assert only(fhir.not_pregnant("p", days(1)), name="pregnancy").facts["pregnancy"].value is False
    man = gather([document({**WHO, "gender": "male"})], [need("pregnancy")], NOW, convert=convert)
    assert man.facts["pregnancy"].value is False
    assert man.facts["pregnancy"].place == "/entry/0/resource/gender"


def test_markers_and_scores_are_read_from_answers() -> None:
    assert only(fhir.marker("p", "hcv", "reactive", days(1)), name="hcv").facts["hcv"].value == "reactive"
    assert only(fhir.marker("p", "hiv", "negative", days(1)), name="hiv").facts["hiv"].value == "negative"
    answer = fhir.concept(fhir.LOINC, "LA9623-5", "Restricted in physically strenuous activity")
    body = fhir.answered("p", "ecog", "89247-1", "ECOG", answer, days(1))
    assert only(body, name="ecog").facts["ecog"].value == 1


def test_drugs_count_by_their_last_day() -> None:
    course = fhir.steroid_course("p", days(30), days(10))
    name = "steroid_stopped_at"
    assert only(course, name=name).facts[name].value == days(10).date().isoformat()
    never = fhir.steroid_not_taken("p", days(1))
    assert only(never, name=name).facts[name].value == "never"
    assert only(never, course, name=name).facts[name].value == days(10).date().isoformat(), "a course outweighs `never`"
    going_on = {**course, "status": "active", "effectivePeriod": {"start": "2026-08-01"}}
    assert only(course, going_on, name=name).facts[name].value == NOW.date().isoformat()
    assert only(name=name).findings[0].fact == name, "nothing said about a drug is not the same as never taken"


def test_drugs_by_reference() -> None:
    name = "steroid_stopped_at"
    course = {k: v for k, v in fhir.steroid_course("p", days(30), days(10)).items() if k != "medicationCodeableConcept"}
    drug = {"resourceType": "Medication", "id": "m", "code": fhir.concept(fhir.RXNORM, "8640", "prednisone")}
    inside = {**course, "contained": [drug], "medicationReference": {"reference": "#m"}}
    assert name in only(inside, name=name).facts
    beside = {**course, "medicationReference": {"reference": "Medication/m"}}
    assert name in only(beside, drug, name=name).facts
    found = only(beside, fhir.steroid_not_taken("p", days(1)), name=name)
    assert found.facts == {}
    assert "leads nowhere" in found.findings[0].what
    other = {**drug, "code": fhir.concept(fhir.RXNORM, "161", "acetaminophen")}
    assert only(beside, other, fhir.steroid_not_taken("p", days(1)), name=name).facts[name].value == "never"


def test_a_condition_must_stand_and_be_confirmed() -> None:
    body = fhir.condition("p", fhir.SNOMED, "109969005", "DLBCL", days(90))
    assert only(body, name="indication").facts["indication"].value == "large B-cell lymphoma"
    for part, code in (("clinicalStatus", "resolved"), ("verificationStatus", "provisional")):
        changed = {**body, part: fhir.concept("x", code, code)}
        assert only(changed, name="indication").facts == {}


def test_documents_of_two_people_are_refused() -> None:
    other = {**WHO, "id": "q"}
    with pytest.raises(Mismatch):
        gather([document(WHO), document(other)], [need("weight_kg")], NOW, convert=convert)
    nobody = {k: v for k, v in WHO.items() if k != "id"}
    with pytest.raises(Mismatch):
        gather([document(nobody), document(WHO)], [], NOW, convert=convert)
    number = {"identifier": [{"system": "s", "value": "1"}]}
    gather([document({**WHO, **number}), document({**other, **number})], [], NOW, convert=convert)


def test_spans() -> None:
    assert span(quantity("30", "d")) == timedelta(days=30)
    assert span(quantity("72", "h")) == timedelta(days=3)
    with pytest.raises(BadInput):
        span(quantity("3", "kg"))


STATUSES = st.sampled_from(["final", "corrected", "amended", "preliminary", "entered-in-error"])
ENTRIES = st.lists(
    st.tuples(st.integers(-5, 60), st.integers(40, 120), STATUSES),
    max_size=8,
)


@given(ENTRIES)
def test_supersession(entries: list[tuple[int, int, str]]) -> None:
    """Against the written rule, said a second time and differently."""
    bodies = [weight(Decimal(value), days(age), status=status) for age, value, status in entries]
    found = only(*bodies)
    standing = [(age, status != "final", value) for age, value, status in entries]
    standing = [
        each for each, (age, _, status) in zip(standing, entries, strict=True) if age >= 0 and status[0] in "fca"
    ]
    assert len(found.facts) + len(found.superseded) == len(standing)
    if not standing:
        assert [finding.what for finding in found.findings] == ["Body weight is missing"]
        return
    newest = min(age for age, _, _ in standing)
    corrected = max(fixed for age, fixed, _ in standing if age == newest)
    values = {value for age, fixed, value in standing if (age, fixed) == (newest, corrected)}
    if max(values) - min(values) > 0.005 * max(values):
        assert found.facts == {}
        assert "rule 3" in found.findings[0].rule
    else:
        assert found.facts["weight_kg"].value in values
        assert bool(found.findings) == (newest > 30)


@given(st.datetimes(datetime(2026, 7, 1), datetime(2026, 9, 7), timezones=st.just(UTC)), st.integers(1, 60))
def test_validity_ends_exactly(at: datetime, valid_d: int) -> None:
    at = at.replace(microsecond=0)
    asked = type(need("weight_kg"))(**{**need("weight_kg").__dict__, "valid": quantity(str(valid_d), "d")})
    documents = [document(WHO, weight(Decimal(80), at))]
    end = at + timedelta(days=valid_d)
    assert gather(documents, [asked], end, convert=convert).findings == ()
    assert len(gather(documents, [asked], end + timedelta(seconds=1), convert=convert).findings) == 1
