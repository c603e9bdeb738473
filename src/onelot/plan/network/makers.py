"""Places that may manufacture, central plants and point-of-care sites alike, and the alternatives of opening them."""

from __future__ import annotations

from dataclasses import dataclass

from onelot.plan.network.reading import POINT_OF_CARE_PREFIX
from onelot.plan.network.terms import Maker, Network, Plant, PointOfCare


@dataclass(frozen=True)
class Place:
    """A maker with every optional value resolved; `site` is set for a point of care."""

    id: str
    site: str | None
    terms: Maker
    manufacture: int
    qc: int
    therapy_cost: float
    failure_rate: float


@dataclass(frozen=True)
class Opening:
    """The choice to open one place on one day. `cost` covers the rest of the horizon and the opening itself."""

    place: int
    day: int
    cost: float
    central: bool


def places_of(network: Network) -> list[Place]:
    """All places in a fixed order: plants as given, then points of care."""
    makers: list[Plant | PointOfCare] = [*network.plants, *network.point_of_care]
    places = []
    for maker in makers:
        rate = (
            maker.failure_rate if maker.failure_rate is not None else (network.failure.rate if network.failure else 0.0)
        )
        places.append(
            Place(
                id=POINT_OF_CARE_PREFIX + maker.site if isinstance(maker, PointOfCare) else maker.id,
                site=maker.site if isinstance(maker, PointOfCare) else None,
                terms=maker,
                manufacture=maker.manufacture or network.durations.manufacture,
                qc=network.durations.qc if maker.qc is None else maker.qc,
                therapy_cost=network.cost_per_therapy if maker.cost_per_therapy is None else maker.cost_per_therapy,
                failure_rate=rate,
            )
        )
    return places


def openings_of(network: Network, places: list[Place]) -> list[Opening]:
    """Every (place, opening day); the daily cost runs from that day to the horizon."""
    return [
        Opening(
            place=index,
            day=day,
            cost=place.terms.daily_cost * (network.horizon_days - day) + place.terms.opening_cost,
            central=place.site is None,
        )
        for index, place in enumerate(places)
        for day in sorted(place.terms.opening_days)
    ]
