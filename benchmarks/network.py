"""Network design against a plain per-patient model, both under HiGHS, same questions, same process.

    PYTHONPATH=src python benchmarks/network.py [--quick] [--compare] [--scale] [--peer-gap 1e-4] [--json FILE]

The peer has one binary a patient, plant and pair of modes, one a plant, and one capacity row a plant and day: what one
writes down first. Questions are made from a seed, from 200 to 100,000 patients a year. The same objective is asserted
wherever the peer proves its own (relative 1e-6); where it runs out of time the ratio is a lower bound and stays out of
the mean.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
from math import exp, log
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import highspy
import numpy as np
from scipy.sparse import coo_matrix

from onelot.plan.network import check_network, plan_network, read_network

PEER_GAP = 1e-6  # so that equal objectives can be asserted; HiGHS' own default is 1e-4
LITERATURE_LINES = (4, 4, 10, 10, 31, 31)  # lines of the published candidate plants


def question(
    seed: int, patients: int, sites: int, plants: int, lines: tuple[int, ...], max_plants: int
) -> dict[str, Any]:
    """A year of Poisson demand on a map of 4,000 km, lanes priced by distance, two modes."""
    rng = np.random.default_rng([seed, patients])
    at_sites, at_plants = rng.random((sites, 2)) * 4000, rng.random((plants, 2)) * 4000
    km = np.hypot(*(at_sites[:, None] - at_plants[None]).transpose(2, 0, 1))
    share = rng.gamma(2.0, 1.0, sites)
    demand = rng.poisson((share / share.sum() * patients / 365)[:, None], (sites, 365))
    size = rng.permutation(np.resize(lines, plants))
    cost = {"air": 300 + 0.6 * km, "road": 150 + 0.35 * km}
    lanes = [(s, p, mode) for s in range(sites) for p in range(plants) for mode in cost]
    return {
        "horizon_days": 365,
        "limit_days": 18,
        "max_plants": max_plants,
        "durations": {"collection": 1, "manufacture": 7, "qc": 7},
        "plants": [
            {
                "id": f"P{p}",
                "daily_cost": round(1500 + 120 * float(size[p]) * rng.uniform(0.8, 1.2), 2),
                "lines": int(size[p]),
            }
            for p in range(plants)
        ],
        "sites": [{"id": f"S{s}", "hospital": f"H{s}"} for s in range(sites)],
        "modes": [{"id": "air", "days_in": 1, "days_out": 1}, {"id": "road", "days_in": 2, "days_out": 2}],
        "cost_in": [
            {"site": f"S{s}", "plant": f"P{p}", "mode": m, "cost": round(float(cost[m][s, p]), 2)} for s, p, m in lanes
        ],
        "cost_out": [
            {"plant": f"P{p}", "hospital": f"H{s}", "mode": m, "cost": round(float(cost[m][s, p]), 2)}
            for s, p, m in lanes
        ],
        "cost_per_therapy": 19788,
        "demand": [
            {"site": f"S{s}", "day": d, "count": int(demand[s, d])}
            for s in range(sites)
            for d in range(365)
            if demand[s, d]
        ],
    }


def per_patient(asked: dict[str, Any], seconds: float, gap: float = PEER_GAP) -> dict[str, Any]:
    """The plain model: build, solve, and what came of it."""
    begun = perf_counter()
    steps, plants = asked["durations"], asked["plants"]
    modes = {m["id"]: m for m in asked["modes"]}
    hospital = {s["id"]: s["hospital"] for s in asked["sites"]}
    cost_in = {(c["site"], c["plant"], c["mode"]): c["cost"] for c in asked["cost_in"]}
    cost_out = {(c["plant"], c["hospital"], c["mode"]): c["cost"] for c in asked["cost_out"]}
    people = [(d["site"], d["day"]) for d in asked["demand"] for _ in range(d["count"])]
    cost = [p["daily_cost"] * asked["horizon_days"] for p in plants]
    rows, cols, values = [], [], []
    day_row: dict[tuple[int, int], int] = {}
    for number, (site, day) in enumerate(people):
        for p, plant in enumerate(plants):
            for m_in, way_in in modes.items():
                for m_out, way_out in modes.items():
                    arrive = steps["collection"] + way_in["days_in"]
                    if arrive + steps["manufacture"] + steps["qc"] + way_out["days_out"] > asked["limit_days"]:
                        continue
                    column = len(cost)
                    cost.append(
                        cost_in[site, plant["id"], m_in]
                        + cost_out[plant["id"], hospital[site], m_out]
                        + asked["cost_per_therapy"]
                    )
                    held = range(day + arrive, day + arrive + steps["manufacture"])
                    own = [day_row.setdefault((p, d), len(people) + 1 + len(day_row)) for d in held]
                    rows += [number, *own]
                    cols += [column] * (1 + len(own))
                    values += [1.0] * (1 + len(own))
    rows += [len(people)] * len(plants)
    cols += range(len(plants))
    values += [1.0] * len(plants)
    for (p, _), row in day_row.items():
        rows.append(row)
        cols.append(p)
        values.append(-float(plants[p]["lines"]))
    low = np.full(len(people) + 1 + len(day_row), -np.inf)
    high = np.zeros(len(low))
    low[: len(people)] = high[: len(people)] = 1.0
    high[len(people)] = asked["max_plants"]
    matrix = coo_matrix((values, (rows, cols)), shape=(len(low), len(cost))).tocsc()
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(cost), len(low)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = np.array(cost), np.zeros(len(cost)), np.ones(len(cost))
    lp.row_lower_, lp.row_upper_ = low, high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    lp.integrality_ = [highspy.HighsVarType.kInteger] * len(cost)
    solver = highspy.Highs()
    for name, value in (("output_flag", False), ("time_limit", seconds), ("mip_rel_gap", gap)):
        if solver.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise SystemExit(f"HiGHS refused {name}")
    if solver.passModel(lp) != highspy.HighsStatus.kOk or solver.run() == highspy.HighsStatus.kError:
        raise SystemExit("HiGHS failed")
    status = solver.getModelStatus()
    proved = status == highspy.HighsModelStatus.kOptimal
    infeasible = status == highspy.HighsModelStatus.kInfeasible
    return {
        "seconds": perf_counter() - begun,
        "status": "optimal" if proved else "infeasible" if infeasible else "time limit",
        "objective": float(solver.getInfo().objective_function_value) if proved else None,
        "binaries": len(cost),
    }


def ours(asked: dict[str, Any], *, seconds: float, gap: float, repeats: int) -> dict[str, Any]:
    """Reading and planning, the median of some repeats, checked outside the clock."""
    times = []
    for _ in range(repeats):
        begun = perf_counter()
        network = read_network(asked)
        answer = plan_network(network, clock=perf_counter, seconds=seconds, gap=gap)
        times.append(perf_counter() - begun)
    verdict = check_network(network, answer)
    if not verdict.holds:
        raise SystemExit(f"the check refuses the answer: {verdict.faults[0]}")
    return {
        "seconds": median(times),
        "status": answer.status,
        "objective": answer.objective,
        "lower_bound": answer.lower_bound,
        "gap": answer.gap,
        "plants": len(answer.plants),
        "designs_tried": answer.designs_tried,
    }


def compare(sizes: list[int], seeds: int, peer_seconds: float, peer_gap: float) -> list[dict[str, Any]]:
    """Six candidate plants, four sites, up to 3,000 patients a year: both models on the same questions."""
    rows = []
    for patients in sizes:
        for seed in range(seeds):
            asked = question(seed, patients, 4, 6, LITERATURE_LINES, 5)
            own = ours(asked, seconds=120, gap=0.0, repeats=5)
            peer = per_patient(asked, peer_seconds, peer_gap)
            if peer["status"] == "optimal":
                if abs(own["objective"] - peer["objective"]) > max(1e-6, peer_gap) * abs(peer["objective"]):
                    raise SystemExit(f"{patients}/{seed}: {own['objective']} against {peer['objective']}")
            elif peer["status"] == "infeasible" and own["status"] != "infeasible":
                raise SystemExit(f"{patients}/{seed}: the peer says infeasible")
            ratio = peer["seconds"] / own["seconds"]
            rows.append({"patients": patients, "seed": seed, "ours": own, "peer": peer, "ratio": ratio})
            print(
                f"{patients:>7} patients, seed {seed}: ours {own['seconds'] * 1e3:9.1f} ms {own['status']:<10} "
                f"peer {peer['seconds']:8.2f} s {peer['status']:<10} {ratio:10.0f} x",
                flush=True,
            )
    return rows


def scale() -> list[dict[str, Any]]:
    """Many sites and plants, where the plain model no longer fits."""
    rows = []
    for patients, sites, plants, gap in ((5_000, 30, 20, 0.0), (20_000, 80, 30, 0.005), (100_000, 200, 50, 0.005)):
        need = patients / 365 * 7
        lines = tuple(max(2, round(need * part)) for part in (0.05, 0.1, 0.2))
        for seed in range(3):
            asked = question(seed, patients, sites, plants, lines, plants)
            own = ours(asked, seconds=30, gap=gap, repeats=1)
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            therapy = asked["cost_per_therapy"] * sum(row["count"] for row in asked["demand"])
            if own["objective"] is None:
                print(f"{patients:>7} patients, seed {seed}: {own['seconds']:6.2f} s {own['status']}", flush=True)
                rows.append({"patients": patients, "sites": sites, "plants": plants, "seed": seed, **own})
                continue
            own["gap_without_therapy_cost"] = (own["objective"] - own["lower_bound"]) / (own["objective"] - therapy)
            rows.append(
                {"patients": patients, "sites": sites, "plants": plants, "seed": seed, **own, "peak_mb": memory}
            )
            print(
                f"{patients:>7} patients, {sites} sites, {plants} plants, seed {seed}: {own['seconds']:6.2f} s "
                f"{own['status']:<9} gap {own['gap']:.5%} ({own['gap_without_therapy_cost']:.4%} of what can be "
                f"chosen), {own['plants']} opened, peak {memory:.0f} MB",
                flush=True,
            )
    return rows


def main() -> None:
    """Run what was asked for, print ratios, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="two sizes, one seed")
    parser.add_argument("--scale", action="store_true", help="the large questions only")
    parser.add_argument("--compare", action="store_true", help="the comparison only")
    parser.add_argument("--peer-seconds", type=float, default=120.0)
    parser.add_argument("--peer-gap", type=float, default=PEER_GAP, help="relative gap at which the peer may stop")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    load = os.getloadavg()
    warm = question(99, 200, 4, 6, LITERATURE_LINES, 5)
    ours(warm, seconds=10, gap=0.0, repeats=1), per_patient(warm, 10)
    report: dict[str, Any] = {"load_average_before": load, "cores": os.cpu_count(), "python": sys.version.split()[0]}
    if not chosen.scale:
        sizes = [200, 500] if chosen.quick else [200, 500, 1000, 2000, 3000]
        rows = compare(sizes, 1 if chosen.quick else 3, chosen.peer_seconds, chosen.peer_gap)
        report["compare"] = rows
        proved = [r["ratio"] for r in rows if r["patients"] >= 500 and r["peer"]["status"] == "optimal"]
        if proved:
            report["geometric_mean_from_500"] = exp(sum(map(log, proved)) / len(proved))
            mean = report["geometric_mean_from_500"]
            print(f"geometric mean from 500 patients a year up: {mean:.0f} x ({len(proved)} runs)")
    if not chosen.quick and not chosen.compare:
        report["scale"] = scale()
    report["load_average_after"] = os.getloadavg()
    print(f"load average before {load[0]:.1f}, after {report['load_average_after'][0]:.1f}, {os.cpu_count()} cores")
    if chosen.json:
        chosen.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
