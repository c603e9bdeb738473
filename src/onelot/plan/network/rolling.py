"""Assignments too large for one program: blocks of days in order, each looking ahead, each on what the last left."""

from __future__ import annotations

import numpy as np

from onelot.plan.network.assignment import Assignment, Goal, assign
from onelot.plan.network.columns import Columns, load_table, loads_of
from onelot.plan.network.designs import Deadline
from onelot.plan.network.linear import INFINITY, OutOfTime
from onelot.plan.network.problem import Floats, Problem

FEW_ROUTES = 6
BLOCK_RUNS = 2
AHEAD_RUNS = 1


def assign_rolling(problem: Problem, design: tuple[int, ...], goal: Goal, deadline: Deadline) -> Assignment | None:
    """A feasible assignment of all cells without a proof of its own; None if a block found none.

    Each block covers the days of `BLOCK_RUNS` runs and looks `AHEAD_RUNS` further; only its own days are kept. The
    cheapest few routes of a group are tried first, all routes if those do not fit.
    """
    longest = max(place.manufacture for place in problem.places)
    cells, left = problem.cells, problem.capacity.copy()
    chosen: list[Columns] = []
    counts = []
    for scenario in range(len(cells.probability)):
        day = 0
        last = int(cells.day.max(initial=0))
        while day <= last:
            until, ahead = day + BLOCK_RUNS * longest, day + (BLOCK_RUNS + AHEAD_RUNS) * longest
            seen = np.flatnonzero((cells.scenario == scenario) & (cells.day >= day) & (cells.day < ahead))
            if len(seen):
                part = _block(problem, design, goal, deadline, seen, left)
                if part is None:
                    return None
                own = cells.day[part.columns.cell] < until
                kept, count = Columns(part.columns.cell[own], part.columns.route[own]), part.count[own]
                left -= load_table(problem, loads_of(problem, kept), count.astype(np.float64))
                chosen.append(kept)
                counts.append(count)
            day = until
    columns = Columns(np.concatenate([c.cell for c in chosen]), np.concatenate([c.route for c in chosen]))
    count = np.concatenate(counts)
    each = problem.table.days if goal.kind == "time" else problem.table.cost
    value = float((each[columns.route] * cells.weight[columns.cell]) @ count)
    return Assignment(
        value + (problem.fixed_cost(design) if goal.kind != "time" else 0.0), -INFINITY, columns, count, None
    )


def _block(
    problem: Problem, design: tuple[int, ...], goal: Goal, deadline: Deadline, cells: np.ndarray, left: Floats
) -> Assignment | None:
    for most in (FEW_ROUTES, None):
        if deadline.left() <= 0:
            return None
        try:
            part = assign(problem, design, goal, seconds=deadline.left(), cells=cells, capacity=left, most=most)
        except OutOfTime:
            return None
        if part is not None:
            return part
    return None
