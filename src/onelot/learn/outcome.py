"""What became of one therapy: was the dose aimed at reached, and how long did it take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from onelot.record.errors import BadInput, OutOfOrder
from onelot.record.recipe import MasterRecipe
from onelot.record.recipe_formulas import dose_hit_formula
from onelot.record.units import convert

_DAY_S = Decimal(86400)


@dataclass(frozen=True, slots=True)
class Reached:
    """The outcome that follows from the record alone; response and toxicity come from the clinic.

    vein_to_vein_days: from the first collection (or, for a product from stock, the order) to the dose, to 0.1 day.
    """

    dose_hit: bool
    vein_to_vein_days: Decimal


def outcome(
    recipe: MasterRecipe,
    parameters: Mapping[str, Decimal],
    *,
    dose_given: Decimal,
    unit: str,
    started_at: datetime,
    given_at: datetime,
) -> Reached:
    """Judge a dose that was given against the one that was tailored.

    Args:
        recipe: the recipe the batch was made by; its `dose_hit` decides.
        parameters: the tailored values in force, by name, in the recipe's units.
        dose_given: what the patient got, in `unit` (UCUM).
        started_at: first collection, or the order where nothing is collected; with zone.
        given_at: start of the infusion; with zone.

    Raises:
        BadInput: the recipe has no dose (made for stock), or the unit does not fit.
        Held: a parameter the rule reads is not there.
        OutOfOrder: given before it was started.
    """
    dose = next((each for each in recipe.parameters if each.name == recipe.dose_parameter), None)
    if dose is None:
        raise BadInput(
            "the recipe has no dose",
            rule=f"recipe {recipe.identifier}, kind {recipe.kind}",
            remedy="record outcomes of therapies, not of stock",
        )
    if given_at < started_at:
        raise OutOfOrder(
            "the dose was given before the therapy began",
            rule="a therapy begins with its collection or order",
            remedy="correct the time that is wrong",
        )
    amount = convert(dose_given, unit, dose.unit)
    elapsed = given_at - started_at
    seconds = Decimal(elapsed.days) * _DAY_S + Decimal(elapsed.seconds)
    days = (seconds / _DAY_S).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    return Reached(dose_hit_formula(recipe).flag({**parameters, "dose_given": amount}), days)
