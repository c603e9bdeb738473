"""From the record: correct an entry, stop a batch for good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from onelot.app.commands.make import CorrectEntry, TerminateBatch
from onelot.app.web import reading
from onelot.app.web.screen import Screen, Sent, Text
from onelot.record.errors import BadInput, NotAllowed


@dataclass(frozen=True)
class Entered:
    """A value on the record that can be corrected. title: as the recipe calls it; before: the values it had, oldest
    first."""

    seq: int
    title: str
    value: str
    unit: str
    by: str
    at: Any
    before: tuple[str, ...]


def entries_of(screen: Screen, opened: reading.Opened) -> list[Entered]:
    """The measured values and results of a batch with what they read before, newest first."""
    found: dict[int, Entered] = {}
    titles = reading.titles_of(opened.recipe)
    for knot in screen.house.journal.read(f"batch/{opened.batch.batch}"):
        data = knot.envelope["data"]
        match knot.envelope["type"]:
            case "Measured" | "Tested" as kind:
                name = str(data["name"] if kind == "Measured" else data["test"])
                found[knot.seq] = Entered(
                    knot.seq, titles.get(name, name), str(data["value"]), str(data["unit"]), knot.by, knot.at, ()
                )
            case "EntryCorrected":
                was = found.get(int(data["corrects"]["seq"]))
                if was:
                    found[was.seq] = Entered(
                        was.seq, was.title, str(data["value"]), was.unit, knot.by, knot.at, (*was.before, was.value)
                    )
    return [found[seq] for seq in sorted(found, reverse=True)]


def routes(router: APIRouter, screen: Screen) -> None:
    """The pages, each with its form."""
    _corrections(router, screen)
    _termination(router, screen)


def _corrections(router: APIRouter, screen: Screen) -> None:
    @router.get("/batches/{number}/correct")
    def correct_page(request: Request, number: str, seq: int = 0) -> Response:
        actor = screen.enter(request, "correct")
        found = reading.open_batch(screen.house, actor, number)
        entries = entries_of(screen, found)
        chosen = next((each for each in entries if each.seq == seq), None)
        return screen.render(
            "correct.html", request, actor, batch=found.batch, recipe=found.recipe, entries=entries, chosen=chosen
        )

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
