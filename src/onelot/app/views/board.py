"""The board: one row a batch, with what a person needs to know soonest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from onelot.record import sight
from onelot.record.journal import Entry, Projection
from onelot.record.life import BATCH, BATCH_ANYWHERE
from onelot.record.subjects.batch import TOXICOLOGY

_OVER = {"administered", "rejected", "returned", "terminated"}
_DISPOSITIONS = {
    "ConditionallyReleased": "conditionally_released",
    "Released": "released",
    "ExceptionalSupply": "exceptional_supply",
    "Rejected": "rejected",
}


def _keys(entry: Entry) -> Sequence[str]:
    return [entry.stream.removeprefix("batch/")] if entry.stream.startswith("batch/") else []


def _project(row: dict[str, Any] | None, entry: Entry, key: str) -> dict[str, Any] | None:
    name, data, at = entry.envelope["type"], entry.envelope["data"], entry.envelope["at"]
    if name == "BatchPlanned":
        return {
            "batch": data["batch"],
            "therapies": data["therapies"],
            "recipe": data["recipe"]["stream"].removeprefix("document/recipe/"),
            "site": data["site"],
            "purpose": data["purpose"],
            "state": "planned",
            "phase": "",
            "disposition": "",
            "deviations": [],
            "holds": {},
            "open": True,
            "planned_at": at,
            "changed_at": at,
            "events": entry.seq,
            "expires_at": None,
            "hold_until": None,
            "place": data["site"],
            "why": "",
        }
    if row is None:
        return None
    state = BATCH.get(row["state"], {}).get(name) or BATCH_ANYWHERE.get(name) or row["state"]
    row = {**row, "state": state, "changed_at": at, "events": entry.seq}
    match name:
        case "PhaseStarted":
            row["phase"] = f"{data['phase']}" + (f" (run {data['run']})" if data["run"] > 1 else "")
        case "DeviationOpened":
            row["deviations"] = [*row["deviations"], data["deviation"]]
        case "DeviationClosed":
            row["deviations"] = [each for each in row["deviations"] if each != data["deviation"]]
        case "BatchHeld":
            row["holds"] = {**row["holds"], data["rule"]: data["reason"]}
        case "BatchHoldLifted":
            row["holds"] = {rule: why for rule, why in row["holds"].items() if rule != data["rule"]}
        case "Filled":
            row["expires_at"] = data["expires_at"]
        case "Dispatched":
            row["hold_until"], row["place"] = data["hold_until"], "on the way to " + data["to_site"]
        case "CustodyTransferred":
            row["place"] = data["to_party"]
        case "ShipmentReceived":
            row["place"] = data["at_site"]
        case "Rejected" | "BatchTerminated" | "Returned":
            row["why"] = data["reason"]
    if name in _DISPOSITIONS:
        row["disposition"] = _DISPOSITIONS[name]
    studied = row["purpose"] == TOXICOLOGY and row["disposition"] == "released"
    row["open"] = state not in _OVER and not studied
    return row


BOARD = Projection("board", _keys, _project, sight.BATCH)
