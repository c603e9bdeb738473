"""The best assignment for a fixed design: counts on routes under capacity by day.

Patients of a cell are interchangeable, so one count a cell and route is enough. First the cheapest routes are tried as
they are; if they do not fit, one linear program; whole numbers only if its answer is fractional.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from onelot.plan.network.columns import Columns, Loads, cheapest, columns_of, fits, load_table, loads_of
from onelot.plan.network.demand import IntArray
from onelot.plan.network.linear import INFINITY, INTEGRAL, OutOfTime, Program, Solution, solve, solve_whole
from onelot.plan.network.problem import Floats, Problem


@dataclass(frozen=True)
class Goal:
    """What to minimise over assignments, and what else must hold.

    Attributes:
        kind: "cost" (expected over scenarios), "worst" (cost of the worst scenario) or "time" (expected patient-days).
        time_max: patient-days at most, expected over scenarios.
        cost_max: cost at most, opened places included, expected over scenarios.
    """

    kind: str = "cost"
    time_max: float = INFINITY
    cost_max: float = INFINITY

    @property
    def plain(self) -> bool:
        """Whether cells are coupled by capacity alone."""
        return self.kind != "worst" and self.time_max == INFINITY and self.cost_max == INFINITY


@dataclass(frozen=True)
class Prices:
    """Multipliers that prove a bound for every design (see bounds.py).

    The relaxed objective weighs cost by `cost_weight` and days by `time_weight`, cells by `weight`; `constant` is
    added.
    """

    patient: Floats
    load: Floats
    weight: Floats
    cost_weight: float
    time_weight: float
    constant: float


@dataclass(frozen=True)
class Assignment:
    """Counts on columns. `value` is the goal with the opened places included where the goal is a cost.

    `value` is inf where the relaxation's `bound` already passed the cutoff and whole numbers were not asked for.
    """

    value: float
    bound: float
    columns: Columns
    count: IntArray
    prices: Prices | None


def assign(
    problem: Problem,
    design: tuple[int, ...],
    goal: Goal,
    *,
    seconds: float = INFINITY,
    cells: IntArray | None = None,
    capacity: Floats | None = None,
    most: int | None = None,
    cutoff: float = INFINITY,
) -> Assignment | None:
    """Assign all cells (or those given) under a design; None if no assignment fits.

    Args:
        problem: the question.
        design: indexes of the openings chosen.
        goal: what to minimise.
        seconds: time limit for the solver.
        cells: indexes of cells, default all.
        capacity: capacity left, default the problem's own.
        most: at most so many routes a group (heuristic).
        cutoff: a fractional relaxation with a bound above this is not made whole.

    Raises:
        OutOfTime: the time was up before there was an answer.
    """
    wanted = np.arange(len(problem.cells), dtype=np.int64) if cells is None else cells
    room = problem.capacity if capacity is None else capacity
    columns = columns_of(problem, problem.open_days(design), wanted, most)
    if len(np.unique(columns.cell)) < len(wanted):
        return None
    fixed = problem.fixed_cost(design)
    loads = loads_of(problem, columns)
    if goal.plain:
        greedy = _greedy(problem, columns, loads, goal, fixed, room)
        if greedy is not None:
            return greedy
    layout = _Layout(problem, columns, loads, goal, fixed, wanted, room)
    start = cheapest(columns, _price(problem, columns, goal)) if goal.plain else None
    relaxed = solve(layout.program(), seconds=seconds, basic=start)
    if relaxed.status == "infeasible":
        return None
    if relaxed.status != "optimal":
        raise OutOfTime
    count = relaxed.x[: len(columns)]
    prices, bound = layout.prices(relaxed), relaxed.bound
    whole = np.rint(count)
    value = relaxed.objective
    base = fixed if goal.kind != "time" else 0.0
    if np.abs(count - whole).max(initial=0.0) > INTEGRAL:
        if bound + base > cutoff:
            nobody = np.zeros(0, dtype=np.int64)
            return Assignment(INFINITY, bound + base, Columns(nobody, nobody), nobody, prices)
        exact = solve_whole(layout.program(integer=True), relaxed, seconds=seconds)
        if exact.status == "infeasible":
            return None
        if exact.status == "unknown":
            raise OutOfTime
        whole, bound = np.rint(exact.x[: len(columns)]), max(bound, exact.bound)
        value = exact.objective
    used = np.flatnonzero(whole)
    chosen = Columns(columns.cell[used], columns.route[used])
    return Assignment(value + base, bound + base, chosen, whole[used].astype(np.int64), prices)


def _price(problem: Problem, columns: Columns, goal: Goal) -> Floats:
    """Objective coefficient of one patient on each column."""
    table = problem.table
    each = table.days if goal.kind == "time" else table.cost
    weighed: Floats = each[columns.route] * problem.cells.weight[columns.cell]
    return weighed


def _greedy(
    problem: Problem, columns: Columns, loads: Loads, goal: Goal, fixed: float, room: Floats
) -> Assignment | None:
    """The cheapest route of every cell, if that already fits: then it is optimal."""
    price = _price(problem, columns, goal)
    best = cheapest(columns, price)
    count = np.zeros(len(columns))
    count[best] = problem.cells.count[columns.cell[best]]
    if not fits(load_table(problem, loads, count), room):
        return None
    value = float(price[best] @ count[best]) + (fixed if goal.kind != "time" else 0.0)
    return Assignment(
        value, value, Columns(columns.cell[best], columns.route[best]), count[best].astype(np.int64), None
    )


class _Layout:
    """Rows of the linear program: one a cell, one a load that could exceed its capacity, then the goal's own."""

    def __init__(
        self, problem: Problem, columns: Columns, loads: Loads, goal: Goal, fixed: float, wanted: IntArray, room: Floats
    ) -> None:
        self.problem, self.columns, self.goal, self.fixed = problem, columns, goal, fixed
        self.wanted = wanted
        demand = problem.cells.count[columns.cell].astype(np.float64)
        limit = room.ravel()
        most = load_table(problem, loads, demand).ravel()
        self.keys = np.flatnonzero(most > limit + 1e-9)
        row_of = np.full(limit.size, -1, dtype=np.int64)
        row_of[self.keys] = len(wanted) + np.arange(len(self.keys))
        bound_rows = row_of[loads.key]
        kept = bound_rows >= 0
        self.load_row, self.load_column, self.load_amount = bound_rows[kept], loads.column[kept], loads.amount[kept]
        self.limit = limit[self.keys]

    def program(self, *, integer: bool = False) -> Program:
        problem, columns, goal = self.problem, self.columns, self.goal
        total, cells = len(columns), len(self.wanted)
        cell_row = np.searchsorted(self.wanted, columns.cell)
        rows = [cell_row, self.load_row]
        cols = [np.arange(total, dtype=np.int64), self.load_column]
        values = [np.ones(total), self.load_amount]
        low = [problem.cells.count[self.wanted].astype(np.float64), np.full(len(self.keys), -np.inf)]
        high = [low[0], self.limit]
        cost = _price(problem, columns, goal)
        upper = np.full(total, np.inf)  # implied by the cell's row; left out, the simplex has fewer bounds to flip
        next_row = cells + len(self.keys)
        for coefficient, most in self._couplings():
            rows.append(np.full(total, next_row))
            cols.append(np.arange(total, dtype=np.int64))
            values.append(coefficient)
            low.append(np.array([-np.inf]))
            high.append(np.array([most]))
            next_row += 1
        worst = goal.kind == "worst"
        if worst:
            scenarios = len(problem.cells.probability)
            rows += [next_row + problem.cells.scenario[columns.cell], next_row + np.arange(scenarios)]
            cols += [np.arange(total, dtype=np.int64), np.full(scenarios, total)]
            values += [problem.table.cost[columns.route], -np.ones(scenarios)]
            low.append(np.full(scenarios, -np.inf))
            high.append(np.zeros(scenarios))
            cost, upper = np.append(np.zeros(total), 1.0), np.append(upper, np.inf)
        whole = np.ones(total + worst, dtype=bool) if integer else None
        if whole is not None and worst:
            whole[-1] = False
        return Program(
            cost, np.zeros(total + worst), upper, np.concatenate(low), np.concatenate(high),
            np.concatenate(rows), np.concatenate(cols), np.concatenate(values), whole,
        )  # fmt: skip

    def _couplings(self) -> list[tuple[Floats, float]]:
        """Rows over all columns: expected patient-days and expected cost at most."""
        problem, columns = self.problem, self.columns
        weight = problem.cells.weight[columns.cell]
        found = []
        if self.goal.time_max < INFINITY:
            found.append((problem.table.days[columns.route] * weight, self.goal.time_max))
        if self.goal.cost_max < INFINITY:
            found.append((problem.table.cost[columns.route] * weight, self.goal.cost_max - self.fixed))
        return found

    def prices(self, relaxed: Solution) -> Prices:
        """Multipliers from the row duals. HiGHS gives a <= row of a minimum a dual <= 0."""
        problem, goal, dual = self.problem, self.goal, relaxed.row_dual
        cells = len(self.wanted)
        patient = np.zeros(len(problem.cells))
        patient[self.wanted] = dual[:cells]
        load = np.zeros(problem.capacity.size)
        load[self.keys] = np.maximum(-dual[cells : cells + len(self.keys)], 0.0)
        rest = np.maximum(-dual[cells + len(self.keys) :], 0.0)
        cost_weight, time_weight = (0.0, 1.0) if goal.kind == "time" else (1.0, 0.0)
        constant, weight = 0.0, problem.cells.weight
        if goal.time_max < INFINITY:
            time_weight += float(rest[0])
            constant -= float(rest[0]) * goal.time_max
            rest = rest[1:]
        if goal.cost_max < INFINITY:
            cost_weight += float(rest[0])
            constant -= float(rest[0]) * goal.cost_max
            rest = rest[1:]
        if goal.kind == "worst":
            share = rest / rest.sum() if rest.sum() > 0 else problem.cells.probability
            weight = share[problem.cells.scenario]
        return Prices(patient, load, weight, cost_weight, time_weight, constant)
