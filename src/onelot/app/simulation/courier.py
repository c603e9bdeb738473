"""What couriers and the bedside do next: from the disposition to the dose and what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from onelot.app.commands import deliver as commands
from onelot.app.commands import learn
from onelot.app.commands.material import held_in
from onelot.app.commands.release import RejectBatch
from onelot.app.context import Actor
from onelot.app.simulation.act import Act
from onelot.app.simulation.case import Case, Stage
from onelot.app.simulation.plant import close_deviation
from onelot.app.simulation.site import PLANT, person
from onelot.deliver import BagScan, RescueCells, holder, window
from onelot.record.errors import Mismatch
from onelot.record.recipe import MasterRecipe
from onelot.record.subjects import Batch, Therapy
from onelot.record.terms.opened import numbers_of

SHORT, NEXT_DAY = timedelta(minutes=30), timedelta(hours=14)
GIVEABLE = ("conditionally_released", "released", "exceptional_supply")
OUTCOME_AFTER = timedelta(days=28)


def next_act(stage: Stage, case: Case, batch: Batch, therapy: Therapy, recipe: MasterRecipe) -> Act | None:
    """The next act on the way to the patient, or None."""
    last = max(stage.last_event(f"batch/{batch.batch}"), stage.last_event(f"therapy/{therapy.coi}"))
    if therapy.dose_given_at is not None:
        return _outcome(stage, case, therapy, last)
    if batch.holds:
        return None
    if batch.state in GIVEABLE:
        return Act(last + NEXT_DAY, "dispatch", lambda: _dispatch(stage, case, batch, therapy))
    if batch.state == "in_transit":
        return _leg(stage, case, batch, last)
    if batch.state == "at_site":
        return _at_site(stage, case, batch, therapy, recipe, last)
    return None


def _shipment(batch: Batch) -> str:
    return f"SHIP-{batch.batch}"


def _dispatch(stage: Stage, case: Case, batch: Batch, therapy: Therapy) -> None:
    command = commands.DispatchBatch(
        batch.batch,
        _shipment(batch),
        tuple(each.identifier for each in batch.containers),
        f"SHIPPER-{batch.batch}",
        case.hospital,
    )
    stage.site.give(command, "operator", PLANT)


def _leg(stage: Stage, case: Case, batch: Batch, last: datetime) -> Act:
    """The courier takes it, carries it, hands it over; the receipt reads the logger."""
    shipment = _shipment(batch)
    lane = batch.dispatched.lane if batch.dispatched else ""
    trip = stage.world.travel(shipment, case.key, lane)
    courier = Actor(f"courier-link/{shipment}", "courier", frozenset({"courier"}), frozenset({PLANT, case.hospital}))
    taken = len(batch.custody)

    def hand_over(to_party: str, at_site: str) -> None:
        command = commands.TransferCustody(
            batch.batch, shipment, holder(batch), to_party, at_site, trip.legs[min(taken, 2)].warmest_cel
        )
        stage.site.house.loop.handle(command, courier)

    if taken == 0:
        return Act(last + trip.legs[0].lasts, "picked up", lambda: hand_over(courier.id, PLANT))
    if holder(batch) == courier.id:
        way = trip.legs[1].lasts + trip.legs[2].lasts
        return Act(last + way, "handed over", lambda: hand_over(case.hospital, case.hospital))

    def receive() -> None:
        command = commands.ReceiveShipment(batch.batch, shipment, case.hospital, trip.warmest_cel)
        stage.site.give(command, "bedside_nurse", case.hospital)

    return Act(last + SHORT, "received", receive)


def _at_site(
    stage: Stage, case: Case, batch: Batch, therapy: Therapy, recipe: MasterRecipe, last: datetime
) -> Act | None:
    give = stage.site.give
    if batch.shipment is not None and not batch.shipment.accepted:
        reason = f"not accepted: {batch.shipment.reason}"
        return Act(
            last + SHORT,
            "returned",
            lambda: give(commands.ReturnBatch(batch.batch, reason), "bedside_nurse", case.hospital),
        )
    for found in batch.open_deviations:
        return close_deviation(stage, batch, found.deviation, last)
    rescue = _rescue(case, therapy, recipe)
    if recipe.conditioning is not None and therapy.clearance is None:
        clear = commands.ClearConditioning(batch.batch, rescue)
        return Act(last + NEXT_DAY, "clearance", lambda: give(clear, "prescriber", case.hospital))
    if recipe.conditioning is not None and therapy.conditioning_started_at is None:
        start = commands.StartConditioning(batch.batch, rescue)
        return Act(last + SHORT, "conditioning", lambda: give(start, "bedside_nurse", case.hospital))
    due = last + SHORT
    if recipe.conditioning is not None and therapy.conditioning_started_at is not None:
        opens, _ = window(recipe.conditioning, therapy.conditioning_started_at)
        due = max(due, opens + timedelta(hours=2))
    if batch.compared is None or not batch.compared.agreed:
        return Act(due, "compared at the bedside", lambda: _compare(stage, case, batch, therapy))

    def administer() -> None:
        command = commands.Administer(
            batch.batch,
            tuple(each.identifier for each in batch.containers),
            *_dose(stage, batch, therapy, recipe),
            person("bedside_nurse", case.hospital, 2),
            stage.now - timedelta(minutes=10),
        )
        give(command, "bedside_nurse", case.hospital)

    return Act(last + SHORT, "administered", administer)


def _dose(stage: Stage, batch: Batch, therapy: Therapy, recipe: MasterRecipe) -> tuple[Decimal, str]:
    """What is given: the volume aimed at of a kit, everything in the bag otherwise."""
    there, unit = held_in(stage.context(), batch, [each.identifier for each in batch.containers])
    if recipe.kind == "kit":
        there = min(there, numbers_of(stage.context().open_parameters(therapy))[recipe.dose_parameter])
    return there, unit


def _rescue(case: Case, therapy: Therapy, recipe: MasterRecipe) -> RescueCells | None:
    if recipe.conditioning is None or recipe.conditioning.rescue is None:
        return None
    needed = recipe.conditioning.rescue
    return RescueCells(f"RESCUE-{therapy.coi}", needed.value * Decimal("1.4"), needed.unit, case.hospital)


def _compare(stage: Stage, case: Case, batch: Batch, therapy: Therapy) -> None:
    attempt = 1 if batch.compared is None else 2
    bags = []
    for each in batch.containers:
        other = f"{each.identifier}-OF-ANOTHER"
        scanned = stage.world.scan(case.key, each.identifier, other, attempt)
        bags.append(BagScan(scanned, therapy.coi, batch.batch))
    command = commands.CompareAtBedside(
        batch.batch,
        tuple(bags),
        therapy.coi,
        therapy.coi,
        f"{case.hospital}, bedside",
        person("bedside_nurse", case.hospital, 2),
    )
    try:
        stage.site.give(command, "bedside_nurse", case.hospital)
    except Mismatch as refusal:
        stage.note_refusal(case, refusal)


def after_the_end(stage: Stage, case: Case, batch: Batch, therapy: Therapy) -> Act | None:
    """What came back is rejected, and a therapy whose batch is lost ends."""
    last = max(stage.last_event(f"batch/{batch.batch}"), stage.last_event(f"therapy/{therapy.coi}"))
    if batch.state == "returned" and batch.disposition != "rejected":
        reject = RejectBatch(batch.batch, batch.returned)
        return Act(last + SHORT, "reject what came back", lambda: stage.site.give(reject, "qp", PLANT))
    lost = batch.rejected or batch.terminated
    if lost and not therapy.ended and therapy.dose_given_at is None:
        return Act(
            last + NEXT_DAY,
            "therapy ended",
            lambda: stage.end(case, therapy, lost, "the prescriber decides against another manufacture (simulated)"),
        )
    return None


def _outcome(stage: Stage, case: Case, therapy: Therapy, last: datetime) -> Act | None:
    if therapy.outcome is not None or therapy.dose_given_at is None:
        return None

    def do() -> None:
        command = learn.RecordOutcome(therapy.coi, "simulated: not assessed", "simulated: none recorded")
        stage.site.give(command, "prescriber", case.hospital)

    return Act(max(therapy.dose_given_at + OUTCOME_AFTER, last), "outcome", do)
