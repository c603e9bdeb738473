"""The JSON schemas of question and answer, made from the nouns; the committed files must equal them."""

from __future__ import annotations

from typing import Any

from onelot.plan.network.terms import Network

_NUMBER = {"type": "number"}
_TEXT = {"type": "string"}
_MAYBE_NUMBER = {"type": ["number", "null"]}
_MAYBE_TEXT = {"type": ["string", "null"]}
_WHOLE = {"type": "integer", "minimum": 0}


def _record(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": {**required, **(optional or {})},
    }


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


def question_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a network question."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "network.schema.json",
        **Network.model_json_schema(by_alias=True),
    }


def answer_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the answer to a network question."""
    flow = _record(
        {
            "site": _TEXT,
            "day": _WHOLE,
            "plant": _TEXT,
            "mode_in": _MAYBE_TEXT,
            "mode_out": _MAYBE_TEXT,
            "count": _WHOLE,
        },
        {"class": _TEXT, "scenario": _TEXT, "wait_days": _WHOLE},
    )
    opened = _record(
        {"id": _TEXT, "open_day": _WHOLE, "lines": _WHOLE, "cost": _NUMBER, "patients": _NUMBER, "peak_load": _NUMBER}
    )
    point = {
        "cost": _NUMBER,
        "patient_days": _NUMBER,
        "mean_days": _NUMBER,
        "proven": {"type": "boolean"},
        "plants": _list(_TEXT),
        "answer": {"$ref": "#"},
    }
    amounts = {"type": "object", "additionalProperties": _NUMBER}
    turnaround = {
        "type": "object",
        "description": "patients by days from collection to return",
        "propertyNames": {"pattern": "^[0-9]+$"},
        "additionalProperties": _NUMBER,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "network-answer.schema.json",
        "title": "NetworkAnswer",
        **_record(
            {
                "status": {"enum": ["optimal", "feasible", "infeasible", "unknown"]},
                "minimise": {"enum": ["cost", "time", "both"]},
                "objective": _MAYBE_NUMBER,
                "lower_bound": _MAYBE_NUMBER,
                "gap": _MAYBE_NUMBER,
                "plants": _list(opened),
                "flows": _list(flow),
                "cost": amounts,
                "turnaround": turnaround,
                "patient_days": _MAYBE_NUMBER,
                "designs_tried": _WHOLE,
                "seconds": _MAYBE_NUMBER,
            },
            {
                "scenarios": _list(_record({"id": _TEXT, "probability": _NUMBER, "cost": _NUMBER})),
                "expectation": amounts,
                "reason": _record({"rule": _TEXT, "what": _TEXT, "remedy": _TEXT, "figures": {"type": "object"}}),
                "front": _list(_record(point)),
                "what_if": _list(_record({"name": _TEXT, "answer": {"$ref": "#"}})),
            },
        ),
    }
