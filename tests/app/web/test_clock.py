from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from onelot.adapters.recipes import shipped
from onelot.adapters.safe import MemorySafe
from onelot.app.api.application import create_app
from onelot.app.demo import tour_case
from onelot.app.entropy import from_seed
from onelot.app.sign_in import SignIn
from onelot.app.simulation.live import Live
from onelot.app.simulation.pace import Pace
from onelot.app.simulation.tour import STOPS
from onelot.app.web.screen import HOME
from tests.app.test_live import driver_of, wait_for
from tests.app.web.test_administration import fill
from tests.app.web.test_screens import QUICK, Browser, as_person, made

__all__ = ["made"]


def sign_in_of(login: str) -> str:
    return from_seed(9)(f"sign-in/{login}", 8).hex()


class Beside(Browser):
    """A browser at a house with a simulation beside it."""

    def __init__(self, live: Live, desk: SignIn) -> None:
        house = live.driver.stage.site.house
        self.transport = httpx.ASGITransport(create_app(house, desk, live=live))
        self.cookies = httpx.Cookies()


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    driver = driver_of(tmp_path)
    tour, file = tour_case(tmp_path / "tour", 5, driver.clock.now(), tuple(shipped().values()))
    found = Live(driver, Pace(driver.clock, "all", paused=True), tour, file, sign_in_of)
    found.start()
    yield found
    found.stop()


@pytest.fixture
def browser(live: Live) -> Beside:
    desk = SignIn(MemorySafe(), lambda: datetime.now(UTC), QUICK)
    for login in live.driver.stage.site.rows("people"):
        desk.set_password(login, sign_in_of(login))
    found = Beside(live, desk)
    assert found.sign_in("operator.plant", sign_in_of("operator.plant")).headers["location"] == HOME
    return found


def test_the_clock_is_turned_by_its_buttons(live: Live, browser: Beside) -> None:
    now = live.pace.clock.now()
    page = browser.page("/screen/clock")
    assert "paused" in page.text and not any(name == "style" for _, given in page.tags for name in given)
    assert fill(browser, "/screen/clock", do="hop day").status_code == 303
    wait_for(lambda: live.pace.clock.now() == now + timedelta(days=1))
    assert fill(browser, "/screen/clock", do="speed day").status_code == 303 and not live.pace.paused
    assert fill(browser, "/screen/clock", do="pause").status_code == 303 and live.pace.paused
    assert fill(browser, "/screen/clock", do="back a year").status_code == 422
    assert browser.send("POST", "/screen/clock", data={"do": "go"}).status_code == 403 and live.pace.paused


def test_what_happens_is_pushed_to_whoever_may_see_it(live: Live, browser: Beside) -> None:
    # The transport hands over a stream as a whole: it ends when the simulation does.
    fill(browser, "/screen/clock", do="speed all")
    wait_for(lambda: live.over)

    async def listen() -> str:
        async with httpx.AsyncClient(
            transport=browser.transport, base_url="http://onelot", cookies=browser.cookies
        ) as client:
            asyncio.get_running_loop().call_later(1.5, live.pace.stop)
            return (await client.get("/screen/clock/stream")).text

    told = asyncio.run(listen())
    assert [name for name in ("time", "happened", "batches", "ended") if f"event: {name}\n" in told]
    assert told.rstrip().splitlines()[-2].startswith("event: ended")
    number = next(iter(live.driver.stage.site.rows("board")))
    case = next(iter(live.driver.stage.cases.values()))
    assert live.lines and live.lines[0].coi[:4] in told
    assert number and case.identity.name not in told and not re.search(r"[^n]\n[^\ned]", told)


def test_watching_lasts_as_long_as_the_session_and_is_no_use_of_it(live: Live) -> None:
    now = [datetime.now(UTC)]
    desk = SignIn(MemorySafe(), lambda: now[0], QUICK)
    desk.set_password("operator.plant", sign_in_of("operator.plant"))
    watcher = Beside(live, desk)
    watcher.sign_in("operator.plant", sign_in_of("operator.plant"))
    (before,) = desk.sessions.of("operator.plant")
    idle = timedelta(minutes=desk.settings.idle_minutes)

    def later(by: timedelta) -> None:
        now[0] += by

    async def listen() -> str:
        async with httpx.AsyncClient(
            transport=watcher.transport, base_url="http://onelot", cookies=watcher.cookies
        ) as client:
            loop = asyncio.get_running_loop()
            loop.call_later(0.5, later, idle - timedelta(minutes=1))
            loop.call_later(2.5, lambda: seen.extend(desk.sessions.of("operator.plant")))
            loop.call_later(2.6, later, timedelta(minutes=2))
            return (await client.get("/screen/clock/stream")).text

    seen: list[object] = []
    told = asyncio.run(listen())
    assert seen == [before], "still there after minutes of watching, and not used"
    assert told.count("event: ended") == 1 and "your session has ended" in told
    assert not desk.sessions.of("operator.plant")


def test_whoever_signs_out_is_told_nothing_more(live: Live) -> None:
    desk = SignIn(MemorySafe(), lambda: datetime.now(UTC), QUICK)
    desk.set_password("operator.plant", sign_in_of("operator.plant"))
    watcher = Beside(live, desk)
    watcher.sign_in("operator.plant", sign_in_of("operator.plant"))

    async def listen() -> str:
        async with httpx.AsyncClient(
            transport=watcher.transport, base_url="http://onelot", cookies=watcher.cookies
        ) as client:
            asyncio.get_running_loop().call_later(1.0, lambda: desk.sessions.end("operator.plant"))
            return (await client.get("/screen/clock/stream")).text

    assert "your session has ended" in asyncio.run(listen())


def test_the_strip_stands_on_every_page_while_the_tour_is_on(live: Live, browser: Beside) -> None:
    assert 'class="tour"' not in browser.page("/screen/board").text
    assert live.tour is not None
    live.pace.go_on()
    doctor = f"prescriber.{live.tour.hospital}"
    there = fill(browser, "/screen/tour", "/be", login=doctor, go="yes")
    assert there.headers["location"] == "/screen/order" and live.pace.paused
    page = browser.page("/screen/order").text
    assert live.tour.identity.name in page and live.driver.stage.site.password_of(doctor) in page
    fill(browser, "/screen/tour", "/be", login="qp.plant")
    page = browser.page("/screen/board").text
    assert 'class="tour"' in page and live.tour.identity.name not in page, "what is entered is told to whom it is for"
    assert fill(browser, "/screen/tour", "/leave").headers["location"] == "/screen/clock" and not live.pace.paused
    assert 'class="tour"' not in browser.page("/screen/board").text


def test_nothing_of_it_is_there_without_a_simulation(made: tuple) -> None:  # type: ignore[type-arg]
    operator = as_person(made, "operator.plant")
    assert "/screen/clock" not in operator.page("/screen/board").text
    for path in ("clock", "clock/stream", "tour", "tour/patient.json"):
        assert operator.send("GET", f"/screen/{path}").status_code == 403, path
    fields = operator.page("/screen/board").fields
    for path in ("clock", "tour/be", "tour/lend", "tour/wait", "tour/leave"):
        sent = {"csrf": fields["csrf"], "do": "go", "login": "qp.plant", "stop": "order"}
        assert operator.send("POST", f"/screen/{path}", data=sent).status_code == 403, path


def test_the_tour_says_who_to_be_and_lets_one_be_it(live: Live, browser: Beside) -> None:
    page = browser.page("/screen/tour")
    assert live.tour is not None and live.tour.identity.name in page.text
    assert page.text.count('class="later"') == len(STOPS) - 1
    assert fill(browser, "/screen/tour", "/be", login="root").status_code == 422
    doctor = f"prescriber.{live.tour.hospital}"
    assert fill(browser, "/screen/tour", "/be", login=doctor).headers["location"] == "/screen/tour"
    page = browser.page("/screen/tour")
    assert doctor in page.text and live.driver.stage.site.password_of(doctor) in page.text
    assert any(given.get("href") == "/screen/order" for tag, given in page.tags if tag == "a")
    assert browser.send("GET", "/screen/tour/patient.json").json()["resourceType"] == "Bundle"


def test_the_whole_tour_can_be_handed_over_stop_by_stop(live: Live, browser: Beside) -> None:
    for number, stop in enumerate(STOPS):
        page = browser.page("/screen/tour")
        assert page.text.count('class="now"') == 1 and page.text.count('class="done"') >= number, stop.key
        if f'value="{stop.key}"' in page.text:
            assert fill(browser, "/screen/tour", "/lend", stop=stop.key).status_code == 303
            wait_for(lambda: not live.lent, 20)
        elif stop.how == "wait" and 'action="/screen/tour/wait"' in page.text:
            assert fill(browser, "/screen/tour", "/wait").status_code == 303
        assert f'value="{stop.key}"' not in browser.page("/screen/tour").text, live.lines
    assert "whole way" in browser.page("/screen/tour").text
