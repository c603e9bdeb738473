"""Forms of a therapy: consent, the patient's files, markers, eligibility, corrections, clearance, outcome, its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile

from onelot.adapters.fhir.requests import SCOPES
from onelot.app.authority import roles_for
from onelot.app.commands import Command
from onelot.app.commands.deliver import ClearConditioning
from onelot.app.commands.learn import RecordOutcome
from onelot.app.commands.order import AddAlias, EndTherapy, RecordConsent, WithdrawConsent
from onelot.app.commands.profile import ConfirmEligibility, CorrectFact, RecordMarkers, RecordProfile
from onelot.app.context import Actor, Context
from onelot.app.web import clinic, intake_reading, typed
from onelot.app.web.screen import Artefact, Screen, Sent, Text
from onelot.app.web.supplied import Supplied, check_person, supplied
from onelot.deliver import RescueCells
from onelot.record.errors import BadInput, Held
from onelot.record.recipe import MasterRecipe
from onelot.record.subjects import Batch, Therapy
from onelot.record.terms.values import Finding

# Form -> the page of the role table it belongs to.
PAGES = {
    "consent": "intake", "files": "intake", "markers": "markers", "eligibility": "intake", "correct": "intake",
    "alias": "markers", "outcome": "intake", "end": "intake",
}  # fmt: skip
Names = Annotated[list[str], Form(max_length=50)]


def routes(router: APIRouter, screen: Screen) -> None:
    """Every form, and the command each gives."""
    for form in PAGES:
        _shown(router, screen, form)
    _consent(router, screen)
    _files(router, screen)
    _markers(router, screen)
    _eligibility(router, screen)
    _rest(router, screen)
    _clearance(router, screen)


def _open(screen: Screen, actor: Actor, coi: str) -> tuple[Context, Therapy, MasterRecipe]:
    context = screen.context(actor)
    therapy = context.therapy(coi)
    if therapy.recipe is None:
        raise Held("the therapy has no recipe", rule="an order names a recipe", remedy="order again")
    return context, therapy, context.reader.recipe(therapy.recipe)


def _render(screen: Screen, request: Request, actor: Actor, coi: str, form: str, **given: Any) -> Response:
    context, therapy, recipe = _open(screen, actor, coi)
    titles = clinic.titles_of(recipe)
    return screen.render(
        "intake.html", request, actor, form=form, therapy=therapy, recipe=recipe, now=context.now, scopes=SCOPES,
        origins=intake_reading.ORIGINS, words_of_marker=intake_reading.MARKER_WORDS,
        facts=sorted((titles.get(name, ""), name, known.fact.unit) for name, known in therapy.facts.items()),
        **{"read": None, "held": None, "wait": "", **given},
    )  # fmt: skip


def _shown(router: APIRouter, screen: Screen, form: str) -> None:
    @router.get(f"/therapies/{{coi}}/{form}", name=f"form {form}")
    def page(request: Request, coi: str) -> Response:
        return _render(screen, request, screen.enter(request, PAGES[form]), coi, form)


def _back(coi: str) -> str:
    return f"/screen/therapies/{coi}"


def _consent(router: APIRouter, screen: Screen) -> None:
    @router.post("/therapies/{coi}/consent")
    def consent(
        request: Request, coi: str, sent: Annotated[Sent, Depends()], what: Text = "", where: Text = "",
        valid_until: Text = "", scopes: Names = [],  # noqa: B006 - read, never changed
    ) -> Response:  # fmt: skip
        actor = screen.enter(request, "intake", sent)
        _open(screen, actor, coi)
        if not scopes or set(scopes) - set(SCOPES) or what not in ("record", "withdraw"):
            raise BadInput(
                "nothing was chosen", rule=f"consent is to {', '.join(SCOPES)}, recorded or withdrawn",
                remedy="choose what the patient agrees to, or withdraws",
            )  # fmt: skip
        said = typed.line(where, "where")
        chosen = tuple(each for each in SCOPES if each in scopes)
        until = typed.moment(valid_until, "valid_until") if valid_until.strip() else None
        command: Command = WithdrawConsent(coi, chosen, said)
        if what == "record":
            command = RecordConsent(coi, chosen, until, "", f"{said}, entered by {actor.id}")
        screen.give(request, actor, command, sent)
        return screen.go(_back(coi))


def _files(router: APIRouter, screen: Screen) -> None:
    @router.post("/therapies/{coi}/files")
    def files(
        request: Request, coi: str, sent: Annotated[Sent, Depends()], origin: Text = "", consent: Text = "",
        files: Annotated[list[UploadFile], File()] = [],  # noqa: B006 - read, never changed
    ) -> Response:  # fmt: skip
        actor = screen.enter(request, "intake", sent)
        context, therapy, _ = _open(screen, actor, coi)
        if origin not in intake_reading.ORIGINS:
            raise BadInput("no such origin", rule="an origin from the list", remedy="choose one", place="origin")
        screen.house.log_look(actor.id, f"therapy/{coi}", "the patient's files, read")
        with supplied(files) as found:
            check_person(found, context.vault.identify(therapy.patient))
            read = _record(screen, request, actor, coi, sent, found, origin, bool(consent))
        return _render(screen, request, actor, coi, "files", read=read)


def _record(
    screen: Screen, request: Request, actor: Actor, coi: str, sent: Sent, found: Supplied, origin: str, consent: bool
) -> intake_reading.Read:
    """What the files tell goes on the record: the consent first, since a genome is read only with it."""

    def give(name: str, command: Command) -> None:
        part = Sent(sent.csrf, f"{sent.once}-{name}")
        screen.give(request, actor, command, part)

    told = intake_reading.consent_in(found, screen.house.clock()) if consent else None
    if told is not None and roles_for("RecordConsent") & actor.roles:
        give(
            "consent",
            RecordConsent(coi, told.scopes, told.valid_until, told.source, told.place, told.synthetic),
        )
    context, therapy, recipe = _open(screen, actor, coi)
    read = replace(intake_reading.read_files(context, therapy, recipe, found, origin), consent=told)
    if read.facts:
        give("profile", RecordProfile(coi, read.facts))
    if read.markers and roles_for("RecordMarkers") & actor.roles:
        give("markers", RecordMarkers(coi, read.markers))
    return read


def _markers(router: APIRouter, screen: Screen) -> None:
    @router.post("/therapies/{coi}/markers")
    def markers(
        request: Request, coi: str, sent: Annotated[Sent, Depends()], sampled_at: Text = "", where: Text = "",
        marker: Names = [], result: Names = [],  # noqa: B006 - read, never changed
    ) -> Response:  # fmt: skip
        actor = screen.enter(request, "markers", sent)
        _, _, recipe = _open(screen, actor, coi)
        given = dict(zip(marker, result, strict=False))
        facts = intake_reading.marker_facts(recipe, given, sampled_at, where, actor.id)
        screen.give(request, actor, RecordMarkers(coi, facts), sent)
        return screen.go(_back(coi))


def _eligibility(router: APIRouter, screen: Screen) -> None:
    @router.post("/therapies/{coi}/eligibility")
    def eligibility(request: Request, coi: str, sent: Annotated[Sent, Depends()]) -> Response:
        actor = screen.enter(request, "intake", sent)
        _open(screen, actor, coi)
        done = screen.give(request, actor, ConfirmEligibility(coi), sent)
        _, therapy, _ = _open(screen, actor, coi)
        held: tuple[Finding, ...] = therapy.holds.get("eligibility", ())
        wait = str(done.answer.get("wait_until", ""))
        return _render(screen, request, actor, coi, "eligibility", held=held, wait=wait)


def _rest(router: APIRouter, screen: Screen) -> None:
    """The forms of one command and few fields."""

    def give(request: Request, coi: str, page: str, sent: Sent, make: Callable[[Actor], Command]) -> Response:
        actor = screen.enter(request, page, sent)
        _open(screen, actor, coi)
        screen.give(request, actor, make(actor), sent)
        return screen.go(_back(coi))

    @router.post("/therapies/{coi}/correct")
    def correct(
        request: Request, coi: str, sent: Annotated[Sent, Depends()], fact: Text = "", value: Text = "",
        observed_at: Text = "", where: Text = "", reason: Text = "",
    ) -> Response:  # fmt: skip
        def make(actor: Actor) -> Command:
            _, therapy, recipe = _open(screen, actor, coi)
            right = intake_reading.corrected(recipe, therapy, fact, value, observed_at, where, actor.id)
            return CorrectFact(coi, right, typed.line(reason, "reason"))

        return give(request, coi, "intake", sent, make)

    @router.post("/therapies/{coi}/alias")
    def alias(
        request: Request, coi: str, sent: Annotated[Sent, Depends()], issuer: Text = "", number: Text = ""
    ) -> Response:
        return give(
            request, coi, "markers", sent,
            lambda actor: AddAlias(coi, typed.line(issuer, "issuer"), typed.line(number, "number")),
        )  # fmt: skip

    @router.post("/therapies/{coi}/outcome")
    def outcome(
        request: Request, coi: str, sent: Annotated[Sent, Depends()], response: Text = "", toxicity: Text = ""
    ) -> Response:
        return give(
            request, coi, "intake", sent,
            lambda actor: RecordOutcome(coi, typed.line(response, "response"), typed.line(toxicity, "toxicity")),
        )  # fmt: skip

    @router.post("/therapies/{coi}/end")
    def end(
        request: Request, coi: str, sent: Annotated[Sent, Depends()], reason: Text = "", rule: Text = ""
    ) -> Response:
        return give(
            request, coi, "intake", sent,
            lambda actor: EndTherapy(coi, typed.line(reason, "reason"), typed.line(rule, "rule")),
        )  # fmt: skip


def _clearance(router: APIRouter, screen: Screen) -> None:
    """Conditioning cannot be taken back: what it is cleared on is shown, and signed as shown."""

    def open_batch(request: Request, actor: Actor, coi: str, number: str) -> tuple[Artefact, MasterRecipe, Batch]:
        context, therapy, recipe = _open(screen, actor, coi)
        batch = context.batch(number)
        if coi not in batch.therapies:
            raise Held("this batch is of another therapy", rule="chain of identity", remedy="open the right one")
        shown = screen.artefact(
            "clearance.html", request, patient=therapy.patient, therapy=therapy, recipe=recipe, batch=batch,
            person=context.vault.identify(therapy.patient),
        )  # fmt: skip
        screen.house.log_look(actor.id, f"therapy/{coi}", "clearance for conditioning")
        return shown, recipe, batch

    @router.get("/therapies/{coi}/clearance/{number}")
    def page(request: Request, coi: str, number: str) -> Response:
        actor = screen.enter(request, "clearance")
        shown, recipe, batch = open_batch(request, actor, coi, number)
        return screen.render(
            "clearance.html", request, actor, shown=shown, recipe=recipe, batch=batch, coi=coi,
            now=screen.house.clock(), meaning=ClearConditioning.meaning,
        )  # fmt: skip

    @router.post("/therapies/{coi}/clearance/{number}")
    def clear(
        request: Request, coi: str, number: str, sent: Annotated[Sent, Depends()], donation: Text = "",
        amount: Text = "", at_site: Text = "",
    ) -> Response:  # fmt: skip
        actor = screen.enter(request, "clearance", sent)
        shown, recipe, _ = open_batch(request, actor, coi, number)
        screen.sign(
            request, actor, ClearConditioning(number, rescue_of(recipe, donation, amount, at_site)), sent, shown
        )
        return screen.go(_back(coi))


def rescue_of(recipe: MasterRecipe, donation: str, amount: str, at_site: str) -> RescueCells | None:
    """Rescue cells as typed, in the recipe's unit; None where the recipe asks for none."""
    needed = recipe.conditioning.rescue if recipe.conditioning else None
    if needed is None:
        return None
    return RescueCells(
        typed.line(donation, "donation"), typed.number(amount, "amount"), needed.unit, typed.line(at_site, "at_site")
    )
