"""Equipment and devices: known, qualified until a date under a signature, taken out with a reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from onelot.app.commands.masters import QualifyEquipment, RegisterEquipment, TakeOutEquipment
from onelot.app.context import Actor, unknown
from onelot.app.house import SIMULATION
from onelot.app.web import reading
from onelot.app.web.rooms.administration import may, named, needed
from onelot.app.web.screen import Artefact, Screen, Sent, Text
from onelot.app.web.shown import natural
from onelot.record.errors import BadInput


def routes(router: APIRouter, screen: Screen) -> None:
    """The list, and one page a unit."""
    house = screen.house

    @router.get("/equipment")
    def equipment(request: Request, kind: str = "", site: str = "") -> Response:
        actor = screen.enter(request, "equipment")
        mine = {name: row for name, row in house.journal.rows("equipment").items() if actor.may_see(row["site"])}
        kinds, sites = ({row[key] for row in mine.values()} for key in ("equipment_class", "site"))
        rows = [
            (name, row)
            for name, row in sorted(mine.items(), key=lambda each: natural(each[0]))
            if kind in ("", row["equipment_class"]) and site in ("", row["site"])
        ]
        return screen.render(
            "equipment.html", request, actor, rows=rows, kinds=["", *sorted(kinds)], sites=["", *sorted(sites)],
            kind=kind, site=site, now=house.clock().isoformat(), may_change=may("RegisterEquipment", actor),
        )  # fmt: skip

    @router.post("/equipment")
    def register(
        request: Request,
        sent: Annotated[Sent, Depends()],
        equipment: Text = "",
        equipment_class: Text = "",
        site: Text = "",
        serial: Text = "",
        driver_verified: Text = "",
    ) -> Response:
        actor = screen.enter(request, "equipment", sent)
        needed(serial=serial)
        if not actor.may_see(site) or site not in house.journal.rows("sites"):
            raise unknown("site", site)
        name, kind = named(equipment, "equipment"), named(equipment_class, "class")
        # In a simulation every unit is a part of the twin: the real ones stand in a journal of their own.
        command = RegisterEquipment(
            name, kind, site, serial.strip(), house.mode == SIMULATION, driver_verified == "yes"
        )  # fmt: skip
        screen.give(request, actor, command, sent)
        return screen.go(f"/screen/equipment/{name}")

    _unit(router, screen)


def _unit(router: APIRouter, screen: Screen) -> None:
    house = screen.house

    def open_page(request: Request, actor: Actor, name: str) -> tuple[Artefact, dict[str, object]]:
        row = house.journal.rows("equipment", [name]).get(name)
        if row is None or not actor.may_see(row["site"]):
            raise unknown("equipment", name)
        return screen.artefact("equipment.html", request, called=name, row=row), row

    @router.get("/equipment/{name}")
    def unit(request: Request, name: str) -> Response:
        actor = screen.enter(request, "equipment")
        shown, row = open_page(request, actor, name)
        return screen.render(
            "unit.html", request, actor, called=name, row=row, shown=shown, now=house.clock(),
            knots=reading.knots(house, house.journal.read(f"equipment/{name}")),
            soon=house.clock() + timedelta(days=365), meaning=QualifyEquipment.meaning,
            may_qualify=may("QualifyEquipment", actor), may_take_out=may("TakeOutEquipment", actor),
        )  # fmt: skip

    @router.post("/equipment/{name}/qualify")
    def qualify(
        request: Request, name: str, sent: Annotated[Sent, Depends()], until: Text = "", reference: Text = ""
    ) -> Response:
        actor = screen.enter(request, "equipment", sent)
        needed(until=until, reference=reference)
        shown, _ = open_page(request, actor, name)
        end = end_of_day(until)
        if end <= house.clock():
            raise BadInput(
                "the date is past",
                rule="equipment is qualified until a day to come",
                remedy="give the day until which it may be used",
                place="until",
            )
        screen.sign(request, actor, QualifyEquipment(name, end, reference.strip()), sent, shown)
        return screen.go(f"/screen/equipment/{name}")

    @router.post("/equipment/{name}/take-out")
    def take_out(request: Request, name: str, sent: Annotated[Sent, Depends()], reason: Text = "") -> Response:
        actor = screen.enter(request, "equipment", sent)
        needed(reason=reason)
        open_page(request, actor, name)
        screen.give(request, actor, TakeOutEquipment(name, reason.strip()), sent)
        return screen.go(f"/screen/equipment/{name}")


def day_of(given: str) -> datetime:
    """Midnight (UTC) of a day as a form sends it, `2026-11-22`.

    Raises:
        BadInput: it is no day.
    """
    try:
        return datetime.strptime(given.strip(), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as cause:
        raise BadInput(
            f"{given!r} is not a day", rule="days are written year-month-day", remedy="e.g. 2026-11-22"
        ) from cause


def end_of_day(given: str) -> datetime:
    """The last second (UTC) of a day."""
    return day_of(given).replace(hour=23, minute=59, second=59)
