"""Dispatch at the plant, with a link for the courier; and the courier's own page behind that link, without sign-in."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile
from markupsafe import Markup

from onelot.app.api.courier import GOOD_FOR, make_link, open_link
from onelot.app.commands.deliver import DispatchBatch, TransferCustody
from onelot.app.context import Actor
from onelot.app.effects import carry_out
from onelot.app.sign_in.totp import qr
from onelot.app.web import scans, typed
from onelot.app.web.screen import Screen, Sent, Text
from onelot.deliver import holder
from onelot.record.errors import BadInput, Held
from onelot.record.subjects import Batch

Names = Annotated[list[str], Form(max_length=20)]


def routes(router: APIRouter, screen: Screen) -> None:
    """The plant's page and the courier's."""
    _dispatch(router, screen)
    _courier(router, screen)


def _dispatch(router: APIRouter, screen: Screen) -> None:
    @router.get("/batches/{number}/dispatch")
    def page(request: Request, number: str) -> Response:
        actor = screen.enter(request, "dispatch")
        context = screen.context(actor)
        batch = context.batch(number)
        sent = batch.dispatched
        link = drawing = ""
        if sent is not None and batch.state == "in_transit":
            secret = make_link(screen.house, actor, batch, sent.shipment)
            link = f"{_address(screen, request)}/screen/courier/{secret}"
            drawing = Markup(qr(link))  # noqa: S704 - drawn here, of modules alone
        recipe = context.reader.recipe(batch.recipe) if batch.recipe else None
        return screen.render(
            "dispatch.html", request, actor, batch=batch, recipe=recipe, to_site=_site(screen, batch), link=link,
            drawing=drawing, holder=holder(batch), days=GOOD_FOR.days, courier=f"courier-link/{_shipment(batch)}",
        )  # fmt: skip

    @router.post("/batches/{number}/dispatch")
    def dispatch(
        request: Request, number: str, sent: Annotated[Sent, Depends()], shipment: Text = "", shipper: Text = "",
        containers: Names = [],  # noqa: B006 - read, never changed
    ) -> Response:  # fmt: skip
        actor = screen.enter(request, "dispatch", sent)
        batch = screen.context(actor).batch(number)
        # A bag's label reads more than its number.
        bags = tuple(scans.read_scan(each.strip()).container or each.strip() for each in containers if each.strip())
        command = DispatchBatch(
            number, typed.line(shipment, "shipment"), bags, typed.line(shipper, "shipper"), _site(screen, batch)
        )
        screen.give(request, actor, command, sent)
        return screen.go(f"/screen/batches/{number}/dispatch")

    @router.post("/batches/{number}/hand-over")
    def hand_over(
        request: Request, number: str, sent: Annotated[Sent, Depends()], giver: Text = "", temperature: Text = ""
    ) -> Response:
        """The plant gives the shipper to the courier; the logger is read where there is one."""
        actor = screen.enter(request, "dispatch", sent)
        batch = screen.context(actor).batch(number)
        shipment = _shipment(batch)
        command = TransferCustody(
            number, shipment, giver, f"courier-link/{shipment}", batch.site, _measured(temperature)
        )
        screen.give(request, actor, command, sent)
        return screen.go(f"/screen/batches/{number}/dispatch")


def _shipment(batch: Batch) -> str:
    return batch.dispatched.shipment if batch.dispatched else f"SHIP-{batch.batch}"


def _address(screen: Screen, request: Request) -> str:
    """Where the courier's phone finds us: as the site says it, before what this request calls us."""
    return screen.doors.sign_in.settings.address or str(request.base_url).rstrip("/")


def _site(screen: Screen, batch: Batch) -> str:
    if not batch.therapies:
        raise Held("a stock batch goes to no patient", rule="stock is bound as a kit", remedy="order the kit")
    return screen.house.loop.reader.therapy(batch.therapies[0]).site


def _measured(text: str) -> Decimal | None:
    return typed.number(text, "temperature") if text.strip() else None


def _courier(router: APIRouter, screen: Screen) -> None:
    house = screen.house

    def show(
        request: Request, link: str, actor: Actor, batch: Batch, stop: str = "", again: BadInput | None = None
    ) -> Response:
        recipe = house.loop.reader.recipe(batch.recipe) if batch.recipe else None
        has = holder(batch)
        return screen.render(
            "courier.html", request, None, 409 if stop else 422 if again else 200, again=again,
            sent=batch.dispatched, from_site=batch.site,
            warmest=recipe.logistics.warmest if recipe else None, link=link, has=has, mine=has == actor.id,
            arrived=batch.shipment is not None or has == (batch.dispatched.to_site if batch.dispatched else ""),
            now=house.clock(), stop=stop,
        )  # fmt: skip

    @router.get("/courier/{link}")
    def look(request: Request, link: str) -> Response:
        actor, batch = open_link(house, link)
        return show(request, link, actor, batch)

    @router.post("/courier/{link}")
    def transfer(
        request: Request, link: str, once: Annotated[str, Form(max_length=64, pattern=r"^[\w-]*$")] = "",
        giver: Text = "", scan: Text = "", temperature: Text = "", picture: Annotated[UploadFile | None, File()] = None,
    ) -> Response:  # fmt: skip
        actor, batch = open_link(house, link)
        found = batch.dispatched
        if found is None or not once:
            raise BadInput(
                "this form does not carry its own name", rule="every form is carried out once",
                remedy="open the link again",
            )  # fmt: skip
        try:
            text, measured = scans.scanned(scan, picture), _measured(temperature)
        except BadInput as again:
            return show(request, link, actor, batch, again=again)
        if text not in (found.shipment, found.shipper):
            return show(request, link, actor, batch, stop=text)
        # By who had it when the page was shown: sent twice, it must not become the next hand-over.
        to_party, at_site = (found.to_site, found.to_site) if giver == actor.id else (actor.id, batch.site)
        command = TransferCustody(batch.batch, found.shipment, giver, to_party, at_site, measured)
        name = f"{actor.id}/{once}"
        house.loop.handle(command, actor, None, name)
        carry_out(house)
        return screen.go(f"/screen/courier/{link}")
