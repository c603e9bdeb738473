"""The pictures of a network: well-formed, without script or style, complete, and every link opens a number."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from typing import Any

import pytest

from onelot.app.drawings.network import draw_front, draw_loads, draw_schematic, draw_side_by_side
from onelot.app.drawings.svg import STYLE, standalone, ticks
from onelot.plan.network import Answer, Ledger, Network, plan_network, read_network
from onelot.record.errors import BadInput

SVG = "{http://www.w3.org/2000/svg}"


def _question(sites: int = 3, **changes: Any) -> dict[str, Any]:
    names = [f"<S&{i}>" for i in range(sites)]
    return {
        "horizon_days": 30,
        "limit_days": 14,
        "max_plants": 2,
        "durations": {"collection": 1, "manufacture": 4, "qc": 3},
        "plants": [{"id": 'P"0', "daily_cost": 30, "lines": 40}, {"id": "P1", "daily_cost": 20, "lines": 60}],
        "sites": [{"id": name, "hospital": f"H{i % 30}"} for i, name in enumerate(names)],
        "modes": [{"id": "air", "days_in": 1, "days_out": 1}, {"id": "road", "days_in": 2, "days_out": 2}],
        "cost_in": [
            {"site": name, "plant": p, "mode": m, "cost": 10 + 7 * i * (p == "P1") + 5 * (m == "air")}
            for i, name in enumerate(names)
            for p in ('P"0', "P1")
            for m in ("air", "road")
        ],
        "cost_out": [
            {"plant": p, "hospital": f"H{h}", "mode": m, "cost": 10 + 5 * (m == "air")}
            for h in range(min(sites, 30))
            for p in ('P"0', "P1")
            for m in ("air", "road")
        ],
        "cost_per_therapy": 100,
        "demand": [
            {"site": name, "day": d, "count": 1 + i % 3} for i, name in enumerate(names) for d in range(0, 30, 6)
        ],
    } | changes


def _answered(question: dict[str, Any]) -> tuple[Network, Answer]:
    network = read_network(question)
    return network, plan_network(network)


def _sound(svg: str) -> ElementTree.Element:
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg" and root.get("viewBox") and root.find(f"{SVG}title") is not None
    for part in root.iter():
        assert part.tag not in (f"{SVG}script", f"{SVG}style")
        assert not {name for name in part.attrib if name.startswith("on") or name in ("style", "fill", "stroke")}
        for value in part.attrib.values():
            assert "nan" not in value.lower().split() and "inf" not in value.lower().split()
    return root


def _classes(root: ElementTree.Element) -> set[str]:
    return {name for part in root.iter() for name in part.get("class", "").split()}


@pytest.mark.parametrize("sites", [1, 3, 40])
def test_the_schematic_shows_every_patient(sites: int) -> None:
    network, answer = _answered(_question(sites))
    drawing = draw_schematic(network, answer, link=lambda pointer: f"?open={pointer}")
    root = _sound(drawing.svg)
    asked = sum(row.count for row in network.demand)
    for side in ("sites", "plants", "hospitals"):
        assert sum(drawing.data[side].values()) == pytest.approx(asked)
        assert len(drawing.data[side]) <= 24
    said = [part.text or "" for part in root.iter(f"{SVG}text")]
    for name, patients in (pair for side in ("sites", "plants", "hospitals") for pair in drawing.data[side].items()):
        assert f"{name} · {patients:g}" in said
    ledger = Ledger(network, answer)
    links = [part.get("href", "").removeprefix("?open=") for part in root.iter(f"{SVG}a")]
    known = drawing.data["pointers"]
    for side in ("sites", "plants", "hospitals"):
        for name, patients in drawing.data[side].items():
            if not name.endswith(" others"):
                assert known[side][name] in links
                assert ledger.behind(known[side][name]).value == pytest.approx(patients)


def test_loads_are_those_of_the_ledger_and_stay_inside() -> None:
    outage = [{"plant": "P1", "from_day": 5, "to_day": 9, "lines": 1}]
    network, answer = _answered(_question(4, outages=outage))
    drawing = draw_loads(network, answer)
    root = _sound(drawing.svg)
    assert set(drawing.data["loads"]) == {plant.id for plant in answer.plants}
    height = float((root.get("viewBox") or "").split()[3])
    for path in root.iter(f"{SVG}path"):
        numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", path.get("d", ""))]
        assert all(-1 <= y <= height for y in numbers[1::2]) and all(-1 <= x <= 960 for x in numbers[::2])


def test_the_front_is_drawn_from_fast_to_cheap() -> None:
    network, answer = _answered(_question(3, minimise="both", front_points=5))
    drawing = draw_front(answer, link=lambda pointer: pointer)
    root = _sound(drawing.svg)
    assert len(list(root.iter(f"{SVG}circle"))) == len(answer.front) >= 3
    spots = sorted((float(c.get("cx", "0")), float(c.get("cy", "0"))) for c in root.iter(f"{SVG}circle"))
    assert all(before[1] < after[1] for before, after in pairwise(spots))  # further right is cheaper, so lower
    with pytest.raises(BadInput):
        draw_front(_answered(_question())[1])


def test_answers_stand_side_by_side_even_where_there_is_none() -> None:
    _, planned = _answered(_question())
    _, fewer = _answered(_question(max_plants=1))
    _, never = _answered(_question(limit_days=3))
    drawing = draw_side_by_side(
        [("as planned", planned), ("one plant", fewer), ("a name far too long to stand", never)]
    )
    root = _sound(drawing.svg)
    said = " ".join("".join(part.itertext()) for part in root.iter(f"{SVG}text"))
    assert "infeasible" in said and "limit is 3" in said
    rows = drawing.data["answers"]
    assert rows[0]["difference"] == 0 and rows[2]["difference"] is None
    bars = [float(bar.get("width", "0")) for bar in root.iter(f"{SVG}rect") if float(bar.get("height", "0")) > 20]
    total = sum(rows[0]["cost"][p] for p in ("plants", "transport_in", "transport_out", "therapy"))
    assert bars[0] / sum(bars[:4]) == pytest.approx(rows[0]["cost"]["plants"] / total, abs=0.01)


def test_colours_come_from_the_stylesheet_alone() -> None:
    network, answer = _answered(_question(3, minimise="both", front_points=3))
    drawings = [draw_schematic(network, answer), draw_loads(network, answer), draw_front(answer)]
    drawings.append(draw_side_by_side([("a", answer)]))
    for drawing in drawings:
        ElementTree.fromstring(standalone(drawing.svg))
        for name in _classes(_sound(drawing.svg)) - {"drawing", "label"}:
            assert name.startswith("network-") or f".{name} " in STYLE, name


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 373), (16.97, 18.04), (7.91e6, 8.06e6), (5, 5), (0.001, 0.002)])
def test_ticks_are_round_and_inside(low: float, high: float) -> None:
    steps = ticks(low, high)
    assert steps and all(low - 1e-6 <= step <= high + 1e-6 for step in steps) and len(steps) <= 12
