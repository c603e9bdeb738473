from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI

from onelot.adapters.safe import MemorySafe
from onelot.app.api.application import create_app
from onelot.app.commands.masters import RegisterPerson
from onelot.app.commands.release import OpenDeviation
from onelot.app.house import House
from onelot.app.sign_in import SignIn
from tests.app.web.plant import PASSWORD, PEOPLE, make_house, signing

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SIGN_IN = SignIn(MemorySafe(), lambda: datetime.now(UTC), QUICK)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[House, str]:
    for login in PEOPLE:
        SIGN_IN.set_password(login, PASSWORD)
    return make_house(tmp_path_factory.mktemp("screens"))


# A house is served by one application, as it is in life; to put one together takes half a second. The newest are kept.
_MOST_SERVED = 4
_SERVED: dict[tuple[int, Path | None], tuple[House, FastAPI]] = {}


def served(house: House) -> FastAPI:
    key = id(house), house.looks  # an application knows where its looks are logged from the beginning
    if key not in _SERVED:
        if len(_SERVED) == _MOST_SERVED:
            del _SERVED[next(iter(_SERVED))]
        _SERVED[key] = house, create_app(house, SIGN_IN)
    return _SERVED[key][1]


class Browser:
    """Keeps cookies like a browser."""

    def __init__(self, house: House, looks: Path | None = None) -> None:
        house.looks = looks
        self.transport, self.cookies = httpx.ASGITransport(served(house)), httpx.Cookies()

    def send(self, method: str, path: str, **given: Any) -> httpx.Response:
        async def run() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=self.transport, base_url="http://onelot", cookies=self.cookies
            ) as client:
                found = await client.request(method, path, **given)
                self.cookies = client.cookies
                return found

        return asyncio.run(run())

    def page(self, path: str) -> Page:
        found = self.send("GET", path)
        assert found.status_code == 200, found.text
        return Page(found.text)

    def sign_in(self, login: str, password: str = PASSWORD) -> httpx.Response:
        csrf = self.page("/screen/sign-in").fields["csrf"]
        return self.send("POST", "/screen/sign-in", data={"login": login, "password": password, "csrf": csrf})


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.fields, self.tags = text, {}, []  # type: ignore[var-annotated]
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if tag == "input":
            self.fields[given.get("name", "")] = given.get("value", "")


def as_person(made: tuple[House, str], login: str, looks: Path | None = None) -> Browser:
    browser = Browser(made[0], looks)
    found = browser.sign_in(login)
    assert found.status_code == 303 and found.headers["location"] in (
        "/screen/board",
        "/screen/me",
        "/screen/administration",
    )
    return browser


def test_nobody_enters_without_a_session(made: tuple[House, str]) -> None:
    for path in ("board", f"batches/{made[1]}", f"batches/{made[1]}/release", f"batches/{made[1]}/why/x"):
        found = Browser(made[0]).send("GET", f"/screen/{path}")
        assert found.status_code == 303 and found.headers["location"] == "/screen/sign-in"
    assert Browser(made[0]).send("POST", f"/screen/batches/{made[1]}/release").status_code == 303


def test_sign_in_refuses_a_wrong_password_and_a_form_without_its_token(made: tuple[House, str]) -> None:
    browser = Browser(made[0])
    found = browser.sign_in("qp.plant", "not the password")
    assert found.status_code == 403 and "do not belong together" in found.text
    assert browser.send("GET", "/screen/board").status_code == 303
    bare = browser.send("POST", "/screen/sign-in", data={"login": "qp.plant", "password": PASSWORD})
    assert bare.status_code == 403


def test_sign_out_ends_the_session(made: tuple[House, str]) -> None:
    browser = as_person(made, "qp.plant")
    cookies = dict(browser.cookies)
    csrf = browser.page("/screen/board").fields["csrf"]
    assert browser.send("POST", "/screen/sign-out", data={"csrf": csrf}).status_code == 303
    browser.cookies = httpx.Cookies(cookies)
    assert browser.send("GET", "/screen/board").status_code == 303


def test_the_board_filters_and_shows_own_sites_only(made: tuple[House, str]) -> None:
    browser = as_person(made, "operator.plant")
    assert made[1] in browser.page("/screen/board?state=quarantine").text
    assert made[1] not in browser.page("/screen/board?state=released").text
    assert made[1] not in browser.page("/screen/board?site=elsewhere").text
    seen = [
        made[1] in as_person(made, f"prescriber.{site}").page("/screen/board").text
        for site in ("hospital-north", "hospital-south")
    ]
    assert sorted(seen) == [False, True]
    stranger = as_person(made, "prescriber.hospital-south" if seen[0] else "prescriber.hospital-north")
    foreign = stranger.send("GET", f"/screen/batches/{made[1]}")
    unknown = stranger.send("GET", f"/screen/batches/{made[1][:-1]}")
    assert foreign.status_code == unknown.status_code == 403


def test_pages_open_for_their_roles_only(made: tuple[House, str]) -> None:
    assert as_person(made, "it.plant").send("GET", "/screen/board").status_code == 403
    operator = as_person(made, "operator.plant")
    assert operator.send("GET", f"/screen/batches/{made[1]}").status_code == 200
    assert operator.send("GET", f"/screen/batches/{made[1]}/release").status_code == 403
    reviewer = as_person(made, "qa_reviewer.plant").page(f"/screen/batches/{made[1]}/release")
    assert "does not sign" in reviewer.text and "password" not in reviewer.fields


def test_the_record_is_a_thread_with_signatures_and_its_chain(made: tuple[House, str]) -> None:
    page = as_person(made, "qp.plant").page(f"/screen/batches/{made[1]}")
    entries = made[0].journal.read(f"batch/{made[1]}")
    assert f"unbroken: {len(entries)} events" in page.text
    assert "certifies these results" in page.text and "UTC" in page.text and "SIMULATED" in page.text


def test_a_value_is_shown_to_its_roles_only_and_the_look_is_noted(made: tuple[House, str], tmp_path: Path) -> None:
    path = f"/screen/batches/{made[1]}"
    qp = as_person(made, "qp.plant", tmp_path / "none.jsonl")
    name = next(given["href"] for tag, given in qp.page(path).tags if tag == "a" and "/why/" in given["href"])
    assert "not for your role" in qp.page(name).text and not (tmp_path / "none.jsonl").exists()
    doctors = [
        as_person(made, f"prescriber.{site}", tmp_path / "looks.jsonl") for site in ("hospital-north", "hospital-south")
    ]
    doctor = next(each for each in doctors if each.send("GET", path).status_code == 200)
    assert "not for your role" not in doctor.page(name).text
    assert made[1] in (tmp_path / "looks.jsonl").read_text()


def test_hostile_names_are_escaped_and_nothing_is_inline(made: tuple[House, str]) -> None:
    house, number = made
    hostile = "<script>alert(1)</script>"
    house.loop.handle(RegisterPerson("eve", hostile, ("auditor",), ("plant",)), house.loop.actor("root"))
    SIGN_IN.set_password("eve", PASSWORD)
    house.loop.handle(OpenDeviation(number, "minor", hostile, '"><img src=x>'), house.loop.actor("operator.plant"))
    browser = as_person(made, "eve")
    for path in ("sign-in", "board", f"batches/{number}", f"batches/{number}/release"):
        answer = browser.send("GET", f"/screen/{path}")
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")
        for tag, given in Page(answer.text).tags:
            assert tag not in ("style", "img"), path
            assert tag != "script" or set(given) == {"src", "defer"}, path
            assert not any(name == "style" or name.startswith("on") for name in given)
    assert "&lt;script&gt;" in browser.page(f"/screen/batches/{number}").text


def test_my_work_says_which_decisions_can_be_made(made: tuple[House, str]) -> None:
    row = as_person(made, "qp.plant").page("/screen/work").text.partition('class="jobs"')[2]
    assert f"/screen/batches/{made[1]}/release" in row
    # The simulated cells are still in the incubator for sterility: the recipe lets them go before the final result.
    assert "can be released conditionally: final results to follow: 1" in row


def test_a_release_is_signed_on_what_was_seen(made: tuple[House, str]) -> None:
    house, number = made
    path = f"/screen/batches/{number}/release"
    browser = as_person(made, "qp.plant")
    page = browser.page(path)
    right = {
        "decision": "",
        "password": signing("qp.plant"),
        **{name: page.fields[name] for name in ("csrf", "once", "seen")},
    }
    before = len(house.journal.read(f"batch/{number}"))
    assert browser.send("POST", path, data={**right, "decision": "reject", "csrf": "x"}).status_code == 403
    stale = browser.send("POST", path, data={**right, "decision": "reject", "reason": "r", "seen": "0" * 64})
    assert stale.status_code == 409 and "moved on" in stale.text
    assert browser.send("POST", path, data={**right, "decision": "reject"}).status_code == 422
    wrong = browser.send("POST", path, data={**right, "decision": "reject", "reason": "r", "password": "no"})
    assert wrong.status_code == 403
    for line in ("<dt>What</dt>", "<dt>Rule</dt>", "<dt>What to do now</dt>", "21 CFR 11.200(a)"):
        assert line in wrong.text
    assert len(house.journal.read(f"batch/{number}")) == before
    offered = [given["value"] for tag, given in page.tags if tag == "input" and given.get("name") == "decision"]
    decision = next(each for each in ("release", "conditional") if each in offered)
    signed = browser.send("POST", path, data={**right, "decision": decision})
    assert signed.status_code == 303, signed.text
    last = house.journal.read(f"batch/{number}")[-1]
    assert last.envelope["type"] in ("Released", "ConditionallyReleased")
    assert last.signed is not None and last.signed.signer == "person/qp.plant"
    seen = last.signed.seen
    kept = browser.page(f"/screen/signed/{seen}/batch/{number}")
    assert "Proven" in kept.text and sha256(house.document(seen)).hexdigest() == seen
    assert browser.send("GET", f"/screen/signed/{'0' * 64}/batch/{number}").status_code == 403
    assert as_person(made, "operator.plant").send("GET", f"/screen/signed/{seen}/batch/{number}").status_code == 403
