"""The lot that is made for one patient alone: synthesised to the chosen sequence once the first batch is planned."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256

from onelot.app.commands import lots
from onelot.app.simulation.act import Act
from onelot.app.simulation.case import Stage
from onelot.app.simulation.site import PLANT
from onelot.record.identity import own_mark
from onelot.record.recipe import Charge, MasterRecipe
from onelot.record.subjects import Batch, Therapy

# Enough for both lots and their tests; a week to make, our assumption.
AMOUNT, TAKES, SHORT = Decimal(60), timedelta(days=7), timedelta(minutes=20)


def own_lot(stage: Stage, therapy: Therapy | None, batch: Batch, recipe: MasterRecipe) -> Act | None:
    """Receive the lot and release it; None when it is there, or when the recipe asks for none."""
    items = [charge for phase in recipe.phases for charge in phase.charges if charge.own]
    if therapy is None or not items:
        return None
    last = stage.last_event(f"batch/{batch.batch}")
    acts = (_for_charge(stage, therapy, each, last) for each in items)
    return next((act for act in acts if act is not None), None)


def own_name(item: str, therapy: Therapy) -> str:
    """The number of the patient's own lot; lots are seen by every site, so it does not hold the chain of identity."""
    return f"LOT-{item}-{own_mark(therapy.coi)[:8]}"


def _for_charge(stage: Stage, therapy: Therapy, charge: Charge, last: datetime) -> Act | None:
    lot = own_name(charge.item, therapy)
    state = stage.site.rows("lots").get(lot, {}).get("state")
    if state is None:
        digest = sha256(f"simulated certificate of {lot}".encode()).hexdigest()
        expires = stage.now + timedelta(days=360)
        supplier = f"SIM-{lot}"
        receive = lots.ReceiveLot(lot, charge.item, supplier, digest, AMOUNT, charge.amount.unit, expires, therapy.coi)
        return Act(last + TAKES, f"{charge.item} received", lambda: stage.site.give(receive, "operator", PLANT))
    if state == "quarantine":
        release = lots.ReleaseLot(lot, "simulated incoming inspection: complies")
        return Act(last + SHORT, f"{charge.item} released", lambda: stage.site.give(release, "qc", PLANT))
    return None
