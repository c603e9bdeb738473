"""The network: what is signed and in force, questions answered on the spot, and the step from one to the other."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile

from onelot.app.authority import roles_for
from onelot.app.commands.masters import ApproveDocument, RegisterDocument
from onelot.app.context import Actor
from onelot.app.document_kinds import NETWORK
from onelot.app.house import SIMULATION
from onelot.app.network_study import MOST_BYTES, Studies, Study, changed, read_question
from onelot.app.simulation.networks import simulated_networks
from onelot.app.web import network_reading as reading
from onelot.app.web.language import words_of
from onelot.app.web.pages import language_of
from onelot.app.web.screen import Artefact, Screen, Sent, Text
from onelot.plan.network import network_document
from onelot.record.errors import BadInput, NotAllowed

NAV = (("network", "/screen/network"),)
HERE = "/screen/network"
_NAME, _VERSION = re.compile(r"network/[A-Za-z0-9._-]{1,80}"), re.compile(r"[A-Za-z0-9._-]{1,40}")
Names = Annotated[list[str], Form(max_length=200)]


def routes(router: APIRouter, screen: Screen) -> None:
    """The pages of the network, with the studies of this server."""
    studies = Studies()
    screen.house.on_close.append(studies.close)
    _questions(router, screen, studies)
    _study(router, screen, studies)
    _master_data(router, screen, studies)


def _questions(router: APIRouter, screen: Screen, studies: Studies) -> None:
    """What is on record, and questions taken in."""
    examples = {each.name: each for each in simulated_networks()} if screen.house.mode == SIMULATION else {}

    @router.get("/network")
    def landing(request: Request) -> Response:
        actor = screen.enter(request, "network")
        found = reading.on_record(screen.house)
        return screen.render(
            "network.html", request, actor, documents=found, most_kib=MOST_BYTES // 1024, examples=examples.values()
        )

    @router.post("/network")
    def upload(
        request: Request, sent: Annotated[Sent, Depends()], file: Annotated[UploadFile | None, File()] = None
    ) -> Response:
        screen.enter(request, "network", sent)
        if file is None or not file.filename:
            raise BadInput("no file was chosen", rule="a question is a JSON file", remedy="choose one and send it")
        question = read_question(file.file.read(MOST_BYTES + 1))
        return screen.go(_address(studies.ask(question, file.filename[:80])))

    @router.post("/network/example")
    def example(request: Request, sent: Annotated[Sent, Depends()], name: Text = "") -> Response:
        screen.enter(request, "network", sent)
        if name not in examples:
            raise BadInput("there is no such example", rule="examples are those of the simulation", remedy="upload one")
        return screen.go(_address(studies.ask(examples[name].question, examples[name].title)))


def _study(router: APIRouter, screen: Screen, studies: Studies) -> None:
    """One question and its answer: flows, front, loads, what-if, and what is behind each number."""

    @router.get("/network/study/{key}")
    def study(request: Request, key: str, point: int | None = None, scenario: str = "", beside: str = "") -> Response:
        actor = screen.enter(request, "network")
        found = studies.get(key)
        if not found.ready:
            return screen.render("network_wait.html", request, actor, study=found)
        others = [studies.get(each) for each in _keys(beside)]
        if not all(each.ready for each in others):
            return screen.render("network_wait.html", request, actor, study=found)
        words = words_of(language_of(request))["drawing"]
        shown = reading.study_of(found, point, scenario, others, words)
        recipes = reading.recipes_on_record(screen.house) if shown.answer.objective is not None else []
        return screen.render(
            "network_study.html", request, actor, study=found, shown=shown, beside=beside, recipes=recipes,
            may_register=bool(roles_for("RegisterDocument") & actor.roles),
            names=reading.names_on_record(screen.house),
        )  # fmt: skip

    @router.get("/network/study/{key}/behind")
    def behind(request: Request, key: str, at: str, point: int | None = None, page: int = 1) -> Response:
        actor = screen.enter(request, "network")
        found = studies.get(key)
        opened = reading.behind(found, at, point, page)
        return screen.render("network_behind.html", request, actor, study=found, opened=opened, point=point)

    @router.post("/network/study/{key}/what-if")
    def what_if(
        request: Request, key: str, sent: Annotated[Sent, Depends()], limit_days: Text = "", max_plants: Text = "",
        minimise: Text = "", closed: Names = [], beside: Text = "",  # noqa: B006 - read, never changed
    ) -> Response:  # fmt: skip
        screen.enter(request, "network", sent)
        found = studies.get(key)
        wanted: dict[str, Any] = {
            "limit_days": _whole(limit_days, "$.limit_days"), "max_plants": _whole(max_plants, "$.max_plants")
        }  # fmt: skip
        changes: dict[str, Any] = {
            name: value for name, value in wanted.items() if value is not None and value != found.question[name]
        }
        if minimise and minimise != found.network.minimise:
            changes["minimise"] = minimise
        name = reading.name_of(changes, closed, words_of(language_of(request))["network"])
        if not name:
            raise BadInput("nothing is changed", rule="a what-if differs", remedy="change a number, or close a plant")
        other = studies.ask(changed(found.question, set(closed), changes), name)
        keys = [each for each in _keys(beside) if each != other.key][-4:]
        return screen.go(_address(found, beside=",".join([*keys, other.key])))


def _master_data(router: APIRouter, screen: Screen, studies: Studies) -> None:
    """From an answer to a registered document, and from that to the signed network."""

    @router.post("/network/study/{key}/register")
    def register(
        request: Request, key: str, sent: Annotated[Sent, Depends()], name: Text = "", version: Text = "",
        title: Text = "", starts_on: Text = "", closed: Text = "", point: Text = "", recipes: Names = [],  # noqa: B006
    ) -> Response:  # fmt: skip
        actor = screen.enter(request, "network", sent)
        found = studies.get(key)
        answer = found.answer(_whole(point, "$.front") if point else None)
        made = network_document(answer, found.network, recipes=recipes, starts_on=_day(starts_on))
        made["closed"] = reading.closed_days(closed)
        _check_named(name, version, title)
        command = RegisterDocument(name, NETWORK, title, version, orjson.dumps(made).decode())
        screen.give(request, actor, command, sent)
        return screen.go(f"{HERE}/document/{name}/{version}")

    def open_document(request: Request, actor: Actor, name: str) -> tuple[reading.OnRecord, Artefact]:
        found = reading.document(screen.house, name)
        return found, screen.artefact("network.html", request, found=found)

    @router.get("/network/document/{name:path}")
    def document(request: Request, name: str) -> Response:
        actor = screen.enter(request, "network")
        found, shown = open_document(request, actor, name)
        return screen.render(
            "network_document.html", request, actor, found=found, shown=shown, now=screen.house.clock(),
            may_sign=bool(roles_for("ApproveDocument") & actor.roles), meaning=ApproveDocument.meaning,
        )  # fmt: skip

    @router.post("/network/document/{name:path}")
    def approve(request: Request, name: str, sent: Annotated[Sent, Depends()], effective_from: Text = "") -> Response:
        actor = screen.enter(request, "network", sent)
        if not roles_for("ApproveDocument") & actor.roles:
            raise NotAllowed("your role reads here", rule="role table: ApproveDocument", remedy="ask quality")
        found, shown = open_document(request, actor, name)
        now, day = screen.house.clock(), _day(effective_from)
        at = now if day is None or day == now.date() else datetime.combine(day, datetime.min.time(), UTC)
        screen.sign(request, actor, ApproveDocument(found.base, found.document.version, at), sent, shown)
        return screen.go(f"{HERE}/document/{name}")


def _address(study: Study, **query: str) -> str:
    return f"{HERE}/study/{study.key}" + (f"?{urlencode(query)}" if query else "")


def _keys(beside: str) -> list[str]:
    return [each for each in beside.split(",") if each][:5]


def _whole(text: str, place: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal() or len(text) > 9:
        raise BadInput(f"{text!r} is no whole number", rule="network.schema.json", remedy="enter it again", place=place)
    return int(text)


def _check_named(name: str, version: str, title: str) -> None:
    if not _NAME.fullmatch(name) or not _VERSION.fullmatch(version) or not title.strip():
        raise BadInput(
            "a network document needs a name, a version and a title",
            rule="a name is network/ and letters, digits, . _ -; a version letters, digits, . _ -",
            remedy="name it like network/europe, version 2",
            place=f"{name}/{version}"[:80],
        )


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadInput(f"{text!r} is no day", rule="a day is 2026-12-24", remedy="enter it again") from None
