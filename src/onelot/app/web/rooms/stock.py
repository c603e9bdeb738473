"""A batch for stock: the planner chooses an approved recipe for no patient, reads what it says, and signs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response

from onelot.app.api.doors import status_of
from onelot.app.commands.stock import STOCK, PlanStock
from onelot.app.context import Actor, Context
from onelot.app.document_kinds import RECIPE
from onelot.app.going_by import of_recipe
from onelot.app.web import typed
from onelot.app.web.screen import Artefact, Screen, Sent, Text
from onelot.record.durations import span
from onelot.record.errors import BadInput, Conflict, Held, OnelotError
from onelot.record.recipe import MasterRecipe

HERE = "/screen/stock"
Word = Annotated[str, Query(max_length=200)]


def routes(router: APIRouter, screen: Screen) -> None:
    """The page and its signature."""

    @router.get("/stock")
    def choose(request: Request, recipe: Word = "") -> Response:
        return _page(screen, request, screen.enter(request, "stock"), recipe, {})

    @router.post("/stock")
    def plan(
        request: Request, sent: Annotated[Sent, Depends()], recipe: Text = "", batch: Text = "", site: Text = ""
    ) -> Response:
        actor = screen.enter(request, "stock", sent)
        context = screen.context(actor)
        try:
            chosen = _chosen(_recipes(context), recipe)
            command = PlanStock(typed.line(batch, "batch"), typed.line(site, "site"), chosen.identifier)
            screen.sign(request, actor, command, sent, _to_sign(screen, request, context, chosen))
        except (BadInput, Held, Conflict) as again:
            return _page(screen, request, actor, recipe, {"batch": batch.strip(), "site": site.strip()}, again)
        return screen.go(f"/screen/batches/{quote(command.batch)}")


def _page(
    screen: Screen, request: Request, actor: Actor, wanted: str, given: Mapping[str, str],
    again: OnelotError | None = None,
) -> Response:  # fmt: skip
    """What may be planned, and of the chosen recipe what is signed; with what was typed and why it was not taken."""
    context = screen.context(actor)
    known = _recipes(context)
    # One that is alone needs no choice.
    wanted = wanted or (known[0].identifier if len(known) == 1 else "")
    recipe = _chosen(known, wanted) if wanted and again is None else _maybe(known, wanted)
    return screen.render(
        "stock.html", request, actor, status_of(again) if again else 200, again=again, known=known, recipe=recipe,
        shown=_to_sign(screen, request, context, recipe) if recipe else None, plants=_plants(context, actor),
        given={"batch": _number(context, recipe) if recipe else "", "site": "", **given}, meaning=PlanStock.meaning,
        now=context.now,
    )  # fmt: skip


def _recipes(context: Context) -> list[MasterRecipe]:
    """Approved recipes in effect that are made for stock."""
    found = []
    for name, row in sorted(context.documents().items()):
        if row["kind"] != RECIPE or row["state"] != "approved" or row["effective_from"] > context.now.isoformat():
            continue
        cite = context.reader.document(name).cite
        recipe = context.reader.recipe(cite) if cite else None
        if recipe is not None and recipe.kind == STOCK:
            found.append(recipe)
    return found


def _maybe(known: list[MasterRecipe], wanted: str) -> MasterRecipe | None:
    return next((each for each in known if each.identifier == wanted), None)


def _chosen(known: list[MasterRecipe], wanted: str) -> MasterRecipe:
    found = _maybe(known, wanted)
    if found is None:
        raise BadInput(
            "no recipe was chosen", rule="a batch for stock is made by an approved recipe of that kind, in effect",
            remedy="choose one from the list", place="recipe",
        )  # fmt: skip
    return found


def _plants(context: Context, actor: Actor) -> list[str]:
    sites = context.journal.rows("sites").items()
    return sorted(name for name, row in sites if row["kind"] == "manufacturing" and actor.may_see(name))


def _number(context: Context, recipe: MasterRecipe) -> str:
    """A number nobody has used, as a proposal."""
    used = context.journal.rows("board")
    at = 1
    while (found := f"S-{recipe.name}-{recipe.version}-{at}") in used:
        at += 1
    return found


def _to_sign(screen: Screen, request: Request, context: Context, recipe: MasterRecipe) -> Artefact:
    takes = sum((span(each.duration) for each in recipe.phases if each.duration), timedelta())
    items = dict.fromkeys(charge.item for phase in recipe.phases for charge in phase.charges)
    return screen.artefact(
        "stock.html", request, recipe=recipe, parameters=of_recipe(context, recipe), takes=takes, items=list(items)
    )
