"""Rows of equipment, lots, people, documents and sites."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from onelot.record.journal import Entry, Projection
from onelot.record.life import TABLES
from onelot.record.sight import EVERYONE

Row = dict[str, Any]


def _keyed(subject: str) -> Callable[[Entry], Sequence[str]]:
    prefix = f"{subject}/"

    def keys(entry: Entry) -> Sequence[str]:
        return [entry.stream.removeprefix(prefix)] if entry.stream.startswith(prefix) else []

    return keys


def _state(subject: str, row: Row | None, name: str) -> str:
    table, anywhere = TABLES[subject]
    before = row["state"] if row else "new"
    return table.get(before, {}).get(name) or anywhere.get(name) or before


def _equipment(row: Row | None, entry: Entry, key: str) -> Row | None:
    name, data = entry.envelope["type"], entry.envelope["data"]
    state = _state("equipment", row, name)
    if name == "EquipmentRegistered":
        return {
            "equipment_class": data["equipment_class"],
            "site": data["site"],
            "serial": data["serial"],
            "simulated": data["simulated"],
            "driver_verified": data["driver_verified"],
            "qualified_until": "",
            "state": state,
        }
    if row is None:
        return None
    if name == "EquipmentQualified":
        return {**row, "state": state, "qualified_until": data["until"].replace("Z", "+00:00")}
    return {**row, "state": state}


def _lots(row: Row | None, entry: Entry, key: str) -> Row | None:
    name, data = entry.envelope["type"], entry.envelope["data"]
    state = _state("lot", row, name)
    if name in ("LotReceived", "LotMadeFromBatch"):
        return {
            "item": data["item"],
            "unit": data["unit"],
            "amount": data["amount"],
            "expires_at": data["expires_at"].replace("Z", "+00:00"),
            "made_for": data.get("made_for", ""),
            "state": state,
        }
    return {**row, "state": state} if row else None


def _people(row: Row | None, entry: Entry, key: str) -> Row | None:
    name, data = entry.envelope["type"], entry.envelope["data"]
    state = _state("person", row, name)
    if name == "PersonRegistered":
        return {
            "login": data["login"],
            "printed_name": data["printed_name"],
            "roles": data["roles"],
            "sites": data["sites"],
            "key": "",
            "state": state,
        }
    if row is None:
        return None
    match name:
        case "KeyEnrolled":
            return {**row, "key": data["key"], "state": state}
        case "RolesChanged":
            return {**row, "roles": data["roles"], "sites": data["sites"], "state": state}
        case "PersonLeft":
            return {**row, "roles": [], "key": "", "state": state}
    return {**row, "state": state}


def _documents(row: Row | None, entry: Entry, key: str) -> Row | None:
    name, data = entry.envelope["type"], entry.envelope["data"]
    state = _state("document", row, name)
    if name == "DocumentRegistered":
        return {
            "kind": data["kind"],
            "title": data["title"],
            "version": data["version"],
            "sha256": data["sha256"],
            "effective_from": "",
            "state": state,
        }
    if row is None:
        return None
    if name == "DocumentApproved":
        return {**row, "state": state, "effective_from": data["effective_from"].replace("Z", "+00:00")}
    return {**row, "state": state}


def _sites(row: Row | None, entry: Entry, key: str) -> Row | None:
    data = entry.envelope["data"]
    return {"name": data["name"], "kind": data["kind"], "public_key": data["public_key"]}


EQUIPMENT = Projection("equipment", _keyed("equipment"), _equipment, EVERYONE)
LOTS = Projection("lots", _keyed("lot"), _lots, EVERYONE)
PEOPLE = Projection("people", _keyed("person"), _people, EVERYONE)
DOCUMENTS = Projection("documents", _keyed("document"), _documents, EVERYONE)
SITES = Projection("sites", _keyed("site"), _sites, EVERYONE)
