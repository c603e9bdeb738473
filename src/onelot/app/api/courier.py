"""The courier's link: good for one shipment and some days, without an account.

Its secret stands behind the `#` of an address, which no browser sends, and reaches us in the body of a request.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import orjson
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from onelot.app.api.doors import Doors
from onelot.app.commands.deliver import TransferCustody
from onelot.app.context import Actor
from onelot.app.house import House
from onelot.app.sight import be_seen_as
from onelot.record.errors import NotAllowed
from onelot.record.subjects import Batch

GOOD_FOR = timedelta(days=7)
# What a phone keeps once it has shown a link's secret; the next day it shows it again.
PASS_FOR = timedelta(days=1)
ADDRESS = "/screen/courier"
_LINKS, _PASSES = b"courier links", b"courier passes"
DISPATCHERS = frozenset({"planner", "operator", "supervisor"})


class Wanted(BaseModel):
    """Which shipment a link is for."""

    batch: str = Field(max_length=100)
    shipment: str = Field(max_length=100)


class Shown(BaseModel):
    """The secret of a link."""

    code: str = Field(max_length=1000)


class HandOver(Shown):
    """Who gives, who takes, where, at what temperature."""

    from_party: str = Field(max_length=200)
    to_party: str = Field(max_length=200)
    at_site: str = Field(max_length=100)
    temperature_cel: Decimal | None = None


def router(doors: Doors) -> APIRouter:
    """The two endpoints of a courier's link."""
    api = APIRouter(tags=["courier"])
    house = doors.house

    @api.post("/courier-links")
    def make(wanted: Wanted, request: Request) -> dict[str, str]:
        """Make a link for a shipment that is on its way. For those who dispatch."""
        actor = doors.actor(request)
        batch = doors.context(actor).batch(wanted.batch)
        code = make_link(house, actor, batch, wanted.shipment)
        return {"link": f"{ADDRESS}#{code}", "code": code}

    @api.post("/courier")
    def look(given: Shown) -> dict[str, Any]:
        """What a courier may know: where the shipment goes, and until when it holds."""
        _, batch = open_link(house, given.code)
        found = batch.dispatched
        if found is None:
            raise _refusal()
        return {
            "mode": house.mode,
            "shipment": found.shipment,
            "shipper": found.shipper,
            "to_site": found.to_site,
            "lane": found.lane,
            "hold_until": found.hold_until.isoformat(),
        }

    @api.post("/courier/transfer")
    def transfer(given: HandOver) -> dict[str, Any]:
        """Hand the shipment over."""
        actor, batch = open_link(house, given.code)
        shipment = actor.id.removeprefix("courier-link/")
        command = TransferCustody(
            batch.batch, shipment, given.from_party, given.to_party, given.at_site, given.temperature_cel
        )
        done = house.loop.handle(command, actor)
        return {"events": [entry.seq for entry in done.entries]}

    return api


def make_link(house: House, actor: Actor, batch: Batch, shipment: str) -> str:
    """A link's secret part, for a shipment that is on its way.

    Raises:
        NotAllowed: not one of those who dispatch, or no such shipment.
    """
    if not actor.roles & DISPATCHERS or batch.dispatched is None or batch.dispatched.shipment != shipment:
        raise _refusal()
    return _made(house, _LINKS, batch.batch, shipment, GOOD_FOR)


def make_pass(house: House, batch: Batch, shipment: str) -> str:
    """What a phone keeps, for a shipment whose link it has shown: opens the same, for a day, and is no link."""
    return _made(house, _PASSES, batch.batch, shipment, PASS_FOR)


def _made(house: House, kind: bytes, batch: str, shipment: str, lasts: timedelta) -> str:
    body = orjson.dumps([batch, shipment, (house.clock() + lasts).isoformat()])
    return urlsafe_b64encode(hmac.digest(_key(house, kind), body, "sha256") + body).decode().rstrip("=")


def open_link(house: House, link: str) -> tuple[Actor, Batch]:
    """The courier behind a link, who sees from here on what the link is for; and the batch.

    Raises:
        NotAllowed: not a link of ours, too old, or its shipment was never sent.
    """
    return _behind(house, *_open(link, _key(house, _LINKS), house.clock()))


def open_pass(house: House, kept: str, shipment: str) -> tuple[Actor, Batch]:
    """As `open_link`, for what a phone keeps; only for the shipment that it keeps it for.

    Raises:
        NotAllowed: it is none, older than a day, or another shipment's.
    """
    batch, own = _open(kept, _key(house, _PASSES), house.clock()) if kept else ("", "")
    if not kept or own != shipment:
        raise NotAllowed(
            "this phone has no link for this shipment",
            rule="what a phone keeps of a courier's link is good for a day; an address alone opens nothing",
            remedy="scan the code on the shipper's paper again, or open the link again",
        )
    return _behind(house, batch, own)


def shipment_of(house: House, kept: str) -> str:
    """The shipment that a phone keeps this for; refused as by `open_pass`."""
    return _open(kept, _key(house, _PASSES), house.clock())[1]


def _behind(house: House, batch: str, shipment: str) -> tuple[Actor, Batch]:
    actor = be_seen_as(Actor(f"courier-link/{shipment}", "courier by link", frozenset({"courier"})))
    found = house.loop.reader.batch(batch)
    if found.dispatched is None or found.dispatched.shipment != shipment:
        raise _refusal()
    return actor, found


def _key(house: House, kind: bytes) -> bytes:
    return sha256(kind + house.site_keys.vault).digest()


def _open(link: str, key: bytes, now: datetime) -> tuple[str, str]:
    try:
        data = urlsafe_b64decode(link + "=" * (-len(link) % 4))
    except (Error, ValueError) as cause:
        raise _refusal() from cause
    mark, body = data[:32], data[32:]
    if not hmac.compare_digest(mark, hmac.digest(key, body, "sha256")):
        raise _refusal()
    batch, shipment, until = orjson.loads(body)
    if now > datetime.fromisoformat(until):
        raise _refusal()
    return batch, shipment


def _refusal() -> NotAllowed:
    return NotAllowed(
        "this link opens nothing",
        rule="a courier's link is good for one shipment, for seven days",
        remedy="ask the plant for a new link",
    )
