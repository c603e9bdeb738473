"""Dispatch at the plant, with a link for the courier; and the courier's own page behind that link, without sign-in."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from hashlib import sha256
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile
from markupsafe import Markup

from onelot.app.api.courier import (
    ADDRESS,
    GOOD_FOR,
    PASS_FOR,
    make_link,
    make_pass,
    open_link,
    open_pass,
    shipment_of,
)
from onelot.app.commands.deliver import DispatchBatch, TransferCustody
from onelot.app.commands.stops import RefuseScan
from onelot.app.context import Actor
from onelot.app.effects import carry_out
from onelot.app.sign_in.totp import qr
from onelot.app.web import scans, typed
from onelot.app.web.pages import BEFORE, check_csrf, csrf_of, new_secret
from onelot.app.web.rooms.signing_in import keep
from onelot.app.web.screen import Screen, Sent, Text
from onelot.deliver import holder
from onelot.record.errors import BadInput, Held, Mismatch, NotAllowed
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
            link = f"{_address(screen, request)}{ADDRESS}#{secret}"
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
    _enter(router, screen)
    _carry(router, screen)


def cookie_of(shipment: str) -> str:
    """One a shipment: a phone can have several on the road."""
    return f"onelot-courier-{sha256(shipment.encode()).hexdigest()[:16]}"


def _enter(router: APIRouter, screen: Screen) -> None:
    house, doors = screen.house, screen.doors

    @router.get("/courier")
    def door(request: Request) -> Response:
        """Where a link leads: its script sends what stands behind the `#`; without it, the code is pasted."""
        secret = request.cookies.get(doors.cookie(BEFORE), "") or new_secret()
        page = screen.render("courier_door.html", request, None, form_token=csrf_of(secret), shipments=_kept(request))
        return keep(screen, page, BEFORE, secret)

    def _kept(request: Request) -> list[str]:
        """Shipments that this phone has a pass for."""
        found = []
        for name, value in request.cookies.items():
            if name.startswith(doors.cookie("onelot-courier-")):
                with suppress(NotAllowed):
                    found.append(shipment_of(house, value))
        return sorted(found)

    @router.post("/courier")
    def enter(
        request: Request,
        code: Annotated[str, Form(max_length=1200)] = "",
        csrf: Annotated[str, Form(max_length=64)] = "",
    ) -> Response:
        check_csrf(request.cookies.get(doors.cookie(BEFORE), ""), csrf)
        # The whole link may have been pasted.
        actor, batch = open_link(house, code.strip().rpartition("#")[2])
        shipment = actor.id.removeprefix("courier-link/")
        answer = screen.go(f"{ADDRESS}/{quote(shipment, safe='')}")
        lasts = int(PASS_FOR.total_seconds())
        return keep(screen, answer, cookie_of(shipment), make_pass(house, batch, shipment), lasts=lasts)


def _carry(router: APIRouter, screen: Screen) -> None:
    house = screen.house

    def kept(request: Request, shipment: str) -> str:
        return request.cookies.get(screen.doors.cookie(cookie_of(shipment)), "")

    def show(request: Request, actor: Actor, batch: Batch, stop: str = "", again: BadInput | None = None) -> Response:
        recipe = house.loop.reader.recipe(batch.recipe) if batch.recipe else None
        has, shipment = holder(batch), actor.id.removeprefix("courier-link/")
        return screen.render(
            "courier.html", request, None, 409 if stop else 422 if again else 200, again=again,
            sent=batch.dispatched, from_site=batch.site,
            warmest=recipe.logistics.warmest if recipe else None, has=has, mine=has == actor.id,
            arrived=batch.shipment is not None or has == (batch.dispatched.to_site if batch.dispatched else ""),
            now=house.clock(), stop=stop, form_token=csrf_of(kept(request, shipment)),
            action=f"{ADDRESS}/{quote(shipment, safe='')}",
        )  # fmt: skip

    @router.get("/courier/{shipment}")
    def look(request: Request, shipment: str) -> Response:
        actor, batch = open_pass(house, kept(request, shipment), shipment)
        return show(request, actor, batch)

    @router.post("/courier/{shipment}")
    def transfer(
        request: Request, shipment: str, once: Annotated[str, Form(max_length=64, pattern=r"^[\w-]*$")] = "",
        giver: Text = "", scan: Text = "", temperature: Text = "", picture: Annotated[UploadFile | None, File()] = None,
        form_token: Annotated[str, Form(max_length=64)] = "",
    ) -> Response:  # fmt: skip
        actor, batch = open_pass(house, kept(request, shipment), shipment)
        check_csrf(kept(request, shipment), form_token)
        found = batch.dispatched
        if found is None or not once:
            raise BadInput(
                "this form does not carry its own name", rule="every form is carried out once",
                remedy="open the link again",
            )  # fmt: skip
        try:
            text, measured = scans.scanned(scan, picture), _measured(temperature)
        except BadInput as again:
            return show(request, actor, batch, again=again)
        if text not in (found.shipment, found.shipper):
            read = scans.printable(text)
            mark = sha256("\0".join((once, read)).encode()).hexdigest()
            with suppress(Mismatch):
                refused = RefuseScan(batch.batch, "shipper", "", "shipper", read)
                house.loop.handle(refused, actor, None, f"{actor.id}/stop-{mark[:40]}")
            return show(request, actor, batch, stop=text)
        # By who had it when the page was shown: sent twice, it must not become the next hand-over.
        to_party, at_site = (found.to_site, found.to_site) if giver == actor.id else (actor.id, batch.site)
        command = TransferCustody(batch.batch, found.shipment, giver, to_party, at_site, measured)
        name = f"{actor.id}/{once}"
        house.loop.handle(command, actor, None, name)
        carry_out(house)
        return screen.go(f"{ADDRESS}/{quote(shipment, safe='')}")
