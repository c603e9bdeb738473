"""The operator's page in a real browser: a lost network, a restart, a scanner, a session that ends in mid-form."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page

from onelot.adapters.safe import MemorySafe
from onelot.app.api.application import create_app
from onelot.app.sign_in import SignIn
from onelot.record.subjects import Batch
from tests.app.web.plant import PASSWORD, Plant, make_plant, signing
from tests.browser.conftest import QUICK, Served, accessible, picture, serving

OPERATOR, SECOND = "operator.plant", "operator.plant.2"


@dataclass
class Line:
    """A plant behind a real socket that can be ended and started again at the same address."""

    plant: Plant
    served: Served
    desk: SignIn
    end: Callable[[], None]

    @property
    def batch(self) -> Batch:
        return self.plant.house.loop.reader.batch(self.plant.number)

    @property
    def path(self) -> str:
        return f"/screen/batches/{self.plant.number}/step"

    @property
    def bag(self) -> str:
        coi = self.batch.therapies[0]
        collected = self.plant.house.loop.reader.therapy(coi).collections
        return collected[0].containers[0].identifier

    def restart(self) -> None:
        self.end()
        _, self.end = serving(create_app(self.plant.house, self.desk), int(urlsplit(self.served.url).port or 0))

    def operator(self, **given: object) -> Page:
        page = self.served.signed_in(OPERATOR, **given)  # type: ignore[arg-type]
        page.goto(self.path + "?take=1")
        return page


@pytest.fixture(scope="module")
def line(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    plant = make_plant(tmp_path_factory.mktemp("line"), "batch planned")
    desk = SignIn(MemorySafe(), lambda: datetime.now(UTC), QUICK)
    for login in plant.house.journal.rows("people"):
        desk.set_password(login, PASSWORD)
    url, end = serving(create_app(plant.house, desk))
    # The first page of a process is slow; no test waits for it.
    httpx.get(f"{url}/screen/sign-in", timeout=60)
    made = Line(plant, Served(plant.house, plant.number, url, chromium), desk, end)
    yield made
    made.end()


def wedge(page: Page, text: str, enters: int = 1) -> None:
    """What a keyboard-wedge scanner does, wherever the focus is."""
    page.keyboard.type(text)
    for _ in range(enters):
        page.keyboard.press("Enter")


def asked(page: Page, name: str) -> None:
    page.wait_for_selector(f'input[name=ask][value="{name}"]', state="attached")


def until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not true() and time.monotonic() < ends:
        time.sleep(0.05)
    assert true()


def to_the_second_person(line: Line, page: Page) -> None:
    for text, after in ((line.bag, "patient"), (line.batch.therapies[0], "condition")):
        wedge(page, text)
        asked(page, after)
    page.wait_for_timeout(450)
    wedge(page, "intact, 4 Cel")
    page.wait_for_selector("#verifier_password")
    page.fill("#verified_by", SECOND)
    page.fill("#verifier_password", signing(SECOND))


def test_a_second_enter_of_the_scanner_answers_no_second_question(line: Line) -> None:
    page, before = line.operator(), line.batch.near_misses
    wedge(page, line.bag, enters=2)
    asked(page, "patient")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert page.locator(".refused").count() == 0 and page.locator(".wrong").count() == 0
    page.wait_for_timeout(450)
    to = line.batch.therapies[0]
    wedge(page, to, enters=2)
    asked(page, "condition")
    assert line.batch.state == "planned" and line.batch.near_misses == before


def test_a_wrong_bag_is_red_once_however_it_is_sent(line: Line) -> None:
    page, before = line.operator(width=820, height=1180), len(line.batch.near_misses)
    asked(page, "container")
    wedge(page, "DON-4F7K92QD-1-A", enters=2)
    page.wait_for_selector(".wrong")
    assert "Put it down" in page.inner_text("main")
    accessible(page)
    picture(page, "step-wrong-bag")
    page.wait_for_timeout(300)
    assert len(line.batch.near_misses) == before + 1


def test_what_is_refused_stands_at_its_form(line: Line) -> None:
    page = line.operator()
    to_the_second_person(line, page)
    page.fill("#verified_by", OPERATOR)
    page.click("main button")
    page.wait_for_selector("form .unsent[role=alert] >> text=nobody verifies")
    accessible(page)
    picture(page, "step-refused")
    page.fill("#verified_by", SECOND)
    page.fill("#verifier_password", "guess")
    page.click("main button")
    page.wait_for_selector("form .unsent[role=alert] >> text=signing password")
    assert page.input_value("#verified_by") == SECOND and line.batch.state == "planned"


def a_session_that_ends_in_the_middle_of_a_form_loses_nothing_typed(line: Line) -> None:
    page = line.operator()
    to_the_second_person(line, page)
    page.context.clear_cookies()
    page.click("main button")
    page.wait_for_selector(".unsent[role=alert] a")
    assert page.input_value("#verified_by") == SECOND and page.input_value("#verifier_password") == ""
    assert line.batch.state == "planned"
    accessible(page)
    picture(page, "signed-out-in-a-form")
    # Still nobody: it says so again.
    page.fill("#verifier_password", signing(SECOND))
    page.click("main button")
    page.wait_for_selector(".unsent[role=alert] a")
    with page.context.expect_page() as opened:
        page.click(".unsent a")
    there = opened.value
    there.fill("#login", OPERATOR)
    there.fill("#password", PASSWORD)
    there.click("main button")
    there.wait_for_url(re.compile("/screen/(?!sign-in)"))
    page.fill("#verifier_password", signing(SECOND))
    page.click("main button")
    until(lambda: line.batch.state == "received")
    assert line.batch.received[0].verified_by == f"person/{SECOND}"
    assert line.batch.received[0].verified_how == "signing password"


def a_lost_network_and_a_restart_lose_nothing_typed_and_repeat_nothing_done(line: Line) -> None:
    """In the step after the receipt: a scan of batch, patient and bag, and the second person's proof."""
    page = line.operator(width=1280, height=800)
    asked(page, "confirm")
    accessible(page)
    page.context.set_offline(True)
    page.keyboard.press("Enter")
    page.wait_for_selector(".unsent[role=alert]")
    page.context.set_offline(False)
    line.restart()
    page.keyboard.press("Enter")
    asked(page, "batch")
    page.context.set_offline(True)
    wedge(page, line.plant.number)
    page.wait_for_selector(".unsent[role=alert]")
    assert page.input_value("#scan") == line.plant.number
    page.context.set_offline(False)
    line.restart()
    page.keyboard.press("Enter")
    asked(page, "patient")
    wedge(page, line.batch.therapies[0])
    asked(page, "container")
    wedge(page, line.bag)
    page.wait_for_selector("#verifier_password")
    accessible(page)
    picture(page, "step-second-person")
    page.fill("#verified_by", SECOND)
    page.fill("#verifier_password", signing(SECOND))
    done = [run.state for run in line.batch.runs]
    # The answer is lost on its way back, and the server is started again before the form is sent once more.
    page.route(re.compile("/step$"), lambda route: (route.fetch(max_redirects=0), route.abort()))
    page.click("main button")
    page.wait_for_selector(".unsent[role=alert]")
    until(lambda: [run.state for run in line.batch.runs] != done)
    seq = line.batch.seq
    page.unroute(re.compile("/step$"))
    assert page.input_value("#verified_by") == SECOND and page.input_value("#verifier_password")
    line.restart()
    page.click("main button")
    page.wait_for_selector(".scan, .instruct")
    page.wait_for_timeout(500)
    assert line.batch.seq == seq


def test_somebody_else_who_signs_in_sends_no_form_of_mine(line: Line) -> None:
    page = line.operator()
    to_the_second_person(line, page)
    page.context.clear_cookies()
    page.click("main button")
    page.wait_for_selector(".unsent[role=alert] a")
    there = page.context.new_page()
    there.goto("/screen/sign-in")
    there.fill("#login", "supervisor.plant")
    there.fill("#password", PASSWORD)
    there.click("main button")
    there.wait_for_url(re.compile("/screen/(?!sign-in)"))
    page.click("main button")
    page.wait_for_selector(".unsent >> text=somebody else")
    assert line.batch.state == "planned"


def test_the_second_sees_who_has_the_step(line: Line) -> None:
    first = line.operator()
    asked(first, "container")
    page = line.served.signed_in(SECOND, width=820, height=1180)
    page.goto(line.path)
    name = line.plant.house.loop.actor(OPERATOR).printed_name
    assert name in page.inner_text(".taken") and page.locator("[data-scan]").count() == 0
    accessible(page)
    picture(page, "step-in-hand-of-another")


# Each stands on the one before it, and the others need the receipt still to be done: so it is one test, and the last.
def test_a_step_outlives_its_session_its_network_and_its_server(line: Line) -> None:
    a_session_that_ends_in_the_middle_of_a_form_loses_nothing_typed(line)
    a_lost_network_and_a_restart_lose_nothing_typed_and_repeat_nothing_done(line)
