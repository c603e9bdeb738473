"""The way back: dispatch, receipt, and a return.

A batch leaves only with a disposition and nothing against it. What arrives is accepted only when the shipper stayed
cold enough, within its qualified hold time, at the right place, with the custody whole.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from onelot.deliver.custody import holder
from onelot.deliver.gate import refuse, standing
from onelot.record.durations import span
from onelot.record.errors import BadInput, Held
from onelot.record.events.base import Event
from onelot.record.events.batch import DeviationOpened, Dispatched, Returned, ShipmentReceived
from onelot.record.recipe import MasterRecipe
from onelot.record.subjects.batch import Batch
from onelot.record.subjects.therapy import Therapy
from onelot.record.terms.values import Finding


def dispatch(
    recipe: MasterRecipe,
    batch: Batch,
    therapy: Therapy | None,
    *,
    shipment: str,
    containers: tuple[str, ...],
    shipper: str,
    to_site: str,
    now: datetime,
) -> Dispatched:
    """Containers leave in a qualified shipper; `hold_until` is now plus the recipe's hold time.

    Raises:
        Held: no disposition, a hold, or anything else of `gate.standing`; unknown containers; a foreign destination.
    """
    known = {each.identifier for each in batch.containers}
    strange = [each for each in containers if each not in known]
    findings = list(standing(recipe, batch, therapy, now))
    if strange or not containers or len(set(containers)) != len(containers):
        what = f"not containers of this batch: {', '.join(strange) or 'none or one twice was scanned'}"
        findings.append(Finding("chain of identity", "containers", batch.batch, what, "scan the right containers"))
    if therapy is not None and therapy.site != to_site:
        what = f"goes to {to_site}, but the patient is treated at {therapy.site}"
        findings.append(Finding("order", "site", therapy.coi, what, "correct the destination"))
    refuse(findings, f"{batch.batch} may not be dispatched")
    hold_until = now + span(recipe.logistics.shipper_hold)
    return Dispatched(shipment, containers, shipper, recipe.logistics.lane, to_site, hold_until)


def receive(
    recipe: MasterRecipe,
    batch: Batch,
    *,
    shipment: str,
    at_site: str,
    warmest_cel: Decimal,
    deviation: str,
    now: datetime,
) -> tuple[Event, ...]:
    """The shipment is at the place of treatment.

    Args:
        warmest_cel: warmest temperature of the whole way, from the logger, degrees Celsius.
        deviation: number for the deviation that is opened when the shipment is not accepted.

    Returns:
        ShipmentReceived, accepted or with the reason; and DeviationOpened (major) when it is not accepted.

    Raises:
        Held: nothing of that number is on its way, or custody does not end here.
        BadInput: no number, or a limit not in Celsius.
    """
    sent = batch.dispatched
    if sent is None or sent.shipment != shipment or batch.shipment is not None:
        raise Held(
            f"shipment {shipment} of {batch.batch} is not on its way",
            rule="life table of batch: dispatched, then received, once",
            remedy="scan the shipper's label again",
            place=batch.batch,
        )
    if holder(batch) != at_site:
        raise Held(
            f"{shipment} is with {holder(batch)}, not with {at_site}",
            rule="chain of custody: no gap between the last hand-over and the receipt",
            remedy="record the hand-over to the place of treatment first",
            place=batch.batch,
        )
    limit = recipe.logistics.warmest
    if not warmest_cel.is_finite():
        raise BadInput(
            f"the logger's warmest temperature reads {warmest_cel}",
            rule="a temperature is a number in degrees Celsius",
            remedy="read the logger again; without a reading open a deviation and hold the batch",
            place=batch.batch,
        )
    if limit.unit != "Cel":
        raise BadInput(
            f"the warmest temperature is given in {limit.unit}",
            rule="temperatures of a lane are in degrees Celsius (UCUM Cel)",
            remedy="mend the recipe's logistics",
        )
    reasons = []
    if warmest_cel > limit.value:
        reasons.append(f"warmest {warmest_cel:f} Cel, limit {limit.value:f} Cel")
    if now > sent.hold_until:
        late = now - sent.hold_until
        reasons.append(f"{late.total_seconds() / 3600:.1f} h past the shipper's hold time")
    if at_site != sent.to_site:
        reasons.append(f"received at {at_site}, sent to {sent.to_site}")
    reason = "; ".join(reasons)
    received = ShipmentReceived(shipment, at_site, warmest_cel, not reasons, reason)
    if not reasons:
        return (received,)
    rule = f"recipe {recipe.identifier}, logistics"
    return received, DeviationOpened(deviation, "major", f"shipment {shipment} not accepted: {reason}", rule)


def return_unused(batch: Batch, *, reason: str) -> Returned:
    """The product comes back without having been given.

    Raises:
        Held: it never left, was given already, or no reason is said.
    """
    if batch.state not in ("in_transit", "at_site") or not reason.strip():
        raise Held(
            f"{batch.batch} ({batch.state}) cannot be returned" + ("" if reason.strip() else " without a reason"),
            rule="life table of batch: what is in transit or at the place of treatment may come back",
            remedy="say why it comes back",
            place=batch.batch,
        )
    return Returned(reason)
