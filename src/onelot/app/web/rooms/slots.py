"""Slots of a therapy, and its batch: booked, moved and planned by the planner."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from onelot.app.commands.plan import BookSlots, MoveSlot, PlanBatch
from onelot.app.context import Context
from onelot.app.networks import BEDSIDE, COLLECTION, MANUFACTURE
from onelot.app.web import clinic, typed
from onelot.app.web.screen import Screen, Sent, Text
from onelot.record.errors import BadInput
from onelot.record.subjects import Therapy
from onelot.record.subjects.batch import TOXICOLOGY

PURPOSES = (COLLECTION, MANUFACTURE, BEDSIDE)
MOST_HOURS = 24 * 365


def routes(router: APIRouter, screen: Screen) -> None:
    """The page and its three forms."""

    @router.get("/therapies/{coi}/slots")
    def page(request: Request, coi: str) -> Response:
        actor = screen.enter(request, "slots")
        context = screen.context(actor)
        therapy = context.therapy(coi)
        equipment = context.journal.rows("equipment").values()
        sites = context.journal.rows("sites")
        return screen.render(
            "slots.html", request, actor, therapy=therapy, now=context.now, purposes=PURPOSES,
            classes=sorted({row["equipment_class"] for row in equipment if row["state"] == "qualified"}),
            sites=sorted(name for name in sites if actor.may_see(name)),
            plants=sorted(n for n, row in sites.items() if row["kind"] == "manufacturing" and actor.may_see(n)),
            batches=clinic.batches_of(context, coi), aims=_aims(context, therapy),
        )  # fmt: skip

    @router.post("/therapies/{coi}/slots")
    def book(
        request: Request, coi: str, sent: Annotated[Sent, Depends()], purpose: Text = "", equipment_class: Text = "",
        site: Text = "", not_before: Text = "", not_after: Text = "", hours: Text = "", urgency: Text = "",
    ) -> Response:  # fmt: skip
        actor = screen.enter(request, "slots", sent)
        screen.context(actor).therapy(coi)
        if purpose not in PURPOSES:
            raise BadInput("no purpose was chosen", rule=f"one of {', '.join(PURPOSES)}", remedy="choose one")
        latest = typed.moment(not_after, "not_after") if not_after.strip() else None
        command = BookSlots(
            coi, purpose, typed.line(equipment_class, "equipment_class"), typed.line(site, "site"),
            typed.moment(not_before, "not_before"), _hours(hours), latest, urgency.strip(),
        )  # fmt: skip
        screen.give(request, actor, command, sent)
        return screen.go(f"/screen/therapies/{coi}/slots")

    @router.post("/therapies/{coi}/slots/move")
    def move(
        request: Request, coi: str, sent: Annotated[Sent, Depends()], purpose: Text = "", not_before: Text = "",
        hours: Text = "", reason: Text = "",
    ) -> Response:  # fmt: skip
        actor = screen.enter(request, "slots", sent)
        screen.context(actor).therapy(coi)
        command = MoveSlot(
            coi, typed.line(purpose, "purpose"), typed.moment(not_before, "not_before"), _hours(hours),
            typed.line(reason, "reason"),
        )  # fmt: skip
        screen.give(request, actor, command, sent)
        return screen.go(f"/screen/therapies/{coi}/slots")

    @router.post("/therapies/{coi}/slots/batch")
    def plan(
        request: Request, coi: str, sent: Annotated[Sent, Depends()], batch: Text = "", site: Text = "",
        purpose: Text = "",
    ) -> Response:  # fmt: skip
        actor = screen.enter(request, "slots", sent)
        screen.context(actor).therapy(coi)
        number = typed.line(batch, "batch")
        screen.give(request, actor, PlanBatch(number, typed.line(site, "site"), coi, purpose.strip()), sent)
        return screen.go(f"/screen/batches/{number}")


def _aims(context: Context, therapy: Therapy) -> tuple[str, ...]:
    """What a batch of this therapy may be for, where there is a choice; the toxicology lot is studied first."""
    recipe = context.reader.recipe(therapy.recipe) if therapy.recipe else None
    if recipe is None or recipe.kind != "individual":
        return ()
    studied = any(each.for_study for each in clinic.batches_of(context, therapy.coi))
    return ("patient", TOXICOLOGY) if studied else (TOXICOLOGY, "patient")


def _hours(text: str) -> int:
    found = typed.number(text, "hours")
    if found != int(found) or not 1 <= found <= MOST_HOURS:
        raise BadInput(
            f"{text[:20]!r} is no length of a slot", rule=f"1 to {MOST_HOURS} whole hours", remedy="enter whole hours",
            place="hours",
        )  # fmt: skip
    return int(found)
