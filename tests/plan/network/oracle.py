"""Brute force for small networks: every choice of openings, every way of every patient. Imports nothing of onelot.

It reads the question as plain JSON and returns the best values found by trying everything, so it can only be used on a
few patients, plants and modes.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from math import floor, inf

EPS = 1e-7


def makers(question: dict) -> dict[str, dict]:
    found = {plant["id"]: plant for plant in question["plants"]}
    for poc in question.get("point_of_care", []):
        found["site:" + poc["site"]] = poc
    return found


def patients(question: dict) -> list[tuple[float, list[tuple[str, int, str | None]]]]:
    """(probability, one entry a patient) of every scenario."""
    if question.get("scenarios"):
        return [(s["probability"], _rows(s["demand"])) for s in question["scenarios"]]
    rows = _rows(question.get("demand", []))
    for forecast in question.get("forecast", []):
        for day in range(forecast["from_day"], forecast["to_day"]):
            passed = day - forecast["from_day"]
            number = floor(forecast["per_day"] * (passed + 1) + 0.5) - floor(forecast["per_day"] * passed + 0.5)
            rows += [(forecast["site"], day, forecast.get("class"))] * number
    return [(1.0, sorted(rows, key=str))]


def _rows(demand: list[dict]) -> list[tuple[str, int, str | None]]:
    return sorted(((d["site"], d["day"], d.get("class")) for d in demand for _ in range(d["count"])), key=str)


def transit(question: dict, ready: int, lane: dict | None, days: int) -> int:
    if lane is None:
        return ready
    shut = lane.get("closed_weekdays", [])
    first = question.get("first_weekday", 0)
    day = ready
    while (day + first) % 7 in shut:
        day += 1
    day += days + lane.get("customs_days", 0)
    while (day + first) % 7 in shut:
        day += 1
    return day


def ways(question: dict, site: str, day: int, urgency: str | None) -> list[tuple]:
    """(place, day received, cost, turnaround, loads) of every legal way of a patient."""
    hospital = next(s["hospital"] for s in question["sites"] if s["id"] == site)
    modes = {m["id"]: m for m in question["modes"]}
    limit = question["limit_days"]
    for known in question.get("classes", []):
        if known["id"] == urgency:
            limit = known["limit_days"]
    found = []
    for name, maker in makers(question).items():
        if name.startswith("site:"):
            pairs = [(None, None)] if name == "site:" + site else []
        else:
            pairs = [
                (i, o)
                for i in question["cost_in"]
                if i["site"] == site and i["plant"] == name
                for o in question["cost_out"]
                if o["plant"] == name and o["hospital"] == hospital
            ]
        for lane_in, lane_out in pairs:
            days_in = modes[lane_in["mode"]]["days_in"] if lane_in else 0
            days_out = modes[lane_out["mode"]]["days_out"] if lane_out else 0
            storage = question.get("storage") or {"max_days": 0}
            for wait in range(storage["max_days"] + 1):
                way = _way(question, name, maker, (lane_in, lane_out), (days_in, days_out), day, wait, storage, limit)
                if way is not None:
                    found.append(way)
    return found


def _way(question, name, maker, lanes, transport, day, wait, storage, limit):
    collection = question["durations"]["collection"]
    make = maker.get("manufacture") or question["durations"]["manufacture"]
    test = maker["qc"] if maker.get("qc") is not None else question["durations"]["qc"]
    received = transit(question, day + collection, lanes[0], transport[0])
    start = received + wait
    failure = question.get("failure")
    rate = 0.0
    if failure:
        rate = maker["failure_rate"] if maker.get("failure_rate") is not None else failure["rate"]
    runs, frontier = [(start, 1.0, False)], [(start, 1.0)]
    for _ in range((failure or {}).get("max_attempts", 2) - 1 if failure and rate else 0):
        nexts = []
        for begun, share in frontier:
            known = begun + make + test + failure.get("delay_days", 0)
            anew = failure.get("recollect_share", 0.0)
            if anew < 1:
                nexts.append((known, share * rate * (1 - anew), False))
            if anew > 0:
                nexts.append((transit(question, known + collection, lanes[0], transport[0]), share * rate * anew, True))
        runs += nexts
        frontier = [(begun, share) for begun, share, _ in nexts]
    ends = [transit(question, begun + make + test, lanes[1], transport[1]) - day for begun, _, _ in runs]
    if ends[0] > limit or (failure and failure.get("limit_days") is not None and max(ends) > failure["limit_days"]):
        return None
    lost = rate ** failure.get("max_attempts", 2) if failure else 0.0
    again = sum(share for _, share, new in runs if new)
    therapy = maker["cost_per_therapy"] if maker.get("cost_per_therapy") is not None else question["cost_per_therapy"]
    cost = therapy * sum(share for _, share, _ in runs)
    cost += (lanes[0]["cost"] if lanes[0] else 0) * (1 + again) + (lanes[1]["cost"] if lanes[1] else 0) * (1 - lost)
    if wait:
        cost += storage.get("freeze_cost", 0) + storage.get("cost_per_day", 0) * wait
    if failure:
        cost += failure.get("recollection_cost", 0) * again + failure.get("loss_cost", 0) * lost
    staff = question.get("staff") or {}
    loads = defaultdict(float)
    for when in range(received, start):
        loads["storage", name, when] += 1
    for begun, share, _ in runs:
        for when in range(begun, begun + make):
            loads["lines", name, when] += share
            loads["staff", name, when] += share * staff.get("manufacture_hours", 0)
        for when in range(begun + make, begun + make + test):
            loads["qc", name, when] += share
            loads["staff", name, when] += share * staff.get("qc_hours", 0)
        loads["release", name, begun + make + test] += share * (1 - rate)
        loads["staff", name, begun + make + test] += share * (1 - rate) * staff.get("release_hours", 0)
    return name, received, cost, ends[0], dict(loads)


def room(question: dict, key: tuple[str, str, int], scenario: str | None) -> float:
    resource, name, day = key
    maker = makers(question)[name]
    field = {"lines": "lines", "storage": "storage_capacity", "qc": "qc_capacity"}.get(resource)
    field = field or {"release": "release_per_day", "staff": "staff_hours"}[resource]
    limit = inf if maker.get(field) is None else maker[field]
    if resource == "lines":
        for outage in question.get("outages", []):
            here = outage["plant"] == name and outage["from_day"] <= day < outage["to_day"]
            if here and outage.get("scenario") in (None, scenario):
                limit = min(limit, outage.get("lines", 0))
    return limit


def designs(question: dict):
    """Every choice of opening days: {place: day}, with its fixed cost."""
    places = makers(question)
    choices = [[None, *maker.get("opening_days", [0])] for maker in places.values()]
    for days in product(*choices):
        opened = {name: day for name, day in zip(places, days, strict=True) if day is not None}
        if sum(not name.startswith("site:") for name in opened) <= question["max_plants"]:
            cost = sum(
                places[name]["daily_cost"] * (question["horizon_days"] - day) + places[name].get("opening_cost", 0)
                for name, day in opened.items()
            )
            yield opened, cost


def pareto(question: dict, opened: dict[str, int], people: list, scenario: str | None, *, all_points: bool, most=inf):
    """Cheapest total of one scenario under a design as [(cost, days)], or every point that none other beats."""
    options = []
    for site, day, urgency in people:
        legal = [w for w in ways(question, site, day, urgency) if w[0] in opened and w[1] >= opened[w[0]]]
        if not legal:
            return []
        options.append(sorted(legal, key=lambda w: (w[2], w[3])))
    rest = [0.0]
    for legal in reversed(options):
        rest.insert(0, rest[0] + legal[0][2])
    rooms: dict[tuple, float] = {}
    load: dict[tuple, float] = defaultdict(float)
    points: set[tuple[float, float]] = set()
    best = [most]

    def place(index: int, cost: float, days: int, at_least: int) -> None:
        if not all_points and cost + rest[index] >= best[0] - EPS:
            return
        if all_points and any(c <= cost + rest[index] + EPS and d <= days for c, d in points):
            return
        if index == len(people):
            best[0] = min(best[0], cost)
            points.add((cost, days))
            return
        same = index + 1 < len(people) and people[index + 1] == people[index]
        for number in range(at_least, len(options[index])):
            _, _, each, took, loads = options[index][number]
            fits = True
            for key, amount in loads.items():
                if key not in rooms:
                    rooms[key] = room(question, key, scenario)
                if load[key] + amount > rooms[key] + EPS:
                    fits = False
                    break
            if not fits:
                continue
            for key, amount in loads.items():
                load[key] += amount
            place(index + 1, cost + each, days + took, number if same else 0)
            for key, amount in loads.items():
                load[key] -= amount

    place(0, 0.0, 0, 0)
    if not all_points:
        return [(best[0], 0)] if best[0] < most else []
    return sorted(p for p in points if not any(q != p and q[0] <= p[0] + EPS and q[1] <= p[1] for q in points))


def brute(question: dict) -> float | None:
    """The least expected (or worst-case) cost; None if nothing is feasible."""
    futures = patients(question)
    names = [s["id"] for s in question.get("scenarios", [])] or [None]
    worst = question.get("scenario_objective") == "worst"
    value = inf
    for opened, fixed in designs(question):
        costs = []
        for (_, people), name in zip(futures, names, strict=True):
            limit = value - fixed if len(futures) == 1 else inf
            found = pareto(question, opened, people, name, all_points=False, most=limit)
            if not found:
                break
            costs.append(found[0][0])
        else:
            chances = [chance for chance, _ in futures]
            total = max(costs) if worst else sum(c * p for c, p in zip(costs, chances, strict=True))
            value = min(value, fixed + total)
    return None if value == inf else value


def brute_front(question: dict) -> list[tuple[float, float]]:
    """All points (cost, patient-days) that no other beats; one scenario only."""
    ((_, people),) = patients(question)
    points = set()
    for opened, fixed in designs(question):
        points |= {(fixed + c, d) for c, d in pareto(question, opened, people, None, all_points=True)}
    return sorted(p for p in points if not any(q != p and q[0] <= p[0] + EPS and q[1] <= p[1] for q in points))
