"""What can be read: board, therapies, threads, why, exports, masters. Each look at a health value is logged."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from onelot.app.api.document import PDF
from onelot.app.api.doors import Doors
from onelot.app.authority import roles_of_page, sees_personal_data
from onelot.app.context import Actor, unknown
from onelot.app.export import export_batch
from onelot.app.printing import certificate_of, record_pdf
from onelot.app.why import why as derive
from onelot.record.errors import NotAllowed

MASTERS = ("equipment", "lots", "people", "documents", "sites")


def router(doors: Doors) -> APIRouter:
    """The endpoints that read."""
    api = APIRouter(tags=["reading"])
    house = doors.house

    @api.get("/board")
    def board(request: Request, state: str = "", site: str = "", every: bool = False) -> dict[str, Any]:
        """Open batches of the actor's sites, or all; filtered by state and site."""
        actor = doors.actor(request)
        therapies = house.journal.rows("therapies")
        rows = [
            row
            for row in house.journal.rows("board").values()
            if (every or row["open"])
            and (not state or row["state"] == state)
            and (not site or row["site"] == site)
            and actor.may_see(row["site"], *(therapies[coi]["site"] for coi in row["therapies"] if coi in therapies))
        ]
        return {"mode": house.mode, "batches": sorted(rows, key=lambda row: row["changed_at"])}

    @api.get("/therapies")
    def therapies(request: Request) -> dict[str, Any]:
        """Therapies of the actor's sites."""
        actor = doors.actor(request)
        rows = [row for row in house.journal.rows("therapies").values() if actor.may_see(*row["sites"])]
        return {"mode": house.mode, "therapies": sorted(rows, key=lambda row: row["ordered_at"])}

    @api.get("/batches/{batch}")
    def thread(batch: str, request: Request) -> dict[str, Any]:
        """A batch's thread: every event with time, person, signature."""
        doors.context(doors.actor(request)).batch(batch)
        return {"mode": house.mode, "batch": batch, "thread": _thread(doors, f"batch/{batch}")}

    @api.get("/therapies/{coi}")
    def therapy(coi: str, request: Request) -> dict[str, Any]:
        """A therapy's thread. Values stay sealed; `/why` opens them for roles that need them."""
        doors.context(doors.actor(request)).therapy(coi)
        return {"mode": house.mode, "coi": coi, "thread": _thread(doors, f"therapy/{coi}")}

    @api.get("/batches/{batch}/why/{parameter}")
    def why(batch: str, parameter: str, request: Request) -> dict[str, Any]:
        """Why a parameter is what it is."""
        actor = doors.actor(request)
        found = derive(house, batch, parameter, actor)
        if sees_personal_data(actor):
            house.log_look(actor.id, f"batch/{batch}", f"why {parameter}")
        return found

    _documents(api, doors)
    return api


def _documents(api: APIRouter, doors: Doors) -> None:
    """Exports, printed forms, keys and masters."""
    house = doors.house

    @api.get("/batches/{batch}/export")
    def export(batch: str, request: Request) -> Response:
        """The batch's evidence in one file."""
        actor = doors.actor(request)
        doors.context(actor).batch(batch)
        data = export_batch(house.whole, house.site_keys, batch, house.clock(), house.seals)
        return Response(data, media_type="application/json")

    @api.get("/batches/{batch}/certificate.pdf", response_class=Response, responses=PDF)
    def certificate(batch: str, request: Request) -> Response:
        """The newest certificate of analysis."""
        return Response(certificate_of(house, batch, doors.actor(request)), media_type="application/pdf")

    @api.get("/batches/{batch}/record.pdf", response_class=Response, responses=PDF)
    def record(batch: str, request: Request) -> Response:
        """The batch record."""
        actor = doors.actor(request)
        data = record_pdf(house, batch, actor)
        if sees_personal_data(actor):
            house.log_look(actor.id, f"batch/{batch}", "batch record")
        return Response(data, media_type="application/pdf")

    @api.get("/keys")
    def keys() -> dict[str, Any]:
        """The site's public key: it verifies everything, and is nobody's secret."""
        return {"format": "onelot-keys/1", "site": house.site, "site_key": house.site_keys.public}

    @api.get("/views/{view}")
    def view(view: str, request: Request) -> dict[str, Any]:
        """Equipment, lots, people, documents or sites."""
        actor = doors.actor(request)
        if view not in MASTERS:
            raise unknown("view", view)
        if view == "people":
            _only(actor, roles_of_page("people"))
        return {"mode": house.mode, view: house.journal.rows(view)}


def _only(actor: Actor, roles: frozenset[str] | set[str]) -> None:
    if not actor.roles & roles:
        raise NotAllowed(
            f"{actor.printed_name} may not see this",
            rule=f"deny by default: for {', '.join(sorted(roles))}",
            remedy="ask somebody with that role",
        )


def _thread(doors: Doors, stream: str) -> list[dict[str, Any]]:
    return [
        {
            "seq": entry.seq,
            "type": entry.envelope["type"],
            "at": entry.envelope["at"],
            "by": entry.by,
            "signed": entry.envelope.get("signed"),
            "data": entry.envelope["data"],
            "hash": entry.hash.hex(),
        }
        for entry in doors.house.journal.read(stream)
    ]
