"""From the record: correct an entry, open and close deviations, stop a batch for good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from onelot.app.authority import roles_for
from onelot.app.commands.make import CorrectEntry, TerminateBatch
from onelot.app.commands.release import CloseDeviation, OpenDeviation
from onelot.app.context import unknown
from onelot.app.web import reading
from onelot.app.web.screen import Artefact, Screen, Sent, Text
from onelot.record.errors import BadInput, NotAllowed
from onelot.record.subjects.batch import Deviation

_SEVERITIES = ("minor", "major", "critical")


@dataclass(frozen=True)
class Entered:
    """A value on the record that can be corrected. before: the values it had, oldest first."""

    seq: int
    name: str
    value: str
    unit: str
    by: str
    at: Any
    before: tuple[str, ...]


def entries_of(screen: Screen, number: str) -> list[Entered]:
    """The measured values and results of a batch with what they read before, newest first."""
    found: dict[int, Entered] = {}
    for knot in screen.house.journal.read(f"batch/{number}"):
        data = knot.envelope["data"]
        match knot.envelope["type"]:
            case "Measured" | "Tested" as kind:
                name = str(data["name"] if kind == "Measured" else data["test"])
                found[knot.seq] = Entered(knot.seq, name, str(data["value"]), str(data["unit"]), knot.by, knot.at, ())
            case "EntryCorrected":
                was = found.get(int(data["corrects"]["seq"]))
                if was:
                    found[was.seq] = Entered(
                        was.seq, was.name, str(data["value"]), was.unit, knot.by, knot.at, (*was.before, was.value)
                    )
    return [found[seq] for seq in sorted(found, reverse=True)]


def routes(router: APIRouter, screen: Screen) -> None:
    """The pages, each with its form."""
    _corrections(router, screen)
    _deviations(router, screen)
    _termination(router, screen)


def _corrections(router: APIRouter, screen: Screen) -> None:
    @router.get("/batches/{number}/correct")
    def correct_page(request: Request, number: str, seq: int = 0) -> Response:
        actor = screen.enter(request, "correct")
        found = reading.open_batch(screen.house, actor, number)
        entries = entries_of(screen, number)
        chosen = next((each for each in entries if each.seq == seq), None)
        return screen.render("correct.html", request, actor, batch=found.batch, entries=entries, chosen=chosen)

    @router.post("/batches/{number}/correct")
    def correct(
        request: Request, number: str, sent: Annotated[Sent, Depends()], seq: Text = "", value: Text = "",
        reason: Text = "",
    ) -> Response:  # fmt: skip
        actor = screen.enter(request, "correct", sent)
        if not (seq.isascii() and seq.isdigit() and len(seq) < 10) or not value.strip():
            raise BadInput(
                "no entry, or no right value", rule="ALCOA: old value, new value, who, when, why",
                remedy="choose the entry, and write the right value and the reason",
            )  # fmt: skip
        screen.give(request, actor, CorrectEntry(number, int(seq), value.strip(), reason.strip()), sent)
        return screen.go(f"/screen/batches/{number}/correct")


def _deviations(router: APIRouter, screen: Screen) -> None:
    def closing(request: Request, found: reading.Opened, deviation: str) -> tuple[Artefact, Deviation]:
        wanted = found.batch.deviations.get(deviation)
        if wanted is None or wanted.closed_by:
            raise unknown("open deviation", deviation[:80])
        return screen.artefact("deviation.html", request, batch=found.batch, deviation=wanted), wanted

    @router.get("/batches/{number}/deviations")
    def deviations(request: Request, number: str) -> Response:
        actor = screen.enter(request, "deviations")
        found = reading.open_batch(screen.house, actor, number)
        return screen.render(
            "deviations.html", request, actor, batch=found.batch, severities=_SEVERITIES,
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
        found = reading.open_batch(screen.house, actor, number)
        shown, wanted = closing(request, found, deviation)
        return screen.render(
            "deviation.html", request, actor, batch=found.batch, deviation=wanted, shown=shown,
            now=screen.house.clock(), may_close=bool(roles_for("CloseDeviation") & actor.roles),
        )  # fmt: skip

    @router.post("/batches/{number}/deviations/{deviation}")
    def close(
        request: Request, number: str, deviation: str, sent: Annotated[Sent, Depends()], cause: Text = "",
        impact: Text = "",
    ) -> Response:  # fmt: skip
        actor = screen.enter(request, "deviations", sent)
        command = CloseDeviation(number, deviation, cause.strip(), impact.strip())
        if not sent.once or not screen.house.loop.repeated(command, actor, f"{actor.id}/{sent.once}"):
            shown, _ = closing(request, reading.open_batch(screen.house, actor, number), deviation)
            screen.sign(request, actor, command, sent, shown)
        return screen.go(f"/screen/batches/{number}/deviations")


def _termination(router: APIRouter, screen: Screen) -> None:
    @router.get("/batches/{number}/terminate")
    def terminate_page(request: Request, number: str) -> Response:
        actor = screen.enter(request, "terminate")
        return screen.render(
            "terminate.html", request, actor, batch=reading.open_batch(screen.house, actor, number).batch
        )

    @router.post("/batches/{number}/terminate")
    def terminate(
        request: Request, number: str, sent: Annotated[Sent, Depends()], again: Text = "", reason: Text = "",
        rule: Text = "",
    ) -> Response:  # fmt: skip
        actor = screen.enter(request, "terminate", sent)
        if again.strip() != number:
            raise NotAllowed(
                "the number typed is not this batch's", rule="stopping for good is confirmed by the batch's number",
                remedy="look which batch you mean",
            )  # fmt: skip
        if not reason.strip() or not rule.strip():
            raise BadInput("no reason", rule="a batch ends with a reason and its rule", remedy="write both")
        screen.give(request, actor, TerminateBatch(number, reason.strip(), rule.strip()), sent)
        return screen.go(f"/screen/batches/{number}")
