"""Therapies: the list of one's own sites, and one therapy with its thread, facts, holds and next step."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from onelot.app.authority import roles_for, roles_of_page, sees_personal_data
from onelot.app.context import Actor
from onelot.app.web import clinic, reading
from onelot.app.web.screen import Screen

LIST = "/screen/therapies"
NAV = (("therapies", LIST),)
# Form -> (page that must open, command that must be theirs); in the order of the way of a patient.
FORMS = (
    ("consent", "intake", "RecordConsent"), ("files", "intake", "RecordProfile"),
    ("markers", "markers", "RecordMarkers"), ("eligibility", "intake", "ConfirmEligibility"),
    ("correct", "intake", "CorrectFact"),
    ("evidence", "evidence", "RecordEvidence"),
    ("alias", "markers", "AddAlias"), ("slots", "slots", "BookSlots"), ("outcome", "intake", "RecordOutcome"),
    ("end", "intake", "EndTherapy"), ("erase", "erasure", "EraseHealthKey"),
)  # fmt: skip


def routes(router: APIRouter, screen: Screen) -> None:
    """The list and the page."""
    house = screen.house

    @router.get("/therapies")
    def therapies(request: Request, state: str = "", site: str = "", page: int = 1) -> Response:
        actor = screen.enter(request, "therapies")
        known = house.journal.rows("therapies").values()
        # A row written before collections had deviations has no field for them.
        mine = [{"deviations": [], **row} for row in known if actor.may_see(*row["sites"])]
        rows = [row for row in mine if state in ("", row["state"]) and site in ("", row["site"])]
        # What is held needs somebody soonest, then what was touched last.
        rows.sort(key=lambda row: row["changed_at"], reverse=True)
        rows.sort(key=lambda row: (bool(row["ended"]), not (row["holds"] or row["withdrawn"] or row["deviations"])))
        last = max(1, -(-len(rows) // reading.PAGE))
        page = min(max(page, 1), last)

        def address(**change: object) -> str:
            given = {"state": state, "site": site, **change}
            kept = {name: value for name, value in given.items() if value not in ("", 1)}
            return LIST + (f"?{urlencode(kept)}" if kept else "")

        filters = [
            (name, [("", address(**{name: ""})), *((each, address(**{name: each})) for each in found)], chosen)
            for name, found, chosen in (
                ("state", sorted({row["state"] for row in mine}), state),
                ("site", sorted({row["site"] for row in mine}), site),
            )
        ]
        return screen.render(
            "therapy_list.html", request, actor, rows=rows[(page - 1) * reading.PAGE : page * reading.PAGE],
            count=len(rows), page=page, last=last, filters=filters,
            before=address(page=page - 1) if page > 1 else "", after=address(page=page + 1) if page < last else "",
            may_order=bool(roles_for("OrderTherapy") & actor.roles),
        )  # fmt: skip

    @router.get("/therapies/{coi}")
    def therapy(request: Request, coi: str, before: int = 0) -> Response:
        actor = screen.enter(request, "therapies")
        return screen.render("therapy.html", request, actor, **_seen(screen, actor, coi, before))


def _seen(screen: Screen, actor: Actor, coi: str, before: int) -> dict[str, Any]:
    """Everything the page shows; a look at personal data is logged before it is given."""
    house, context = screen.house, screen.context(actor)
    found = context.therapy(coi)
    recipe = context.reader.recipe(found.recipe) if found.recipe else None
    person = None
    if sees_personal_data(actor):
        house.log_look(actor.id, f"therapy/{coi}", "therapy: who, facts and markers")
        person = house.vault.identify(found.patient)
    entries = house.journal.read(f"therapy/{coi}")
    shown = [entry for entry in entries if not before or entry.seq < before][-reading.THREAD :]
    batches = clinic.batches_of(context, coi)
    titles = clinic.titles_of(recipe)
    return {
        "therapy": found, "recipe": recipe, "person": person, "batches": batches, "now": context.now,
        "facts": clinic.facts_seen(context, found.facts, titles),
        "markers": clinic.facts_seen(context, found.markers, titles),
        "knots": reading.knots(house, shown, recipe), "chain": reading.chain_status(f"therapy/{coi}", entries),
        "earlier": shown[0].seq if shown and shown[0].seq > 1 else 0,
        "next": clinic.next_step(actor, found, recipe, batches, context.now),
        "may_look": bool(roles_of_page("signed") & actor.roles),
        "may_deviations": bool(roles_of_page("deviations") & actor.roles),
        "may_tailor": bool(roles_of_page("tailoring") & actor.roles),
        "forms": [
            form for form, page, command in FORMS
            if roles_of_page(page) & actor.roles and roles_for(command) & actor.roles
            and (form != "evidence" or (recipe and recipe.editing))
        ],
    }  # fmt: skip
