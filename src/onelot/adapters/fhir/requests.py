"""What was asked for and what was agreed to: ServiceRequest and Consent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from onelot.profile.coding import keys_of
from onelot.profile.document import Document, Resource
from onelot.profile.statement import instant
from onelot.record.terms.values import Finding

PRODUCT_SYSTEM = "urn:onelot:product"
SCOPE_SYSTEM = "urn:onelot:consent-scope"
SCOPES = ("collection", "manufacture", "genome_use", "follow_up")


@dataclass(frozen=True, slots=True)
class Order:
    """A prescriber's request: product name, when, by whom (reference), the order's own numbers; source and place."""

    product: str
    ordered_at: datetime | None
    requester: str
    aliases: tuple[str, ...]
    source: str
    place: str
    synthetic: bool


@dataclass(frozen=True, slots=True)
class ConsentFound:
    """Scopes agreed to and until when (None: without end); source and place of the newest consent."""

    scopes: tuple[str, ...]
    valid_until: datetime | None
    source: str
    place: str
    synthetic: bool


def order_of(document: Document, product: str, now: datetime) -> Order | Finding:
    """The newest active order for this product, or the finding that there is none."""
    key = f"{PRODUCT_SYSTEM}|{product}"
    found = [
        (instant(each.body.get("authoredOn")), each)
        for each in document.of("ServiceRequest")
        if each.body.get("status") == "active"
        and each.body.get("intent") in ("order", "original-order", "instance-order")
        and key in keys_of(each.body.get("code"))
    ]
    timely = [(at, each) for at, each in found if at is not None and at <= now]
    if not timely:
        return Finding(
            rule="an order opens a therapy",
            fact="order",
            place=f"ServiceRequest.where(status='active' and code='{key}')",
            what=f"there is no dated, active order for {product}",
            remedy="let the prescriber order the product for this patient",
        )
    at, newest = max(timely, key=lambda pair: pair[0])
    body = newest.body
    numbers = tuple(
        f"{one.get('system', '')}:{one['value']}"
        for one in body.get("identifier", ())
        if isinstance(one.get("value"), str)
    )
    requester = str(body.get("requester", {}).get("reference", ""))
    return Order(product, at, requester, numbers, newest.source, newest.pointer, newest.synthetic)


def consent_of(document: Document, now: datetime) -> ConsentFound | Finding:
    """The scopes of the newest active consent that has begun; an ended one keeps its end, so that the gate can say so.

    Later consents replace earlier ones: what a newer one does not permit is not permitted.
    """
    active = [
        (begun, each)
        for each in document.of("Consent")
        if each.body.get("status") == "active" and (begun := _begun(each)) is not None and begun <= now
    ]
    if not active:
        return Finding(
            rule="nothing is taken from a patient without consent",
            fact="consent",
            place="Consent.where(status='active').provision",
            what="there is no active, dated consent",
            remedy="ask the patient and record the consent",
        )
    _, newest = max(active, key=lambda pair: pair[0])
    provision = newest.body.get("provision", {})
    permitted = _codes(provision) if provision.get("type", "permit") == "permit" else set()
    for exception in provision.get("provision", ()):
        if exception.get("type") == "deny":
            permitted -= _codes(exception)
    until = instant(provision.get("period", {}).get("end"))
    scopes = tuple(scope for scope in SCOPES if scope in permitted)
    return ConsentFound(scopes, until, newest.source, newest.pointer, newest.synthetic)


def _begun(consent: Resource) -> datetime | None:
    period = consent.body.get("provision", {}).get("period", {})
    return instant(period.get("start")) or instant(consent.body.get("dateTime"))


def _codes(provision: Mapping[str, Any]) -> set[str]:
    keys = [key for concept in provision.get("code", ()) for key in keys_of(concept)]
    return {key.partition("|")[2] for key in keys if key.startswith(f"{SCOPE_SYSTEM}|")}
