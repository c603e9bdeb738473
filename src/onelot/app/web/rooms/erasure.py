"""The right to erasure: the patient's health key is destroyed, values answer "erased", every chain stays valid."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from onelot.app.commands.order import EraseHealthKey
from onelot.app.context import Actor
from onelot.app.web import clinic, typed
from onelot.app.web.screen import Artefact, Screen, Sent, Text
from onelot.record.errors import NotAllowed
from onelot.record.identity import names_therapy


def routes(router: APIRouter, screen: Screen) -> None:
    """The page and its signature."""

    def open_page(request: Request, actor: Actor, coi: str) -> Artefact:
        context = screen.context(actor)
        therapy = context.therapy(coi)
        batches = clinic.batches_of(context, coi)
        return screen.artefact("erasure.html", request, therapy=therapy, batches=batches)

    @router.get("/therapies/{coi}/erase")
    def page(request: Request, coi: str) -> Response:
        actor = screen.enter(request, "erasure")
        shown = open_page(request, actor, coi)
        return screen.render(
            "erasure.html", request, actor, coi=coi, shown=shown, now=screen.house.clock(),
            meaning=EraseHealthKey.meaning,
        )  # fmt: skip

    @router.post("/therapies/{coi}/erase")
    def erase(
        request: Request, coi: str, sent: Annotated[Sent, Depends()], again: Text = "", reason: Text = ""
    ) -> Response:
        actor = screen.enter(request, "erasure", sent)
        shown = open_page(request, actor, coi)
        if not names_therapy(again, coi, ()):
            raise NotAllowed(
                "the chain of identity typed is not this therapy's",
                rule="what cannot be undone is confirmed by its number",
                remedy="look which therapy you mean",
            )
        screen.sign(request, actor, EraseHealthKey(coi, typed.line(reason, "reason")), sent, shown)
        return screen.go(f"/screen/therapies/{coi}")
