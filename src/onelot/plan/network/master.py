"""Many openings: a facility-location master problem proposes designs and bounds all others.

The master forgets days: whole kinds of patients go to openings at their best cost, within capacity over the whole span
and the peak's need of lines. What it forgets comes back as cuts of solved designs and as exclusions. Its bound is a
bound for every design not yet excluded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from onelot.plan.network.assignment import Assignment, Goal, assign
from onelot.plan.network.bounds import Cut, Kinds, cut_of, lines_of, peak_need, pooled_need
from onelot.plan.network.columns import columns_of
from onelot.plan.network.demand import IntArray
from onelot.plan.network.designs import PROOF, Deadline, Found
from onelot.plan.network.linear import INFINITY, OutOfTime, Program, Solution, solve
from onelot.plan.network.problem import Floats, Problem
from onelot.plan.network.rolling import assign_rolling

MOST_COLUMNS = 200_000
QUICK_COLUMNS = 30_000
FIRST_GAP = 1e-3
MORE_LINES = 1.01  # asked for after a design whose blocks did not fit; the bound no longer rises from then on


@dataclass
class _Rows:
    """Rows of a program under construction."""

    row: list[IntArray] = field(default_factory=list)
    column: list[IntArray] = field(default_factory=list)
    value: list[Floats] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)

    def add(self, column: IntArray, value: Floats, low: float, high: float) -> None:
        self.row.append(np.full(len(column), len(self.low), dtype=np.int64))
        self.column.append(column)
        self.value.append(value)
        self.low.append(low)
        self.high.append(high)

    def add_block(self, row: IntArray, column: IntArray, value: Floats, low: Floats, high: Floats) -> None:
        self.row.append(row + len(self.low))
        self.column.append(column)
        self.value.append(value)
        self.low += low.tolist()
        self.high += high.tolist()


class Master:
    """The master problem; columns are y (one an opening), z (kind, opening), and the goal."""

    def __init__(self, problem: Problem, kinds: Kinds, goal: Goal) -> None:
        self.problem, self.kinds, self.goal = problem, kinds, goal
        self.openings = len(problem.openings)
        self.kind, self.opening = np.nonzero(np.isfinite(kinds.cost))
        self.z = self.openings + np.arange(len(self.kind), dtype=np.int64)
        self.theta = self.openings + len(self.kind)
        self.weight = problem.cells.probability[kinds.scenario[self.kind]]
        self.opening_cost = np.array([opening.cost for opening in problem.openings])
        self.extra: list[tuple[IntArray, Floats, float]] = []
        self.lines = lines_of(problem)
        self.need = max(peak_need(problem), pooled_need(problem))

    def exclude(self, design: tuple[int, ...], *, subsets: bool) -> None:
        """Never propose this design again, or any part of it (if it did not fit, its parts do not either)."""
        inside = np.zeros(self.openings, dtype=bool)
        inside[list(design)] = True
        all_y = np.arange(self.openings, dtype=np.int64)
        if subsets:
            self.extra.append((all_y[~inside], np.ones(int((~inside).sum())), 1.0))
        else:
            self.extra.append((all_y, np.where(inside, -1.0, 1.0), 1.0 - len(design)))

    def add_cut(self, cut: Cut) -> None:
        """The goal is at least what a solved design's multipliers prove."""
        columns = np.append(np.arange(self.openings, dtype=np.int64), self.theta)
        self.extra.append((columns, np.append(-cut.opening, 1.0), cut.constant))

    def solve(self, seconds: float, gap: float) -> Solution:
        """Solve the master."""
        rows = _Rows()
        self._assign_rows(rows)
        self._capacity_rows(rows)
        self._goal_rows(rows)
        for column, value, low in self.extra:
            rows.add(column, value, low, math.inf)
        width = self.theta + 1
        cost, upper, whole = np.zeros(width), np.ones(width), np.zeros(width, dtype=bool)
        cost[self.theta], upper[self.theta], whole[: self.openings] = 1.0, math.inf, True
        program = Program(
            cost, np.zeros(width), upper, np.array(rows.low), np.array(rows.high),
            np.concatenate(rows.row), np.concatenate(rows.column), np.concatenate(rows.value), whole,
        )  # fmt: skip
        return solve(program, seconds=seconds, gap=gap)

    def _assign_rows(self, rows: _Rows) -> None:
        """Every kind is served once; z <= y; one opening a place; at most max_plants."""
        kinds, pairs = len(self.kinds.patients), len(self.z)
        rows.add_block(self.kind, self.z, np.ones(pairs), np.ones(kinds), np.ones(kinds))
        index = np.arange(pairs, dtype=np.int64)
        rows.add_block(
            np.concatenate([index, index]), np.concatenate([self.z, self.opening]),
            np.concatenate([np.ones(pairs), -np.ones(pairs)]), np.full(pairs, -math.inf), np.zeros(pairs),
        )  # fmt: skip
        place = np.array([opening.place for opening in self.problem.openings])
        for number in np.flatnonzero(np.bincount(place) > 1):
            own = np.flatnonzero(place == number)
            rows.add(own, np.ones(len(own)), -math.inf, 1.0)
        central = np.flatnonzero([opening.central for opening in self.problem.openings])
        rows.add(central, np.ones(len(central)), -math.inf, float(self.problem.network.max_plants))

    def _capacity_rows(self, rows: _Rows) -> None:
        """Runs over the whole span, and the lines that the peak needs."""
        problem, lines = self.problem, self.lines
        span = problem.days
        scenarios = self.kinds.scenario[self.kind]
        patients = self.kinds.patients[self.kind]
        for index, opening in enumerate(problem.openings):
            runs = math.ceil((span - opening.day) / problem.places[opening.place].manufacture)
            for scenario in range(len(problem.cells.probability)):
                own = (self.opening == index) & (scenarios == scenario)
                if own.any():
                    column = np.append(self.z[own], index)
                    rows.add(column, np.append(patients[own], -lines[index] * runs), -math.inf, 0.0)
        rows.add(np.arange(self.openings, dtype=np.int64), lines, self.need, math.inf)

    def _goal_rows(self, rows: _Rows) -> None:
        """theta is at least the goal; the couplings hold."""
        patients = self.kinds.patients[self.kind]
        cost = patients * self.kinds.cost[self.kind, self.opening]
        days = patients * self.kinds.days[self.kind, self.opening] * self.weight
        every = np.arange(self.openings, dtype=np.int64)
        theta = np.array([self.theta], dtype=np.int64)
        if self.goal.kind == "time":
            rows.add(np.concatenate([theta, self.z]), np.concatenate([[1.0], -days]), 0.0, math.inf)
        elif self.goal.kind == "worst":
            for scenario in range(len(self.problem.cells.probability)):
                own = self.kinds.scenario[self.kind] == scenario
                value = np.concatenate([[1.0], -self.opening_cost, -cost[own]])
                rows.add(np.concatenate([theta, every, self.z[own]]), value, 0.0, math.inf)
        else:
            value = np.concatenate([[1.0], -self.opening_cost, -cost * self.weight])
            rows.add(np.concatenate([theta, every, self.z]), value, 0.0, math.inf)
        if self.goal.time_max < INFINITY:
            rows.add(self.z, days, -math.inf, self.goal.time_max * (1 + PROOF))
        if self.goal.cost_max < INFINITY:
            value = np.concatenate([self.opening_cost, cost * self.weight])
            rows.add(np.concatenate([every, self.z]), value, -math.inf, self.goal.cost_max * (1 + PROOF))


def search_proposed(problem: Problem, kinds: Kinds, goal: Goal, deadline: Deadline, gap: float) -> Found:
    """Take designs from the master until its bound meets the best answer, the gap is small enough, or time is up."""
    master = Master(problem, kinds, goal)
    best: Assignment | None = None
    chosen: tuple[int, ...] = ()
    value, bound, floor, tried = INFINITY, -INFINITY, INFINITY, 0
    width = FIRST_GAP
    while True:
        proposal = master.solve(_master_seconds(deadline, best is None), width)
        if proposal.status == "infeasible":
            return Found(chosen, best, min(value, floor), floor == INFINITY, tried)
        bound = max(bound, proposal.bound)
        if min(bound, floor) >= value - max(gap, PROOF) * max(abs(value), 1.0) or not len(proposal.x):
            return Found(chosen, best, min(bound, floor, value), bool(len(proposal.x)), tried)
        design = tuple(int(o) for o in np.flatnonzero(proposal.x[: len(problem.openings)] > 0.5))
        tried += 1
        for answer, settled in _tries(problem, design, goal, deadline, value):
            if answer is not None and answer.value < value:
                best, chosen, value = answer, design, answer.value
            exact = settled
            near = min(bound, floor) >= value - max(gap, PROOF) * max(abs(value), 1.0)
            if near or deadline.left() <= 0:
                return Found(chosen, best, min(bound, floor, value), near, tried)
        if not exact or (answer is not None and answer.bound < min(answer.value, value) - PROOF * abs(value)):
            floor = min(floor, bound)  # this design was not settled: the bound may not rise past what covers it
        if answer is not None and answer.prices is not None:
            master.add_cut(cut_of(problem, answer.prices))
        if answer is None and not exact:
            master.need = max(master.need, float(master.lines[list(design)].sum()) * MORE_LINES)
        master.exclude(design, subsets=answer is None and exact and goal.cost_max == INFINITY)
        if value < INFINITY:
            width = min(width, max((value - bound) / max(abs(value), 1.0) / 4, PROOF))


def _master_seconds(deadline: Deadline, first: bool) -> float:
    """The first master leaves half of the time for an assignment."""
    left = deadline.left()
    return left * 0.5 if first else left


def _tries(
    problem: Problem, design: tuple[int, ...], goal: Goal, deadline: Deadline, cutoff: float
) -> Iterator[tuple[Assignment | None, bool]]:
    """Assignments of a design, each with whether it settles the design; assignments by blocks of days do not.

    A large one is first assigned by blocks, so that there is an answer before the one linear program is begun.
    """
    columns = len(columns_of(problem, problem.open_days(design))) if goal.plain else 0
    rolled = None
    if columns > MOST_COLUMNS or (columns > QUICK_COLUMNS and cutoff == INFINITY):
        rolled = assign_rolling(problem, design, goal, deadline)
        yield rolled, False
        cutoff = cutoff if rolled is None else min(cutoff, rolled.value)
    if columns <= MOST_COLUMNS or (rolled is None and deadline.left() == INFINITY):
        try:
            yield assign(problem, design, goal, seconds=deadline.left(), cutoff=cutoff), True
        except OutOfTime:
            yield None, False
