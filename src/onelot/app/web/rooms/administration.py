"""Administration: people with their roles, sites and keys; the role table; sites."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from onelot.app.authority import roles_for, roles_of_page, table
from onelot.app.commands.masters import ChangeRoles, RegisterPerson, RegisterSite, RemovePerson
from onelot.app.context import Actor, unknown
from onelot.app.web import reading
from onelot.app.web.screen import Screen, Sent, Text
from onelot.record.errors import BadInput

PATH = "/screen/administration"
NAV = (("administration", PATH),)
# What stands on the first page: a page of the role table and its address.
PARTS = (
    ("people", "/screen/people"),
    ("roles", "/screen/roles"),
    ("sites", "/screen/sites"),
    ("equipment", "/screen/equipment"),
    ("documents", "/screen/documents"),
    ("site_keys", "/screen/keys"),
    ("tablets", "/screen/tablets"),
)
SITE_KINDS = ("manufacturing", "hospital", "collection")
Many = Annotated[list[str], Form(max_length=100)]


def routes(router: APIRouter, screen: Screen) -> None:
    """The first page, people, roles, sites."""

    @router.get("/administration")
    def administration(request: Request) -> Response:
        actor = screen.enter(request, "administration")
        parts = [each for each in PARTS if roles_of_page(each[0]) & actor.roles]
        return screen.render("administration.html", request, actor, parts=parts)

    @router.get("/roles")
    def roles(request: Request) -> Response:
        actor = screen.enter(request, "roles")
        found = table()
        names = [
            {
                "name": role,
                "personal": bool(row.get("personal_data")) if isinstance(row, dict) else False,
                "commands": sorted(each for each in found["commands"] if role in roles_for(each)),
                "pages": sorted(each for each in found["pages"] if role in roles_of_page(each)),
            }
            for role, row in found["roles"].items()
        ]
        return screen.render("roles.html", request, actor, roles=names)

    _people(router, screen)
    _person(router, screen)
    _sites(router, screen)


def _people(router: APIRouter, screen: Screen) -> None:
    house = screen.house

    @router.get("/people")
    def people(request: Request) -> Response:
        actor = screen.enter(request, "people")
        rows = sorted(house.journal.rows("people").items(), key=lambda each: (each[1]["state"], each[0]))
        return screen.render(
            "people.html", request, actor, rows=rows, roles=sorted(table()["roles"]),
            sites=sorted(house.journal.rows("sites")), may_change=may("RegisterPerson", actor),
        )  # fmt: skip

    @router.post("/people")
    def register(
        request: Request,
        sent: Annotated[Sent, Depends()],
        login: Text = "",
        printed_name: Text = "",
        roles: Many = [],  # noqa: B006 - FastAPI's way to say: none given
        sites: Many = [],  # noqa: B006
    ) -> Response:
        actor = screen.enter(request, "people", sent)
        name = named(login, "sign-in name")
        needed(printed_name=printed_name, roles=" ".join(roles), sites=" ".join(sites))
        screen.give(request, actor, RegisterPerson(name, printed_name.strip(), tuple(roles), tuple(sites)), sent)
        return screen.go(f"/screen/people/{name}")


def _person(router: APIRouter, screen: Screen) -> None:
    house = screen.house

    @router.get("/people/{login}")
    def person(request: Request, login: str) -> Response:
        actor = screen.enter(request, "people")
        row = house.journal.rows("people", [login]).get(login)
        if row is None:
            raise unknown("person", login)
        return screen.render(
            "person.html", request, actor, row=row, roles=sorted(table()["roles"]),
            sites=sorted({"*", *house.journal.rows("sites"), *row["sites"]}),
            knots=reading.knots(house, house.journal.read(f"person/{login}")),
            may_change=may("ChangeRoles", actor), own=actor.id == f"person/{login}",
        )  # fmt: skip

    @router.post("/people/{login}/roles")
    def change(
        request: Request,
        login: str,
        sent: Annotated[Sent, Depends()],
        reason: Text = "",
        roles: Many = [],  # noqa: B006
        sites: Many = [],  # noqa: B006
    ) -> Response:
        actor = screen.enter(request, "people", sent)
        needed(reason=reason, roles=" ".join(roles), sites=" ".join(sites))
        screen.give(request, actor, ChangeRoles(login, tuple(roles), tuple(sites), reason.strip()), sent)
        return screen.go(f"/screen/people/{login}")

    @router.post("/people/{login}/leave")
    def leave(request: Request, login: str, sent: Annotated[Sent, Depends()], reason: Text = "") -> Response:
        actor = screen.enter(request, "people", sent)
        needed(reason=reason)
        screen.give(request, actor, RemovePerson(login, reason.strip()), sent)
        return screen.go(f"/screen/people/{login}")

    @router.post("/people/{login}/let-in")
    def let_in(request: Request, login: str, sent: Annotated[Sent, Depends()], reason: Text = "") -> Response:
        actor = screen.enter(request, "people", sent)
        needed(reason=reason)
        password, until = screen.doors.account.let_in(
            login, actor, reason.strip(), where=screen.doors.where(request)
        )  # fmt: skip
        row = house.journal.rows("people", [login])[login]
        return screen.render("let_in.html", request, actor, row=row, password=password, until=until)


def _sites(router: APIRouter, screen: Screen) -> None:
    @router.get("/sites")
    def sites(request: Request) -> Response:
        actor = screen.enter(request, "sites")
        return screen.render(
            "sites.html", request, actor, rows=sorted(screen.house.journal.rows("sites").items()), kinds=SITE_KINDS,
            may_change=may("RegisterSite", actor),
        )  # fmt: skip

    @router.post("/sites")
    def register(
        request: Request, sent: Annotated[Sent, Depends()], site: Text = "", name: Text = "", kind: Text = ""
    ) -> Response:
        actor = screen.enter(request, "sites", sent)
        needed(name=name)
        if kind not in SITE_KINDS:
            raise BadInput(
                "no kind of site was chosen",
                rule=f"a site is one of {', '.join(SITE_KINDS)}",
                remedy="choose one",
                place="kind",
            )
        screen.give(request, actor, RegisterSite(named(site, "site"), name.strip(), kind), sent)
        return screen.go("/screen/sites")


def may(command: str, actor: Actor) -> bool:
    """Whether one of their roles gives this command."""
    return bool(roles_for(command) & actor.roles)


def named(given: str, what: str) -> str:
    """A name that can stand in a stream and in an address."""
    name = given.strip()
    if not name or not all(each.isalnum() or each in "-_.@" for each in name):
        raise BadInput(
            f"{what}: {name!r} cannot be a name" if name else f"{what}: nothing was given",
            rule="names are letters, digits, and - _ . @",
            remedy="choose another name",
            place=what,
        )
    return name


def needed(**given: str) -> None:
    """Refuse a form in which one of these is empty."""
    empty = [name for name, value in given.items() if not value.strip()]
    if empty:
        raise BadInput(
            f"not filled in: {', '.join(each.replace('_', ' ') for each in empty)}",
            rule="what goes on the record is complete",
            remedy="fill it in",
            place=empty[0],
        )
