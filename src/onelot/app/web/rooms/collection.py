"""The collection, on a phone or tablet: wristband, paperwork, bag; three ticks or a stop; then what was collected."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile

from onelot.adapters.identity_labels import identity_labels, labels_of
from onelot.app.commands.collect import RecordCollection
from onelot.app.commands.stops import RefuseCollectionScan
from onelot.app.context import Actor
from onelot.app.house import SIMULATION
from onelot.app.web import scans, typed
from onelot.app.web.language import words_of
from onelot.app.web.pages import HEADERS, language_of
from onelot.app.web.scans import Seen
from onelot.app.web.screen import Screen, Sent, Text
from onelot.record.errors import BadInput, Held, Mismatch
from onelot.record.identity import grouped
from onelot.record.recipe import MasterRecipe
from onelot.record.subjects import Therapy
from onelot.record.terms.opened import OpenFact

LIST = "/screen/collection"
NAV = (("collection", LIST),)
THINGS = ("wristband", "paperwork", "bag")
DUE = frozenset({"tailored", "scheduled", "collected"})
MOST_BAGS = 8
Names = Annotated[list[str], Form(max_length=MOST_BAGS)]


@dataclass(frozen=True)
class Here:
    """The therapy at hand: who is here, for whom, by which recipe."""

    actor: Actor
    therapy: Therapy
    recipe: MasterRecipe
    person: Any
    donation: str


def routes(router: APIRouter, screen: Screen) -> None:
    """The list, the scans, the record and the labels."""
    house = screen.house

    @router.get("/collection")
    def due(request: Request) -> Response:
        actor = screen.enter(request, "collection")
        context = screen.context(actor)
        found = []
        for coi, row in house.journal.rows("therapies").items():
            if row["state"] in DUE and not row["ended"] and actor.may_see(row["site"]):
                therapy = context.reader.therapy(coi)
                recipe = context.reader.recipe(therapy.recipe) if therapy.recipe else None
                enough = therapy.assessment and therapy.assessment.adequate
                if recipe and recipe.intake and not enough and not therapy.dose_given_at:
                    slots = [each for each in therapy.slots if each.purpose.startswith("collection")]
                    found.append((slots[-1] if slots else None, therapy))
        found.sort(key=lambda each: (each[0] is None, each[0].starts_at if each[0] else context.now))
        return screen.render("collection_list.html", request, actor, found=found)

    @router.get("/collection/{coi}")
    def begin(request: Request, coi: str) -> Response:
        here = _open(screen, request, coi)
        return _page(screen, request, here, ())

    @router.post("/collection/{coi}/scan")
    def scan(
        request: Request, coi: str, sent: Annotated[Sent, Depends()], scan: Text = "", before: Names = [],  # noqa: B006
        picture: Annotated[UploadFile | None, File()] = None,
    ) -> Response:  # fmt: skip
        here = _open(screen, request, coi, sent)
        before = before[: len(THINGS) - 1]
        try:
            return _stop_or_go_on(screen, request, here, sent, (*before, scans.scanned(scan, picture)))
        except BadInput as again:
            return _page(screen, request, here, tuple(before), again)

    _recording(router, screen)

    @router.get("/collection/{coi}/labels.pdf")
    def labels(request: Request, coi: str, bags: int = 1) -> Response:
        here = _open(screen, request, coi)
        if not 1 <= bags <= MOST_BAGS:
            raise BadInput(f"{bags} bags", rule=f"1 to {MOST_BAGS} bags a collection", remedy="say how many")
        said = words_of(language_of(request))["collection"]
        numbers = [f"{here.donation}-{chr(65 + number)}" for number in range(bags)]
        who = f"{here.person.name} · {here.person.birth_date}"
        drawn = labels_of(
            [said[f"label_{each}"] for each in THINGS], coi, who, numbers, here.therapy.label or "",
            simulated=house.mode == SIMULATION,
        )  # fmt: skip
        name = {"Content-Disposition": f'inline; filename="labels-{coi}.pdf"'}
        data = identity_labels(drawn)
        return Response(data, media_type="application/pdf", headers={**HEADERS, **name})


def _recording(router: APIRouter, screen: Screen) -> None:
    @router.post("/collection/{coi}")
    def record(
        request: Request, coi: str, sent: Annotated[Sent, Depends()], donation: Text = "", bags: Text = "",
        collected_at: Text = "", verified_by: Text = "", before: Names = [], count: Names = [],  # noqa: B006
    ) -> Response:  # fmt: skip
        here = _open(screen, request, coi, sent)
        if len(before) != len(THINGS) or any(_wrong(here.therapy, before)):
            return _stop_or_go_on(screen, request, here, sent, tuple(before))
        needs = here.recipe.intake.counts if here.recipe.intake else ()
        at = typed.moment(collected_at, "collected_at")
        if at > screen.house.clock():
            raise BadInput(
                "this time has not come yet", rule="a collection is recorded when it is done",
                remedy="enter when it ended, in UTC", place="collected_at",
            )  # fmt: skip
        counts = tuple(
            OpenFact(need.name, typed.number(value, need.name), need.unit, at, None, "", f"counted by {here.actor.id}")
            for need, value in zip(needs, count, strict=False)
            if value.strip()
        )
        command = RecordCollection(
            coi, typed.line(donation, "donation"), _numbers(bags), at, counts,
            dict.fromkeys(THINGS, here.therapy.coi), typed.person(verified_by),
        )  # fmt: skip
        screen.give(request, here.actor, command, sent)
        return screen.go(f"/screen/therapies/{coi}")


def _open(screen: Screen, request: Request, coi: str, sent: Sent | None = None) -> Here:
    actor = screen.enter(request, "collection", sent)
    context = screen.context(actor)
    therapy = context.therapy(coi)
    recipe = context.reader.recipe(therapy.recipe) if therapy.recipe else None
    if recipe is None or recipe.intake is None:
        raise Held("this product needs no collection", rule="the recipe's intake", remedy="plan the batch instead")
    screen.house.log_look(actor.id, f"therapy/{coi}", "collection: who the patient is")
    donation = f"{coi}-{len(therapy.collections) + 1}"
    return Here(actor, therapy, recipe, context.vault.identify(therapy.patient), donation)


def _stop_or_go_on(screen: Screen, request: Request, here: Here, sent: Sent, texts: tuple[str, ...]) -> Response:
    """The next page; where a scan is another's, after that stands on the record."""
    wrong = _wrong(here.therapy, texts)
    if any(wrong):
        at = wrong.index(True)
        command = RefuseCollectionScan(here.therapy.coi, THINGS[at], scans.identity_in(texts[at]))  # type: ignore[arg-type]
        with suppress(Mismatch):
            screen.give(request, here.actor, command, sent.for_scan(command.thing, command.text))
    return _page(screen, request, here, texts)


def _wrong(therapy: Therapy, texts: tuple[str, ...] | list[str]) -> list[bool]:
    return [not scans.names_patient(text, therapy.coi, therapy.aliases) for text in texts]


def _page(
    screen: Screen, request: Request, here: Here, texts: tuple[str, ...], again: BadInput | None = None
) -> Response:
    """The next scan, the three ticks with the form, or the stop."""
    wrong = _wrong(here.therapy, texts)
    seen = []
    for number, thing in enumerate(THINGS):
        if number < len(texts):
            state = "wrong" if wrong[number] else "done"
            seen.append(Seen(thing, state, scans.plain(texts[number]), grouped(here.therapy.coi)))
        else:
            waits = number > len(texts) or any(wrong)
            seen.append(Seen(thing, "waiting" if waits else "now", ""))
    bag = scans.read_scan(texts[2]).container if len(texts) == len(THINGS) else ""
    return screen.render(
        "collection.html", request, here.actor, 409 if any(wrong) else 422 if again else 200,
        again=again, at=here, seen=seen, before=texts,
        stop=next((each for each in seen if each.state == "wrong"), None), bag=bag or f"{here.donation}-A",
        next=next((each.thing for each in seen if each.state == "now"), ""), now=screen.house.clock(),
        action=f"/screen/collection/{here.therapy.coi}/scan",
    )  # fmt: skip


def _numbers(bags: str) -> tuple[str, ...]:
    """Bags as typed or scanned, one a line: their own numbers."""
    found = [scans.read_scan(each.strip()).container or each.strip() for each in bags.splitlines() if each.strip()]
    if not 1 <= len(found) <= MOST_BAGS or len(set(found)) != len(found):
        raise BadInput(
            "no bag, too many, or one twice", rule=f"1 to {MOST_BAGS} bags, each with a number of its own",
            remedy="scan each bag once, one a line", place="bags",
        )  # fmt: skip
    return tuple(found)
