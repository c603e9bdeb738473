"""Tailoring: facts left, what follows right, a line between each pair; what is blocked on top; then signing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from onelot.app.advice import DRUG
from onelot.app.authority import roles_for
from onelot.app.commands import Command
from onelot.app.commands.decide import Decide, WeighDrugs
from onelot.app.commands.tailor import ApproveTailoring, TailorRecipe
from onelot.app.context import Actor, unknown
from onelot.app.printing import tailoring_pdf
from onelot.app.rules import reviews
from onelot.app.tailoring import Tailored, tailored
from onelot.app.web.pages import HEADERS
from onelot.app.web.screen import Artefact, Screen, Sent, Text
from onelot.record.errors import BadInput, NotAllowed

LIST = "/screen/tailoring"
NAV = (("tailoring", LIST),)
OPEN = frozenset({"ordered", "consented", "eligible", "tailored", "scheduled", "collected", "cleared", "conditioning"})
# One row is this high, in rem, on both sides; the stylesheet says the same, so that a line meets its rows.
ROW = 5.5
WIDE = 10.0


@dataclass(frozen=True)
class Line:
    """A line from a fact to what rests on it. start, end: heights in rem; path: of an SVG, in the same unit."""

    fact: str
    fact_title: str
    result: str
    result_title: str
    state: str
    path: str


def lines_of(found: Tailored) -> tuple[Line, ...]:
    """A line for every pair of a fact and a parameter or drug that rests on it."""
    facts = {each.name: (number, each.title) for number, each in enumerate(found.facts_that("computes"))}
    drawn = []
    for number, row in enumerate(found.results):
        for name in row.inputs:
            start, title = facts[name]
            above, below = (start + 0.5) * ROW, (number + 0.5) * ROW
            bend = WIDE / 2
            path = f"M0 {above:g} C{bend:g} {above:g} {bend:g} {below:g} {WIDE:g} {below:g}"
            drawn.append(Line(name, title, row.key, row.title, row.state, path))
    return tuple(drawn)


def routes(router: APIRouter, screen: Screen) -> None:
    """The list, the page, its decisions and its signature."""
    _reading(router, screen)
    _acting(router, screen)


def _open(screen: Screen, request: Request, coi: str, sent: Sent | None = None) -> tuple[Actor, Tailored]:
    actor = screen.enter(request, "tailoring", sent)
    context = screen.context(actor)
    therapy = context.therapy(coi)
    screen.house.log_look(actor.id, f"therapy/{coi}", "tailoring")
    return actor, tailored(context, therapy)


def _to_sign(screen: Screen, request: Request, found: Tailored) -> Artefact:
    return screen.artefact("tailoring.html", request, patient=found.therapy.patient, found=found)


def _to_decide(screen: Screen, request: Request, actor: Actor, found: Tailored, about: str) -> Artefact:
    """What a decision is made on, as it is found now.

    Raises:
        NotAllowed: nothing of this therapy is to be decided on under this name.
    """
    context = screen.context(actor)
    drug = next((each for each in found.standing if f"{DRUG}{each.drug}" == about), None)
    due = next((each for each in reviews(context, found.therapy) if f"review/{each.name}" == about), None)
    washout = next((each for each in found.recipe.washouts if each.decided and f"rule/{each.name}" == about), None)
    fact = next((each for each in found.facts if washout and each.name == washout.fact), None)
    if not (drug and drug.needs_decision) and due is None and fact is None:
        raise unknown("decision about", about[:80])
    return screen.artefact(
        "decision.html", request, patient=found.therapy.patient, found=found, about=about, drug=drug, due=due,
        washout=washout, fact=fact,
    )  # fmt: skip


def _reading(router: APIRouter, screen: Screen) -> None:
    @router.get("/tailoring")
    def therapies(request: Request) -> Response:
        actor = screen.enter(request, "tailoring")
        rows = [
            row
            for row in screen.house.journal.rows("therapies").values()
            if row["state"] in OPEN and actor.may_see(*row["sites"])
        ]
        # What is held needs somebody soonest; then what was touched last.
        rows.sort(key=lambda row: (not row["holds"], row["state"] in ("cleared", "conditioning"), row["coi"]))
        return screen.render("therapies.html", request, actor, rows=rows[:500], count=len(rows))

    @router.get("/therapies/{coi}/tailoring")
    def page(request: Request, coi: str) -> Response:
        actor, found = _open(screen, request, coi)
        lines = lines_of(found)
        return screen.render(
            "tailoring.html", request, actor, found=found, lines=lines, now=screen.house.clock(),
            shown=_to_sign(screen, request, found), wide=f"{WIDE:g}",
            high=f"{ROW * max(len(found.facts_that('computes')), len(found.results)):g}",
            may_sign=bool(roles_for("ApproveTailoring") & actor.roles),
            may_decide=bool(roles_for("Decide") & actor.roles),
            may_tailor=bool(roles_for("TailorRecipe") & actor.roles),
        )  # fmt: skip

    @router.get("/therapies/{coi}/tailoring.pdf")
    def printed(request: Request, coi: str) -> Response:
        actor = screen.enter(request, "tailoring")
        screen.context(actor).therapy(coi)
        screen.house.log_look(actor.id, f"therapy/{coi}", "tailoring, printed")
        name = {"Content-Disposition": f'inline; filename="tailoring-{"".join(filter(str.isalnum, coi))}.pdf"'}
        return Response(
            tailoring_pdf(screen.house, coi, actor), media_type="application/pdf", headers={**HEADERS, **name}
        )

    @router.get("/therapies/{coi}/decide/{about:path}")
    def deciding(request: Request, coi: str, about: str) -> Response:
        actor, found = _open(screen, request, coi)
        return screen.render(
            "decision.html", request, actor, found=found, about=about, now=screen.house.clock(),
            shown=_to_decide(screen, request, actor, found, about), may_decide=bool(roles_for("Decide") & actor.roles),
        )  # fmt: skip


def _acting(router: APIRouter, screen: Screen) -> None:
    @router.post("/therapies/{coi}/tailoring")
    def approve(request: Request, coi: str, sent: Annotated[Sent, Depends()]) -> Response:
        actor, found = _open(screen, request, coi, sent)
        screen.sign(request, actor, ApproveTailoring(coi), sent, _to_sign(screen, request, found))
        return screen.go(f"/screen/therapies/{coi}/tailoring")

    @router.post("/therapies/{coi}/decide/{about:path}")
    def decide(
        request: Request, coi: str, about: str, sent: Annotated[Sent, Depends()], choice: Text = "", reason: Text = ""
    ) -> Response:
        actor, found = _open(screen, request, coi, sent)
        shown = _to_decide(screen, request, actor, found, about)
        screen.sign(request, actor, Decide(coi, about, choice, reason), sent, shown)
        return screen.go(f"/screen/therapies/{coi}/tailoring")

    @router.post("/therapies/{coi}/again")
    def again(request: Request, coi: str, sent: Annotated[Sent, Depends()], what: Text = "") -> Response:
        """Tailor or weigh again; nothing is signed by it."""
        actor = screen.enter(request, "tailoring", sent)
        commands: dict[str, Command] = {"tailor": TailorRecipe(coi), "weigh": WeighDrugs(coi)}
        if what not in commands:
            raise BadInput("nothing was chosen", rule="tailor or weigh", remedy="press one of the two", place="what")
        if not roles_for(type(commands[what]).__name__) & actor.roles:
            raise NotAllowed("this is not for your role", rule="role table", remedy="ask a clinic coordinator")
        screen.give(request, actor, commands[what], sent)
        return screen.go(f"/screen/therapies/{coi}/tailoring")
