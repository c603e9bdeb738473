"""Small made-up network questions from a seed, with any optional field on. Imports nothing of onelot."""

from __future__ import annotations

from random import Random
from typing import Any

OPTIONS = (
    "storage",
    "resources",
    "failure",
    "scenarios",
    "worst",
    "outages",
    "growth",
    "point_of_care",
    "classes",
    "calendar",
    "forecast",
)


def small(seed: int, *options: str, patients: int = 6, plants: int = 3) -> dict[str, Any]:
    """A question small enough for brute force."""
    r = Random(f"{seed} {options}")
    hospitals = [f"H{i}" for i in range(r.randint(1, 2))]
    sites = [{"id": f"S{i}", "hospital": r.choice(hospitals)} for i in range(r.randint(1, 3))]
    makers = [
        {"id": f"P{i}", "daily_cost": r.randint(0, 50), "lines": r.randint(1, 3)} for i in range(r.randint(1, plants))
    ]
    modes = [{"id": f"M{i}", "days_in": r.randint(0, 3), "days_out": r.randint(0, 3)} for i in range(r.randint(1, 2))]
    question: dict[str, Any] = {
        "horizon_days": 6,
        "limit_days": r.randint(5, 14),
        "max_plants": r.randint(1, len(makers)),
        "durations": {"collection": r.randint(0, 1), "manufacture": r.randint(1, 3), "qc": r.randint(0, 2)},
        "plants": makers,
        "sites": sites,
        "modes": modes,
        "cost_in": _lanes(r, "site", [s["id"] for s in sites], makers, modes),
        "cost_out": _lanes(r, "hospital", sorted({s["hospital"] for s in sites}), makers, modes),
        "cost_per_therapy": 10,
        "demand": _demand(r, sites, r.randint(1, patients)),
    }
    for option in options:
        globals()[f"_add_{option}"](r, question)
    return question


def _lanes(r: Random, end: str, ends: list[str], makers: list, modes: list) -> list[dict]:
    lanes = [
        {end: name, "plant": maker["id"], "mode": mode["id"], "cost": r.randint(0, 60)}
        for name in ends
        for maker in makers
        for mode in modes
        if r.random() < 0.9
    ]
    return lanes or [{end: ends[0], "plant": makers[0]["id"], "mode": modes[0]["id"], "cost": 1}]


def _demand(r: Random, sites: list[dict], patients: int) -> list[dict]:
    counts: dict[tuple[str, int], int] = {}
    for _ in range(patients):
        key = r.choice(sites)["id"], r.randrange(6)
        counts[key] = counts.get(key, 0) + 1
    return [{"site": site, "day": day, "count": count} for (site, day), count in sorted(counts.items())]


def _add_storage(r: Random, question: dict) -> None:
    question["storage"] = {"max_days": r.randint(1, 3), "cost_per_day": r.randint(0, 5), "freeze_cost": r.randint(0, 9)}
    question["limit_days"] += 2
    for maker in question["plants"]:
        if r.random() < 0.5:
            maker["storage_capacity"] = r.randint(0, 2)


def _add_resources(r: Random, question: dict) -> None:
    question["staff"] = {"manufacture_hours": 2.0, "qc_hours": 1.5, "release_hours": 1.0}
    for maker in question["plants"]:
        maker["lines"] += 1
        if r.random() < 0.5:
            maker["qc_capacity"] = r.randint(1, 2)
        if r.random() < 0.5:
            maker["release_per_day"] = r.randint(1, 2)
        if r.random() < 0.5:
            maker["staff_hours"] = float(r.randint(3, 8))


def _add_failure(r: Random, question: dict) -> None:
    question["failure"] = {
        "rate": r.choice([0.1, 0.25, 0.5]),
        "max_attempts": r.randint(1, 3),
        "delay_days": r.randint(0, 1),
        "recollect_share": r.choice([0.0, 0.4, 1.0]),
        "recollection_cost": r.randint(0, 30),
        "loss_cost": r.randint(0, 300),
    }
    if r.random() < 0.3:
        question["failure"]["limit_days"] = r.randint(10, 30)
    for maker in question["plants"]:
        maker["lines"] += 1
        if r.random() < 0.5:
            maker["failure_rate"] = r.choice([0.0, 0.05, 0.3])


def _add_scenarios(r: Random, question: dict) -> None:
    del question["demand"]
    question["scenarios"] = [
        {"id": name, "probability": chance, "demand": _demand(r, question["sites"], r.randint(1, 4))}
        for name, chance in (("low", 0.25), ("mid", 0.5), ("high", 0.25))
    ]
    if r.random() < 0.5:
        plant = r.choice(question["plants"])["id"]
        question["outages"] = [{"plant": plant, "from_day": 2, "to_day": 6, "lines": 0, "scenario": "mid"}]


def _add_worst(r: Random, question: dict) -> None:
    _add_scenarios(r, question)
    question["scenario_objective"] = "worst"


def _add_outages(r: Random, question: dict) -> None:
    question.setdefault("outages", [])
    for _ in range(r.randint(1, 2)):
        begin = r.randint(0, 8)
        plant = r.choice(question["plants"])["id"]
        question["outages"].append(
            {"plant": plant, "from_day": begin, "to_day": begin + r.randint(1, 4), "lines": r.randint(0, 1)}
        )


def _add_growth(r: Random, question: dict) -> None:
    for maker in question["plants"]:
        maker["opening_cost"] = r.randint(0, 40)
        maker["opening_days"] = sorted(r.sample(range(6), r.randint(1, 3)))


def _add_point_of_care(r: Random, question: dict) -> None:
    for site in question["sites"]:
        if r.random() < 0.7:
            poc = {"site": site["id"], "daily_cost": r.randint(0, 30), "lines": r.randint(1, 2)}
            if r.random() < 0.5:
                poc |= {"manufacture": r.randint(1, 3), "qc": r.randint(0, 1), "cost_per_therapy": r.randint(5, 60)}
            question.setdefault("point_of_care", []).append(poc)


def _add_classes(r: Random, question: dict) -> None:
    question["classes"] = [{"id": "urgent", "limit_days": r.randint(5, 9)}, {"id": "calm", "limit_days": 14}]
    for rows in [question.get("demand", []), *(s["demand"] for s in question.get("scenarios", []))]:
        for row in rows:
            if r.random() < 0.7:
                row["class"] = r.choice(["urgent", "calm"])


def _add_calendar(r: Random, question: dict) -> None:
    question["first_weekday"] = r.randint(0, 6)
    question["limit_days"] += 2
    for lane in question["cost_in"] + question["cost_out"]:
        if r.random() < 0.7:
            lane["closed_weekdays"] = [5, 6]
        if r.random() < 0.3:
            lane["customs_days"] = r.randint(1, 2)


def _add_forecast(r: Random, question: dict) -> None:
    question["demand"] = question["demand"][:2]
    site = r.choice(question["sites"])["id"]
    question["forecast"] = [{"site": site, "from_day": 1, "to_day": 6, "per_day": r.choice([0.3, 0.5, 0.75])}]
