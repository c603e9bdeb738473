"""The guided tour's page, the strip it puts on every other page, the change of person. Only in a simulation."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic, sleep
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from onelot.app.authority import roles_of_page
from onelot.app.context import Actor
from onelot.app.simulation.live import Live
from onelot.app.simulation.tour import STOPS, Seen, done, stops
from onelot.app.web.pages import COOKIE, HEADERS, csrf_of
from onelot.app.web.rooms.signing_in import NEXT, keep
from onelot.app.web.screen import Screen, Sent, Text
from onelot.record.errors import BadInput, OnelotError

PATH = "/screen/tour"
NAV, SIMULATED = (("tour", PATH),), True
ON = "onelot-tour"
# The longest the page waits for the clock; the others may have much to do on the way.
_PATIENCE_S = 20.0


@dataclass(frozen=True)
class Strip:
    """What stands on top of every page while the tour is on.

    now: the present stop, None at the end; number: of it; name: of whom to be; mine: that is who is here; away: the
    page shown is none of this stop.
    """

    now: Seen | None
    number: int
    count: int
    name: str
    mine: bool
    lent: bool
    away: bool
    csrf: str


def routes(router: APIRouter, screen: Screen) -> None:
    """The tour's page, the change of person, time that passes, and the help of the simulated people."""
    screen.pages.strip = lambda request: _strip(screen, request)
    _reading(router, screen)
    _acting(router, screen)


def _live(screen: Screen) -> Live:
    found = screen.simulation
    if found.tour is None:
        raise BadInput("this simulation has no tour", rule="the demo's own cohort has one", remedy="run `onelot demo`")
    return found


def _strip(screen: Screen, request: Request) -> Strip | None:
    if screen.live is None or screen.live.tour is None or request.url.path == PATH:
        return None
    if request.cookies.get(screen.doors.cookie(ON)) != "on":
        return None
    try:
        actor = screen.doors.recognise(request)
    except OnelotError:
        return None
    if not roles_of_page("tour") & actor.roles:
        return None
    return _standing(screen, screen.live, actor, request)


def _people(screen: Screen, live: Live) -> list[tuple[str, Actor]]:
    """Whom one can be: everybody whom this simulation gave a password, in the order of their names."""
    site = live.driver.stage.site
    found = [(login, screen.house.loop.actor(login)) for login in site.rows("people") if login != site.administrator]
    return sorted(found, key=lambda each: each[1].printed_name)


def _standing(screen: Screen, live: Live, actor: Actor, request: Request) -> Strip:
    seen = stops(live)
    number = next((place for place, each in enumerate(seen, 1) if each.state == "now"), 0)
    now = seen[number - 1] if number else None
    name = screen.house.loop.actor(now.login).printed_name if now and now.login else ""
    mine = now is not None and now.login in ("", actor.id.removeprefix("person/"))
    # A page that a form of the stop has answered with is on the way, whatever it is called.
    path = request.url.path
    # A link's secret stands behind the #, and its page is that of the shipment.
    there, _, secret = now.address.partition("#") if now else ("", "", "")
    on_the_way = request.method != "GET" or bool(secret)
    away = now is not None and path != there and not (on_the_way and path.startswith(there))
    return Strip(now, number, len(seen), name, mine, live.lent, away, csrf_of(screen.token(request)))


def _reading(router: APIRouter, screen: Screen) -> None:
    @router.get("/tour")
    def tour(request: Request) -> Response:
        actor = screen.enter(request, "tour")
        found, login = _live(screen), actor.id.removeprefix("person/")
        seen = stops(found)
        names = {each.login: screen.house.loop.actor(each.login).printed_name for each in seen if each.login}
        case = found.tour
        given: dict[str, Any] = {
            "strip": _standing(screen, found, actor, request), "stops": seen, "names": names,
            "login": login, "live": found, "at": screen.house.clock(), "line": next(iter(found.lines), None),
            "recipe": case.recipe.title if case else "", "patient": case.identity if case else None,
            "on": request.cookies.get(screen.doors.cookie(ON)) == "on", "people": _people(screen, found),
            "signing": found.driver.stage.site.password_of(login),
        }  # fmt: skip
        return screen.render("tour.html", request, actor, **given)

    @router.get("/tour/patient.json")
    def patient(request: Request) -> Response:
        screen.enter(request, "tour")
        file = _live(screen).tour_file
        return Response(
            file.read_bytes() if file else b"{}", media_type="application/json",
            headers={**HEADERS, "Content-Disposition": 'attachment; filename="tour.json"'},
        )  # fmt: skip


def _acting(router: APIRouter, screen: Screen) -> None:
    @router.post("/tour/be")
    def be(request: Request, sent: Annotated[Sent, Depends()], login: Text = "", go: Text = "") -> Response:
        """Be somebody; with `go` at once on the page of the present stop. The first time, the tour begins."""
        screen.enter(request, "tour", sent)
        found, desk = _live(screen), screen.doors.sign_in
        if login not in {name for name, _ in _people(screen, found)}:
            raise BadInput("nobody of this simulation", rule="the tour names its people", remedy="use its buttons")
        if go and request.cookies.get(screen.doors.cookie(ON)) != "on":
            found.begin_tour()
        # The usual door, with the password this simulation gave its own people; there is no way around it.
        token = desk.open(login, found.sign_in_of(login), screen.doors.where(request))
        desk.close(screen.token(request), screen.doors.where(request))
        there = next((each.address for each in stops(found) if each.state == "now"), PATH) if go else PATH
        answer = screen.go(NEXT if desk.sessions.find(token).needs else there)
        answer = keep(screen, answer, COOKIE, token)
        return keep(screen, answer, ON, "on") if go else answer

    @router.post("/tour/lend")
    def lend(request: Request, sent: Annotated[Sent, Depends()], stop: Text = "") -> Response:
        screen.enter(request, "tour", sent)
        found = _live(screen)
        if stop not in {each.key for each in STOPS}:
            raise BadInput("no such stop", rule="the tour names its stops", remedy="use its buttons")
        found.lend(lambda: done(found, stop))
        return screen.go(PATH)

    @router.post("/tour/wait")
    def wait(request: Request, sent: Annotated[Sent, Depends()]) -> Response:
        """Let the days pass that the present stop waits for; everybody else goes on meanwhile."""
        screen.enter(request, "tour", sent)
        found = _live(screen)
        until = next((each.until for each in stops(found) if each.state == "now"), None)
        if until is not None and until > screen.house.clock():
            found.pace.hop(until - screen.house.clock())
            patience = monotonic() + _PATIENCE_S
            while screen.house.clock() < until and monotonic() < patience:
                sleep(0.05)
        return screen.go(PATH)

    @router.post("/tour/leave")
    def leave(request: Request, sent: Annotated[Sent, Depends()]) -> Response:
        """No strip any more, and the clock goes on for everybody."""
        screen.enter(request, "tour", sent)
        _live(screen).pace.go_on()
        answer = screen.go("/screen/clock")
        answer.delete_cookie(screen.doors.cookie(ON), path="/", secure=screen.secure, httponly=True, samesite="strict")
        return answer
