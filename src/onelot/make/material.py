"""What goes in and what comes out: starting material, lots, labelled containers, the yield."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from onelot.make.engine import Finished, next_step, running_phase
from onelot.make.needs import charges_left
from onelot.record.errors import Held, Mismatch, OutOfOrder
from onelot.record.events.base import Event
from onelot.record.events.batch import Filled, ManufactureCompleted, MaterialCharged, MaterialReceived
from onelot.record.identity import compare, own_mark
from onelot.record.recipe import MasterRecipe
from onelot.record.signature import second_person
from onelot.record.subjects.batch import Batch
from onelot.record.subjects.masters import Lot
from onelot.record.terms.values import Container


def receive_material(
    batch: Batch,
    container: Container,
    donation: str,
    condition: str,
    *,
    expected: Mapping[str, str],
    scans: Mapping[str, str],
    by: str,
    verified_by: str,
) -> tuple[Event, ...]:
    """The patient's starting material is here; container, batch and patient were scanned and agree.

    Raises:
        Mismatch: a scan reads otherwise, or the container came before.
        NotAllowed: no second person.
        OutOfOrder: the batch is not planned, or past manufacture.
    """
    if batch.state not in ("planned", "received", "in_process"):
        raise OutOfOrder(
            f"a batch that is {batch.state} takes no starting material",
            rule="starting material comes in before or during manufacture",
            remedy="put the container into quarantine and call the supervisor",
        )
    compare(expected, scans)
    second_person(by, verified_by, what="receiving starting material")
    if any(before.container.identifier == container.identifier for before in batch.received):
        raise Mismatch(
            f"container {container.identifier} was received before",
            rule="every container has an identity of its own",
            remedy="look which container is in your hand",
        )
    return (MaterialReceived(container, donation, condition, verified_by),)


def charge(
    recipe: MasterRecipe,
    batch: Batch,
    name: str,
    lot: Lot,
    amount: Decimal,
    available: Decimal,
    now: datetime,
    *,
    parameters: Mapping[str, Decimal],
    by: str,
    verified_by: str = "",
) -> tuple[Event, ...]:
    """A quantity of a lot goes in.

    Args:
        recipe, batch, name: whose phase.
        lot: the folded lot that was scanned.
        amount: how much, in the recipe's unit; a second lot may give the rest.
        available: what is left of the lot, by the journal's claims.
        now: the time.
        parameters: the tailored parameters by name.
        by, verified_by: who charged, and the second person where the phase asks for one.

    Raises:
        OutOfOrder: nothing is to be charged now.
        Mismatch: another item or unit is next.
        Held: the lot is not released, is expired, or too little is left.
    """
    phase, run = running_phase(recipe, batch, name)
    left = charges_left(batch, phase, run.run, parameters)
    if not left:
        raise OutOfOrder(
            f"{name} takes no more material",
            rule=f"recipe {recipe.identifier}, phase {name}: its charges are all in",
            remedy="put the lot back",
        )
    wanted, missing = left[0]
    rule = f"recipe {recipe.identifier}, phase {name}: next goes in {missing} {wanted.amount.unit} of {wanted.item}"
    if lot.item != wanted.item or lot.unit != wanted.amount.unit:
        raise Mismatch(f"this lot is {lot.item} in {lot.unit}", rule=rule, remedy=f"scan a lot of {wanted.item}")
    if not 0 < amount <= missing:
        raise Mismatch(f"{amount} {lot.unit} is not what goes in", rule=rule, remedy=f"charge at most {missing}")
    _check_owner(lot, batch, own=wanted.own, rule=rule)
    _check_lot(lot, amount, available, now, rule)
    if phase.second_person:
        second_person(by, verified_by, what=f"charging {wanted.item}")
    if lot.cite is None:
        raise Held("the lot has no record", rule=rule, remedy="receive the lot first")
    return (MaterialCharged(name, lot.cite, amount, lot.unit, verified_by),)


def _check_owner(lot: Lot, batch: Batch, *, own: bool, rule: str) -> None:
    """What was made for one patient goes into that patient's batches, and nothing of another's ever does."""
    if own and lot.made_for not in {own_mark(coi) for coi in batch.therapies}:
        raise Mismatch(
            "this lot was made for another patient" if lot.made_for else "this lot was made for no patient",
            rule=f"{rule}, made for this patient alone",
            remedy="put it down; scan the lot that was made for this chain of identity",
        )
    if not own and lot.made_for:
        raise Mismatch("this lot was made for one patient", rule=rule, remedy="scan a lot of the platform")


def _check_lot(lot: Lot, amount: Decimal, available: Decimal, now: datetime, rule: str) -> None:
    if lot.state != "released":
        raise Held(f"the lot is {lot.state}, not released", rule=rule, remedy="take a released lot")
    if lot.expires_at is None or lot.expires_at <= now:
        raise Held(
            f"the lot expired {lot.expires_at:%Y-%m-%d %H:%M}" if lot.expires_at else "the lot has no expiry",
            rule=rule,
            remedy="take a lot that is in date; block this one",
        )
    if available < amount:
        raise Held(
            f"{available} {lot.unit} of the lot are left, {amount} are needed",
            rule=rule,
            remedy="charge what is left and scan a second lot for the rest",
        )


def fill(
    recipe: MasterRecipe,
    batch: Batch,
    name: str,
    containers: Sequence[Container],
    *,
    coi: str,
    labels_printed: int,
    labels_destroyed: int,
    expires_at: datetime,
    now: datetime,
    by: str,
    verified_by: str,
) -> tuple[Event, ...]:
    """The drug product stands in labelled containers, each with an identity of its own.

    coi: the chain of identity every container must carry, "" for stock.

    Raises:
        OutOfOrder: no fill is to be done now.
        Mismatch: a container twice, of another patient, unlabelled or empty; or the labels do not reconcile.
        NotAllowed: no second person (filling and labelling are always verified).
    """
    phase, _ = running_phase(recipe, batch, name)
    if phase.kind != "fill" or batch.filled is not None:
        raise OutOfOrder(
            f"{name} fills no containers now", rule="a batch is filled once, in its fill phase", remedy="go on"
        )
    second_person(by, verified_by, what="filling and labelling")
    names = [container.identifier for container in containers]
    known = {before.container.identifier for before in batch.received}
    wrong = [each.identifier for each in containers if each.coi != coi or each.amount <= 0 or not each.identifier]
    if not names or wrong or len(set(names)) != len(names) or known & set(names):
        raise Mismatch(
            f"the containers do not stand one each under {coi or 'stock'}: {', '.join(wrong or names) or 'none'}",
            rule="every container belongs to one patient or to stock, and has an identity of its own",
            remedy="clear the line, scan each container again",
        )
    if labels_printed != len(names) + labels_destroyed or labels_destroyed < 0:
        raise Mismatch(
            f"{labels_printed} labels were printed, {len(names)} used and {labels_destroyed} destroyed",
            rule="label reconciliation: issued = used + destroyed (FACT D7)",
            remedy="find the missing label before anything leaves the room",
        )
    if expires_at <= now:
        raise Mismatch("the expiry lies in the past", rule="shelf life of the recipe", remedy="enter the expiry again")
    used = len(names)
    return (Filled(tuple(containers), labels_printed, used, labels_destroyed, expires_at, verified_by=verified_by),)


def complete_manufacture(
    recipe: MasterRecipe,
    batch: Batch,
    now: datetime,
    *,
    parameters: Mapping[str, Decimal],
    yield_amount: Decimal,
    yield_unit: str,
) -> tuple[Event, ...]:
    """Every phase is complete and the product is filled: the batch goes to quarantine.

    Raises:
        OutOfOrder: a phase is missing, the batch is held, or nothing was filled.
    """
    step = next_step(recipe, batch, parameters, now)
    has_fill = any(phase.kind == "fill" for phase in recipe.phases)
    if not isinstance(step, Finished) or batch.state != "in_process" or (has_fill and batch.filled is None):
        raise OutOfOrder(
            f"manufacture is not complete: {type(step).__name__} ({batch.state})",
            rule=f"recipe {recipe.identifier}: every phase of the procedure",
            remedy="do what comes next first",
        )
    return (ManufactureCompleted(yield_amount, yield_unit),)
