"""The screens' doors: which page, for which roles, and what a form does. Deny by default."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from importlib.resources import files
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from onelot.app.api.doors import Doors, status_of
from onelot.app.api.writing import handle
from onelot.app.authority import roles_for, sees_personal_data
from onelot.app.commands import Command
from onelot.app.commands.release import RejectBatch, ReleaseBatch, ReleaseConditionally
from onelot.app.context import Actor
from onelot.app.effects import carry_out
from onelot.app.house import House
from onelot.app.sign_in import NotSignedIn
from onelot.app.web import reading
from onelot.app.web.pages import BEFORE, COOKIE, HEADERS, Pages, check_csrf, csrf_of, new_secret
from onelot.app.web.sessions import Sessions
from onelot.app.why import why
from onelot.record.errors import BadInput, Conflict, NotAllowed, OnelotError
from onelot.release import assess
from onelot.release.disposition import CONDITIONAL, REJECTED, RELEASED

HOME = "/screen/board"
_READERS = frozenset(
    ("prescriber", "clinic_coordinator", "collection", "bedside_nurse", "planner", "operator", "supervisor", "qc")
    + ("qa_reviewer", "qp", "process_engineer", "bioinformatician", "auditor")
)
# Page -> roles that may open it; a page that is not named here opens for nobody.
PAGES: dict[str, frozenset[str]] = {
    "board": _READERS,
    "record": _READERS,
    "why": _READERS,
    "release": frozenset({"qp", "qa_reviewer", "auditor"}),
}
_DECISIONS = (("release", RELEASED), ("conditional", CONDITIONAL), ("reject", REJECTED))
Text = Annotated[str, Form(max_length=2000)]


def web_router(doors: Doors, *, secure: bool = False) -> APIRouter:
    """The screens over this house. secure: served over TLS, so that cookies travel under it only."""
    house, sessions = doors.house, Sessions(doors)
    pages = Pages(house)
    router = APIRouter(prefix="/screen", include_in_schema=False, route_class=_refusing(pages))
    _signing_in(router, pages, sessions, secure)
    _reading(router, pages, house, sessions)
    _releasing(router, pages, doors, sessions)
    return router


def _refusing(pages: Pages) -> type[APIRoute]:
    """Routes whose refusals are pages of three lines; nobody signed in is sent to sign in."""

    class Refusing(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            inner = super().get_route_handler()

            async def handler(request: Request) -> Response:
                try:
                    return await inner(request)
                except NotSignedIn as error:
                    if not request.url.path.endswith("/sign-in"):
                        return RedirectResponse("/screen/sign-in", 303, dict(HEADERS))
                    return pages.render("refused.html", request, None, 401, error=error)
                except OnelotError as error:
                    return pages.render("refused.html", request, None, status_of(error), error=error)

            return handler

    return Refusing


def _enter(request: Request, sessions: Sessions, page: str) -> Actor:
    actor = sessions.actor_of(request.cookies.get(COOKIE, ""))
    if not PAGES.get(page, frozenset()) & actor.roles:
        raise NotAllowed(
            "this page is not for your role",
            rule=f"role table: {page} is for {', '.join(sorted(PAGES.get(page, ())))}",
            remedy="ask somebody with that role, or the user administrator",
        )
    return actor


def _signing_in(router: APIRouter, pages: Pages, sessions: Sessions, secure: bool) -> None:
    def keep(response: Response, name: str, value: str) -> Response:
        response.set_cookie(name, value, httponly=True, samesite="strict", secure=secure, path="/")
        return response

    @router.get("/sign-in")
    def sign_in_page(request: Request) -> Response:
        secret = request.cookies.get(BEFORE) or new_secret()
        page = pages.render("sign_in.html", request, None, form_token=csrf_of(secret))
        return keep(page, BEFORE, secret)

    @router.post("/sign-in")
    def sign_in(request: Request, login: Text = "", password: Text = "", csrf: Text = "") -> Response:
        check_csrf(request.cookies.get(BEFORE, ""), csrf)
        token = sessions.sign_in(login, password)
        return keep(RedirectResponse(HOME, 303, dict(HEADERS)), COOKIE, token)

    @router.post("/sign-out")
    def sign_out(request: Request, csrf: Text = "") -> Response:
        token = request.cookies.get(COOKIE, "")
        check_csrf(token, csrf)
        sessions.sign_out(token)
        response = RedirectResponse("/screen/sign-in", 303, dict(HEADERS))
        response.delete_cookie(COOKIE, path="/")
        return response

    def asset(name: str, kind: str) -> None:
        data = (files("onelot.app.web") / "static" / name).read_bytes()

        @router.get(f"/static/{name}")
        def serve() -> Response:
            return Response(data, media_type=kind, headers={**HEADERS, "Cache-Control": "max-age=300"})

    asset("onelot.css", "text/css")
    asset("onelot.svg", "image/svg+xml")


def _reading(router: APIRouter, pages: Pages, house: House, sessions: Sessions) -> None:
    @router.get("/board")
    def board(request: Request, state: str = "", site: str = "", page: int = 1) -> Response:
        actor = _enter(request, sessions, "board")
        seen = reading.board(house, actor, "", "", house.clock())
        rows = [row for row in seen if state in ("", row["state"]) and site in ("", row["site"])]
        last = max(1, -(-len(rows) // reading.PAGE))
        page = min(max(page, 1), last)

        def address(**change: object) -> str:
            given = {"state": state, "site": site, **change}
            kept = {name: value for name, value in given.items() if value not in ("", 1)}
            return HOME + (f"?{urlencode(kept)}" if kept else "")

        filters = [
            (name, [("", address(**{name: ""})), *((each, address(**{name: each})) for each in found)], chosen)
            for name, found, chosen in (
                ("state", sorted({row["state"] for row in seen}), state),
                ("site", sorted({row["site"] for row in seen}), site),
            )
        ]
        return pages.render(
            "board.html", request, actor, rows=rows[(page - 1) * reading.PAGE : page * reading.PAGE],
            filters=filters, count=len(rows), page=page, last=last,
            before=address(page=page - 1) if page > 1 else "", after=address(page=page + 1) if page < last else "",
        )  # fmt: skip

    @router.get("/batches/{number}")
    def record(request: Request, number: str, before: int = 0) -> Response:
        actor = _enter(request, sessions, "record")
        found = reading.open_batch(house, actor, number)
        entries = house.journal.read(f"batch/{number}")
        shown = [entry for entry in entries if not before or entry.seq < before][-reading.THREAD :]
        tailoring = found.therapy.tailoring if found.therapy else None
        return pages.render(
            "record.html", request, actor, found=found, batch=found.batch, knots=reading.knots(house, shown),
            earlier=shown[0].seq if shown and shown[0].seq > 1 else 0,
            chain=reading.chain_status(f"batch/{number}", entries), documents=reading.documents(entries),
            parameters=sorted(tailoring.parameters) if tailoring and found.batch.tailoring else [],
            may_release=bool(PAGES["release"] & actor.roles),
        )  # fmt: skip

    @router.get("/batches/{number}/why/{name}")
    def explain(request: Request, number: str, name: str) -> Response:
        actor = _enter(request, sessions, "why")
        reading.open_batch(house, actor, number)
        if sees_personal_data(actor):
            house.log_look(actor.id, f"batch/{number}", f"why {name}")
        return pages.render("why.html", request, actor, found=why(house, number, name, actor), number=number)


def _releasing(router: APIRouter, pages: Pages, doors: Doors, sessions: Sessions) -> None:
    house = doors.house

    @router.get("/batches/{number}/release")
    def release_page(request: Request, number: str) -> Response:
        actor = _enter(request, sessions, "release")
        found = reading.open_batch(house, actor, number)
        if found.recipe is None:
            raise NotAllowed("there is no recipe", rule="a batch cites its recipe", remedy="verify the journal")
        judged = assess(found.recipe, found.batch, found.therapy, house.clock())
        return pages.render(
            "release.html", request, actor, batch=found.batch, judged=judged, now=house.clock(), signer=actor,
            decisions=[word for word, each in _DECISIONS if each in judged.possible],
            may_sign=bool(roles_for("ReleaseBatch") & actor.roles),
        )  # fmt: skip

    @router.post("/batches/{number}/release")
    def decide(
        request: Request,
        number: str,
        decision: Text = "",
        reason: Text = "",
        password: Text = "",
        seq: Annotated[int, Form()] = -1,
        csrf: Text = "",
    ) -> Response:
        actor = _enter(request, sessions, "release")
        check_csrf(request.cookies.get(COOKIE, ""), csrf)
        found = reading.open_batch(house, actor, number)
        # Nobody signs what they have not read.
        if found.batch.seq != seq:
            raise Conflict(
                "the record has moved on since you opened this page",
                rule="a signature covers what the signer has seen",
                remedy="open the page again, read what is new, and sign then",
            )
        handle(doors, _decision(number, decision, reason), actor, password or None)
        carry_out(house)
        return RedirectResponse(f"/screen/batches/{number}", 303, dict(HEADERS))


def _decision(number: str, decision: str, reason: str) -> Command:
    match decision:
        case "release":
            return ReleaseBatch(number)
        case "conditional":
            return ReleaseConditionally(number)
        case "reject" if reason.strip():
            return RejectBatch(number, reason.strip())
    raise BadInput(
        "no decision was made" if decision != "reject" else "a rejection needs its reason",
        rule="release, conditional release, or rejection with a reason",
        remedy="choose one, and say why where you reject",
    )
