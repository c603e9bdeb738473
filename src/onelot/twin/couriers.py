"""Couriers: legs with times and temperatures.

No open figure for delays and excursions per shipment was found: times and spreads are assumptions. A dry shipper
holds 10 days and more (worldcourier.com).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from math import exp

from onelot.twin.draws import normal

# How warm it is inside, and how much that varies, by what a lane's name says (degrees Celsius).
_INSIDE = {"cryo": (-168.0, 4.0), "frozen": (-72.0, 2.0), "fridge": (5.0, 0.8), "ambient": (20.0, 2.0)}
_WORDS = {"vapour": "cryo", "refriger": "fridge", "cold": "fridge"}
_HOURS = {"pick-up": 3.0, "line haul": 14.0, "delivery": 4.0}


@dataclass(frozen=True)
class Leg:
    """One leg: its name, how long, and the warmest inside the shipper (degrees Celsius)."""

    name: str
    lasts: timedelta
    warmest_cel: Decimal


@dataclass(frozen=True)
class Trip:
    """All legs of a shipment. late: how much longer than planned."""

    legs: tuple[Leg, ...]
    late: timedelta

    @property
    def lasts(self) -> timedelta:
        """From pick-up to delivery."""
        return sum((leg.lasts for leg in self.legs), timedelta())

    @property
    def warmest_cel(self) -> Decimal:
        """The warmest of all legs."""
        return max(leg.warmest_cel for leg in self.legs)


def inside(lane: str) -> tuple[float, float]:
    """Temperature inside a shipper of this lane and its spread, by the words of its name; cryo unless it says other."""
    text = lane.lower()
    for word, kind in (*((kind, kind) for kind in _INSIDE), *_WORDS.items()):
        if word in text:
            return _INSIDE[kind]
    return _INSIDE["cryo"]


def trip(
    seed: int, shipment: str, lane: str, *, cut: float | None, late_h: float = 0.0, warmest_cel: float | None = None
) -> Trip:
    """The trip of a shipment. late_h and warmest_cel come from a fault: the line haul is late and warm.

    Without warmest_cel, a shipper that is late has lost its cold and nears 20 degrees Celsius with a time constant of
    two days (assumption).
    """
    middle, spread = inside(lane)
    if late_h and warmest_cel is None:
        warmest_cel = middle + (20.0 - middle) * (1 - exp(-late_h / 48.0))
    legs = []
    for name, hours in _HOURS.items():
        lasts = hours + abs(normal(seed, shipment, name, "hours", cut=cut)) * hours * 0.1
        warmest = Decimal(str(round(middle + spread * normal(seed, shipment, name, "warm", cut=cut), 1)))
        if name == "line haul":
            lasts += late_h
            warmest = warmest if warmest_cel is None else max(warmest, Decimal(str(round(warmest_cel, 1))))
        legs.append(Leg(name, timedelta(seconds=round(lasts * 3600)), warmest))
    return Trip(tuple(legs), timedelta(hours=late_h))
