"""What everybody's trust hangs on: the site's key and its seals, shared tablets, and what a person has lost."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from onelot.app.api.people import set_tablet
from onelot.app.sealing import SEAL_EVERY_SECONDS
from onelot.app.web import typed
from onelot.app.web.rooms.administration import may
from onelot.app.web.screen import Screen, Sent, Text

TABLETS = "/screen/tablets"
# The newest seals; older ones lie in the folder of seals and in every export.
_SEALS = 20


def routes(router: APIRouter, screen: Screen) -> None:
    """Keys and seals, tablets, lost factors and open sessions."""
    house, account = screen.house, screen.doors.account

    @router.get("/keys")
    def keys(request: Request) -> Response:
        actor = screen.enter(request, "site_keys")
        seals, public = house.whole.seals(), house.site_keys.public
        people = [row for row in house.journal.rows("people").values() if row["state"] == "active"]
        return screen.render(
            "keys.html", request, actor, public=public, fingerprint=sha256(bytes.fromhex(public)).hexdigest(),
            seals=seals[: -_SEALS - 1 : -1], count=len(seals), every=SEAL_EVERY_SECONDS,
            people=sorted(people, key=lambda row: str(row["printed_name"])), may_people=may("RegisterPerson", actor),
        )  # fmt: skip

    @router.get("/tablets")
    def tablets(request: Request) -> Response:
        actor = screen.enter(request, "tablets")
        badge = screen.doors.sign_in.settings.badge
        allowed = sorted(site for site in badge.sites if actor.may_see(site)) if badge else []
        here = screen.doors.sign_in.badges.tablet(screen.doors.tablet(request))
        return screen.render(
            "tablets.html", request, actor, rows=account.tablets(actor), at_hand=here.id if here else "", sites=allowed
        )

    @router.post("/tablets")
    def add(request: Request, sent: Annotated[Sent, Depends()], name: Text = "", site: Text = "") -> Response:
        actor = screen.enter(request, "tablets", sent)
        token, _ = account.add_tablet(typed.line(name, "name"), site, actor, screen.doors.where(request))
        response = screen.go(TABLETS)
        set_tablet(screen.doors, response, token)
        return response

    @router.post("/tablets/{tablet}/remove")
    def remove(request: Request, tablet: str, sent: Annotated[Sent, Depends()]) -> Response:
        actor = screen.enter(request, "tablets", sent)
        account.remove_tablet(tablet, actor, screen.doors.where(request))
        return screen.go(TABLETS)

    @router.post("/people/{login}/recovery")
    def recover(request: Request, login: str, sent: Annotated[Sent, Depends()], reason: Text = "") -> Response:
        actor = screen.enter(request, "people_administration", sent)
        account.recover(login, actor, typed.line(reason, "reason"), screen.doors.where(request))
        return screen.go(f"/screen/people/{login}")

    @router.post("/people/{login}/sessions")
    def end_sessions(request: Request, login: str, sent: Annotated[Sent, Depends()]) -> Response:
        actor = screen.enter(request, "people_administration", sent)
        account.end_sessions_of(login, actor, screen.doors.where(request))
        return screen.go(f"/screen/people/{login}")
