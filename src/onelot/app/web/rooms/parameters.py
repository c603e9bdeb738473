"""The parameters a batch goes by: adjusted inside their approved range, or taken anew from the newest signed tailoring.

A tailored value is the patient's own and opens where the role needs it; an adjusted one stands in clear on the batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from onelot.app.authority import roles_for, sees_personal_data
from onelot.app.commands.make import AdjustParameter
from onelot.app.commands.plan import AdoptTailoring
from onelot.app.context import Actor
from onelot.app.going_by import GoesBy, goes_by
from onelot.app.tailoring import number as grouped
from onelot.app.web import reading, typed
from onelot.app.web.screen import Screen, Sent, Text
from onelot.record.recipe import ParameterRule
from onelot.record.terms.values import Cite


@dataclass(frozen=True)
class Row:
    """One parameter. acts: as it acts now, None before it is tailored; mine: they may change it now."""

    rule: ParameterRule
    acts: GoesBy | None
    mine: bool


def routes(router: APIRouter, screen: Screen) -> None:
    """The page and its two forms."""

    @router.get("/batches/{number}/parameters")
    def parameters(request: Request, number: str) -> Response:
        actor = screen.enter(request, "parameters")
        found = reading.open_batch(screen.house, actor, number)
        if sees_personal_data(actor):
            screen.house.log_look(actor.id, f"batch/{number}", "parameters")
        running = found.batch.running
        return screen.render(
            "parameters.html", request, actor, batch=found.batch, recipe=found.recipe,
            rows=_rows(screen, actor, found), running=running.phase if running else "", newer=_newer(found),
            may_adopt=bool(roles_for("AdoptTailoring") & actor.roles), grouped=grouped,
        )  # fmt: skip

    @router.post("/batches/{number}/parameters")
    def adjust(
        request: Request, number: str, sent: Annotated[Sent, Depends()], name: Text = "", phase: Text = "",
        value: Text = "", unit: Text = "", reason: Text = "",
    ) -> Response:  # fmt: skip
        actor = screen.enter(request, "parameters", sent)
        wanted = typed.number(value, "value")
        screen.give(
            request, actor, AdjustParameter(number, phase, name, wanted, unit, typed.line(reason, "reason")), sent
        )
        return screen.go(f"/screen/batches/{number}/parameters")

    @router.post("/batches/{number}/adopt")
    def adopt(request: Request, number: str, sent: Annotated[Sent, Depends()], reason: Text = "") -> Response:
        actor = screen.enter(request, "parameters", sent)
        screen.give(request, actor, AdoptTailoring(number, typed.line(reason, "reason")), sent)
        return screen.go(f"/screen/batches/{number}/parameters")


def _rows(screen: Screen, actor: Actor, found: reading.Opened) -> list[Row]:
    if found.recipe is None:
        return []
    known = {each.name: each for each in goes_by(screen.context(actor), found.batch)}
    may = bool(roles_for("AdjustParameter") & actor.roles) and found.batch.running is not None
    rows = []
    for rule in found.recipe.parameters:
        acts = known.get(rule.name)
        mine = may and rule.changed_by in actor.roles and rule.low is not None and rule.high is not None
        rows.append(Row(rule, acts, mine))
    return rows


def _newer(found: reading.Opened) -> Cite | None:
    """The signed tailoring the batch does not go by yet."""
    tailoring = found.therapy.tailoring if found.therapy else None
    if tailoring is None or not tailoring.approved or tailoring.cite == found.batch.tailoring:
        return None
    return tailoring.cite if found.batch.tailoring else None
