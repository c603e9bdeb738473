"""The API: the same commands as everywhere, over HTTP. Deny by default; unknown and forbidden look alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from onelot import __version__
from onelot.app.admission import DOCUMENTS
from onelot.app.api import courier, people, reading, signing_in, writing
from onelot.app.api.document import REFUSALS, describe
from onelot.app.api.doors import HEADERS, Doors, errors
from onelot.app.api.patience import Patience
from onelot.app.api.refusals import Refusals
from onelot.app.api.table import doors_table, gate, named
from onelot.app.house import House
from onelot.app.sight import Seats, behind_doors
from onelot.app.sign_in import SignIn
from onelot.app.simulation.live import Live
from onelot.app.web import refusal_page, web_router

MOST_BYTES = 8 * 1024 * 1024
# Fields alone: half a million that a command does not have take seconds to refuse, and nobody else is served.
MOST_BYTES_OF_FIELDS = 1024 * 1024
LONG = frozenset(f"/commands/{each.partition('.')[0]}" for each in DOCUMENTS)
# Who shows no session at all has nothing long to say.
MOST_BYTES_OF_NOBODY = 64 * 1024
# Once seen under TLS, a browser comes back under TLS only: for a year, and to hosts below this one too.
UNDER_TLS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


def _guard(app: FastAPI, house: House, headers: dict[str, str]) -> None:
    """Refuse what is too large before it is read; put the security headers on every answer."""

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        # A body that does not say its size is not read, in chunks or in any other way.
        length = request.headers.get("content-length", "" if request.method in ("POST", "PUT", "PATCH") else "0")
        known = "authorization" in request.headers or "cookie" in request.headers
        path = request.url.path
        most = MOST_BYTES if path.startswith("/screen/") or path in LONG else MOST_BYTES_OF_FIELDS
        most = most if known else MOST_BYTES_OF_NOBODY
        if not length.isdigit() or int(length) > most or "chunked" in request.headers.get("transfer-encoding", ""):
            refusal = {
                "error": "BadInput",
                "what": "the request is too large, or does not say how large it is",
                "rule": f"at most {most} bytes, with a Content-Length",
                "remedy": "send less",
                "place": None,
            }
            response: Response = JSONResponse(refusal, status_code=413)
        else:
            response = await call_next(request)
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if house.mode == "simulation":
            response.headers["X-Onelot-Mode"] = "SIMULATED"
        return response


def _front() -> APIRouter:
    """The address alone, as somebody types it."""
    front = APIRouter(include_in_schema=False)

    @front.get("/")
    def to_the_screens() -> Response:
        return RedirectResponse("/screen", 303)

    return front


def create_app(house: House, sign_in: SignIn, *, secure: bool = False, live: Live | None = None) -> FastAPI:
    """The application over a house; live: the simulation that runs beside it.

    The pages of FastAPI's own documentation need a CDN, so they are off.
    """
    # A redirect to the same address with one slash less would name the host that the request claims to be for.
    app = FastAPI(
        title="onelot", version=__version__, docs_url=None, redoc_url=None, responses=REFUSALS, redirect_slashes=False
    )
    doors = Doors(behind_doors(house), sign_in, secure)
    headers = {**HEADERS, **(UNDER_TLS if secure else {})}
    refusals, page = Refusals(doors, headers), refusal_page(doors)
    errors(app, page)

    _guard(app, house, headers)
    app.add_middleware(Seats, house=house)
    app.add_middleware(Patience)

    rooms = (signing_in, people, reading, writing, courier)
    routers = [_front(), *(room.router(doors) for room in rooms), web_router(doors, refusals, secure=secure, live=live)]
    refusals.install(app, page)
    for router in routers:
        app.include_router(router, dependencies=[Depends(gate(doors))])
    app.state.routes = named(routers)
    describe(app, doors_table())
    return app
