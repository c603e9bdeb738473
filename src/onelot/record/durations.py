"""How long a recipe's quantity of time is: the one reader of durations."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from onelot.record.errors import BadInput
from onelot.record.quantity import Quantity

# A month is counted as 30 days and a year as 365: what waits or expires must not depend on the calendar's month.
SECONDS: dict[str, int] = {
    "s": 1,
    "min": 60,
    "h": 3_600,
    "d": 86_400,
    "wk": 604_800,
    "mo": 2_592_000,
    "a": 31_536_000,
}


def span(quantity: Quantity) -> timedelta:
    """A length of time in UCUM s, min, h, d, wk, mo (30 d) or a (365 d), exact to the microsecond.

    Raises:
        BadInput: any other unit, or no finite number.
    """
    seconds = SECONDS.get(quantity.unit)
    if seconds is None or not quantity.value.is_finite():
        raise BadInput(
            f"{quantity.value} {quantity.unit!r} is no length of time",
            rule=f"durations are in {', '.join(SECONDS)} (UCUM)",
            remedy="mend the recipe; `onelot recipe check` names the place",
            place="recipe",
        )
    return timedelta(microseconds=int(quantity.value * seconds * Decimal(1_000_000)))
