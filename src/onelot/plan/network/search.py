"""The verb: answer a network question."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from onelot.plan.network.answer import Answer, Reason, answer_of
from onelot.plan.network.assignment import Goal
from onelot.plan.network.bounds import Kinds, kinds_of
from onelot.plan.network.designs import PROOF, Clock, Deadline, Found, Members, list_designs, search_listed
from onelot.plan.network.front import front_of
from onelot.plan.network.linear import INFINITY
from onelot.plan.network.master import search_proposed
from onelot.plan.network.problem import Problem, problem_of
from onelot.plan.network.reasons import reason_of, unrouted
from onelot.plan.network.terms import Network

FEW_OPENINGS = 14
MOST_COLUMNS_LISTED = 400_000


class Search:
    """One question laid out, ready to be searched for several goals."""

    def __init__(self, problem: Problem, deadline: Deadline, gap: float) -> None:
        self.problem, self.deadline, self.gap = problem, deadline, gap
        self.kinds: Kinds = kinds_of(problem)
        widest = int(np.diff(problem.table.first)[problem.cells.group].sum())
        few = len(problem.openings) <= FEW_OPENINGS and widest <= MOST_COLUMNS_LISTED
        self.members: Members | None = list_designs(problem) if few else None
        if not len(problem.cells):  # nobody to serve: the only design worth looking at opens nothing
            self.members = np.zeros((1, len(problem.openings)), dtype=bool)

    def best(self, goal: Goal) -> Found:
        """The best design for a goal, by list where the designs are few, else by proposals of a master problem."""
        if self.members is not None:
            return search_listed(self.problem, self.kinds, goal, self.members, self.deadline, self.gap)
        return search_proposed(self.problem, self.kinds, goal, self.deadline, self.gap)

    def answer(self, found: Found) -> Answer:
        """A found design counted up, with its status."""
        if found.assignment is None:
            return Answer(status="infeasible" if found.closed else "unknown", minimise=self.problem.network.minimise)
        value = found.assignment.value
        proven = found.bound >= value - 10 * PROOF * max(abs(value), 1.0)
        return answer_of(
            self.problem,
            found.design,
            found.assignment,
            status="optimal" if proven else "feasible",
            objective=value,
            lower_bound=found.bound if found.bound > -INFINITY else None,
            designs_tried=found.tried,
        )


def plan_network(
    network: Network, *, clock: Clock | None = None, seconds: float = INFINITY, gap: float = 0.0
) -> Answer:
    """Choose plants and routes at least cost, least time, or along the front of both.

    Args:
        network: a checked question, from `read_network`.
        clock: a monotonic clock in seconds; without it there is no time limit and no `seconds` in the answer.
        seconds: how long to search.
        gap: relative gap between answer and bound at which to stop; 0 asks for proof.

    Returns:
        The answer; infeasible questions come back with `status` infeasible and the binding reason.
    """
    begun = clock() if clock else 0.0
    deadline = Deadline(clock, begun + seconds)
    problem = problem_of(network)
    answer = _infeasible(network, unrouted(problem)) if not problem.routed.all() else _search(problem, deadline, gap)
    return replace(answer, seconds=clock() - begun) if clock else answer


def _search(problem: Problem, deadline: Deadline, gap: float) -> Answer:
    network, search = problem.network, Search(problem, deadline, gap)
    if network.minimise == "both":
        answer = front_of(search, network.front_points)
    elif network.minimise == "time":
        fastest = search.best(Goal("time"))
        answer = search.answer(fastest)
        if fastest.assignment is not None and fastest.closed:
            cheapest = search.best(Goal(time_max=fastest.value))
            if cheapest.assignment is not None:
                answer = replace(search.answer(cheapest), objective=fastest.value, lower_bound=fastest.bound)
    else:
        answer = search.answer(search.best(Goal("worst" if network.scenario_objective == "worst" else "cost")))
    if answer.status == "infeasible":
        return _infeasible(network, reason_of(problem, lambda other: Search(other, deadline, gap).best(Goal())))
    return answer


def _infeasible(network: Network, reason: Reason) -> Answer:
    return Answer(status="infeasible", minimise=network.minimise, reason=reason)
