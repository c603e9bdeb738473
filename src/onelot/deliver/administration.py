"""The bedside: bag = paperwork = wristband, then the dose.

A comparison that fails is both a refusal and a fact: `Comparison` carries the events to append (deviation, comparison,
notice) and the refusal to raise once they are durable. Nothing is given until a comparison agreed for every container
and quality has closed the deviation of the one that did not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from onelot.deliver.conditioning import window
from onelot.deliver.gate import refuse, standing
from onelot.record.durations import span
from onelot.record.errors import BadInput, Mismatch
from onelot.record.events.base import Event
from onelot.record.events.batch import Administered, DeviationOpened, IdentityCompared
from onelot.record.events.therapy import DoseGiven, NoticeSent
from onelot.record.identity import compare, read_identifier
from onelot.record.recipe import MasterRecipe
from onelot.record.signature import second_person
from onelot.record.subjects.batch import Batch
from onelot.record.subjects.therapy import Therapy
from onelot.record.terms.values import Cite, Finding, Sealed


@dataclass(frozen=True, slots=True)
class BagScan:
    """What a bag's label reads: container, chain of identity, batch."""

    container: str
    coi: str
    batch: str


@dataclass(frozen=True, slots=True)
class BedsideScans:
    """Everything scanned at the bedside. paperwork, wristband: chain of identity, or an alias `issuer:number`."""

    bags: tuple[BagScan, ...]
    paperwork: str
    wristband: str


@dataclass(frozen=True)
class Comparison:
    """The events to append, each to the stream of its subject; then raise `refusal`, if there is one."""

    events: tuple[Event, ...]
    refusal: Mismatch | None

    @property
    def agreed(self) -> bool:
        """Whether all three agree."""
        return self.refusal is None


def compare_at_bedside(
    batch: Batch,
    therapy: Therapy,
    scans: BedsideScans,
    *,
    where: str,
    by: str,
    verified_by: str,
    deviation: str,
    notify: str = "",
) -> Comparison:
    """Compare bag, paperwork and wristband before use.

    Args:
        where: place of the comparison, e.g. `site/…, ward 3`.
        by, verified_by: the two people at the bedside, `person/...`, not the same. Nobody has to verify that something
            was wrong, so that a mismatch goes on the record at once: `verified_by` may be "" then.
        deviation: number of the deviation that is opened on a mismatch.
        notify: who is told of a mismatch; the prescriber when empty.

    Returns:
        agreed: IdentityCompared. Not agreed: DeviationOpened (critical), IdentityCompared(agreed=False), NoticeSent.

    Raises:
        NotAllowed: all agrees, and no second person.
    """
    expected, seen = _expected(batch, therapy, scans)
    things = tuple(f"bag {bag.container}" for bag in scans.bags) + ("paperwork", "wristband")
    try:
        compare(expected, seen)
    except Mismatch as refusal:
        told = notify or therapy.ordered_by or "treating physician"
        what = f"{where}: {refusal.what}"
        return Comparison(
            (
                DeviationOpened(deviation, "critical", what, refusal.rule),
                IdentityCompared(where, things, False, verified_by),
                NoticeSent(told, f"wrong bag refused at the bedside, batch {batch.batch}", what),
            ),
            Mismatch(refusal.what, rule=refusal.rule, remedy=refusal.remedy, place=where),
        )
    second_person(by, verified_by, what="the comparison at the bedside")
    return Comparison((IdentityCompared(where, things, True, verified_by),), None)


def _expected(batch: Batch, therapy: Therapy, scans: BedsideScans) -> tuple[dict[str, str], dict[str, str]]:
    """What each thing must read as, and what it read as, with every party's numbers resolved."""
    expected = {"paperwork": therapy.coi, "wristband": therapy.coi}
    seen = {"paperwork": _resolve(scans.paperwork, therapy), "wristband": _resolve(scans.wristband, therapy)}
    known = {each.identifier for each in batch.containers if each.coi == therapy.coi}
    if not scans.bags:
        expected["bag"] = " or ".join(sorted(known)) or "a container of this batch"
    for number, bag in enumerate(scans.bags, 1):
        thing = f"bag {number}"
        matching = bag.container if bag.container in known else " or ".join(sorted(known)) or "a container"
        expected |= {thing: matching, f"{thing} batch": batch.batch, f"{thing} patient": therapy.coi}
        seen |= {thing: bag.container, f"{thing} batch": bag.batch, f"{thing} patient": _resolve(bag.coi, therapy)}
    return expected, seen


def _resolve(text: str, therapy: Therapy) -> str:
    """Our number behind a scanned text: itself, cleaned; or through an alias of this therapy; else as it was read."""
    if text.strip() and text.strip() in therapy.aliases:
        return therapy.coi
    try:
        return read_identifier(text)
    except BadInput:
        return text.strip()


def administer(
    recipe: MasterRecipe,
    batch: Batch,
    therapy: Therapy,
    *,
    containers: tuple[str, ...],
    dose: Sealed,
    unit: str,
    batch_cite: Cite,
    now: datetime,
    by: str,
    verified_by: str,
    thawed_at: datetime | None = None,
) -> tuple[Event, ...]:
    """Give the product.

    Args:
        containers: what is given; each must stand in the last comparison that agreed.
        dose, unit: the dose, sealed under the patient's key.
        batch_cite: the batch's last event.
        by, verified_by: who gives and who verifies, `person/...`, not the same.
        thawed_at: when the thaw began, where the recipe limits the time after it.

    Returns:
        Administered (batch) and DoseGiven (therapy).

    Raises:
        NotAllowed: no second person. Held: with everything that speaks against it.
    """
    second_person(by, verified_by, what="the administration")
    findings = [
        *standing(recipe, batch, therapy, now),
        *_at_hand(batch, therapy, containers),
        *_thaw(recipe, batch, thawed_at, now),
        *_conditioned(recipe, therapy, now),
    ]
    refuse(findings, f"{batch.batch} may not be given")
    return (
        Administered(containers, now, verified_by),
        DoseGiven(batch_cite, dose, unit, now),
    )


def _at_hand(batch: Batch, therapy: Therapy, containers: tuple[str, ...]) -> Iterator[Finding]:
    place = batch.batch
    received = batch.shipment
    if batch.state != "at_site" or received is None or not received.accepted or received.at_site != therapy.site:
        what = "the product has not arrived, accepted, where the patient is treated"
        yield Finding("receipt", "product", place, what, "receive it first")
    compared = batch.compared
    scanned = compared is not None and compared.agreed and all(f"bag {each}" in compared.things for each in containers)
    if not scanned or not containers:
        what = "no comparison of bag, paperwork and wristband agreed for these containers"
        yield Finding("chain of identity", "comparison", place, what, "scan all three again at the bedside")
    if batch.dispatched is None or any(each not in batch.dispatched.containers for each in containers):
        what = "a container was not in the shipment"
        yield Finding("chain of custody", "containers", place, what, "put it down; call the supervisor")


def _thaw(recipe: MasterRecipe, batch: Batch, thawed_at: datetime | None, now: datetime) -> Iterator[Finding]:
    limit = recipe.logistics.use_after_thaw
    if limit is None:
        return
    rule = f"use within {limit.value:f} {limit.unit} of thaw ({limit.source.shown})"
    if thawed_at is None or thawed_at > now:
        yield Finding(rule, "thaw", batch.batch, "the time of thaw is not recorded", "record when the thaw began")
    elif now - thawed_at > span(limit):
        yield Finding(rule, "thaw", batch.batch, f"thawed {now - thawed_at} ago", "do not use it; call the supervisor")


def _conditioned(recipe: MasterRecipe, therapy: Therapy, now: datetime) -> Iterator[Finding]:
    if recipe.conditioning is None:
        return
    rule = f"infusion window after conditioning ({recipe.conditioning.source.shown})"
    started = therapy.conditioning_started_at
    if started is None:
        yield Finding(rule, "conditioning", therapy.coi, "conditioning was not started", "start it on a clearance")
        return
    opens, closes = window(recipe.conditioning, started)
    if not opens <= now <= closes:
        what = f"the window is {opens.isoformat(timespec='minutes')} to {closes.isoformat(timespec='minutes')}"
        yield Finding(rule, "window", therapy.coi, what, "wait, or ask the physician whether to condition again")
