"""Few openings: list the designs, take them by rising lower bound, and stop when no bound is below the best answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from onelot.plan.network.assignment import Assignment, Goal, assign
from onelot.plan.network.bounds import Kinds, cut_of, design_bounds, lines_of, peak_need
from onelot.plan.network.linear import INFINITY, OutOfTime
from onelot.plan.network.problem import Problem

MOST_DESIGNS = 20_000
MOST_CELLS_LISTED = 20_000_000
PROOF = 1e-9

Members = NDArray[np.bool_]
Clock = Callable[[], float]


@dataclass(frozen=True)
class Found:
    """The best design with its assignment and the bound over all designs; `assignment` None: none fits, or none found.

    `closed` says the search ended by itself rather than by the clock.
    """

    design: tuple[int, ...]
    assignment: Assignment | None
    bound: float
    closed: bool
    tried: int

    @property
    def value(self) -> float:
        """The goal of the best answer; inf if there is none."""
        return INFINITY if self.assignment is None else self.assignment.value


@dataclass(frozen=True)
class Deadline:
    """A moment by the caller's clock; without a clock there is no limit."""

    clock: Clock | None
    at: float

    def left(self) -> float:
        """Seconds left, never below zero."""
        return INFINITY if self.clock is None else max(self.at - self.clock(), 0.0)


def list_designs(problem: Problem, most: int = MOST_DESIGNS) -> Members | None:
    """Every choice of one opening a place at most and max_plants plants at most; None if more than `most`."""
    rows: list[tuple[tuple[int, ...], int]] = [((), 0)]
    ordered = sorted(range(len(problem.openings)), key=lambda index: problem.openings[index].place)
    for _, group in groupby(ordered, key=lambda index: problem.openings[index].place):
        choices = list(group)
        central = problem.openings[choices[0]].central
        longer = [
            ((*design, choice), plants + central)
            for design, plants in rows
            if plants + central <= problem.network.max_plants
            for choice in choices
        ]
        rows += longer
        if len(rows) > most:
            return None
    members = np.zeros((len(rows), len(problem.openings)), dtype=bool)
    for index, (design, _) in enumerate(rows):
        members[index, list(design)] = True
    return members


def search_listed(
    problem: Problem, kinds: Kinds, goal: Goal, members: Members, deadline: Deadline, gap: float = 0.0
) -> Found:
    """Prove the best of the listed designs.

    `gap` is the relative gap at which to stop. A design is passed over when its bound reaches the best answer, when its
    lines cannot hold the peak, or when a superset of it was found not to fit.
    """
    bound = design_bounds(problem, kinds, goal, members)
    bound[members @ lines_of(problem) < peak_need(problem) - 1e-6] = np.inf
    best: Assignment | None = None
    chosen: tuple[int, ...] = ()
    tried = 0
    value = INFINITY
    order = np.argsort(bound, kind="stable")
    while len(order):
        index = order[0]
        if bound[index] == INFINITY:
            break
        if bound[index] >= value - max(gap, PROOF) * max(abs(value), 1.0):
            return Found(chosen, best, min(value, float(bound[index])), True, tried)
        if deadline.left() <= 0:
            return Found(chosen, best, min(value, float(bound[index])), False, tried)
        order = order[1:]
        design = tuple(int(o) for o in np.flatnonzero(members[index]))
        following = float(bound[order[0]]) if len(order) else INFINITY
        tried += 1
        try:
            answer = assign(problem, design, goal, seconds=deadline.left(), cutoff=min(value, following))
        except OutOfTime:
            return Found(chosen, best, min(value, float(bound[index])), False, tried)
        if answer is None:
            if goal.cost_max == INFINITY:  # fewer places can fit where more would cost too much, but nowhere else
                order = order[(members[order] & ~members[index]).any(axis=1)]
            continue
        if answer.value == INFINITY and answer.bound < value:  # others come first; it returns with a better bound
            bound[index] = answer.bound
            order = np.append(order, index)
        elif answer.value < value:
            best, chosen, value = answer, design, answer.value
        if answer.prices is not None and len(order) and bound[order[0]] < value:
            cut = cut_of(problem, answer.prices)
            bound[order] = np.maximum(bound[order], cut.constant + members[order] @ cut.opening)
        order = order[np.argsort(bound[order], kind="stable")]
    return Found(chosen, best, value, True, tried)
