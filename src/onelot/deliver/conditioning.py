"""Conditioning may start only on a signed clearance, and only while the clearance's reasons still hold.

Lymphodepletion or myeloablation cannot be taken back. So the product must be decided on, at hand at the place of
treatment, accepted, and long-lived enough; and where the recipe asks for rescue cells, they must be there as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from onelot.deliver.gate import refuse, standing
from onelot.record.durations import span
from onelot.record.errors import Held
from onelot.record.events.therapy import ConditioningCleared, ConditioningStarted
from onelot.record.recipe import Conditioning, MasterRecipe
from onelot.record.subjects.batch import Batch
from onelot.record.subjects.therapy import Therapy
from onelot.record.terms.values import Cite, Finding


@dataclass(frozen=True, slots=True)
class RescueCells:
    """Unmodified cells kept for rescue: donation, amount in the recipe's unit, where they are stored."""

    donation: str
    amount: Decimal
    unit: str
    at_site: str


def clear_conditioning(
    recipe: MasterRecipe,
    therapy: Therapy,
    batch: Batch,
    rescue_cells: RescueCells | None,
    now: datetime,
    *,
    batch_cite: Cite,
) -> ConditioningCleared:
    """The clearance, to be signed. The amount of rescue cells stays out of it: it is a health value.

    Args:
        batch_cite: the batch's last event (what the clearance was given on).

    Raises:
        Held: with everything that is missing.
    """
    refuse(_findings(recipe, therapy, batch, rescue_cells, now), "conditioning may not be cleared")
    needed = recipe.conditioning.rescue if recipe.conditioning else None
    rescue = ""
    if needed is not None and rescue_cells is not None:
        rescue = (
            f"donation {rescue_cells.donation} at {rescue_cells.at_site}, "
            f"at least {needed.value:f} {needed.unit} {needed.basis}".rstrip()
        )
    at = batch.shipment.at_site if batch.shipment else ""
    return ConditioningCleared(batch_cite, at, rescue)


def start_conditioning(
    recipe: MasterRecipe, therapy: Therapy, batch: Batch, rescue_cells: RescueCells | None, now: datetime
) -> ConditioningStarted:
    """The first dose of conditioning, under the clearance; everything is asked once more.

    Raises:
        Held: no clearance, or something changed since it was signed.
    """
    findings = list(_findings(recipe, therapy, batch, rescue_cells, now))
    if therapy.clearance is None:
        rule = "conditioning starts only on a signed clearance"
        findings.append(Finding(rule, "clearance", therapy.coi, "there is no clearance", "have it signed"))
    refuse(findings, "conditioning may not start")
    if therapy.clearance is None or recipe.conditioning is None:
        raise Held("no clearance", rule="conditioning", remedy="have it signed")  # unreachable: refused above
    return ConditioningStarted(therapy.clearance, recipe.conditioning.regimen)


def _findings(
    recipe: MasterRecipe, therapy: Therapy, batch: Batch, rescue_cells: RescueCells | None, now: datetime
) -> Iterator[Finding]:
    conditioning = recipe.conditioning
    if conditioning is None:
        rule = f"recipe {recipe.identifier}"
        yield Finding(rule, "conditioning", therapy.coi, "the recipe has no conditioning", "give the product directly")
        return
    yield from standing(recipe, batch, therapy, now)
    rule = "product at hand before conditioning (labels of approved CAR-T products; recipe conditioning)"
    received = batch.shipment
    if batch.state != "at_site" or received is None:
        yield Finding(rule, "product", batch.batch, f"the product is {batch.state}", "wait until it has arrived")
    elif not received.accepted:
        what = f"the shipment was not accepted: {received.reason}"
        yield Finding(rule, "product", batch.batch, what, "ask quality")
    elif received.at_site != therapy.site:
        what = f"the product is at {received.at_site}, the patient at {therapy.site}"
        yield Finding(rule, "product", batch.batch, what, "bring it to the patient's site")
    opens, _ = window(conditioning, now)
    if batch.filled is not None and batch.filled.expires_at <= opens:
        what = f"expires {batch.filled.expires_at.isoformat(timespec='minutes')}, before it could be given"
        yield Finding("shelf life", "expiry", batch.batch, what, "do not condition")
    yield from _rescue(conditioning, therapy, rescue_cells)


def _rescue(conditioning: Conditioning, therapy: Therapy, cells: RescueCells | None) -> Iterator[Finding]:
    needed = conditioning.rescue
    if needed is None:
        return
    rule = f"rescue cells: at least {needed.value:f} {needed.unit} ({needed.source.shown})"
    if cells is None:
        yield Finding(rule, "rescue cells", therapy.coi, "no rescue cells are recorded", "collect and store them")
    elif cells.unit != needed.unit:
        what = f"rescue cells are given in {cells.unit}, the recipe asks in {needed.unit}"
        yield Finding(rule, "rescue cells", therapy.coi, what, "give the amount in the recipe's unit")
    elif not cells.amount.is_finite() or cells.amount < needed.value:
        yield Finding(rule, "rescue cells", therapy.coi, "fewer rescue cells than needed", "collect again")
    elif cells.at_site != therapy.site:
        what = f"the rescue cells are at {cells.at_site}"
        yield Finding(rule, "rescue cells", therapy.coi, what, "bring them to the patient's site")


def window(conditioning: Conditioning, started_at: datetime) -> tuple[datetime, datetime]:
    """From when until when the product may be given, both inclusive, for a conditioning begun at `started_at`.

    The recipe's limits count from the last day of conditioning (the longest drug), or from its first dose where
    their basis says `first dose` or `start`.
    """
    days = max((span(drug.days) for drug in conditioning.drugs), default=timedelta())
    last = started_at + max(days - timedelta(days=1), timedelta())

    def counted_from(basis: str) -> datetime:
        return started_at if any(word in basis for word in ("first dose", "start")) else last

    after, before = conditioning.infuse_after, conditioning.infuse_before
    return counted_from(after.basis) + span(after), counted_from(before.basis) + span(before)
