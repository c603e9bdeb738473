"""The columns of an assignment: every (cell, route) that a design allows, and the loads they would put on each day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onelot.plan.network.demand import IntArray
from onelot.plan.network.problem import CLOSED, Floats, Problem, ranges


@dataclass(frozen=True)
class Columns:
    """Parallel arrays: column j sends patients of cell `cell[j]` by route `route[j]`. Sorted by cell."""

    cell: IntArray
    route: IntArray

    def __len__(self) -> int:
        return len(self.cell)


@dataclass(frozen=True)
class Loads:
    """Entries (column, key, amount); a key numbers one scenario, resource, place and day of the capacity table."""

    column: IntArray
    key: IntArray
    amount: Floats


def columns_of(
    problem: Problem, open_days: IntArray, cells: IntArray | None = None, most: int | None = None
) -> Columns:
    """All columns a design allows.

    Args:
        problem: the question.
        open_days: shape (places,), from `Problem.open_days`.
        cells: indexes of the cells wanted, or None for all.
        most: keep only so many of the cheapest routes of each group (the caller answers for what that loses).
    """
    table, demand = problem.table, problem.cells
    wanted = np.arange(len(demand), dtype=np.int64) if cells is None else cells
    allowed = np.flatnonzero(open_days[table.place] != CLOSED)
    group = np.searchsorted(table.first, allowed, side="right") - 1
    if most is not None:
        order = np.lexsort((table.cost[allowed], group))
        allowed, group = allowed[order], group[order]
        rank = np.arange(len(group)) - np.searchsorted(group, group, side="left")
        allowed, group = allowed[rank < most], group[rank < most]
    groups = len(table.first) - 1
    first = np.searchsorted(group, np.arange(groups + 1))
    which = demand.group[wanted]
    position, owner = ranges(first[which], first[which + 1] - first[which])
    cell, route = wanted[owner], allowed[position]
    if open_days[open_days != CLOSED].any():
        ready = demand.day[cell] + table.arrive[route] >= open_days[table.place[route]]
        cell, route = cell[ready], route[ready]
    return Columns(cell, route)


def loads_of(problem: Problem, columns: Columns) -> Loads:
    """What one patient of each column holds, day by day, where capacity is limited."""
    table = problem.table
    use, column = ranges(table.use_first[columns.route], np.diff(table.use_first)[columns.route])
    begin = problem.cells.day[columns.cell[column]] + table.use_begin[use]
    length = table.use_end[use] - table.use_begin[use]
    day, entry = ranges(begin, length)
    column, use = column[entry], use[entry]
    _, resources, places, days = problem.capacity.shape
    scenario = problem.cells.scenario[columns.cell[column]]
    place = table.place[columns.route[column]]
    key = ((scenario * resources + table.use_resource[use]) * places + place) * days + day
    return Loads(column, key, table.use_amount[use])


def load_table(problem: Problem, loads: Loads, count: Floats) -> Floats:
    """Total load by scenario, resource, place and day if column j carries `count[j]` patients."""
    flat = np.bincount(loads.key, weights=loads.amount * count[loads.column], minlength=problem.capacity.size)
    table: Floats = flat.astype(np.float64).reshape(problem.capacity.shape)
    return table


def fits(load: Floats, capacity: Floats) -> bool:
    """Whether a load stays within capacity everywhere (tolerance 1e-6 of a patient)."""
    return bool((load <= capacity + 1e-6).all())


def cheapest(columns: Columns, price: Floats) -> NDArray[np.int64]:
    """Index of the cheapest column of each cell, in order of cells."""
    order = np.lexsort((price, columns.cell))
    ordered = columns.cell[order]
    leads = np.ones(len(ordered), dtype=bool)
    leads[1:] = ordered[1:] != ordered[:-1]
    first: NDArray[np.int64] = order[leads].astype(np.int64)
    return first
