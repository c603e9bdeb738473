"""The bedside, on a phone: receive, compare bag, paperwork and wristband, give with a second nurse, or send back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile

from onelot.adapters.vault import Identity
from onelot.app.admission import check_verifier
from onelot.app.commands.deliver import (
    Administer,
    CompareAtBedside,
    ReceiveShipment,
    ReturnBatch,
    StartConditioning,
    TransferCustody,
)
from onelot.app.commands.material import held_in
from onelot.app.context import Actor, Context
from onelot.app.tailoring import number
from onelot.app.web import scans, typed
from onelot.app.web.rooms.intake import rescue_of
from onelot.app.web.scans import Seen
from onelot.app.web.screen import Artefact, Screen, Sent, Text
from onelot.deliver import BagScan, holder, window
from onelot.record.errors import BadInput, Held, Mismatch, NotAllowed, OnelotError
from onelot.record.identity import grouped
from onelot.record.recipe import MasterRecipe
from onelot.record.subjects import Batch, Therapy

LIST = "/screen/bedside"
NAV = (("bedside", LIST),)
OPEN = frozenset({"in_transit", "at_site"})
MOST_BAGS = 20
Names = Annotated[list[str], Form(max_length=MOST_BAGS + 2)]


@dataclass(frozen=True)
class Here:
    """What is at hand: who is here, the batch, for whom, by which recipe."""

    actor: Actor
    context: Context
    batch: Batch
    therapy: Therapy
    recipe: MasterRecipe
    person: Identity

    @property
    def things(self) -> tuple[str, ...]:
        """What is scanned, in this order: wristband, paperwork, each bag that was sent. The bag comes last."""
        sent = self.batch.dispatched.containers if self.batch.dispatched else ()
        return ("wristband", "paperwork", *(f"bag {each}" for each in sent))

    @property
    def address(self) -> str:
        """The page of this batch."""
        return f"{LIST}/{self.batch.batch}"


def routes(router: APIRouter, screen: Screen) -> None:
    """The list, the page of a batch, and what is done there."""

    @router.get("/bedside")
    def due(request: Request) -> Response:
        actor = screen.enter(request, "bedside")
        context = screen.context(actor)
        therapies = context.journal.rows("therapies")
        rows = [
            (row, therapies[coi])
            for row in context.journal.rows("board").values()
            for coi in row["therapies"]
            if row["state"] in OPEN and coi in therapies and actor.may_see(therapies[coi]["site"])
        ]
        rows.sort(key=lambda each: each[0]["hold_until"] or each[0]["expires_at"] or "9")
        return screen.render("bedside_list.html", request, actor, rows=rows)

    @router.get("/bedside/{number}")
    def page(request: Request, number: str) -> Response:
        return _page(screen, request, _open(screen, request, number))

    _arrival(router, screen)
    _comparing(router, screen)
    _giving(router, screen)


def _open(screen: Screen, request: Request, number: str, sent: Sent | None = None) -> Here:
    actor = screen.enter(request, "bedside", sent)
    context = screen.context(actor)
    batch = context.batch(number)
    if not batch.therapies or batch.recipe is None:
        raise Held("a stock batch is not given to a patient", rule="stock is bound as a kit", remedy="order the kit")
    therapy = context.therapy(batch.therapies[0])
    screen.house.log_look(actor.id, f"batch/{number}", "bedside: who the patient is")
    recipe = context.reader.recipe(batch.recipe)
    return Here(actor, context, batch, therapy, recipe, context.vault.identify(therapy.patient))


def _page(screen: Screen, request: Request, here: Here) -> Response:
    batch, therapy = here.batch, here.therapy
    conditioned = here.recipe.conditioning is None or therapy.conditioning_started_at is not None
    agreed = batch.compared is not None and batch.compared.agreed
    gives: dict[str, Any] = {}
    if batch.state == "at_site" and agreed and conditioned:
        shown, containers, unit = _to_give(screen, request, here)
        gives = {"shown": shown, "containers": containers, "unit": unit}
    opens = closes = None
    if here.recipe.conditioning and therapy.conditioning_started_at:
        opens, closes = window(here.recipe.conditioning, therapy.conditioning_started_at)
    return screen.render(
        "bedside.html", request, here.actor, at=here, batch=batch, therapy=therapy, recipe=here.recipe,
        holder=holder(batch), conditioned=conditioned, agreed=agreed, gives=gives, opens=opens, closes=closes,
        now=here.context.now, meaning=Administer.meaning,
    )  # fmt: skip


def _to_give(screen: Screen, request: Request, here: Here) -> tuple[Artefact, list[tuple[str, str]], str]:
    """What the nurse signs, the compared containers with what each holds, and the unit."""
    compared = here.batch.compared.things if here.batch.compared else ()
    found, unit = [], ""
    for each in here.batch.containers:
        if f"bag {each.identifier}" in compared:
            amount, unit = held_in(here.context, here.batch, [each.identifier])
            found.append((each.identifier, number(amount)))
    shown = screen.artefact(
        "administer.html", request, patient=here.therapy.patient, at=here, containers=found, unit=unit
    )
    return shown, found, unit


def _arrival(router: APIRouter, screen: Screen) -> None:
    @router.post("/bedside/{number}/take")
    def take(
        request: Request, number: str, sent: Annotated[Sent, Depends()], giver: Text = "", scan: Text = "",
        temperature: Text = "", picture: Annotated[UploadFile | None, File()] = None,
    ) -> Response:  # fmt: skip
        here = _open(screen, request, number, sent)
        shipment = _shipper(here, scans.scanned(scan, picture))
        measured = typed.number(temperature, "temperature") if temperature.strip() else None
        site = here.therapy.site
        command = TransferCustody(number, shipment, giver, site, site, measured)
        screen.give(request, here.actor, command, sent)
        return screen.go(here.address)

    @router.post("/bedside/{number}/receive")
    def receive(
        request: Request, number: str, sent: Annotated[Sent, Depends()], scan: Text = "", warmest: Text = "",
        picture: Annotated[UploadFile | None, File()] = None,
    ) -> Response:  # fmt: skip
        here = _open(screen, request, number, sent)
        shipment = _shipper(here, scans.scanned(scan, picture))
        command = ReceiveShipment(number, shipment, here.therapy.site, typed.number(warmest, "warmest"))
        screen.give(request, here.actor, command, sent)
        return screen.go(here.address)

    @router.post("/bedside/{number}/return")
    def give_back(request: Request, number: str, sent: Annotated[Sent, Depends()], reason: Text = "") -> Response:
        here = _open(screen, request, number, sent)
        screen.give(request, here.actor, ReturnBatch(number, typed.line(reason, "reason")), sent)
        return screen.go(here.address)

    @router.post("/bedside/{number}/conditioning")
    def conditioning(
        request: Request, number: str, sent: Annotated[Sent, Depends()], donation: Text = "", amount: Text = "",
        at_site: Text = "",
    ) -> Response:  # fmt: skip
        here = _open(screen, request, number, sent)
        rescue = rescue_of(here.recipe, donation, amount, at_site)
        screen.give(request, here.actor, StartConditioning(number, rescue), sent)
        return screen.go(here.address)


def _shipper(here: Here, text: str) -> str:
    """The shipment whose number, or whose shipper's number, was scanned.

    Raises:
        Mismatch: another's.
    """
    found = here.batch.dispatched
    if found is None or text not in (found.shipment, found.shipper):
        raise Mismatch(
            f"scanned {text[:80]}, expected {found.shipper if found else 'nothing'}",
            rule="chain of custody: the shipper at hand is the one that was sent",
            remedy="put it down, do not open it; scan its label again, or call the plant",
            place=here.batch.batch,
        )
    return found.shipment


def _comparing(router: APIRouter, screen: Screen) -> None:
    @router.get("/bedside/{number}/compare")
    def begin(request: Request, number: str) -> Response:
        here = _open(screen, request, number)
        return _scans(screen, request, here, "", "", ())

    @router.post("/bedside/{number}/compare")
    def compare(
        request: Request, number: str, sent: Annotated[Sent, Depends()], verified_by: Text = "", where: Text = "",
        scan: Text = "", before: Names = [],  # noqa: B006 - read, never changed
        picture: Annotated[UploadFile | None, File()] = None,
    ) -> Response:  # fmt: skip
        here = _open(screen, request, number, sent)
        second, place = typed.person(typed.line(verified_by, "verified_by")), typed.line(where, "where")
        # Asked before the first scan: whoever starts alone should not learn it with the bag in hand.
        check_verifier(
            "CompareAtBedside", here.actor, second, here.context.reader.person(second.removeprefix("person/"))
        )
        something = scan.strip() or (picture is not None and picture.filename)
        if not (something or before):
            return _scans(screen, request, here, second, place, ())
        # With nothing more to scan it is the second nurse who has looked at all of it.
        looked = len(before) == len(here.things) and not something
        before = before if looked else before[: len(here.things) - 1]
        try:
            texts = tuple(before) if looked else (*before, scans.scanned(scan, picture))
            wrong = _first_wrong(here, texts)
        except BadInput as again:
            return _scans(screen, request, here, second, place, tuple(before), again=again)
        if wrong is None and not looked:
            return _scans(screen, request, here, second, place, texts)
        try:
            # A wrong scan goes to the record at once: nobody has to verify that it was wrong.
            second = "" if wrong is not None else second
            screen.give(request, here.actor, _command(here, texts, place, second), sent)
        except Mismatch:
            if wrong is None:
                raise
        except NotAllowed as again:
            # Three scans are not lost over a mistyped password.
            return _scans(screen, request, here, second, place, texts, again=again)
        if wrong is not None:
            return _scans(screen, request, here, second, place, texts, wrong)
        return screen.go(here.address)


def _first_wrong(here: Here, texts: tuple[str, ...]) -> int | None:
    """The place of the first scan that is not what it must be; bags may come in any order, each once."""
    left = set(here.batch.dispatched.containers) if here.batch.dispatched else set()
    bags: set[str] = set()
    for place, text in enumerate(texts):
        if place < 2:
            right = scans.names_patient(text, here.therapy.coi, here.therapy.aliases)
        else:
            bag = _bag(text)
            if bag.container in bags:
                raise BadInput(
                    f"{bag.container[:60]} is scanned already", rule="each bag once", remedy="scan the next bag",
                    place="bag",
                )  # fmt: skip
            bags.add(bag.container)
            right = bag.container in left and bag.batch == here.batch.batch and _names(here, bag.coi)
        if not right:
            return place
    return None


def _names(here: Here, coi: str) -> bool:
    return bool(coi) and scans.names_patient(coi, here.therapy.coi, here.therapy.aliases)


def _bag(text: str) -> scans.Scan:
    found = scans.read_scan(text)
    if not found.container:
        raise BadInput(
            f"{text[:60]!r} is not the label of a bag",
            rule="a bag's label reads container, batch and chain of identity",
            remedy="scan the code on the bag itself; if there is none, put the bag down and call the supervisor",
            place="bag",
        )
    return found


def _command(here: Here, texts: tuple[str, ...], where: str, second: str) -> CompareAtBedside:
    said = [*texts, "", ""]
    bags = [_bag(each) for each in texts[2:]]
    return CompareAtBedside(
        here.batch.batch, tuple(BagScan(each.container, each.coi, each.batch) for each in bags),
        _number(here, said[1]), _number(here, said[0]), where, second,
    )  # fmt: skip


def _number(here: Here, text: str) -> str:
    return scans.read_scan(text).coi or text


def _scans(
    screen: Screen, request: Request, here: Here, second: str, where: str, texts: tuple[str, ...],
    wrong: int | None = None, again: OnelotError | None = None,
) -> Response:  # fmt: skip
    """The next scan, or the stop."""
    seen = []
    for place, thing in enumerate(here.things):
        expected = grouped(here.therapy.coi)
        if place >= 2:
            expected = f"{thing.removeprefix('bag ')} · {expected} · {here.batch.batch}"
        state = "waiting"
        if place < len(texts):
            state = "wrong" if place == wrong else "done"
        elif place == len(texts) and wrong is None and second:
            state = "now"
        shown = scans.plain(texts[place]) if place < len(texts) else ""
        seen.append(Seen(thing.split(" ", 1)[0], state, shown, expected))
    status = 409 if wrong is not None else 403 if isinstance(again, NotAllowed) else 422 if again else 200
    return screen.render(
        "compare.html", request, here.actor, status,
        at=here, again=again, seen=seen, before=texts,
        second=second, where=where, stop=seen[wrong] if wrong is not None else None,
        next=next((each for each in seen if each.state == "now"), None),
    )  # fmt: skip


def _giving(router: APIRouter, screen: Screen) -> None:
    @router.post("/bedside/{number}/give")
    def give(
        request: Request, number: str, sent: Annotated[Sent, Depends()], containers: Names = [],  # noqa: B006
        dose: Text = "", thawed_at: Text = "", verified_by: Text = "",
    ) -> Response:  # fmt: skip
        here = _open(screen, request, number, sent)
        shown, _, unit = _to_give(screen, request, here)
        thawed = typed.moment(thawed_at, "thawed_at") if thawed_at.strip() else None
        command = Administer(
            number, tuple(containers), typed.number(dose, "dose"), unit, typed.person(verified_by), thawed
        )
        screen.sign(request, here.actor, command, sent, shown)
        return screen.go(here.address)
