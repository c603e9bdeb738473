"""One row a therapy: where it stands, which batches are its own, which sites may see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from onelot.record import sight
from onelot.record.journal import Entry, Projection
from onelot.record.life import THERAPY, THERAPY_ANYWHERE


def _keys(entry: Entry) -> Sequence[str]:
    if entry.stream.startswith("therapy/"):
        return [entry.stream.removeprefix("therapy/")]
    if entry.envelope["type"] == "BatchPlanned":
        found: list[str] = entry.envelope["data"]["therapies"]
        return found
    return []


def _project(row: dict[str, Any] | None, entry: Entry, key: str) -> dict[str, Any] | None:
    name, data, at = entry.envelope["type"], entry.envelope["data"], entry.envelope["at"]
    if name == "TherapyOrdered":
        return {
            "coi": data["coi"],
            "patient": data["patient"],
            "product": data["product"],
            "recipe": data["recipe"]["stream"].removeprefix("document/recipe/"),
            "site": data["site"],
            "sites": [data["site"]],
            "state": "ordered",
            "ordered_at": at,
            "changed_at": at,
            "batches": [],
            "holds": {},
            "withdrawn": [],
            "dose_hit": None,
            "days": None,
            "ended": "",
            "synthetic": data["synthetic"],
            "aliases": list(data.get("aliases", ())),
        }
    if row is None:
        return None
    if name == "BatchPlanned":
        return {**row, "batches": [*row["batches"], data["batch"]], "sites": sorted({*row["sites"], data["site"]})}
    state = THERAPY.get(row["state"], {}).get(name) or THERAPY_ANYWHERE.get(name) or row["state"]
    row = {**row, "state": state, "changed_at": at}
    match name:
        case "TherapyHeld":
            row["holds"] = {**row["holds"], data["step"]: [finding["what"] for finding in data["findings"]]}
        case "HoldLifted":
            row["holds"] = {step: why for step, why in row["holds"].items() if step != data["step"]}
        case "ConsentWithdrawn":
            row["withdrawn"] = sorted({*row["withdrawn"], *data["scopes"]})
        case "ConsentRecorded":
            row["withdrawn"] = sorted(set(row["withdrawn"]) - set(data["scopes"]))
        case "AliasAdded":
            row["aliases"] = [*row.get("aliases", []), f"{data['issuer']}:{data['number']}"]
        case "OutcomeRecorded":
            row["dose_hit"], row["days"] = data["dose_hit"], data["vein_to_vein_days"]
        case "TherapyEnded":
            row["ended"] = data["reason"]
    return row


THERAPIES = Projection("therapies", _keys, _project, sight.THERAPY)
