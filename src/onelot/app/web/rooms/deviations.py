"""Deviations and near misses of a batch and of the collection it was made from; open one, close one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from onelot.app.authority import roles_for
from onelot.app.commands.release import CloseDeviation, OpenDeviation
from onelot.app.commands.stops import CloseTherapyDeviation
from onelot.app.context import Actor, unknown
from onelot.app.web import reading
from onelot.app.web.screen import Artefact, Screen, Sent, Text
from onelot.record.errors import BadInput
from onelot.record.subjects.departures import Deviation, Deviations

_SEVERITIES = ("minor", "major", "critical")


def routes(router: APIRouter, screen: Screen) -> None:
    """The lists, each with its form, and the page on which one is closed."""
    _of_batch(router, screen)
    _of_therapy(router, screen)


def _closing(
    screen: Screen, request: Request, place: str, name: str, known: Deviations, deviation: str
) -> tuple[Artefact, Deviation]:
    wanted = known.get(deviation)
    if wanted is None or wanted.closed_by:
        raise unknown("open deviation", deviation[:80])
    return screen.artefact("deviation.html", request, place=place, number=name, deviation=wanted), wanted


def _close_page(
    screen: Screen, request: Request, actor: Actor, place: str, name: str, known: Deviations, deviation: str
) -> Response:
    shown, wanted = _closing(screen, request, place, name, known, deviation)
    return screen.render(
        "deviation.html", request, actor, place=place, deviation=wanted, shown=shown, now=screen.house.clock(),
        may_close=bool(roles_for("CloseDeviation") & actor.roles),
    )  # fmt: skip


def _of_batch(router: APIRouter, screen: Screen) -> None:
    @router.get("/batches/{number}/deviations")
    def deviations(request: Request, number: str) -> Response:
        actor = screen.enter(request, "deviations")
        found = reading.open_batch(screen.house, actor, number)
        return screen.render(
            "deviations.html", request, actor, batch=found.batch, therapy=found.therapy, severities=_SEVERITIES,
            may_open=bool(roles_for("OpenDeviation") & actor.roles),
            may_close=bool(roles_for("CloseDeviation") & actor.roles),
        )  # fmt: skip

    @router.post("/batches/{number}/deviations")
    def open_one(
        request: Request, number: str, sent: Annotated[Sent, Depends()], severity: Text = "", what: Text = "",
        rule: Text = "",
    ) -> Response:  # fmt: skip
        actor = screen.enter(request, "deviations", sent)
        if severity not in _SEVERITIES or not what.strip() or not rule.strip():
            raise BadInput(
                "the deviation is not described", rule="a deviation has a class, a fact and what it departs from",
                remedy="fill in all three",
            )  # fmt: skip
        screen.give(request, actor, OpenDeviation(number, severity, what.strip(), rule.strip()), sent)
        return screen.go(f"/screen/batches/{number}/deviations")

    @router.get("/batches/{number}/deviations/{deviation}")
    def close_page(request: Request, number: str, deviation: str) -> Response:
        actor = screen.enter(request, "deviations")
        batch = reading.open_batch(screen.house, actor, number).batch
        return _close_page(screen, request, actor, f"/screen/batches/{number}", number, batch.deviations, deviation)

    @router.post("/batches/{number}/deviations/{deviation}")
    def close(
        request: Request, number: str, deviation: str, sent: Annotated[Sent, Depends()], cause: Text = "",
        impact: Text = "",
    ) -> Response:  # fmt: skip
        actor = screen.enter(request, "deviations", sent)
        command = CloseDeviation(number, deviation, cause.strip(), impact.strip())
        if not screen.done_before(actor, command, sent):
            known = reading.open_batch(screen.house, actor, number).batch.deviations
            shown, _ = _closing(screen, request, f"/screen/batches/{number}", number, known, deviation)
            screen.sign(request, actor, command, sent, shown)
        return screen.go(f"/screen/batches/{number}/deviations")


def _of_therapy(router: APIRouter, screen: Screen) -> None:
    @router.get("/therapies/{coi}/deviations")
    def deviations(request: Request, coi: str) -> Response:
        actor = screen.enter(request, "deviations")
        return screen.render(
            "deviations.html", request, actor, batch=None, therapy=screen.context(actor).therapy(coi),
            severities=_SEVERITIES, may_open=False, may_close=bool(roles_for("CloseTherapyDeviation") & actor.roles),
        )  # fmt: skip

    @router.get("/therapies/{coi}/deviations/{deviation}")
    def close_page(request: Request, coi: str, deviation: str) -> Response:
        actor = screen.enter(request, "deviations")
        known = screen.context(actor).therapy(coi).deviations
        return _close_page(screen, request, actor, f"/screen/therapies/{coi}", coi, known, deviation)

    @router.post("/therapies/{coi}/deviations/{deviation}")
    def close(
        request: Request, coi: str, deviation: str, sent: Annotated[Sent, Depends()], cause: Text = "",
        impact: Text = "",
    ) -> Response:  # fmt: skip
        actor = screen.enter(request, "deviations", sent)
        command = CloseTherapyDeviation(coi, deviation, cause.strip(), impact.strip())
        if not screen.done_before(actor, command, sent):
            known = screen.context(actor).therapy(coi).deviations
            shown, _ = _closing(screen, request, f"/screen/therapies/{coi}", coi, known, deviation)
            screen.sign(request, actor, command, sent, shown)
        return screen.go(f"/screen/therapies/{coi}/deviations")
