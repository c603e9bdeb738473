"""Nonsense is refused with the JSON path at which it stands."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelot.plan.network import (
    answer_schema,
    plan_network,
    question_schema,
    read_network,
    read_variant,
    signed_network_schema,
)
from onelot.record.errors import BadInput

from .made_up import OPTIONS, small

SCHEMAS = Path(__file__).resolve().parents[3] / "src" / "onelot" / "data" / "schemas"

GOOD: dict[str, Any] = {
    "horizon_days": 10,
    "limit_days": 18,
    "max_plants": 2,
    "durations": {"collection": 1, "manufacture": 3, "qc": 2},
    "plants": [{"id": "P0", "daily_cost": 5.0, "lines": 2}, {"id": "P1", "daily_cost": 4, "lines": 1}],
    "sites": [{"id": "S0", "hospital": "H0"}],
    "modes": [{"id": "air", "days_in": 1, "days_out": 1}],
    "cost_in": [{"site": "S0", "plant": p, "mode": "air", "cost": 9} for p in ("P0", "P1")],
    "cost_out": [{"plant": p, "hospital": "H0", "mode": "air", "cost": 9} for p in ("P0", "P1")],
    "cost_per_therapy": 100,
    "demand": [{"site": "S0", "day": 0, "count": 1}, {"site": "S0", "day": 3, "count": 2}],
}
SCENARIOS = [{"id": "a", "probability": 0.5, "demand": [{"site": "S0", "day": 1, "count": 1}]}]

NONSENSE = [
    (("plants", 1, "daily_cost"), -1, "$.plants[1].daily_cost"),
    (("cost_in", 0, "cost"), -0.01, "$.cost_in[0].cost"),
    (("cost_per_therapy",), float("nan"), "$.cost_per_therapy"),
    (("cost_out", 1, "cost"), float("inf"), "$.cost_out[1].cost"),
    (("cost_in", 1, "plant"), "P9", "$.cost_in[1].plant"),
    (("cost_in", 1, "site"), "S9", "$.cost_in[1].site"),
    (("cost_in", 1, "mode"), "rail", "$.cost_in[1].mode"),
    (("cost_out", 0, "hospital"), "H9", "$.cost_out[0].hospital"),
    (("cost_out", 0, "plant"), "P9", "$.cost_out[0].plant"),
    (("cost_in", 1, "plant"), "P0", "$.cost_in[1]"),
    (("cost_out", 1, "plant"), "P0", "$.cost_out[1]"),
    (("plants", 1, "id"), "P0", "$.plants[1]"),
    (("plants", 1, "id"), "site:S0", "$.plants[1].id"),
    (("demand", 1, "day"), 10, "$.demand[1].day"),
    (("demand", 1, "day"), -1, "$.demand[1].day"),
    (("demand", 1, "site"), "S1", "$.demand[1].site"),
    (("demand", 0, "count"), 1.5, "$.demand[0].count"),
    (("demand", 0, "class"), "urgent", "$.demand[0].class"),
    (("plants",), [], "$.plants"),
    (("sites",), [], "$.sites"),
    (("modes",), [], "$.modes"),
    (("cost_in",), [], "$.cost_in"),
    (("cost_out",), [], "$.cost_out"),
    (("demand",), [], "$.demand"),
    (("durations", "manufacture"), 0, "$.durations.manufacture"),
    (("horizon_days",), "10", "$.horizon_days"),
    (("max_plants",), 0, "$.max_plants"),
    (("colour",), "red", "$.colour"),
    (("outages",), [{"plant": "P7", "from_day": 0, "to_day": 1}], "$.outages[0].plant"),
    (("outages",), [{"plant": "P0", "from_day": 3, "to_day": 3}], "$.outages[0].to_day"),
    (("outages",), [{"plant": "P0", "from_day": 0, "to_day": 1, "scenario": "x"}], "$.outages[0].scenario"),
    (("point_of_care",), [{"site": "S7", "daily_cost": 1, "lines": 1}], "$.point_of_care[0].site"),
    (("plants", 0, "opening_days"), [0, 10], "$.plants[0].opening_days[1]"),
    (("plants", 0, "opening_days"), [2, 2], "$.plants[0].opening_days[1]"),
    (("plants", 0, "staff_hours"), 8, "$.plants[0].staff_hours"),
    (("plants", 0, "failure_rate"), 0.1, "$.plants[0].failure_rate"),
    (("cost_in", 0, "closed_weekdays"), [7], "$.cost_in[0].closed_weekdays[0]"),
    (("cost_in", 0, "closed_weekdays"), list(range(7)), "$.cost_in[0].closed_weekdays"),
    (("failure",), {"rate": 1.0}, "$.failure.rate"),
    (("classes",), [{"id": "a", "limit_days": 1}, {"id": "a", "limit_days": 2}], "$.classes[1]"),
    (("scenarios",), SCENARIOS, "$.demand"),
    (("forecast",), [{"site": "S0", "from_day": 0, "to_day": 11, "per_day": 1}], "$.forecast[0].to_day"),
]


@pytest.mark.parametrize(("keys", "value", "path"), NONSENSE, ids=[f"{n[2]}-{i}" for i, n in enumerate(NONSENSE)])
def test_nonsense_is_refused_with_its_path(keys: tuple[Any, ...], value: Any, path: str) -> None:
    question = deepcopy(GOOD)
    inner: Any = question
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    with pytest.raises(BadInput) as refusal:
        read_network(question)
    assert refusal.value.place == path
    assert refusal.value.what and refusal.value.rule and refusal.value.remedy


def test_rows_of_one_site_and_day_add_up() -> None:
    apart = [{"site": "S0", "day": 3, "count": 1}, {"site": "S0", "day": 3, "count": 1}]
    together = [{"site": "S0", "day": 3, "count": 2}]
    answers = [plan_network(read_network(GOOD | {"demand": rows})) for rows in (apart, together)]
    assert answers[0] == answers[1] and answers[0].objective is not None


def test_scenarios_must_sum_to_one() -> None:
    question = {key: value for key, value in GOOD.items() if key != "demand"} | {"scenarios": SCENARIOS}
    with pytest.raises(BadInput) as refusal:
        read_network(question)
    assert refusal.value.place == "$.scenarios"


def test_a_variant_is_a_merge_patch_and_is_checked() -> None:
    changed = read_variant(GOOD, {"max_plants": 1, "durations": {"qc": 9}})
    assert (changed.max_plants, changed.durations.qc, changed.durations.manufacture) == (1, 9, 3)
    assert changed.demand == read_network(GOOD).demand
    with pytest.raises(BadInput) as refusal:
        read_variant(GOOD, {"limit_days": None})
    assert refusal.value.place == "$.limit_days"


def test_missing_field_is_named() -> None:
    question = {key: value for key, value in GOOD.items() if key != "limit_days"}
    with pytest.raises(BadInput) as refusal:
        read_network(question)
    assert refusal.value.place == "$.limit_days"


def test_committed_schemas_are_those_of_the_nouns() -> None:
    for name, schema in (
        ("network", question_schema()),
        ("network-answer", answer_schema()),
        ("network-document", signed_network_schema()),
    ):
        assert json.loads((SCHEMAS / f"{name}.schema.json").read_text()) == schema
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("option", ["", *OPTIONS])
def test_questions_and_answers_follow_their_schemas(option: str) -> None:
    for seed in range(10):
        question = small(seed, *([option] if option else []), patients=4)
        jsonschema.validate(question, question_schema())
        if option not in ("worst", "scenarios") and seed % 3 == 0:
            question["minimise"] = "both"
        answer = json.loads(json.dumps(plan_network(read_network(question)).as_dict()))
        jsonschema.validate(answer, answer_schema())


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)
    )
)
def test_any_json_is_refused_or_read(value: Any) -> None:
    """Whatever stands in a field, the answer is a refusal with a path and never another error."""
    for key in GOOD:
        try:
            read_network(GOOD | {key: value})
        except BadInput as refusal:
            assert refusal.place is not None and refusal.place.startswith("$")
