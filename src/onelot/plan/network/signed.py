"""A signed network, as site scheduling reads it: sites, lanes, plants, durations and closed days.

It is what `network_document` writes, completed by whoever signs it (recipes, day 0, closed days), and what
`RegisterDocument` checks. Days are whole days, counted in UTC; money does not stand in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from onelot.plan.network.faults import Faults
from onelot.plan.network.terms import Count, Days, Durations, Identifier, Site, Term, Urgency, Weekday

KIND = "onelot.network/1"
_SCHEMA = "network-document.schema.json"
_FAULTS = Faults("network document", _SCHEMA, "Correct the document at this place and register it again.")
_bad, _unique, _known = _FAULTS.bad, _FAULTS.unique, _FAULTS.known
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _day(value: Any) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("a day is written as 2026-12-24")
    return date.fromisoformat(value)


Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
# A record holds no floats: what the search promised travels as text.
Amount = Annotated[str, Field(pattern=r"^\d{1,20}(\.\d{1,6})?$")]


class Shipment(Term):
    """What both kinds of lanes have: on a closed weekday nothing leaves and nothing is taken in."""

    plant: Identifier
    mode: Identifier
    days: Days
    customs_days: Days = 0
    closed_weekdays: list[Weekday] = Field([], max_length=6, description="0 = Monday")


class ServedLane(Shipment):
    """From a collection site to a plant. `served`: the plant makes for the site; without it nothing is booked."""

    site: Identifier
    served: bool


class ReturnLane(Shipment):
    """From a plant back to a hospital."""

    hospital: Identifier


class OpenedPlant(Term):
    """A plant, or a point of care that makes for its own site only. It holds at most `lines` patients on any day."""

    id: Identifier
    point_of_care_site: Identifier | None = None
    open_day: Days = 0
    lines: Count
    manufacture_days: Annotated[int, Field(ge=1, le=3650)]
    qc_days: Annotated[int, Field(ge=0, le=3650)]
    storage_capacity: Count | None = None
    qc_capacity: Count | None = None
    release_per_day: Count | None = None


class Closed(Term):
    """Days on which a site, hospital or plant is shut: no collection, no start, nothing leaves or is taken in."""

    place: Identifier
    days: list[Day] = Field(min_length=1, max_length=3660)


class Promise(Term):
    """What the search said of this network, for whoever signs it; scheduling does not read it."""

    minimise: Literal["cost", "time", "both"]
    status: Literal["optimal", "feasible"]
    objective: Amount
    lower_bound: Amount | None
    turnaround: dict[str, Amount]


class SignedNetwork(Term):
    """Which plants serve which collection sites, over which lanes, within how many days.

    recipes: names of the master recipes it is for, empty for all; starts_on: the day that `open_day` counts from.
    """

    kind: Literal["onelot.network/1"]
    recipes: list[Identifier] = []
    starts_on: Day | None = None
    first_weekday: Weekday | None = None
    limit_days: Days
    classes: list[Urgency] = []
    durations: Durations
    sites: list[Site] = Field(min_length=1)
    plants: list[OpenedPlant] = Field(min_length=1)
    lanes_in: list[ServedLane]
    lanes_out: list[ReturnLane]
    storage_days_max: Annotated[int, Field(ge=0, le=365)]
    closed: list[Closed] = []
    promise: Promise | None = None

    def is_for(self, recipe: str) -> bool:
        """Whether this network is for a master recipe of this name."""
        return not self.recipes or recipe in self.recipes

    def site(self, name: str) -> Site | None:
        """The collection site of this name."""
        return next((site for site in self.sites if site.id == name), None)

    def plant(self, name: str) -> OpenedPlant | None:
        """The plant of this name."""
        return next((plant for plant in self.plants if plant.id == name), None)

    def serving(self, site: str) -> list[OpenedPlant]:
        """The plants that make for a collection site."""
        served = {lane.plant for lane in self.lanes_in if lane.site == site and lane.served}
        return [plant for plant in self.plants if plant.id in served or plant.point_of_care_site == site]

    def opens_on(self, plant: OpenedPlant) -> date:
        """The first day on which a plant receives patients."""
        return self.starts_on + timedelta(days=plant.open_day) if self.starts_on else date.min

    def closed_days(self, place: str) -> frozenset[date]:
        """The days on which a place is shut."""
        return frozenset(day for row in self.closed if row.place == place for day in row.days)


def signed_network_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a network document."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": _SCHEMA,
        **SignedNetwork.model_json_schema(),
    }


def read_signed_network(data: Any) -> SignedNetwork:
    """Check a network document and return it frozen.

    Args:
        data: the parsed JSON (see data/schemas/network-document.schema.json).

    Raises:
        BadInput: `place` is the JSON path of the first fault, e.g. `$.lanes_in[2].plant`.
    """
    if not isinstance(data, Mapping):
        raise _bad("$", "A network document is one JSON object")
    network = _FAULTS.read(SignedNetwork, data)
    _check_names(network)
    _check_lanes(network)
    _check_days(network)
    _check_promises(network)
    return network


def _check_names(network: SignedNetwork) -> None:
    _unique(network.recipes, "$.recipes", "recipe")
    _unique((site.id for site in network.sites), "$.sites", "site")
    _unique((plant.id for plant in network.plants), "$.plants", "plant")
    _unique((urgency.id for urgency in network.classes), "$.classes", "class")
    _unique((row.place for row in network.closed), "$.closed", "place")
    sites = {site.id for site in network.sites}
    for index, plant in enumerate(network.plants):
        if plant.point_of_care_site is not None:
            _known(plant.point_of_care_site, sites, f"$.plants[{index}].point_of_care_site", "site")
    places = sites | {site.hospital for site in network.sites} | {plant.id for plant in network.plants}
    for index, row in enumerate(network.closed):
        _known(row.place, places, f"$.closed[{index}].place", "place")


def _check_lanes(network: SignedNetwork) -> None:
    sites, hospitals = {site.id for site in network.sites}, {site.hospital for site in network.sites}
    plants = {plant.id for plant in network.plants if plant.point_of_care_site is None}
    served: dict[tuple[str, str], bool] = {}
    for index, lane in enumerate(network.lanes_in):
        at = f"$.lanes_in[{index}]"
        _known(lane.site, sites, f"{at}.site", "site")
        _known(lane.plant, plants, f"{at}.plant", "plant")
        if served.setdefault((lane.site, lane.plant), lane.served) != lane.served:
            raise _bad(f"{at}.served", f"{lane.plant} serves {lane.site} by one mode and not by another")
    for index, back in enumerate(network.lanes_out):
        at = f"$.lanes_out[{index}]"
        _known(back.hospital, hospitals, f"{at}.hospital", "hospital")
        _known(back.plant, plants, f"{at}.plant", "plant")
    _unique(((lane.site, lane.plant, lane.mode) for lane in network.lanes_in), "$.lanes_in", "lane")
    _unique(((lane.plant, lane.hospital, lane.mode) for lane in network.lanes_out), "$.lanes_out", "lane")
    if not any(lane.served for lane in network.lanes_in) and all(p.point_of_care_site is None for p in network.plants):
        raise _bad("$.lanes_in", "No plant serves any site", "Mark the lanes on which a plant makes for a site.")


def _check_days(network: SignedNetwork) -> None:
    if network.starts_on is None:
        for index, plant in enumerate(network.plants):
            if plant.open_day:
                what = f"{plant.id} opens on day {plant.open_day}, but no day says which day that is"
                raise _bad(f"$.plants[{index}].open_day", what, "Give `starts_on`, the date of day 0.")
    elif network.first_weekday is not None and network.starts_on.weekday() != network.first_weekday:
        what = f"{network.starts_on} is weekday {network.starts_on.weekday()}, the network was planned from"
        raise _bad("$.starts_on", f"{what} weekday {network.first_weekday} (0 = Monday)")


def _check_promises(network: SignedNetwork) -> None:
    """A plant that is said to serve a site can bring the product back, within the longest limit there is."""
    longest = max([network.limit_days, *(urgency.limit_days for urgency in network.classes)])
    plants = {plant.id: plant for plant in network.plants}
    for index, lane in enumerate(network.lanes_in):
        if not lane.served:
            continue
        site = network.site(lane.site)
        hospital = site.hospital if site else ""
        ways = [back for back in network.lanes_out if (back.plant, back.hospital) == (lane.plant, hospital)]
        if not ways:
            raise _bad(f"$.lanes_in[{index}]", f"{lane.plant} serves {lane.site} but has no lane back to {hospital}")
        steps = network.durations.collection + plants[lane.plant].manufacture_days + plants[lane.plant].qc_days
        ins = [each for each in network.lanes_in if (each.site, each.plant) == (lane.site, lane.plant)]
        days = steps + sum(min(each.days + each.customs_days for each in legs) for legs in (ins, ways))
        if days > longest:
            what = f"{lane.plant} serves {lane.site} in {days} days at the fastest; the limit is {longest}"
            raise _bad(f"$.lanes_in[{index}]", what)
