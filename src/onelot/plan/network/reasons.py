"""Why no network can serve everybody: the first rule that binds, with its figures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from onelot.plan.network.answer import Reason
from onelot.plan.network.columns import columns_of, loads_of
from onelot.plan.network.demand import IntArray
from onelot.plan.network.designs import Found
from onelot.plan.network.linear import Program, solve
from onelot.plan.network.problem import Floats, Problem, problem_of
from onelot.plan.network.routes import NO_LIMIT, RESOURCES

MOST_PLANTS_TRIED = 14
NAMED = 10


def unrouted(problem: Problem) -> Reason:
    """The reason where a group of patients has no legal route at all."""
    group = int(np.flatnonzero(~problem.routed)[0])
    site, urgency, _ = problem.cells.groups[group]
    limits = {known.id: known.limit_days for known in problem.network.classes}
    limit = problem.network.limit_days if urgency is None else limits[urgency]
    name = problem.network.sites[site].id
    timed = problem.network.model_copy(update={"minimise": "time"})  # keeps the fastest way, not only the cheapest
    own = problem_of(timed, NO_LIMIT)
    days = own.table.days[own.table.first[group] : own.table.first[group + 1]]
    figures = {"site": name, "class": urgency, "limit_days": limit}
    if not len(days):
        return Reason(
            "lanes",
            f"Site {name} has no lane to any plant that also has a lane back to its hospital.",
            "Add a lane in and a lane back, or make the site a point of care.",
            figures,
        )
    fastest = int(days.min())
    return Reason(
        "limit_days",
        f"Patients of site {name} need at least {fastest} days; the limit is {limit}.",
        "Raise the limit, add a faster mode, or shorten manufacture or QC.",
        {**figures, "fastest_days": fastest},
    )


def reason_of(problem: Problem, search: Callable[[Problem], Found]) -> Reason:
    """The reason where every patient has a route and still no design fits.

    Args:
        problem: the question.
        search: finds the best design of another question (with more plants allowed).
    """
    earliest: dict[int, int] = {}
    for index, opening in enumerate(problem.openings):
        earliest.setdefault(opening.place, index)
    design = tuple(earliest.values())
    unserved, full = _unserved(problem, design, problem.capacity)
    if unserved > 1e-6:
        return _capacity_reason(problem, design, unserved, full)
    return _plants_reason(problem, search)


def _capacity_reason(
    problem: Problem, design: tuple[int, ...], unserved: float, full: list[dict[str, object]]
) -> Reason:
    binding = []
    for resource, name in enumerate(RESOURCES):
        freed = problem.capacity.copy()
        if np.isfinite(freed[:, resource]).any():
            freed[:, resource] = np.inf
            if _unserved(problem, design, freed)[0] <= 1e-6:
                binding.append(name)
    total = int(problem.cells.count.sum())
    return Reason(
        "+".join(binding) or "+".join(sorted({str(entry["resource"]) for entry in full})) or "opening_days",
        f"With every plant opened, {unserved:g} of {total} patients still find no place in time.",
        "Add capacity at the plants and days named, let patients wait, or raise the limit.",
        {"unserved": unserved, "patients": total, "full": full[:NAMED]},
    )


def _plants_reason(problem: Problem, search: Callable[[Problem], Found]) -> Reason:
    network = problem.network
    needed = None
    if len(problem.openings) <= MOST_PLANTS_TRIED:
        for plants in range(network.max_plants + 1, len(network.plants) + 1):
            found = search(problem_of(network.model_copy(update={"max_plants": plants})))
            if found.assignment is not None or not found.closed:
                needed = plants if found.assignment is not None else None
                break
    most = f"{needed} plants would do." if needed else "Some larger number may do."
    if network.max_plants >= len(network.plants):
        return Reason(
            "whole patients", "The loads could be held only by dividing patients between plants.",
            "Add a line at any full plant.", {},
        )  # fmt: skip
    choice = f"choice of {network.max_plants} plants" if network.max_plants > 1 else "one plant"
    return Reason(
        "max_plants",
        f"No {choice} can serve all patients in time. {most}",
        "Allow more plants or larger ones.",
        {"max_plants": network.max_plants, "plants_needed": needed},
    )


def _unserved(problem: Problem, design: tuple[int, ...], capacity: Floats) -> tuple[float, list[dict[str, object]]]:
    """The fewest patients left out under a design, and the places and days that are full and would let more in."""
    columns = columns_of(problem, problem.open_days(design))
    loads = loads_of(problem, columns)
    flat = capacity.ravel()
    keys: IntArray = np.unique(loads.key)
    keys = keys[np.isfinite(flat[keys])]
    row_of = np.full(flat.size, -1, dtype=np.int64)
    cells, total = len(problem.cells), len(columns)
    row_of[keys] = cells + np.arange(len(keys))
    kept = row_of[loads.key] >= 0
    every = np.arange(cells, dtype=np.int64)
    demand = problem.cells.count.astype(np.float64)
    answer = solve(
        Program(
            cost=np.append(np.zeros(total), np.ones(cells)),
            lower=np.zeros(total + cells),
            upper=np.full(total + cells, np.inf),
            row_low=np.append(demand, np.full(len(keys), -np.inf)),
            row_high=np.append(demand, flat[keys]),
            entry_row=np.concatenate([columns.cell, row_of[loads.key[kept]], every]),
            entry_column=np.concatenate([np.arange(total), loads.column[kept], total + every]),
            entry_value=np.concatenate([np.ones(total), loads.amount[kept], np.ones(cells)]),
        )
    )
    full = []
    for key in keys[answer.row_dual[cells:] < -1e-9].tolist():
        scenario, resource, place, day = np.unravel_index(key, capacity.shape)
        full.append(
            {
                "plant": problem.places[place].id,
                "day": int(day),
                "resource": RESOURCES[resource],
                "capacity": float(flat[key]),
                "scenario": problem.network.scenarios[scenario].id if problem.network.scenarios else None,
            }
        )
    return answer.objective, full
