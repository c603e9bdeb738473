"""Lots: taken in, released after inspection under a signature, or blocked."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from onelot.app.authority import roles_for
from onelot.app.commands.lots import BlockLot, ReceiveLot, ReleaseLot
from onelot.app.context import unknown
from onelot.app.web.screen import Artefact, Screen, Sent, Text
from onelot.app.web.stepping import moment, number, plain
from onelot.record.errors import BadInput

LOTS = "/screen/lots"
NAV = (("lots", LOTS),)


def routes(router: APIRouter, screen: Screen) -> None:
    """The list with its form, and a lot with its decisions."""
    _list(router, screen)
    _one(router, screen)


def _row(screen: Screen, name: str) -> dict[str, Any]:
    row = screen.house.journal.rows("lots", [name]).get(name)
    if row is None:
        raise unknown("lot", name[:80])
    left = screen.house.journal.available(f"lot/{name}")
    return {**row, "lot": name, "amount": plain(Decimal(str(row["amount"]))), "left": plain(left)}


def _list(router: APIRouter, screen: Screen) -> None:
    @router.get("/lots")
    def lots(request: Request, state: str = "") -> Response:
        actor = screen.enter(request, "lots")
        rows = screen.house.journal.rows("lots")
        states = sorted({str(row["state"]) for row in rows.values()})
        shown = [
            {**row, "lot": name, "amount": plain(Decimal(str(row["amount"])))}
            for name, row in rows.items()
            if state in ("", row["state"])
        ]
        # What waits for somebody first; then what ends soonest.
        shown.sort(key=lambda row: (row["state"] in ("released", "blocked"), row["expires_at"], row["lot"]))
        return screen.render(
            "lots.html", request, actor, rows=shown[:500], count=len(shown), states=states, state=state,
            may_receive=bool(roles_for("ReceiveLot") & actor.roles),
        )  # fmt: skip

    @router.post("/lots")
    def receive(
        request: Request, sent: Annotated[Sent, Depends()], lot: Text = "", item: Text = "", supplier_lot: Text = "",
        certificate_sha256: Text = "", amount: Text = "", unit: Text = "", expires_at: Text = "", therapy: Text = "",
    ) -> Response:  # fmt: skip
        actor = screen.enter(request, "lots", sent)
        digest = certificate_sha256.strip().lower()
        if not (lot.strip() and item.strip() and supplier_lot.strip() and unit.strip()):
            raise BadInput(
                "the lot is not named whole", rule="lot, item, supplier's lot and unit", remedy="fill them in"
            )
        if not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise BadInput(
                "this is no digest of a certificate", rule="SHA-256 of the supplier's certificate, 64 hex digits",
                remedy="compute it over the certificate's file",
            )  # fmt: skip
        quantity = number(amount)
        if quantity <= 0:
            raise BadInput(f"{amount} is no amount", rule="an amount is above nought", remedy="count again")
        command = ReceiveLot(
            lot.strip(), item.strip(), supplier_lot.strip(), digest, quantity, unit.strip(), moment(expires_at),
            therapy.strip(),
        )  # fmt: skip
        screen.give(request, actor, command, sent)
        return screen.go(f"{LOTS}/{command.lot}")


def _one(router: APIRouter, screen: Screen) -> None:
    def shown_of(request: Request, row: dict[str, Any]) -> Artefact:
        return screen.artefact("lot.html", request, row=row)

    @router.get("/lots/{lot}")
    def page(request: Request, lot: str) -> Response:
        actor = screen.enter(request, "lots")
        row = _row(screen, lot)
        return screen.render(
            "lot.html", request, actor, row=row, shown=shown_of(request, row), now=screen.house.clock(),
            may_release=bool(roles_for("ReleaseLot") & actor.roles) and row["state"] not in ("released", "blocked"),
            may_block=bool(roles_for("BlockLot") & actor.roles) and row["state"] != "blocked",
            meaning=ReleaseLot.meaning,
        )  # fmt: skip

    @router.post("/lots/{lot}/release")
    def release(request: Request, lot: str, sent: Annotated[Sent, Depends()], finding: Text = "") -> Response:
        actor = screen.enter(request, "lots", sent)
        if not finding.strip():
            raise BadInput("no finding", rule="a lot is released on what inspection found", remedy="write it down")
        screen.sign(request, actor, ReleaseLot(lot, finding.strip()), sent, shown_of(request, _row(screen, lot)))
        return screen.go(f"{LOTS}/{lot}")

    @router.post("/lots/{lot}/block")
    def block(request: Request, lot: str, sent: Annotated[Sent, Depends()], reason: Text = "") -> Response:
        actor = screen.enter(request, "lots", sent)
        _row(screen, lot)
        if not reason.strip():
            raise BadInput("no reason", rule="a lot is blocked for a reason", remedy="write it down")
        screen.give(request, actor, BlockLot(lot, reason.strip()), sent)
        return screen.go(f"{LOTS}/{lot}")
