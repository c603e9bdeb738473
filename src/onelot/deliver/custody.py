"""Who holds it. Every hand-over is a record, and the one who gives is the one who last took: no gap.

A transfer is also the place where a logger may be read; without one the temperature is None, and the receipt will
still need the warmest value of the whole way.
"""

from __future__ import annotations

from decimal import Decimal

from onelot.record.errors import Held
from onelot.record.events.batch import CustodyTransferred
from onelot.record.subjects.batch import Batch


def holder(batch: Batch) -> str:
    """The party that has the shipment now: the last to take it, or the site that dispatched it."""
    if batch.dispatched is None:
        return batch.site
    taken = [each.to_party for each in batch.custody if each.shipment == batch.dispatched.shipment]
    return taken[-1] if taken else batch.site


def transfer(
    batch: Batch, *, shipment: str, from_party: str, to_party: str, at_site: str, temperature_cel: Decimal | None
) -> CustodyTransferred:
    """One hand-over of a dispatched shipment.

    Args:
        from_party: who gives; must be who holds it now (first: the batch's site).
        to_party: who takes; somebody else.
        at_site: where.
        temperature_cel: read from the logger, in degrees Celsius, or None.

    Raises:
        Held: not dispatched, another shipment, a custody gap, a hand-over to oneself, or no finite temperature.
    """
    why = ""
    if batch.dispatched is None or batch.dispatched.shipment != shipment:
        why = f"shipment {shipment} of {batch.batch} was never dispatched"
    elif from_party != holder(batch):
        why = f"{from_party or 'nobody'} cannot give {shipment}: {holder(batch)} has it"
    elif not to_party or to_party == from_party or not at_site:
        why = f"a hand-over of {shipment} needs another party who takes it, and a place"
    elif temperature_cel is not None and not temperature_cel.is_finite():
        why = f"{temperature_cel} is no temperature"
    if why:
        raise Held(
            why,
            rule="chain of custody: the one who gives is the one who last took (ISO 21973, FACT-JACIE)",
            remedy="record the missing hand-over first, or open a deviation for the gap",
            place=batch.batch,
        )
    return CustodyTransferred(shipment, from_party, to_party, at_site, temperature_cel)
