"""Lower bounds for designs, without solving them: each patient at its cheapest, and the multipliers of solved designs.

A cut holds for every design, whatever multipliers it came from (Lagrangian relaxation of the demand and load rows), so
a solver's rounding can weaken it but never make it wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from onelot.plan.network.assignment import Goal, Prices
from onelot.plan.network.columns import Columns, columns_of, loads_of
from onelot.plan.network.demand import IntArray
from onelot.plan.network.linear import Program, solve
from onelot.plan.network.problem import Floats, Problem
from onelot.plan.network.routes import LINES

TIES = 1e-9


@dataclass(frozen=True)
class Kinds:
    """Cells of one site, class, scenario and opening period, with the best that each opening offers on any weekday.

    Attributes:
        scenario, patients: shape (kinds,).
        cost, days: shape (kinds, openings); inf where the opening offers no legal route.
    """

    scenario: IntArray
    patients: Floats
    cost: Floats
    days: Floats


@dataclass(frozen=True)
class Cut:
    """goal >= constant + sum of `opening[o]` over the openings o of a design."""

    constant: float
    opening: Floats


def kinds_of(problem: Problem) -> Kinds:
    """Group the cells and find the best of each opening for each kind (a relaxation over weekdays and periods)."""
    cells, table = problem.cells, problem.table
    marks = np.array(sorted({opening.day for opening in problem.openings if opening.day}), dtype=np.int64)
    last = int(table.arrive.max(initial=0))
    epoch = np.searchsorted(marks, cells.day + last, side="right") if len(marks) else np.zeros_like(cells.day)
    origins: dict[tuple[int, str | None], int] = {}
    origin = np.array([origins.setdefault((site, urgency), len(origins)) for site, urgency, _ in cells.groups])
    key = np.stack([cells.scenario, origin[cells.group], epoch], axis=1)
    unique, inverse = np.unique(key, axis=0, return_inverse=True)
    inverse = inverse.ravel()
    patients = np.bincount(inverse, weights=cells.count, minlength=len(unique)).astype(np.float64)
    latest = np.zeros(len(unique), dtype=np.int64)
    np.maximum.at(latest, inverse, cells.day)
    cost = np.full((len(unique), len(problem.openings)), np.inf)
    days = cost.copy()
    of_place: dict[int, list[tuple[int, int]]] = {}
    for index, opening in enumerate(problem.openings):
        of_place.setdefault(opening.place, []).append((index, opening.day))
    for kind, (_, known, _) in enumerate(unique):
        for group in np.flatnonzero(origin == known):
            for route in range(table.first[group], table.first[group + 1]):
                for index, day in of_place[int(table.place[route])]:
                    if latest[kind] + table.arrive[route] >= day:
                        cost[kind, index] = min(cost[kind, index], table.cost[route])
                        days[kind, index] = min(days[kind, index], table.days[route])
    return Kinds(unique[:, 0], patients, cost, days)


def design_bounds(problem: Problem, kinds: Kinds, goal: Goal, members: np.ndarray) -> Floats:
    """A lower bound of the goal for each design, inf where some patient has no route or a coupling cannot hold.

    Args:
        problem: the question.
        kinds: from `kinds_of`.
        goal: what is minimised.
        members: shape (designs, openings), bool.
    """
    fixed = members @ np.array([opening.cost for opening in problem.openings])
    cost = _cheapest_total(problem, kinds, kinds.cost, members)
    days = _cheapest_total(problem, kinds, kinds.days, members)
    expected_cost = fixed + cost @ problem.cells.probability
    expected_days = days @ problem.cells.probability
    if goal.kind == "time":
        bound: Floats = expected_days
    elif goal.kind == "worst":
        bound = fixed + cost.max(axis=1)
    else:
        bound = expected_cost
    out = (expected_days > goal.time_max * (1 + TIES)) | (expected_cost > goal.cost_max * (1 + TIES))
    return np.where(out, np.inf, bound)


def _cheapest_total(problem: Problem, kinds: Kinds, best: Floats, members: np.ndarray) -> Floats:
    """Shape (designs, scenarios): every patient at its best over the openings of the design."""
    least = np.full((len(members), len(kinds.patients)), np.inf)
    for index in range(members.shape[1]):
        rows = members[:, index]
        least[rows] = np.minimum(least[rows], best[:, index])
    scenarios = len(problem.cells.probability)
    return np.stack(
        [least[:, kinds.scenario == k] @ kinds.patients[kinds.scenario == k] for k in range(scenarios)], axis=1
    )


def peak_need(problem: Problem) -> float:
    """Lines that any design needs: patients whose runs must overlap, over the best few window lengths.

    Runs of patients collected within `j x shortest run - spread of start days` days start within j shortest runs, so at
    most j x lines of them fit.
    """
    table, cells = problem.table, problem.cells
    if not len(table.routes):
        return 0.0
    shortest = min(place.manufacture for place in problem.places)
    spread = int(table.start.max() - table.start.min())
    span = int(cells.day.max(initial=0)) + 1
    need = 0.0
    for scenario in range(len(cells.probability)):
        own = cells.scenario == scenario
        total = np.concatenate([[0], np.cumsum(np.bincount(cells.day[own], weights=cells.count[own], minlength=span))])
        for runs in range(1, 9):
            window = min(runs * shortest - spread, span)
            if window >= 1:
                need = max(need, float((total[window:] - total[:-window]).max()) / runs)
    return need


def pooled_need(problem: Problem) -> float:
    """Lines that any design needs if all plants were one: the least peak over all ways to time the starts.

    Sharper than `peak_need`, for one linear program. Runs count with the shortest length.
    """
    table, cells = problem.table, problem.cells
    shortest = min(place.manufacture for place in problem.places)
    offsets = [sorted(set(table.start[a:b].tolist())) for a, b in zip(table.first[:-1], table.first[1:], strict=True)]
    asked: dict[tuple[int, int, tuple[int, ...]], int] = {}
    rows = zip(cells.scenario.tolist(), cells.day.tolist(), cells.group.tolist(), cells.count.tolist(), strict=True)
    for scenario, day, group, count in rows:
        key = (scenario, day, tuple(offsets[group]))
        asked[key] = asked.get(key, 0) + count
    entry_row, entry_column, entry_value = [], [], []
    held: dict[tuple[int, int], int] = {}
    column = 1
    for number, (scenario, day, starts) in enumerate(asked):
        for start in starts:
            own = [
                held.setdefault((scenario, day + start + ahead), len(asked) + len(held)) for ahead in range(shortest)
            ]
            entry_row += [number, *own]
            entry_column += [column] * (1 + len(own))
            column += 1
    entry_value = [1.0] * len(entry_row) + [-1.0] * len(held)
    demand = np.array(list(asked.values()), dtype=np.float64)
    answer = solve(
        Program(
            cost=np.append(1.0, np.zeros(column - 1)),
            lower=np.zeros(column),
            upper=np.full(column, np.inf),
            row_low=np.append(demand, np.full(len(held), -np.inf)),
            row_high=np.append(demand, np.zeros(len(held))),
            entry_row=np.array(entry_row + list(held.values()), dtype=np.int64),
            entry_column=np.array(entry_column + [0] * len(held), dtype=np.int64),
            entry_value=np.array(entry_value),
        )
    )
    return answer.bound * (1 - TIES)


def cut_of(problem: Problem, prices: Prices) -> Cut:
    """The bound that a solved design's multipliers prove for every other design."""
    opened_early = np.zeros(len(problem.places), dtype=np.int64)
    columns = columns_of(problem, opened_early)
    gain = _gain(problem, columns, prices)
    place = problem.table.place[columns.route]
    seam = np.flatnonzero((np.diff(columns.cell, prepend=-1) != 0) | (np.diff(place, prepend=-1) != 0))
    _, _, places, _ = problem.capacity.shape
    finite = np.where(np.isfinite(problem.capacity), problem.capacity, 0.0)
    paid = (finite * prices.load.reshape(problem.capacity.shape)).sum(axis=(0, 1, 3))
    ready = problem.cells.day[columns.cell] + problem.table.arrive[columns.route]
    saved: dict[int, Floats] = {}
    coefficient = np.zeros(len(problem.openings))
    for index, opening in enumerate(problem.openings):
        if opening.day not in saved:
            offered = np.where(ready >= opening.day, gain, 0.0)
            best = np.maximum.reduceat(offered, seam) * problem.cells.count[columns.cell[seam]]
            free = np.bincount(place[seam], weights=best, minlength=places).astype(np.float64)
            saved[opening.day] = np.minimum(free, _held_gain(problem, columns, offered))
        coefficient[index] = prices.cost_weight * opening.cost - paid[opening.place] - saved[opening.day][opening.place]
    return Cut(float(prices.patient @ problem.cells.count) + prices.constant, coefficient)


def _held_gain(problem: Problem, columns: Columns, gain: Floats) -> Floats:
    """The most each place could win with its lines: runs that start within one run's length all overlap, so of those at
    most `lines` fit, the best ones. Shape (places,).
    """
    used = np.flatnonzero(gain > 0)
    places = len(problem.places)
    if not len(used):
        return np.zeros(places)
    cell, route = columns.cell[used], columns.route[used]
    place = problem.table.place[route]
    length = np.array([known.manufacture for known in problem.places])
    block = (problem.cells.day[cell] + problem.table.start[route]) // length[place]
    scenario = problem.cells.scenario[cell]
    order = np.lexsort((-gain[used], block, place, scenario))
    count = problem.cells.count[cell][order].astype(np.float64)
    key = np.stack([scenario[order], place[order], block[order]])
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = (np.diff(key, axis=1) != 0).any(axis=0)
    total = np.cumsum(count)
    before = total - count
    group = np.cumsum(fresh) - 1
    before -= before[fresh][group]
    room = problem.capacity[:, LINES].max(axis=(0, 2))[key[1]]
    taken = np.clip(room - before, 0.0, count)
    return np.bincount(key[1], weights=taken * gain[used][order], minlength=places).astype(np.float64)


def _gain(problem: Problem, columns: Columns, prices: Prices) -> Floats:
    """What a column would win per patient at the multipliers, 0 where it would lose."""
    table = problem.table
    each = prices.cost_weight * table.cost[columns.route] + prices.time_weight * table.days[columns.route]
    each = each * prices.weight[columns.cell]
    if prices.load.any():
        loads = loads_of(problem, columns)
        each = each + np.bincount(loads.column, weights=loads.amount * prices.load[loads.key], minlength=len(columns))
    gain: Floats = np.maximum(prices.patient[columns.cell] - each, 0.0)
    return gain


def lines_of(problem: Problem) -> Floats:
    """The most lines each opening can ever offer, shape (openings,)."""
    most = problem.capacity[:, LINES].max(axis=(0, 2))
    return np.array([most[opening.place] for opening in problem.openings])
