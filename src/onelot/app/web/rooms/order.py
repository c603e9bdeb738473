"""Ordering a therapy: who, which product, where; shown once more as it will be signed, then signed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest, digest
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile

from onelot.adapters.fhir import Order, identity_of, order_of
from onelot.adapters.vault import Identity
from onelot.app.commands.order import OrderTherapy
from onelot.app.context import ORDERED, Actor, Context
from onelot.app.web import typed
from onelot.app.web.screen import Artefact, Screen, Sent, Text
from onelot.app.web.supplied import supplied
from onelot.record.errors import BadInput, NotAllowed

HERE = "/screen/order"
Long = Annotated[str, Form(max_length=20_000)]
_BORN = re.compile(r"(18|19|20)\d\d(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")


@dataclass(frozen=True)
class Draft:
    """An order before its signature. source: SHA-256 of its document, or of the form's own random name."""

    identity: Identity
    recipe: str
    site: str
    source: str
    place: str
    aliases: tuple[str, ...]
    synthetic: bool

    def packed(self) -> str:
        """The order as one line, which the page carries to its signature."""
        return orjson.dumps(self).decode()


def routes(router: APIRouter, screen: Screen) -> None:
    """The form, the review and the signature."""
    key = sha256(b"order forms" + screen.house.site_keys.vault).digest()

    @router.get("/order")
    def form(request: Request) -> Response:
        actor = screen.enter(request, "order")
        context = screen.context(actor)
        return screen.render("order.html", request, actor, recipes=_recipes(context), sites=_sites(context, actor))

    @router.post("/order/review")
    def review(
        request: Request, sent: Annotated[Sent, Depends()], recipe: Text = "", site: Text = "", name: Text = "",
        birth_date: Text = "", issuer: Text = "", number: Text = "", alias: Text = "",
        file: Annotated[UploadFile | None, File()] = None,
    ) -> Response:  # fmt: skip
        actor = screen.enter(request, "order", sent)
        context = screen.context(actor)
        chosen = {each["name"]: each for each in _recipes(context)}
        if recipe not in chosen or site not in _sites(context, actor):
            raise BadInput(
                "no product or no site was chosen", rule="an order names an approved recipe and a site of yours",
                remedy="choose both from the lists",
            )  # fmt: skip
        if file is not None and file.filename:
            draft = _from_file(context, file, recipe, site)
        else:
            draft = _typed(context, actor, sent.once, (name, birth_date, issuer, number, alias), recipe, site)
        packed = draft.packed()
        return screen.render(
            "order_review.html", request, actor, shown=_artefact(screen, request, context, draft), packed=packed,
            proof=digest(key, packed.encode(), "sha256").hex(), meaning=OrderTherapy.meaning, now=context.now,
        )  # fmt: skip

    @router.post("/order")
    def order(request: Request, sent: Annotated[Sent, Depends()], packed: Long = "", proof: Text = "") -> Response:
        actor = screen.enter(request, "order", sent)
        context = screen.context(actor)
        # What the page carried is taken back only as it was given out: source and place are this server's words.
        if not compare_digest(digest(key, packed.encode(), "sha256").hex().encode(), proof.encode()):
            raise NotAllowed(
                "this order was changed on its way", rule="what is signed is what was shown",
                remedy="fill the order in again",
            )  # fmt: skip
        draft = _unpacked(packed)
        command = OrderTherapy(
            draft.identity, draft.recipe, draft.site, draft.source, draft.place, draft.aliases, draft.synthetic
        )
        done = screen.sign(request, actor, command, sent, _artefact(screen, request, context, draft))
        return screen.go(f"/screen/therapies/{done.answer['coi']}")


def _artefact(screen: Screen, request: Request, context: Context, draft: Draft) -> Artefact:
    title = next((each["title"] for each in _recipes(context) if each["name"] == draft.recipe), "")
    return screen.artefact("order.html", request, patient=ORDERED, draft=draft, title=title)


def _unpacked(packed: str) -> Draft:
    found = orjson.loads(packed)
    who = found["identity"]
    return Draft(
        Identity(who["name"], who["birth_date"], tuple(who["identifiers"])), found["recipe"], found["site"],
        found["source"], found["place"], tuple(found["aliases"]), found["synthetic"],
    )  # fmt: skip


def _recipes(context: Context) -> list[dict[str, Any]]:
    """Approved recipes in effect that are made for a patient."""
    found = []
    for name, row in sorted(context.journal.rows("documents").items()):
        if row["kind"] != "recipe" or row["state"] != "approved" or row["effective_from"] > context.now.isoformat():
            continue
        document = context.reader.document(name)
        recipe = context.reader.recipe(document.cite) if document.cite else None
        if recipe is not None and recipe.kind != "stock":
            found.append({"name": recipe.identifier, "title": recipe.title, "indications": recipe.indications})
    return found


def _sites(context: Context, actor: Actor) -> list[str]:
    """The person's own sites where patients are treated."""
    return sorted(
        name for name, row in context.journal.rows("sites").items() if row["kind"] == "hospital" and actor.may_see(name)
    )


def _typed(context: Context, actor: Actor, once: str, given: tuple[str, ...], recipe: str, site: str) -> Draft:
    name, birth_date, issuer, number, alias = given
    born = typed.line(birth_date, "birth_date")
    if not _BORN.fullmatch(born) or born > context.now.date().isoformat():
        raise BadInput(
            f"{born[:40]!r} is no birth date", rule="a year, a month or a day that has been: 1961-04-30",
            remedy="enter it as it stands in the patient's papers", place="birth_date",
        )  # fmt: skip
    number = typed.line(number, "number")
    issued = typed.line(issuer, "issuer")
    if "|" in number + issued or not once:
        raise BadInput(
            "a number and its issuer stand apart", rule="a patient's number: who issued it, and the number",
            remedy="enter the two in their own fields", place="number",
        )  # fmt: skip
    identity = Identity(typed.line(name, "name"), born, (f"{issued}|{number}",))
    # A digest of what was typed would tell, by trial, who the patient is; the form's own name tells nothing.
    source = sha256(b"order form " + once.encode()).hexdigest()
    aliases = (alias.strip(),) if alias.strip() else ()
    return Draft(identity, recipe, site, source, f"typed by {actor.id}", aliases, synthetic=False)


def _from_file(context: Context, file: UploadFile, recipe: str, site: str) -> Draft:
    with supplied([file]) as found:
        if len(found.bundles) != 1:
            raise BadInput(
                "the file is no FHIR bundle", rule="an order is read from one FHIR R4 bundle",
                remedy="supply the bundle, or type the order", place="file",
            )  # fmt: skip
        (bundle,) = found.bundles
        order = order_of(bundle, recipe.partition("/")[0], context.now)
        if not isinstance(order, Order):
            raise BadInput(order.what, rule=order.rule, remedy=order.remedy, place=order.place)
        person = identity_of(bundle)
    numbers = tuple("|".join(each) for each in person.identifiers if each[1])
    return Draft(
        Identity(person.name, person.birth_date, numbers), recipe, site, order.source, order.place, order.aliases,
        order.synthetic,
    )  # fmt: skip
