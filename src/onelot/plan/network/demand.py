"""Demand as cells: patients of one site, class, day and scenario are interchangeable and are counted together."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import floor

import numpy as np
from numpy.typing import NDArray

from onelot.plan.network.terms import Demand, Forecast, Network

GroupKey = tuple[int, str | None, int]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """Demand as parallel arrays of one row a cell, sorted by scenario and day.

    `groups[group[c]]` is (site index, class, weekday): all cells of one group have the same routes.
    """

    groups: tuple[GroupKey, ...]
    group: IntArray
    day: IntArray
    count: IntArray
    scenario: IntArray
    probability: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.day)

    @property
    def weight(self) -> NDArray[np.float64]:
        """Probability of the cell's scenario; 1 where there are none."""
        return self.probability[self.scenario]


def spread(forecast: Forecast) -> list[tuple[int, int]]:
    """Turn a rate into whole patients: the count to day d is floor(rate x days so far + 1/2), so no day drifts."""
    rows, before = [], 0
    for day in range(forecast.from_day, forecast.to_day):
        total = floor(forecast.per_day * (day + 1 - forecast.from_day) + 0.5)
        if total > before:
            rows.append((day, total - before))
        before = total
    return rows


def has_calendar(network: Network) -> bool:
    """Whether any lane is closed on some weekday, so that routes depend on the day of collection."""
    return any(lane.closed_weekdays for lane in (*network.cost_in, *network.cost_out))


def cells_of(network: Network) -> Cells:
    """Count the patients by scenario, day, site and class; empty cells are left out."""
    site_index = {site.id: index for index, site in enumerate(network.sites)}
    counts: dict[tuple[int, int, int, str | None], int] = defaultdict(int)
    futures: list[list[Demand]] = [scenario.demand for scenario in network.scenarios] or [network.demand]
    for scenario, rows in enumerate(futures):
        for row in rows:
            counts[scenario, row.day, site_index[row.site], row.urgency] += row.count
    for forecast in network.forecast:
        for day, count in spread(forecast):
            counts[0, day, site_index[forecast.site], forecast.urgency] += count
    weekly = has_calendar(network)
    numbers: dict[GroupKey, int] = {}
    table = []
    for (scenario, day, site, urgency), count in sorted(
        counts.items(), key=lambda item: (*item[0][:3], item[0][3] or "")
    ):
        if count:
            key = (site, urgency, (network.first_weekday + day) % 7 if weekly else 0)
            table.append((numbers.setdefault(key, len(numbers)), day, count, scenario))
    columns = np.array(table, dtype=np.int64).reshape(-1, 4)
    probability = np.array([scenario.probability for scenario in network.scenarios] or [1.0])
    return Cells(tuple(numbers), columns[:, 0], columns[:, 1], columns[:, 2], columns[:, 3], probability)
