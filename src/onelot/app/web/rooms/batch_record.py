"""The batch record: a thread of events, parameters with their why, chain, deviations, documents."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from onelot.app.authority import roles_of_page, sees_personal_data
from onelot.app.going_by import goes_by, titles_of
from onelot.app.web import reading
from onelot.app.web.ahead import ahead, present
from onelot.app.web.clinic import GIVEABLE
from onelot.app.web.curves import curves
from onelot.app.web.screen import Screen
from onelot.app.why import why
from onelot.record.subjects import Batch

# So many parameters stand open; what is beyond folds.
_UNFOLDED = 8
# page, room and key of its word, end of its address
_LINKS = (
    ("step", "step", "to_step", "step"),
    ("parameters", "parameters", "title", "parameters"),
    ("qc", "qc", "tests", "qc"),
    ("deviations", "step", "deviations", "deviations"),
    ("correct", "step", "correct", "correct"),
    ("dispatch", "courier", "dispatch", "dispatch"),
    ("terminate", "step", "terminate", "terminate"),
)


def _leaves(batch: Batch) -> bool:
    """Whether it goes to a patient now: stock does not, and what is not decided on does not either."""
    return bool(batch.therapies) and batch.state in (*GIVEABLE, "in_transit")


def routes(router: APIRouter, screen: Screen) -> None:
    """The record's pages."""
    house = screen.house

    @router.get("/batches/{number}")
    def record(request: Request, number: str, before: int = 0) -> Response:
        actor = screen.enter(request, "record")
        found = reading.open_batch(house, actor, number)
        entries = house.journal.read(f"batch/{number}")
        shown = [entry for entry in entries if not before or entry.seq < before][-reading.THREAD :]
        now, recipe = house.clock(), found.recipe
        if found.batch.tailoring and sees_personal_data(actor):
            house.log_look(actor.id, f"batch/{number}", "parameters")
        return screen.render(
            "record.html", request, actor, found=found, batch=found.batch, knots=reading.knots(house, shown, recipe),
            now=now, present=present(recipe, found.batch, now) if recipe else None,
            ahead=ahead(recipe, found.batch, found.therapy, now) if recipe else (), newest=not before,
            curves=curves(found.batch.measured, reading.titles_of(recipe)),
            earlier=shown[0].seq if shown and shown[0].seq > 1 else 0,
            chain=reading.chain_status(f"batch/{number}", entries), documents=reading.documents(entries),
            may_look=bool(roles_of_page("signed") & actor.roles),
            parameters=goes_by(screen.context(actor), found.batch), unfolded=_UNFOLDED,
            links=[
                each[1:]
                for each in _LINKS
                if roles_of_page(each[0]) & actor.roles and (each[0] != "dispatch" or _leaves(found.batch))
            ],
            may_release=bool(roles_of_page("release") & actor.roles),
        )  # fmt: skip

    @router.get("/batches/{number}/why/{name}")
    def explain(request: Request, number: str, name: str) -> Response:
        actor = screen.enter(request, "why")
        recipe = reading.open_batch(house, actor, number).recipe
        if sees_personal_data(actor):
            house.log_look(actor.id, f"batch/{number}", f"why {name}")
        titles = {each.name: each.title for each in recipe.facts} | titles_of(recipe) if recipe else {}
        return screen.render(
            "why.html", request, actor, found=why(house, number, name, actor), number=number, recipe=recipe,
            titles=titles,
        )  # fmt: skip

    @router.get("/signed/{seen}/{stream:path}")
    def signed(request: Request, seen: str, stream: str) -> Response:
        """What a signer saw, by the digest that stands in the signature."""
        actor = screen.enter(request, "signed")
        found = reading.signed_as_seen(house, actor, stream, seen)
        # It was rendered by these templates, escaped, and is kept by its digest.
        return screen.render(
            "signed.html", request, actor, seen=seen, markup=Markup(found["text"]),  # noqa: S704
            signatures=found["signatures"], sealed=found["sealed"],
        )  # fmt: skip
