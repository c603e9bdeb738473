"""Quality control: results against the specification, and the certificate over them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from onelot.app.authority import roles_for
from onelot.app.commands.release import IssueCertificate, RecordResult
from onelot.app.context import unknown
from onelot.app.web import reading
from onelot.app.web.screen import Artefact, Screen, Sent, Text
from onelot.app.web.stepping import moment
from onelot.record.errors import BadInput, Held
from onelot.record.recipe import Test
from onelot.release.specification import limit_shown, standing

NAV = (("qc", "/screen/qc"),)
_STATES = ("in_process", "quarantine", "conditionally_released", "in_transit", "at_site", "administered")


def routes(router: APIRouter, screen: Screen) -> None:
    """The list, a batch's tests, a result, the certificate."""
    _results(router, screen)
    _certificate(router, screen)


def _rows(screen: Screen, found: reading.Opened) -> list[tuple[Test, str, str, str]]:
    """Each test with its limit, where it stands, and its newest result with unit."""
    if found.recipe is None:
        raise Held("the batch has no recipe", rule="a batch cites its recipe", remedy="verify the journal")
    rows = []
    for test in found.recipe.specification:
        state, result = standing(test, found.batch, screen.house.clock())
        newest = result or found.batch.result(test.name)
        value = f"{newest.result.value} {newest.result.unit}".strip() if newest else ""
        rows.append((test, limit_shown(test), state, value))
    return rows


def _results(router: APIRouter, screen: Screen) -> None:
    @router.get("/qc")
    def waiting(request: Request) -> Response:
        actor = screen.enter(request, "qc")
        now = screen.house.clock()
        rows = [
            row
            for row in reading.board(screen.house, actor, "", "", now)
            if row["state"] in _STATES[1:] and (row["open"] or row["disposition"] == "conditionally_released")
        ][: reading.PAGE]
        return screen.render("qc.html", request, actor, rows=[reading.weighed(row, now) for row in rows])

    @router.get("/batches/{number}/qc")
    def batch(request: Request, number: str) -> Response:
        actor = screen.enter(request, "qc")
        found = reading.open_batch(screen.house, actor, number)
        return screen.render(
            "tests.html", request, actor, batch=found.batch, recipe=found.recipe, rows=_rows(screen, found),
            may_enter=bool(roles_for("RecordResult") & actor.roles),
            may_certify=bool(roles_for("IssueCertificate") & actor.roles),
        )  # fmt: skip

    @router.get("/batches/{number}/qc/{test}")
    def result_page(request: Request, number: str, test: str) -> Response:
        actor = screen.enter(request, "qc")
        found = reading.open_batch(screen.house, actor, number)
        row = next((each for each in _rows(screen, found) if each[0].name == test), None)
        if row is None:
            raise unknown("test", test[:80])
        sampled = found.batch.completed_at or screen.house.clock()
        return screen.render(
            "result.html", request, actor, batch=found.batch, test=row[0], limit=row[1], state=row[2], value=row[3],
            sampled=sampled.isoformat(timespec="minutes"), may_enter=bool(roles_for("RecordResult") & actor.roles),
        )  # fmt: skip

    @router.post("/batches/{number}/qc/{test}")
    def result(
        request: Request, number: str, test: str, sent: Annotated[Sent, Depends()], value: Text = "", unit: Text = "",
        sampled_at: Text = "", verified_by: Text = "",
    ) -> Response:  # fmt: skip
        actor = screen.enter(request, "qc", sent)
        if not value.strip():
            raise BadInput("no result was entered", rule="a result has a value", remedy="enter it with its unit")
        second = verified_by.strip()
        second = second if not second or second.startswith("person/") else f"person/{second}"
        command = RecordResult(number, test, value.strip(), unit.strip(), moment(sampled_at), second)
        screen.give(request, actor, command, sent)
        return screen.go(f"/screen/batches/{number}/qc")


def _certificate(router: APIRouter, screen: Screen) -> None:
    def shown_of(request: Request, found: reading.Opened) -> Artefact:
        rows = _rows(screen, found)
        patient = found.therapy.patient if found.therapy else ""
        return screen.artefact(
            "certificate.html", request, patient=patient, batch=found.batch, recipe=found.recipe, rows=rows
        )

    @router.get("/batches/{number}/certificate")
    def certificate_page(request: Request, number: str) -> Response:
        actor = screen.enter(request, "qc")
        found = reading.open_batch(screen.house, actor, number)
        return screen.render(
            "certificate.html", request, actor, batch=found.batch, shown=shown_of(request, found),
            now=screen.house.clock(), meaning=IssueCertificate.meaning,
            may_sign=bool(roles_for("IssueCertificate") & actor.roles),
        )  # fmt: skip

    @router.post("/batches/{number}/certificate")
    def certify(request: Request, number: str, sent: Annotated[Sent, Depends()]) -> Response:
        actor = screen.enter(request, "qc", sent)
        shown = shown_of(request, reading.open_batch(screen.house, actor, number))
        screen.sign(request, actor, IssueCertificate(number), sent, shown)
        return screen.go(f"/screen/batches/{number}/qc")
