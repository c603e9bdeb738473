"""Deviations and near misses of a batch and of the collection it was made from; open one, assess one, close one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from onelot.app.api.doors import status_of
from onelot.app.authority import roles_for
from onelot.app.commands import Command
from onelot.app.commands.release import AssessDeviation, CloseDeviation, OpenDeviation
from onelot.app.commands.stops import AssessTherapyDeviation, CloseTherapyDeviation
from onelot.app.context import Actor, unknown
from onelot.app.web import reading
from onelot.app.web.screen import Artefact, Screen, Sent, Text
from onelot.record.errors import BadInput, Conflict, Held, OnelotError
from onelot.record.subjects.departures import SEVERITIES, Deviation, Deviations

_NOTHING = {"severity": "", "impact": "", "meanwhile": ""}


@dataclass(frozen=True)
class Kept:
    """Where deviations stand. root: of their addresses; name: what says whose they are, in an address; known: those
    this person may see; assess, close: the commands that judge one."""

    root: str
    name: str
    known: Callable[[Screen, Actor, str], Deviations]
    assess: type[AssessDeviation] | type[AssessTherapyDeviation]
    close: type[CloseDeviation] | type[CloseTherapyDeviation]


def _of_batch(screen: Screen, actor: Actor, name: str) -> Deviations:
    return reading.open_batch(screen.house, actor, name).batch.deviations


def _of_therapy(screen: Screen, actor: Actor, name: str) -> Deviations:
    return screen.context(actor).therapy(name).deviations


BATCHES = Kept("/screen/batches", "number", _of_batch, AssessDeviation, CloseDeviation)
THERAPIES = Kept("/screen/therapies", "coi", _of_therapy, AssessTherapyDeviation, CloseTherapyDeviation)


def routes(router: APIRouter, screen: Screen) -> None:
    """The lists, each with its form, and the pages on which one is assessed and closed."""
    _lists(router, screen)
    for kept in (BATCHES, THERAPIES):
        _judged(router, screen, kept)


def _lists(router: APIRouter, screen: Screen) -> None:
    @router.get("/batches/{number}/deviations")
    def deviations(request: Request, number: str) -> Response:
        actor = screen.enter(request, "deviations")
        found = reading.open_batch(screen.house, actor, number)
        return screen.render(
            "deviations.html", request, actor, batch=found.batch, therapy=found.therapy, severities=SEVERITIES,
            may_open=bool(roles_for("OpenDeviation") & actor.roles),
            may_close=bool(roles_for("CloseDeviation") & actor.roles),
        )  # fmt: skip

    @router.post("/batches/{number}/deviations")
    def open_one(
        request: Request, number: str, sent: Annotated[Sent, Depends()], severity: Text = "", what: Text = "",
        rule: Text = "",
    ) -> Response:  # fmt: skip
        actor = screen.enter(request, "deviations", sent)
        if severity not in SEVERITIES or not what.strip() or not rule.strip():
            raise BadInput(
                "the deviation is not described", rule="a deviation has a class, a fact and what it departs from",
                remedy="fill in all three",
            )  # fmt: skip
        screen.give(request, actor, OpenDeviation(number, severity, what.strip(), rule.strip()), sent)
        return screen.go(f"/screen/batches/{number}/deviations")

    @router.get("/therapies/{coi}/deviations")
    def of_therapy(request: Request, coi: str) -> Response:
        actor = screen.enter(request, "deviations")
        return screen.render(
            "deviations.html", request, actor, batch=None, therapy=screen.context(actor).therapy(coi),
            severities=SEVERITIES, may_open=False, may_close=bool(roles_for("CloseTherapyDeviation") & actor.roles),
        )  # fmt: skip


def _whose(request: Request, kept: Kept) -> str:
    return str(request.path_params[kept.name])


def _to_sign(
    screen: Screen, request: Request, actor: Actor, kept: Kept, deviation: str, task: str
) -> tuple[Artefact, Deviation]:
    name = _whose(request, kept)
    wanted = kept.known(screen, actor, name).get(deviation)
    if wanted is None or wanted.closed_by:
        raise unknown("open deviation", deviation[:80])
    shown = screen.artefact(
        "deviation.html", request, place=f"{kept.root}/{name}", number=name, deviation=wanted, task=task
    )
    return shown, wanted


def _page(
    screen: Screen, request: Request, actor: Actor, kept: Kept, deviation: str, task: str,
    given: Mapping[str, str] = _NOTHING, again: OnelotError | None = None,
) -> Response:  # fmt: skip
    """One open deviation with what is signed of it. task: assess or close; given: what was typed before."""
    shown, wanted = _to_sign(screen, request, actor, kept, deviation, task)
    command = kept.assess if task == "assess" else kept.close
    # What it cannot be any more is not offered.
    classes = SEVERITIES[SEVERITIES.index(wanted.severity) if wanted.severity in SEVERITIES else -1 :]
    return screen.render(
        "deviation.html", request, actor, status_of(again) if again else 200, again=again, task=task, given=given,
        place=f"{kept.root}/{_whose(request, kept)}", deviation=wanted, shown=shown, now=screen.house.clock(),
        classes=classes, may_judge=bool(roles_for(command.__name__) & actor.roles),
    )  # fmt: skip


def _judged(router: APIRouter, screen: Screen, kept: Kept) -> None:
    """The two pages of one open deviation, and the signature each ends with."""
    path = f"{kept.root.removeprefix('/screen')}/{{{kept.name}}}/deviations/{{deviation}}"

    def sign(request: Request, actor: Actor, command: Command, sent: Sent, deviation: str, task: str) -> None:
        if not screen.done_before(actor, command, sent):
            shown, _ = _to_sign(screen, request, actor, kept, deviation, task)
            screen.sign(request, actor, command, sent, shown)

    @router.get(path, name=f"close {path}")
    def close_page(request: Request, deviation: str) -> Response:
        return _page(screen, request, screen.enter(request, "deviations"), kept, deviation, "close")

    @router.post(path, name=f"closed {path}")
    def close(
        request: Request, deviation: str, sent: Annotated[Sent, Depends()], cause: Text = "", impact: Text = ""
    ) -> Response:
        actor, name = screen.enter(request, "deviations", sent), _whose(request, kept)
        sign(request, actor, kept.close(name, deviation, cause.strip(), impact.strip()), sent, deviation, "close")
        return screen.go(f"{kept.root}/{name}/deviations")

    @router.get(f"{path}/assess", name=f"assess {path}")
    def assess_page(request: Request, deviation: str) -> Response:
        return _page(screen, request, screen.enter(request, "deviations"), kept, deviation, "assess")

    @router.post(f"{path}/assess", name=f"assessed {path}")
    def assess(
        request: Request, deviation: str, sent: Annotated[Sent, Depends()], severity: Text = "", impact: Text = "",
        meanwhile: Text = "",
    ) -> Response:  # fmt: skip
        actor, name = screen.enter(request, "deviations", sent), _whose(request, kept)
        given = {"severity": severity.strip(), "impact": impact.strip(), "meanwhile": meanwhile.strip()}
        try:
            sign(request, actor, kept.assess(name, deviation, **given), sent, deviation, "assess")
        except (BadInput, Held, Conflict) as again:
            return _page(screen, request, actor, kept, deviation, "assess", given, again)
        return screen.go(f"{kept.root}/{name}/deviations")
