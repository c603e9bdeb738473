"""A network question as arrays: cells of demand, routes of each group, loads of each route, capacity by day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onelot.plan.network.demand import Cells, IntArray, cells_of
from onelot.plan.network.makers import Opening, Place, openings_of, places_of
from onelot.plan.network.routes import LINES, QC, RELEASE, RESOURCES, STAFF, STORAGE, Route, Ways
from onelot.plan.network.terms import Network

Floats = NDArray[np.float64]
CLOSED = 1 << 40


@dataclass(frozen=True)
class RouteTable:
    """All routes of all groups, flattened; rows `first[g] : first[g + 1]` belong to group g.

    Loads: rows `use_first[r] : use_first[r + 1]` of the `use_` arrays belong to route r.
    """

    routes: tuple[Route, ...]
    first: IntArray
    place: IntArray
    arrive: IntArray
    start: IntArray
    days: IntArray
    cost: Floats
    use_first: IntArray
    use_resource: IntArray
    use_begin: IntArray
    use_end: IntArray
    use_amount: Floats


@dataclass(frozen=True)
class Problem:
    """Everything the search reads. `capacity[scenario, resource, place, day]` is inf where nothing limits."""

    network: Network
    places: tuple[Place, ...]
    openings: tuple[Opening, ...]
    cells: Cells
    table: RouteTable
    capacity: Floats

    @property
    def days(self) -> int:
        """Number of days on which a load may stand; it may exceed the horizon."""
        return int(self.capacity.shape[3])

    @property
    def routed(self) -> NDArray[np.bool_]:
        """Which groups have at least one legal route."""
        return np.diff(self.table.first) > 0

    def open_days(self, design: tuple[int, ...]) -> IntArray:
        """Opening day of each place under a design (a tuple of indexes of openings); CLOSED where not opened."""
        days = np.full(len(self.places), CLOSED, dtype=np.int64)
        for index in design:
            opening = self.openings[index]
            days[opening.place] = opening.day
        return days

    def fixed_cost(self, design: tuple[int, ...]) -> float:
        """Cost of opening and running the places of a design over the horizon."""
        return float(sum(self.openings[index].cost for index in design))


def problem_of(network: Network, limit: int | None = None) -> Problem:
    """Lay a network out; `limit` overrides every turnaround limit (used to name why nothing is feasible)."""
    places = places_of(network)
    cells = cells_of(network)
    ways = Ways(network, places)
    table = _table([ways.routes(group, limit) for group in cells.groups])
    last_use = int(table.use_end.max(initial=0))
    days = int(cells.day.max(initial=0)) + last_use + 1
    return Problem(
        network=network,
        places=tuple(places),
        openings=tuple(openings_of(network, places)),
        cells=cells,
        table=table,
        capacity=_capacity(network, places, len(cells.probability), days),
    )


def _table(by_group: list[list[Route]]) -> RouteTable:
    routes = tuple(route for group in by_group for route in group)
    uses = [use for route in routes for use in route.uses]
    return RouteTable(
        routes=routes,
        first=_offsets([len(group) for group in by_group]),
        place=np.array([route.place for route in routes], dtype=np.int64),
        arrive=np.array([route.arrive for route in routes], dtype=np.int64),
        start=np.array([route.start for route in routes], dtype=np.int64),
        days=np.array([route.days for route in routes], dtype=np.int64),
        cost=np.array([route.cost for route in routes], dtype=np.float64),
        use_first=_offsets([len(route.uses) for route in routes]),
        use_resource=np.array([use.resource for use in uses], dtype=np.int64),
        use_begin=np.array([use.begin for use in uses], dtype=np.int64),
        use_end=np.array([use.end for use in uses], dtype=np.int64),
        use_amount=np.array([use.amount for use in uses], dtype=np.float64),
    )


def _offsets(lengths: list[int]) -> IntArray:
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def _capacity(network: Network, places: list[Place], scenarios: int, days: int) -> Floats:
    """Capacity by scenario, resource, place and day; an outage lowers the lines."""
    capacity = np.full((scenarios, len(RESOURCES), len(places), days), np.inf)
    for index, place in enumerate(places):
        terms = place.terms
        for resource, limit in (
            (LINES, terms.lines),
            (STORAGE, terms.storage_capacity),
            (QC, terms.qc_capacity),
            (RELEASE, terms.release_per_day),
            (STAFF, terms.staff_hours),
        ):
            if limit is not None:
                capacity[:, resource, index, :] = limit
    names = [place.id for place in places]
    scenario_names = [scenario.id for scenario in network.scenarios]
    for outage in network.outages:
        which = slice(None) if outage.scenario is None else scenario_names.index(outage.scenario)
        lines = capacity[which, LINES, names.index(outage.plant), outage.from_day : outage.to_day]
        np.minimum(lines, outage.lines, out=lines)
    return capacity


def ranges(start: IntArray, length: IntArray) -> tuple[IntArray, IntArray]:
    """Concatenated integer ranges and, for each element, the index of the range it came from."""
    owner = np.repeat(np.arange(len(length), dtype=np.int64), length)
    before = np.cumsum(length) - length
    return np.arange(len(owner), dtype=np.int64) - before[owner] + start[owner], owner
