"""The evidence file of a batch of one: what is needed, what is there and until when; a document is recorded, signed.

The document stays where the site keeps it: its digest is recorded, so that it can be told to be the same one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Depends, File, Request, Response, UploadFile

from onelot.app.api.doors import status_of
from onelot.app.authority import roles_for, roles_of_page, sees_personal_data
from onelot.app.commands.evidence import RecordEvidence, judged, need_of
from onelot.app.context import Actor, Context
from onelot.app.guide_file import evidence_rows
from onelot.app.web import clinic, typed
from onelot.app.web.screen import Artefact, Screen, Sent, Text
from onelot.app.web.supplied import digest_of
from onelot.record.errors import BadInput, Conflict, Held, Mismatch, OnelotError
from onelot.record.evidence_file import AGAINST, SUPPORTS, guide_gaps, why_not
from onelot.record.recipe import MasterRecipe
from onelot.record.recipe_editing import Editing, EvidenceNeed
from onelot.record.subjects import Therapy

# What the form asks for, by the names of its fields.
FIELDS = ("conclusion", "value", "unit", "statement", "shown_at", "valid_until", "lot", "document_sha256")
# A file is complete, or of no use any more.
OVER = frozenset({"dosed", "followed_up", "ended"})
# What was typed can be mended on the form; what the person may not do cannot.
_MENDED = (BadInput, Held, Mismatch, Conflict)


@dataclass(frozen=True)
class Open:
    """A therapy whose product edits a gene, as this person sees it."""

    context: Context
    therapy: Therapy
    recipe: MasterRecipe
    editing: Editing


class Typed:
    """What stands in the form."""

    def __init__(
        self, conclusion: Text = "", value: Text = "", unit: Text = "", statement: Text = "", shown_at: Text = "",
        valid_until: Text = "", lot: Text = "", document_sha256: Text = "",
    ) -> None:  # fmt: skip
        given = (conclusion, value, unit, statement, shown_at, valid_until, lot, document_sha256)
        self.fields = {name: text.strip() for name, text in zip(FIELDS, given, strict=True)}


def routes(router: APIRouter, screen: Screen) -> None:
    """The list, the form of one document, its review and its signature."""

    @router.get("/therapies/{coi}/evidence")
    def needs(request: Request, coi: str) -> Response:
        actor = screen.enter(request, "evidence")
        found = _open(screen, actor, coi)
        _log(screen, actor, coi)
        return screen.render(
            "evidence.html", request, actor, therapy=found.therapy, recipe=found.recipe, rows=_rows(found),
            gaps=guide_gaps(found.recipe, found.therapy), needs={each.name: each for each in found.editing.evidence},
            may_record=_may(actor, found.therapy), may_guide=bool(roles_of_page("editing") & actor.roles),
        )  # fmt: skip

    @router.get("/therapies/{coi}/evidence/{need}")
    def form(request: Request, coi: str, need: str) -> Response:
        actor = screen.enter(request, "evidence")
        return _form(screen, request, actor, _open(screen, actor, coi), need, {})

    @router.post("/therapies/{coi}/evidence/{need}/review")
    def review(
        request: Request, coi: str, need: str, sent: Annotated[Sent, Depends()], given: Annotated[Typed, Depends()],
        file: Annotated[UploadFile | None, File()] = None, change: Text = "",
    ) -> Response:  # fmt: skip
        actor = screen.enter(request, "evidence", sent)
        found = _open(screen, actor, coi)
        if change:
            return _form(screen, request, actor, found, need, given.fields)
        try:
            if file is not None and file.filename:
                given.fields["document_sha256"] = digest_of(file)
            command = _command(found, need, given.fields)
            shown = _to_sign(screen, request, found, command)
        except _MENDED as again:
            return _form(screen, request, actor, found, need, given.fields, again)
        return screen.render(
            "evidence_review.html", request, actor, therapy=found.therapy, need=need, shown=shown, given=given.fields,
            meaning=RecordEvidence.meaning, now=found.context.now,
        )  # fmt: skip

    @router.post("/therapies/{coi}/evidence/{need}")
    def record(
        request: Request, coi: str, need: str, sent: Annotated[Sent, Depends()], given: Annotated[Typed, Depends()]
    ) -> Response:
        actor = screen.enter(request, "evidence", sent)
        found = _open(screen, actor, coi)
        try:
            command = _command(found, need, given.fields)
            if not screen.done_before(actor, command, sent):
                screen.sign(request, actor, command, sent, _to_sign(screen, request, found, command))
        except _MENDED as again:
            return _form(screen, request, actor, found, need, given.fields, again)
        return screen.go(f"/screen/therapies/{coi}/evidence")


def waiting(screen: Screen, actor: Actor) -> list[dict[str, Any]]:
    """The therapies whose evidence file lacks what this person could record now; `lacking`: the needs that are open."""
    if not (roles_for("RecordEvidence") & actor.roles and roles_of_page("evidence") & actor.roles):
        return []
    context, found = screen.context(actor), []
    edits: dict[str, bool] = {}
    for coi, row in context.journal.rows("therapies").items():
        if row["ended"] or row["state"] in OVER or not actor.may_see(*row["sites"]):
            continue
        if row["recipe"] not in edits:
            cited = context.reader.document(f"recipe/{row['recipe']}").cite
            edits[row["recipe"]] = cited is not None and context.reader.recipe(cited).editing is not None
        if edits[row["recipe"]] and (lacking := _lacking(_open(screen, actor, coi))):
            found.append({**row, "coi": coi, "lacking": lacking})
    return found


def _lacking(found: Open) -> list[EvidenceNeed]:
    """The needs without a document that counts, as far as one can be there by now."""
    chosen, studied = not guide_gaps(found.recipe, found.therapy), bool(_lots(found))
    can = {"patient": True, "guide": chosen, "toxicology_lot": chosen and studied}
    return [
        need for need in found.editing.evidence
        if can[need.concerns] and why_not(found.therapy, need, found.context.now)
    ]  # fmt: skip


def _open(screen: Screen, actor: Actor, coi: str) -> Open:
    context = screen.context(actor)
    therapy = context.therapy(coi)
    recipe = context.reader.recipe(therapy.recipe) if therapy.recipe else None
    if recipe is None or recipe.editing is None:
        raise BadInput(
            "this therapy's product edits no gene", rule="guides belong to recipes with a part `editing`",
            remedy="look at the recipe of the order",
        )  # fmt: skip
    return Open(context, therapy, recipe, recipe.editing)


def _log(screen: Screen, actor: Actor, coi: str) -> None:
    if sees_personal_data(actor):
        screen.house.log_look(actor.id, f"therapy/{coi}", "evidence file")


def _may(actor: Actor, therapy: Therapy) -> bool:
    return bool(roles_for("RecordEvidence") & actor.roles) and actor.signs and not therapy.ended


def _rows(found: Open) -> list[dict[str, Any]]:
    return evidence_rows(found.context, found.recipe, found.editing, found.therapy, found.context.now)


def _form(
    screen: Screen, request: Request, actor: Actor, found: Open, name: str, given: Mapping[str, str],
    again: OnelotError | None = None,
) -> Response:  # fmt: skip
    """The form of one document, with what was typed into it and why it was not taken."""
    need = need_of(found.recipe, found.editing, name)
    _log(screen, actor, found.therapy.coi)
    return screen.render(
        "evidence_form.html", request, actor, status_of(again) if again else 200, again=again, therapy=found.therapy,
        recipe=found.recipe, need=need, row=next(each for each in _rows(found) if each["need"] == name),
        given={**dict.fromkeys(FIELDS, ""), "unit": need.unit, **given}, lots=_lots(found),
        gaps=guide_gaps(found.recipe, found.therapy) if need.concerns != "patient" else (),
        may_record=_may(actor, found.therapy), conclusions=(SUPPORTS, AGAINST), now=found.context.now,
    )  # fmt: skip


def _lots(found: Open) -> list[str]:
    """The toxicology lots of this therapy that were released for study, the newest first."""
    batches = clinic.batches_of(found.context, found.therapy.coi)
    return [each.batch for each in reversed(batches) if each.for_study and each.disposition == "released"]


def _command(found: Open, name: str, given: Mapping[str, str]) -> RecordEvidence:
    need = need_of(found.recipe, found.editing, name)
    if given["conclusion"] not in (SUPPORTS, AGAINST):
        raise BadInput(
            "no conclusion was chosen", rule="a document supports what it must show, or speaks against it",
            remedy="choose one of the two", place="conclusion",
        )  # fmt: skip
    decided = need.low is not None or need.high is not None
    return RecordEvidence(
        found.therapy.coi,
        need.name,
        _digest(given["document_sha256"]),
        cast(Literal["supports", "against"], given["conclusion"]),
        typed.line(given["statement"], "statement"),
        typed.moment(given["shown_at"], "shown_at"),
        typed.number(given["value"], "value") if decided else None,
        typed.line(given["unit"], "unit") if decided else "",
        given["lot"] if need.concerns == "toxicology_lot" else "",
        typed.moment(given["valid_until"], "valid_until") if given["valid_until"] else None,
        # What is shown of a made-up patient is made up.
        found.therapy.synthetic,
    )


def _digest(text: str) -> str:
    if not text:
        raise BadInput(
            "no document was chosen", rule="a document of the evidence file is named by its digest, 64 hex digits",
            remedy="choose its file, or type its SHA-256", place="document_sha256",
        )  # fmt: skip
    return text.lower()


def _to_sign(screen: Screen, request: Request, found: Open, command: RecordEvidence) -> Artefact:
    """What is signed: the document and what it counts for, judged by the recipe as it will be recorded."""
    need: EvidenceNeed = need_of(found.recipe, found.editing, command.need)
    return screen.artefact(
        "evidence.html", request, patient=found.therapy.patient, therapy=found.therapy, recipe=found.recipe, need=need,
        command=command, judged=judged(found.context, command),
    )  # fmt: skip
