"""Every page and every form of the screens, found by following links as each role, then sent as nobody would.

No answer is a defect: a refusal is a page that says what, by which rule and what to do now; what was sent comes back
escaped; and nothing on any page runs that is not ours.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, unquote, urlencode, urljoin, urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient

import onelot
from onelot.app.api.courier import make_pass
from onelot.app.web.pages import csrf_of
from onelot.app.web.rooms.courier import cookie_of
from tests.app.fuzz import forms as made
from tests.app.fuzz import further
from tests.app.fuzz.forms import BROKEN, File, Form, inert, page_of
from tests.app.fuzz.recorded import Moment, Recorded, known_of, record
from tests.app.fuzz.values import Known
from tests.app.test_fuzz_api import escaped
from tests.app.web.plant import PASSWORD, signing

DATA = Path(onelot.__file__).parent / "data"
ROLES: dict[str, Any] = json.loads((DATA / "roles.json").read_text())
DOORS: dict[str, str] = json.loads((DATA / "routes.json").read_text())
# A stream of pushed messages ends after minutes; tests/app/web/test_clock.py reads it.
ENDLESS = ("GET /screen/clock/stream",)
PAGES = sorted(name for name in DOORS if name.startswith("GET /screen/") and name not in ENDLESS)
SENT = sorted(name for name in DOORS if name.startswith("POST /screen/"))
FEW, MANY = 6, int(os.environ.get("ONELOT_FUZZ", "60"))
PART = re.compile(r"\{(\w+)(?::path)?\}")
LONGEST_S = 10.0
# Forms that are answered with a page that has a form of its own.
LEADS_ON = re.compile(r"/(review|example|app|scan|compare)$")


@dataclass(frozen=True)
class Found:
    """A form with where it was found, and by whom."""

    route: str
    form: Form
    moment: Moment
    login: str


@dataclass
class Fuzz:
    """A served house, and what was found on its pages. answers: how often each status was the answer to each route."""

    house: Recorded
    client: TestClient
    known: Known
    files: list[File]
    found: dict[tuple[str, frozenset[str]], Found] = field(default_factory=dict)
    answers: dict[str, Counter[int]] = field(default_factory=dict)

    def send(self, method: str, path: str, login: str, moment: Moment, **given: Any) -> httpx.Response:
        """Send one request as this person, at this moment, and judge what comes back."""
        self.house.put(moment.state)
        self.client.cookies.clear()
        if login:
            self.client.cookies.set("onelot-session", self.house.sessions[login])
        self.client.cookies.set("onelot-before", "before")
        if "/courier/" in path:
            # A phone that has shown its link today.
            self.client.cookies.update(passes(self.house, path.partition("/courier/")[2]))
        for name, value in moment.cookies:
            self.client.cookies.set(name, value)
        began = time.process_time()
        answer = self.client.request(method, path, **given)
        took = time.process_time() - began
        self.answers.setdefault(route_of(method, path), Counter())[answer.status_code] += 1
        self.judge(answer, took, f"{login}, {moment}: {method} {path} {str(given)[:600]}")
        return answer

    def judge(self, answer: httpx.Response, took: float, asked: str) -> None:
        said = f"{asked} -> {answer.status_code} {answer.text[:1500]}"
        assert answer.status_code < 500 or answer.status_code == 503, said
        assert answer.headers["content-security-policy"], said
        assert took < LONGEST_S, f"{took:.1f} s: {said}"
        assert "Traceback" not in answer.text and "site-packages" not in answer.text, said
        if html(answer):
            page = page_of(answer.text)
            assert inert(page), said
            if answer.status_code >= 400:
                assert 'role="alert"' in answer.text, said
                if 'class="refused"' in answer.text:
                    assert answer.text.count("<dd") >= 3 and not re.search(r"<dd[^>]*></dd>", answer.text), said
        else:
            assert answer.status_code < 400, said


def passes(house: Recorded, shipment: str) -> dict[str, str]:
    """The cookie of a courier's phone for a shipment that is on its way at this moment, or was."""
    for number in house.house.whole.heads("batch/"):
        batch = house.house.loop.reader.batch(number.removeprefix("batch/"))
        if batch.dispatched is not None and batch.dispatched.shipment == unquote(shipment):
            return {cookie_of(batch.dispatched.shipment): make_pass(house.house, batch, batch.dispatched.shipment)}
    return {}


def route_of(method: str, path: str) -> str:
    """The line of the table of doors that this request falls under; "" for none."""
    for name in DOORS:
        verb, template = name.split(" ", 1)
        if verb == method and _regex(template).fullmatch(urlsplit(path).path):
            return name
    return ""


def _regex(template: str, kept: dict[str, re.Pattern[str]] = {}) -> re.Pattern[str]:  # noqa: B006 - kept on purpose
    if template not in kept:
        plain = re.sub(r"\{\w+:path\}", "\0", template)
        parts = [re.escape(each) for each in re.split(r"\{\w+\}", plain)]
        kept[template] = re.compile("[^/]+".join(parts).replace("\0", ".+").replace("\\\0", ".+"))
    return kept[template]


def crawl(fuzz: Fuzz, login: str, moment: Moment, starts: list[str], seen: frozenset[str] = frozenset()) -> None:
    """Follow links from these pages; each kind of page once. seen: kinds of pages that are not followed again."""
    waiting, here = list(starts), set(seen)
    while waiting:
        path = waiting.pop()
        route = route_of("GET", path)
        if route in here or not route or route in ENDLESS or "/static/" in path:
            continue
        here.add(route)
        waiting += take_in(fuzz, fuzz.send("GET", path, login, moment), path, login, moment)


def take_in(fuzz: Fuzz, answer: httpx.Response, path: str, login: str, moment: Moment) -> list[str]:
    """Keep the forms of a page, each where its fields say most at this moment; its links to other pages of ours."""
    for one in shown(answer, path, login, moment):
        key = (one.route, one.form.names)
        told, before = set(made.own(moment.given)), fuzz.found.get(key)
        if before is None or len(told & key[1]) > len(set(made.own(before.moment.given)) & key[1]):
            fuzz.found[key] = one
    links = page_of(answer.text).links if html(answer) else []
    return [urljoin(path, each) for each in links if each.startswith(("/screen/", "?"))]


def shown(answer: httpx.Response, path: str, login: str, moment: Moment) -> list[Found]:
    """The forms of a page."""
    found = []
    for form in page_of(answer.text).forms if html(answer) else ():
        form.action = urljoin(path, form.action or path)
        name = route_of(form.method.upper(), form.action)
        assert name, f"a form on {path} goes to {form.action}, which is no address of ours"
        found.append(Found(name, form, moment, login))
    return found


def html(answer: httpx.Response) -> bool:
    """Whether this is a page."""
    return answer.headers.get("content-type", "").startswith("text/html")


def onward(fuzz: Fuzz, one: Found, depth: int = 4) -> None:
    """Send a form as it is, and take in the forms of the page that follows: a review, the next scan, what was made."""
    for scan in made.scans(made.own(one.moment.given)) or [""]:
        answer = send(fuzz, Random(one.route), one, as_it_is=True, scan=scan)
        path = one.form.action
        for _ in range(200):
            if answer.status_code == 303:
                path = answer.headers["location"]
            elif "network/study" not in path or "/what-if" in answer.text or "<form" not in answer.text:
                break
            if not path.startswith("/screen/"):
                return
            moment = replace(one.moment, state=fuzz.house.here())
            answer = fuzz.send("GET", path, one.login, moment)
            if answer.status_code == 200 and "http-equiv" in answer.text:
                time.sleep(0.1)
        if answer.status_code == 200 and html(answer):
            moment, known = replace(one.moment, state=fuzz.house.here()), set(fuzz.found)
            take_in(fuzz, answer, path, one.login, moment)
            for key in [each for each in fuzz.found if each not in known and depth]:
                onward(fuzz, fuzz.found[key], depth - 1)
            return


@pytest.fixture(scope="module")
def fuzz(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzz]:
    house = record(tmp_path_factory.mktemp("forms"))
    known = known_of(house)
    with TestClient(house.app, follow_redirects=False) as client:
        found = Fuzz(house, client, known, made.files(house.cohort))
        look_around(found)
        yield found


def look_around(fuzz: Fuzz) -> None:
    """As each role in the middle of the run; then as whoever acted, on the pages of what they had in hand."""
    middle = fuzz.house.moments["CompletePhase"][-1]
    for role in ROLES["roles"]:
        for login in fuzz.house.logins(role)[:1]:
            crawl(fuzz, login, middle, ["/screen/board", "/screen/work", "/screen/me"])
    crawl(fuzz, "", middle, ["/screen/sign-in"])
    for moments in list(fuzz.house.moments.values()):
        for moment in moments[:2]:
            if moment.login in fuzz.house.sessions:
                roles = set(fuzz.house.everybody[moment.login]["roles"])
                starts = [path for name in PAGES if opens(name, roles) for path in about(fuzz, name, moment)]
                crawl(fuzz, moment.login, moment, starts, frozenset(PAGES) - {route_of("GET", each) for each in starts})
    for moment in (*fuzz.house.moments["TransferCustody"], *fuzz.house.moments["ReceiveShipment"]):
        shipment = moment.given["shipment"]
        crawl(fuzz, "", moment, [f"/screen/courier/{shipment}", "/screen/courier"])
    for one in list(fuzz.found.values()):
        if LEADS_ON.search(one.route):
            onward(fuzz, one)
    for visit in list(further.visits(fuzz.house)):
        answer = fuzz.send("GET", visit.path, visit.login, visit.moment)
        take_in(fuzz, answer, visit.path, visit.login, visit.moment)
        for one in shown(answer, visit.path, visit.login, visit.moment):
            if LEADS_ON.search(one.route):
                onward(fuzz, one)


def opens(name: str, roles: set[str]) -> bool:
    """Whether a page opens for one of these roles."""
    kind, _, page = DOORS[name].partition(" ")
    return kind == "page" and bool(set(ROLES["pages"][page]) & roles)


def about(fuzz: Fuzz, name: str, moment: Moment) -> list[str]:
    """The addresses of a page about what a command names: its batch, its therapy, its document."""
    told = made.own(moment.given)
    batches, cois = told.get("batch", [])[:1], told.get("coi", [])[:1]
    board = fuzz.house.end_rows("board")
    cois = cois or [coi for batch in batches for coi in board.get(batch, {}).get("therapies", ())][:1]
    batches = batches or [batch for batch, row in board.items() if set(cois) & set(row["therapies"])][-1:]
    named = [f"{each}/{version}" for each in told.get("name", ()) for version in told.get("version", ())[:1]]
    values = {
        "number": batches, "coi": cois, "lot": told.get("lot", []), "login": told.get("login", []),
        "test": told.get("test", []), "need": told.get("need", []), "about": told.get("about", []),
        "name": [*told.get("equipment", []), *named],
    }  # fmt: skip
    path, wanted = name[4:], PART.findall(name)
    if not wanted or not all(values.get(each) for each in wanted):
        return []
    return [PART.sub(lambda part: quote(values[part[1]][0], safe="/"), path)]


def who(fuzz: Fuzz, name: str) -> list[str]:
    """Who may pass this door."""
    kind, _, page = DOORS[name].partition(" ")
    roles = ROLES["pages"].get(page, ROLES["roles"]) if kind == "page" else ROLES["roles"]
    return [login for role in roles for login in fuzz.house.logins(role)[:2]]


def send(fuzz: Fuzz, rng: Random, one: Found, *, as_it_is: bool = False, scan: str = "") -> httpx.Response:
    """Send a form: as somebody at work would, or bent. scan: what is scanned, where something is.

    What fails is sent again with fewer bent places; the smallest that fails is told as a line for a shell.
    """
    login = one.login or fuzz.house.logins("operator")[0]
    password = PASSWORD if "/me/" in one.route or "/sign-in" in one.route else signing(login)
    fields = made.filled(rng, one.form, fuzz.known, password, one.moment.given)
    fields = [(name, csrf_of(_secret(fuzz, one)) if name == "csrf" else value) for name, value in fields]
    if scan:
        fields = [(name, scan if name == "scan" else value) for name, value in fields]
    places, packing = {} if as_it_is else made.bends(rng, fields, fuzz.known), rng.random()

    def ask(places: dict[int, made.Fields]) -> httpx.Response:
        body, kind = packed(fuzz, Random(packing), one, made.bent(fields, places), as_it_is)
        headers = {"content-type": kind.encode("latin-1")}
        return fuzz.send("POST", one.form.action, one.login, one.moment, content=body, headers=headers)

    def fails(places: dict[int, made.Fields]) -> bool:
        try:
            ask(places)
        except Exception:
            return True
        return False

    try:
        return ask(places)
    except Exception as failure:
        body, kind = packed(fuzz, Random(packing), one, made.bent(fields, made.fewest(places, fails)), as_it_is)
        cookies = {"onelot-session": f"SESSION of {one.login}", **dict(one.moment.cookies)}
        failure.add_note(f"{one.moment}: {made.as_curl('POST', one.form.action, body, kind, cookies)}")
        raise


def packed(fuzz: Fuzz, rng: Random, one: Found, fields: made.Fields, as_it_is: bool) -> tuple[bytes, str]:
    """The body and its content type: as the form says, now and then in the other way, or as no form makes it."""
    if one.form.enctype.startswith("multipart") or not rng.randrange(8):
        files = one.form.files if not as_it_is else []
        given = [(name, made.spoilt_file(rng, fuzz.files, fuzz.known)) for name in files if rng.randrange(6)]
        return made.multipart(fields, given)
    if not as_it_is and not rng.randrange(12):
        return rng.choice(BROKEN)
    return made.urlencoded(fields), "application/x-www-form-urlencoded"


def _secret(fuzz: Fuzz, one: Found) -> str:
    return fuzz.house.sessions[one.login] if one.login else "before"


def test_the_pages_show_every_form(fuzz: Fuzz) -> None:
    assert set(SENT) == {name for name, _ in fuzz.found} & set(SENT)


@pytest.mark.parametrize("route", SENT)
def test_no_form_fails(fuzz: Fuzz, route: str) -> None:
    bend(fuzz, route, FEW)


@pytest.mark.long
@pytest.mark.parametrize("route", SENT)
def test_no_form_fails_however_often(fuzz: Fuzz, route: str) -> None:
    bend(fuzz, route, MANY)


def bend(fuzz: Fuzz, route: str, many: int) -> None:
    """Each form that goes to this route, once as it is and then bent; its token was right at least once."""
    for at, one in enumerate([each for (name, _), each in fuzz.found.items() if name == route]):
        answer = send(fuzz, Random(f"{route}/{at}"), one, as_it_is=True)
        assert "not made for your session" not in answer.text, route
        for number in range(many):
            send(fuzz, Random(f"{route}/{at}/{number}"), one)


@pytest.mark.parametrize("route", PAGES)
def test_no_page_fails(fuzz: Fuzz, route: str) -> None:
    ask(fuzz, route, FEW)


@pytest.mark.long
@pytest.mark.parametrize("route", PAGES)
def test_no_page_fails_however_often(fuzz: Fuzz, route: str) -> None:
    ask(fuzz, route, MANY)


QUERIES = (
    "state", "site", "day", "span", "class", "equipment_class", "since", "until", "stream", "person", "kind", "page",
    "at", "point", "scenario", "beside", "take", "bags", "seq", "about", "language", "to", "light", "chosen", "code",
    "error",
)  # fmt: skip


def ask(fuzz: Fuzz, route: str, many: int) -> None:
    """A page with hostile parts in its address."""
    for number in range(many):
        rng = Random(f"{route}/{number}")
        moments = [each for found in fuzz.house.moments.values() for each in found]
        path = PART.sub(lambda part, rng=rng: escaped(fuzz.known.string(rng, part[1])), route[4:])  # type: ignore[misc]
        query = {name: made.octets(fuzz.known.string(rng, name)) for name in rng.sample(QUERIES, rng.randrange(8))}
        fuzz.send("GET", f"{path}?{urlencode(query)}", rng.choice(who(fuzz, route)), rng.choice(moments))
