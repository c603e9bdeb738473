"""The certificate of analysis as plain data: what is hashed, what `CertificateIssued` carries, what is printed.

The content is fixed before anybody signs; its digest stands in `CertificateIssued`, which is signed. The printed form
adds what can only follow: the signatures and the disposition that cite it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from onelot.record.chain import canonical
from onelot.record.errors import Held
from onelot.record.events.batch import CertificateIssued
from onelot.record.journal import Entry
from onelot.record.recipe import MasterRecipe, Quantity, Test
from onelot.record.subjects.batch import Batch, Result
from onelot.record.subjects.therapy import Therapy
from onelot.release.specification import MISSING, limit_shown, standing

SCHEMA = "onelot-certificate/1"


def certificate_content(
    recipe: MasterRecipe, batch: Batch, therapy: Therapy | None, now: datetime, *, simulated: bool
) -> dict[str, Any]:
    """The certificate of analysis of this batch at `now`, as JSON values.

    Holds no name and no health value: the patient stands in it by chain of identity only.

    Raises:
        Held: the specification is empty, or no test has a result.
    """
    results = [_line(test, *standing(test, batch, now)) for test in recipe.specification]
    if not any(line["value"] for line in results):
        raise Held(
            f"{batch.batch} has no result to certify",
            rule="an empty specification releases nothing; a certificate states results",
            remedy="test the batch by its specification first",
            place=batch.batch,
        )
    outstanding = [line["test"] for line in results if line["verdict"] != "pass"]
    return {
        "schema": SCHEMA,
        "simulated": simulated,
        "batch": batch.batch,
        "chain_of_identity": therapy.coi if therapy else "",
        "product": recipe.product,
        "title": recipe.title,
        "recipe": recipe.identifier,
        "recipe_event": _cite(batch.recipe),
        "site": batch.site,
        "jurisdiction": recipe.jurisdiction,
        "stage": "conditional" if outstanding else "final",
        "issued_at": _time(now),
        "containers": [
            {"identifier": each.identifier, "kind": each.kind, "amount": f"{each.amount:f}", "unit": each.unit}
            for each in batch.containers
        ],
        "expires_at": _time(batch.filled.expires_at) if batch.filled else "",
        "label_statement": (therapy.label or "") if therapy else batch.label,
        "results": results,
        "not_passed": outstanding,
        "deviations": [
            {"deviation": each.deviation, "severity": each.severity, "what": each.what, "closed_by": each.closed_by}
            for each in batch.deviations.values()
        ],
    }


def certificate_digest(content: Mapping[str, Any]) -> str:
    """SHA-256 of the content's canonical form (RFC 8785), 64 hex digits."""
    return sha256(canonical(dict(content))).hexdigest()


def issue_certificate(
    recipe: MasterRecipe, batch: Batch, therapy: Therapy | None, now: datetime, *, simulated: bool
) -> tuple[CertificateIssued, dict[str, Any]]:
    """The event to sign, and the content to keep beside it under its digest."""
    content = certificate_content(recipe, batch, therapy, now, simulated=simulated)
    used = [standing(test, batch, now)[1] for test in recipe.specification]
    cites = tuple(each.cite for each in used if each is not None)
    return CertificateIssued(certificate_digest(content), cites, content["stage"]), content


def signature_line(entry: Entry) -> dict[str, str] | None:
    """How a signed event is printed (21 CFR 11.50): name, time with zone, meaning; None when nobody signed it."""
    signed = entry.signed
    if signed is None:
        return None
    return {
        "name": signed.printed_name,
        "signer": signed.signer,
        "meaning": signed.meaning,
        "at": _time(entry.at),
        "event": f"{entry.stream}#{entry.seq}",
        "hash": entry.hash.hex(),
    }


def printed_certificate(content: Mapping[str, Any], entries: Iterable[Entry]) -> dict[str, Any]:
    """What is printed: the content, its digest, the disposition that followed, and every signature on the two.

    Args:
        content: as it was issued.
        entries: the batch's stream, whole.
    """
    digest = certificate_digest(content)
    signatures: list[dict[str, str]] = []
    disposition = ""
    for entry in entries:
        kind = entry.envelope["type"]
        data = entry.envelope["data"]
        if kind == "CertificateIssued" and data["sha256"] == digest:
            signatures += filter(None, [signature_line(entry)])
        elif kind in ("Released", "ConditionallyReleased", "ExceptionalSupply", "Rejected"):
            disposition = kind
            signatures += filter(None, [signature_line(entry)])
    return {
        "certificate": dict(content),
        "sha256": digest,
        "disposition": _SPOKEN.get(disposition, "none yet"),
        "signatures": signatures,
    }


_SPOKEN = {
    "Released": "released",
    "ConditionallyReleased": "conditionally released; final results outstanding",
    "ExceptionalSupply": "exceptional supply, out of specification, at the physician's request; not a release",
    "Rejected": "rejected",
}


def _line(test: Test, state: str, found: Result | None) -> dict[str, Any]:
    limits = [limit for limit in (test.low, test.high) if limit is not None]
    return {
        "test": test.name,
        "title": test.title,
        "method": test.method,
        "stage": test.stage,
        "limit": limit_shown(test),
        "limits": [_limit(limit) for limit in limits],
        "basis": "; ".join(dict.fromkeys(limit.basis for limit in limits)),
        "source": test.source.shown,
        "unverified": any(source.kind != "cited" for source in (test.source, *(limit.source for limit in limits))),
        "value": found.result.value if found else "",
        "unit": found.result.unit if found else test.unit,
        "verdict": state if found or state != MISSING else "no result",
        "sampled_at": _time(found.result.sampled_at) if found else "",
        "tested_by": found.by if found else "",
        "verified_by": found.result.verified_by if found else "",
        "event": _cite(found.cite) if found else "",
    }


def _limit(limit: Quantity) -> dict[str, str]:
    return {"value": f"{limit.value:f}", "unit": limit.unit, "basis": limit.basis, "source": limit.source.shown}


def _cite(cite: Any) -> str:
    return f"{cite.stream}#{cite.seq}" if cite else ""


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
