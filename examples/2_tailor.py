"""Tailor: the same recipe for three patients, and what it refuses. Nothing is recorded here."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from onelot.adapters.recipes import shipped
from onelot.record.errors import OnelotError
from onelot.record.terms.opened import OpenFact
from onelot.tailor import tailor

now = datetime(2026, 3, 4, 12, tzinfo=UTC)
recipe = shipped()["cd19-per-kg"]


def fact(name: str, value: str, unit: str, days_old: int = 0) -> OpenFact:
    seen = now - timedelta(days=days_old)
    return OpenFact(name, Decimal(value), unit, seen, seen + timedelta(days=30), "0" * 64, "entered by hand")


height = fact("height_cm", "172", "cm")
for weight in (
    fact("weight_kg", "80.1", "kg"),
    fact("weight_kg", "260", "[lb_av]"),
    fact("weight_kg", "80.1", "kg", 45),
):
    print(f"\n{weight.value} {weight.unit}")
    try:
        for each in tailor(recipe, {"weight_kg": weight, "height_cm": height}, now)[:3]:
            print(f"  {each.name} = {each.value:f} {each.unit}  from {', '.join(each.inputs)}: {each.formula}")
    except OnelotError as refusal:
        print(f"  {refusal}")
