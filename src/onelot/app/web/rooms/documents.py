"""Documents: recipes and their like, registered from a file, checked, approved by a second person, withdrawn."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request, Response, UploadFile

from onelot.app.commands.masters import ApproveDocument, RegisterDocument, WithdrawDocument
from onelot.app.context import unknown
from onelot.app.web import reading
from onelot.app.web.rooms.administration import may, named, needed
from onelot.app.web.rooms.equipment import day_of
from onelot.app.web.screen import Artefact, Screen, Sent, Text
from onelot.record.errors import BadInput, NotAllowed
from onelot.record.recipe import MasterRecipe, read_recipe
from onelot.record.recipe_check import check, diff, tally
from onelot.record.subjects import Document

KINDS = ("recipe", "specification", "rule", "network")
MOST_BYTES = 4 * 1024 * 1024


def routes(router: APIRouter, screen: Screen) -> None:
    """The list and the way in."""
    house = screen.house

    @router.get("/documents")
    def documents(request: Request) -> Response:
        actor = screen.enter(request, "documents")
        return screen.render(
            "documents.html", request, actor, rows=sorted(house.journal.rows("documents").items()), kinds=KINDS,
            may_change=may("RegisterDocument", actor),
        )  # fmt: skip

    @router.post("/documents")
    def register(
        request: Request,
        sent: Annotated[Sent, Depends()],
        file: UploadFile,
        kind: Text = "recipe",
        name: Text = "",
        title: Text = "",
        version: Text = "",
    ) -> Response:
        actor = screen.enter(request, "documents", sent)
        text = _read(file)
        if kind == "recipe":
            # A recipe says itself what it is: what stands in the form cannot contradict it.
            recipe = read_recipe(_json(text), place=file.filename or "the file")
            name, title, version = f"recipe/{recipe.name}", recipe.title, recipe.version
        else:
            if kind not in KINDS:
                raise BadInput(
                    f"{kind!r} is no kind of document", rule=f"one of {', '.join(KINDS)}", remedy="choose one"
                )
            needed(title=title)
            name, version = f"{kind}/{named(name, 'name')}", named(version, "version")
        screen.give(request, actor, RegisterDocument(name, kind, title, version, text), sent)
        return screen.go(f"/screen/documents/{name}/{version}")

    _one(router, screen)


def _one(router: APIRouter, screen: Screen) -> None:
    house = screen.house

    def open_page(request: Request, name: str) -> tuple[Artefact, Document, dict[str, Any]]:
        document = house.loop.reader.document(name)
        if document.state == "new":
            raise unknown("document", name)
        looked = _looked(screen, name, document)
        return screen.artefact("document.html", request, called=name, document=document, **looked), document, looked

    @router.get("/documents/{name:path}")
    def document(request: Request, name: str) -> Response:
        actor = screen.enter(request, "documents")
        shown, found, looked = open_page(request, name)
        return screen.render(
            "document.html", request, actor, called=name, document=found, shown=shown, now=house.clock(),
            knots=reading.knots(house, house.journal.read(f"document/{name}")), errors=looked["errors"],
            text=orjson.dumps(orjson.loads(found.text), option=orjson.OPT_INDENT_2).decode(),
            may_approve=may("ApproveDocument", actor), may_withdraw=may("WithdrawDocument", actor),
            own=found.registered_by == actor.id, meaning=ApproveDocument.meaning, withdrawing=WithdrawDocument.meaning,
        )  # fmt: skip

    @router.post("/documents/{name:path}/approve")
    def approve(request: Request, name: str, sent: Annotated[Sent, Depends()], effective_from: Text = "") -> Response:
        actor = screen.enter(request, "documents", sent)
        shown, found, looked = open_page(request, name)
        if looked["errors"]:
            raise NotAllowed(
                f"the recipe has {looked['errors']} errors",
                rule="recipe check: a recipe with errors is not approved",
                remedy="mend the recipe and register it as a new version",
            )
        now = house.clock()
        at = max(day_of(effective_from), now) if effective_from else now
        base = name.removesuffix(f"/{found.version}")
        screen.sign(request, actor, ApproveDocument(base, found.version, at), sent, shown)
        return screen.go(f"/screen/documents/{name}")

    @router.post("/documents/{name:path}/withdraw")
    def withdraw(request: Request, name: str, sent: Annotated[Sent, Depends()], reason: Text = "") -> Response:
        actor = screen.enter(request, "documents", sent)
        needed(reason=reason)
        shown, found, _ = open_page(request, name)
        base = name.removesuffix(f"/{found.version}")
        screen.sign(request, actor, WithdrawDocument(base, found.version, reason.strip()), sent, shown)
        return screen.go(f"/screen/documents/{name}")


def _looked(screen: Screen, name: str, document: Document) -> dict[str, Any]:
    """What the machine has to say before somebody signs: findings, where the numbers come from, what is new."""
    if document.kind != "recipe":
        return {"findings": [], "errors": 0, "numbers": None, "changes": [], "before": ""}
    recipe = read_recipe(orjson.loads(document.text), place=name)
    findings = check(recipe)
    before, older = _before(screen, name, document)
    return {
        "findings": findings,
        "errors": sum(each.level == "error" for each in findings),
        "numbers": tally(recipe),
        "changes": diff(older, recipe) if older else [],
        "before": before,
    }


def _before(screen: Screen, name: str, document: Document) -> tuple[str, MasterRecipe | None]:
    """The approved version that this one would follow."""
    base = name.removesuffix(document.version)
    rows = screen.house.journal.rows("documents")
    approved = [
        (row["effective_from"], other)
        for other, row in rows.items()
        if other != name and other.startswith(base) and row["state"] == "approved"
    ]
    if not approved:
        return "", None
    other = max(approved)[1]
    return other, read_recipe(orjson.loads(screen.house.loop.reader.document(other).text), place=other)


def _read(file: UploadFile) -> str:
    data = file.file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise BadInput("the file is too large", rule=f"at most {MOST_BYTES} bytes", remedy="send a smaller one")
    try:
        return data.decode()
    except UnicodeDecodeError as cause:
        raise BadInput("the file is not text", rule="documents are JSON in UTF-8", remedy="save it as UTF-8") from cause


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as cause:
        raise BadInput(
            f"the document is not JSON: {cause.msg}",
            rule="documents are data",
            remedy="mend the file at this place",
            place=f"line {cause.lineno}, column {cause.colno}",
        ) from cause
