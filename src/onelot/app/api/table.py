"""The table of doors, `data/routes.json`: every HTTP route, and for whom. What is not in it opens for nobody.

"GET /board": "page board"     for the roles of that page (`pages` in data/roles.json)
"POST …": "command NAME"       for the roles of that command
"POST /me/passwords": "own"    for whoever has a session, about themselves; the handler looks at the session
"GET /keys": "open"            for everybody; the handler decides what it gives

tests/app/test_doors.py prints the lines that are missing. Which subject of another site somebody may not reach
is not said here: it follows from the record (record/sight.py), for every route alike.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import APIRoute

from onelot.app.api.doors import Doors
from onelot.app.api.rates import Rates
from onelot.app.authority import roles_for, roles_of_page, table
from onelot.record.errors import NotAllowed

OPEN, OWN, PAGE, COMMAND = "open", "own", "page", "command"
# The schema of the commands; FastAPI serves it itself.
_BUILT_IN = ("GET /openapi.json",)


@cache
def doors_table() -> dict[str, str]:
    """Route (`METHOD /path`) -> rule."""
    found: dict[str, str] = orjson.loads((files("onelot") / "data" / "routes.json").read_bytes())
    return found


def roles_at(rule: str) -> frozenset[str] | None:
    """The roles a rule lets in; None where the handler decides (`open`, `own`). A rule nobody knows lets nobody in."""
    kind, _, name = rule.partition(" ")
    if kind == PAGE:
        return roles_of_page(name)
    if kind == COMMAND:
        return roles_for(name) - {"system"}
    return None if rule in (OPEN, OWN) else frozenset()


def named(routers: Iterable[APIRouter]) -> dict[str, Any]:
    """Every route of these routers, by its name in the table."""
    return {name: route for router in routers for route in router.routes for name in names_of(route)}


def names_of(route: Any) -> Iterator[str]:
    """A route's names in the table, one a method."""
    for method in sorted(set(route.methods or ()) - {"HEAD"}):
        yield f"{method} {route.path}"


def gate(doors: Doors) -> Callable[[Request], None]:
    """What every request passes before its body is looked at.

    Raises (when called):
        TooOften: the session or the address asks too often. NotSignedIn: nobody is signed in.
        NotAllowed: the route is for other roles, or stands in no table.
    """

    rates = Rates(lambda: datetime.now(UTC), doors.sign_in.settings)

    def check(request: Request) -> None:
        rates.ask(doors.token(request), doors.where(request).address)
        route = request.scope.get("route")
        name = f"{request.method.replace('HEAD', 'GET')} {getattr(route, 'path', '')}"
        rule = doors_table().get(name, "")
        roles = roles_at(rule)
        if rule == OWN:
            doors.sign_in.present(doors.token(request))
        if roles is None:
            return
        actor = doors.recognise(request)
        if not roles & actor.roles:
            raise NotAllowed(
                "this is not for your role" if rule else "this opens for nobody",
                rule=f"table of doors: {name} is for {', '.join(sorted(roles)) or 'nobody'}",
                remedy="ask somebody with that role, or the user administrator",
            )

    return check


def missing(app: FastAPI) -> list[str]:
    """Routes of an application that are not in the table."""
    return sorted(set(app.state.routes) - set(doors_table()))


def guesses(app: FastAPI) -> list[str]:
    """The lines that are missing, as they would stand in the table."""
    routes: dict[str, Any] = app.state.routes
    return [f'"{name}": "{guess(routes[name])}",' for name in missing(app)]


def gone(app: FastAPI) -> list[str]:
    """Lines of the table that name no route."""
    return sorted(set(doors_table()) - set(app.state.routes) - set(_BUILT_IN))


def guess(route: APIRoute) -> str:
    """The rule a new route seems to want: the page its handler enters."""
    if route.path.startswith(("/commands/", "/confirmations/")):
        return f"{COMMAND} {route.path.rsplit('/', 1)[1]}"
    if route.path.startswith("/screen/static/"):
        return OPEN
    found = re.search(r'enter\(request, "(\w+)"', inspect.getsource(route.endpoint))
    return f"{PAGE} {found[1]}" if found else "?"


def matrix() -> list[tuple[str, str, dict[str, bool]]]:
    """For print: route, rule, and per role whether it is let in; empty where the handler decides."""
    everyone = sorted(table()["roles"])
    return [
        (name, rule, {role: role in roles for role in everyone} if (roles := roles_at(rule)) is not None else {})
        for name, rule in sorted(doors_table().items())
    ]
