from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from onelot.adapters.fhir import ConsentFound, Order, consent_of, identity_of, order_of
from onelot.record.errors import BadInput
from onelot.record.terms.values import Finding
from onelot.twin.cohort import resources as fhir
from tests.profile.support import NOW, days, document

ALL = ("collection", "manufacture", "genome_use", "follow_up")


def test_the_newest_active_order_is_found() -> None:
    older = fhir.order("p", "cd19-flat", days(9), "1")
    newer = {**fhir.order("p", "cd19-flat", days(2), "2"), "requester": {"reference": "Practitioner/7"}}
    found = order_of(document(older, newer), "cd19-flat", NOW)
    assert isinstance(found, Order)
    assert (found.ordered_at, found.place, found.requester) == (days(2), "/entry/1/resource", "Practitioner/7")
    assert found.aliases == ("urn:onelot:demo-clinic-orders:2",)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "revoked"},
        {"intent": "proposal"},
        {"authoredOn": fhir.stamp(NOW + timedelta(days=1))},
        {"authoredOn": None},
        {"code": fhir.concept(fhir.PRODUCT, "other", "other")},
    ],
)
def test_what_is_no_order_opens_nothing(changes: dict[str, Any]) -> None:
    found = order_of(document({**fhir.order("p", "cd19-flat", days(2), "2"), **changes}), "cd19-flat", NOW)
    assert isinstance(found, Finding)
    assert "ServiceRequest" in found.place


def test_consent_scopes_and_period() -> None:
    found = consent_of(document(fhir.consent("p", ALL[:3], days(2), NOW + timedelta(days=9))), NOW)
    assert isinstance(found, ConsentFound)
    assert found.scopes == ALL[:3]
    assert found.valid_until == NOW + timedelta(days=9)


def test_a_later_consent_replaces_an_earlier_one() -> None:
    until = NOW + timedelta(days=99)
    found = consent_of(
        document(fhir.consent("p", ALL[:1], days(2), until), fhir.consent("p", ALL, days(5), until)), NOW
    )
    assert isinstance(found, ConsentFound)
    assert found.scopes == ("collection",)


def test_a_denied_exception_takes_a_scope_away() -> None:
    body = fhir.consent("p", ALL, days(2), NOW + timedelta(days=9))
    body["provision"]["provision"] = [{"type": "deny", "code": [fhir.concept(fhir.SCOPE, "genome_use", "genome use")]}]
    found = consent_of(document(body), NOW)
    assert isinstance(found, ConsentFound)
    assert "genome_use" not in found.scopes
    body["provision"]["type"] = "deny"
    found = consent_of(document(body), NOW)
    assert isinstance(found, ConsentFound)
    assert found.scopes == ()


@pytest.mark.parametrize("status", ["draft", "proposed", "rejected", "inactive", "entered-in-error"])
def test_only_an_active_consent_counts(status: str) -> None:
    body = {**fhir.consent("p", ALL, days(2), NOW + timedelta(days=9)), "status": status}
    assert isinstance(consent_of(document(body), NOW), Finding)


def test_a_consent_of_tomorrow_is_none() -> None:
    assert isinstance(consent_of(document(fhir.consent("p", ALL, NOW + timedelta(days=1), days(-9))), NOW), Finding)


def test_who_has_no_name_or_birth_date_is_nobody() -> None:
    person = fhir.patient("p", "Family", "Given", "female", NOW.date(), "1")
    assert identity_of(document(person)).name == "Given Family"
    for part in ("name", "birthDate"):
        with pytest.raises(BadInput):
            identity_of(document({k: v for k, v in person.items() if k != part}))
