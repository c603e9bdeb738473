"""The quality decision: what is proven, missing, unusual; then the sign box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from onelot.app.authority import roles_for
from onelot.app.commands import Command
from onelot.app.commands.release import RejectBatch, ReleaseBatch, ReleaseConditionally, SupplyExceptionally
from onelot.app.context import Actor
from onelot.app.web import reading
from onelot.app.web.screen import Artefact, Screen, Sent, Text
from onelot.record.errors import BadInput, NotAllowed
from onelot.release import assess
from onelot.release.disposition import CONDITIONAL, EXCEPTIONAL, REJECTED, RELEASED

_DECISIONS = (
    ("release", RELEASED), ("conditional", CONDITIONAL), ("exceptional", EXCEPTIONAL), ("reject", REJECTED)
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """What the signer chose and wrote: a reason for a rejection, four texts for an exceptional supply."""

    decision: str
    reason: str
    request: str
    risk_evaluation: str
    acceptance: str
    authority: str


def _said(
    decision: Text = "", reason: Text = "", requested: Text = "", risk_evaluation: Text = "", acceptance: Text = "",
    authority: Text = "",
) -> Said:  # fmt: skip
    return Said(decision, *(each.strip() for each in (reason, requested, risk_evaluation, acceptance, authority)))


def routes(router: APIRouter, screen: Screen) -> None:
    """The release page and its signature."""

    def open_page(request: Request, actor: Actor, number: str) -> tuple[Artefact, reading.Opened, list[str]]:
        found = reading.open_batch(screen.house, actor, number)
        if found.recipe is None:
            raise NotAllowed("there is no recipe", rule="a batch cites its recipe", remedy="verify the journal")
        judged = assess(found.recipe, found.batch, found.therapy, screen.house.clock())
        shown = screen.artefact("release.html", request, batch=found.batch, recipe=found.recipe, judged=judged)
        return shown, found, [word for word, each in _DECISIONS if each in judged.possible]

    @router.get("/batches/{number}/release")
    def release_page(request: Request, number: str) -> Response:
        actor = screen.enter(request, "release")
        shown, found, decisions = open_page(request, actor, number)
        return screen.render(
            "release.html", request, actor, batch=found.batch, shown=shown, now=screen.house.clock(),
            decisions=decisions, may_sign=bool(roles_for("ReleaseBatch") & actor.roles),
        )  # fmt: skip

    @router.post("/batches/{number}/release")
    def decide(
        request: Request, number: str, sent: Annotated[Sent, Depends()], said: Annotated[Said, Depends(_said)]
    ) -> Response:
        actor = screen.enter(request, "release", sent)
        shown, _, _ = open_page(request, actor, number)
        screen.sign(request, actor, _decision(number, said), sent, shown)
        return screen.go(f"/screen/batches/{number}")


def _decision(number: str, said: Said) -> Command:
    match said.decision:
        case "release":
            return ReleaseBatch(number)
        case "conditional":
            return ReleaseConditionally(number)
        case "exceptional":
            return SupplyExceptionally(number, said.request, said.risk_evaluation, said.acceptance, said.authority)
        case "reject" if said.reason:
            return RejectBatch(number, said.reason)
    raise BadInput(
        "no decision was made" if said.decision != "reject" else "a rejection needs its reason",
        rule="release, conditional release, exceptional supply, or rejection with a reason",
        remedy="choose one, and say why where you reject",
    )
