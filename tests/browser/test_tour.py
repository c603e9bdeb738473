"""The guided tour, walked whole in a browser by following its strip alone: whom to be, what to enter, what to press."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

from onelot.adapters.recipes import shipped
from onelot.adapters.safe import MemorySafe
from onelot.app.api.application import create_app
from onelot.app.demo import tour_case
from onelot.app.entropy import from_seed
from onelot.app.sign_in import SignIn
from onelot.app.simulation.live import Live
from onelot.app.simulation.pace import Pace
from tests.app.test_live import SEED, driver_of
from tests.browser.conftest import QUICK, Served, accessible, serving, until

pytestmark = pytest.mark.browser
# What the words of each stop tell a reader to press, in this order; the last again until the stop is done.
PRESSED = {
    "Order the therapy": ("Show it as it will be signed", "Sign"),
    "Record the consent": ("Record",),
    "Read the patient's files": ("Read and record",),
    "Confirm eligibility": ("Judge now",),
    "Tailor the recipe": ("Tailor",),
    "Decide on the drugs": ("Sign",),
    "Approve the tailored parameters": ("Sign",),
    "Book the collection": ("Book the earliest free window",),
    "Collect the cells": ("Go on", "Go on", "Go on", "Record the collection"),
    "Book the suite": ("Book the earliest free window",),
    "Plan the batch": ("Plan the batch",),
    "Receive the bag at the plant": ("Go on",),
    "Do the first steps": ("Go on",),
    "Enter a test result": ("Record the result",),
    "Sign the certificate": ("Sign",),
    "Decide on the release": ("Sign",),
    "Send it": ("Dispatch", "Hand over to the courier"),
    "Be the courier": ("Go on",),
    "Receive it at the hospital": ("Go on",),
    "Clear the conditioning": ("Sign",),
    "Begin the conditioning": ("The first dose of conditioning was given",),
    "Compare at the bedside": ("Begin to scan", "Go on", "Go on", "Go on", "It all agrees"),
    "Give it": ("Sign",),
}
MOST_PRESSES, AT_WORK_S = 16, 90


def sign_in_of(login: str) -> str:
    return from_seed(SEED)(f"sign-in/{login}", 8).hex()


@pytest.fixture(scope="module")
def toured(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Live, SignIn]]:
    """A simulation of one other patient, served while it runs; and a tour whose clock nobody has stopped yet."""
    folder, recipes = tmp_path_factory.mktemp("toured"), tuple(shipped().values())
    driver = driver_of(folder)
    tour, file = tour_case(folder / "tour", SEED, driver.clock.now(), recipes)
    live = Live(
        driver, Pace(driver.clock, "minutes"), tour, file, sign_in_of,
        lambda now: tour_case(folder / "tour", SEED, now, recipes),
    )  # fmt: skip
    desk = SignIn(MemorySafe(), lambda: datetime.now(UTC), QUICK)
    for login in driver.stage.site.rows("people"):
        desk.set_password(login, sign_in_of(login))
    url, end = serving(create_app(driver.stage.site.house, desk, live=live))
    live.start()
    yield Served(driver.stage.site.house, "", url, chromium), live, desk
    live.stop()
    end()


@dataclass
class Visitor:
    """Somebody who reads the strip and does what it says. typing: by keyboard, else by the strip's own button."""

    page: Page
    folder: Path
    clicks: int = 0
    stops: list[str] = field(default_factory=list)

    @property
    def strip(self) -> Locator:
        return self.page.locator("aside.tour")

    @property
    def stop(self) -> str:
        """The present stop; "" at the end."""
        found = self.strip.locator("p").first.locator("strong")
        if self.strip.get_by_text("That was the whole way").count():
            return ""
        return found.inner_text().strip()

    def press(self, name: str, within: Locator | None = None) -> None:
        box = within or self.page.locator("main")
        self.clicks += 1
        before = self.page.evaluate("document.querySelector('main').innerText + location.href")
        box.get_by_role("button", name=name, exact=True).first.click()
        until(
            self.page,
            "b => { const m = document.querySelector('main'); return m && document.readyState === 'complete'"
            " && !document.querySelector('form[data-busy]') && m.innerText + location.href !== b }",
            before,
        )  # fmt: skip

    def onward(self) -> bool:
        """Be whom the strip says, or go where it says; False when one is there."""
        button = self.strip.get_by_role("button", name=re.compile("^(Be |Let )"))
        if button.count():
            self.press(button.first.inner_text().strip(), self.strip)
            return True
        link = self.strip.get_by_role("link", name="Go to the page")
        if link.count():
            self.clicks += 1
            link.click()
            self.page.wait_for_load_state()
            return True
        return False

    def fill(self) -> None:
        """The strip's own button."""
        button = self.strip.locator("[data-fill]")
        if button.count():
            self.clicks += 1
            asked = self.strip.locator("[data-how=file]").count()
            button.click()
            if asked:
                until(self.page, "document.querySelector('main input[type=file]').files.length === 1")

    def type(self) -> None:
        """Every entry of the strip that this page has a field for, found by the word the strip gives it."""
        for each in self.strip.locator(".entries > div").all():
            label, value = each.locator("dt").inner_text().strip(), each.locator("dd").inner_text().strip()
            if each.locator("a").count():
                with self.page.expect_download() as saved:
                    each.locator("a").click()
                saved.value.save_as(self.folder / value)
                self.page.get_by_label(label, exact=True).set_input_files(self.folder / value)
                self.clicks += 2
                continue
            self._enter(label, value)

    def _enter(self, label: str, value: str) -> None:
        main = self.page.locator("main")
        legends = main.locator("fieldset", has=self.page.locator("legend", has_text=label))
        if legends.count():
            for one in value.split(", "):
                main.locator("label.choice").get_by_text(one, exact=True).click()
                self.clicks += 1
            return
        boxes = main.locator("label", has_text=re.compile(re.escape(label), re.IGNORECASE))
        if not boxes.count():
            return
        box = main.locator(f"[id='{boxes.first.get_attribute('for')}']")
        if box.evaluate("each => each.tagName") == "SELECT":
            words = box.locator("option").all_inner_texts()
            box.select_option(label=next(each for each in words if each.startswith(value)))
        else:
            box.fill(value)


def walk(visitor: Visitor, seconds: float = 120) -> None:
    """From the first stop to the end, by the strip."""
    until, pressed = time.monotonic() + seconds, 0
    while stop := visitor.stop:
        assert time.monotonic() < until, f"still at {stop}"
        if visitor.stops[-1:] != [stop]:
            visitor.stops.append(stop)
            pressed = 0
        if visitor.onward():
            away(visitor, stop)
            continue
        (visitor.type if len(visitor.stops) % 2 else visitor.fill)()
        visitor.press(PRESSED[stop][min(pressed, len(PRESSED[stop]) - 1)])
        pressed += 1
        assert not visitor.page.locator("main .refused").count(), visitor.page.inner_text("main")
        assert pressed < MOST_PRESSES, f"{stop} is not done by what the tour says: {visitor.page.inner_text('main')}"


def away(visitor: Visitor, stop: str) -> None:
    """The tour's own page shows itself anew while the simulated people are at work; then on by its button."""
    page = visitor.page
    if not page.url.endswith("/tour"):
        return
    page.locator("main li.now form button:not(.plain), main li.now a.action").first.wait_for(timeout=AT_WORK_S * 1000)
    # Not the plain one beside it, by which the simulated people would do what is to be done by hand.
    go = page.locator("main li.now form button:not(.plain)")
    if go.count():
        visitor.press(go.first.inner_text().strip())
        away(visitor, stop)
    elif page.locator("main li.now a.action").count():
        visitor.clicks += 1
        page.locator("main li.now a.action").click()
        page.wait_for_load_state()


def entering(page: Page, login: str) -> None:
    """Sign in at the address alone."""
    page.set_default_timeout(30_000)
    page.goto("/")
    page.fill("#login", login)
    page.fill("#password", sign_in_of(login))
    page.click("main button")
    page.wait_for_url("**/screen/board")


def test_the_clock_is_live_until_the_session_ends_and_says_so(toured: tuple[Served, Live, SignIn]) -> None:
    served, _, desk = toured
    page = served.page()
    entering(page, "auditor.plant")
    page.get_by_role("link", name="Clock").click()
    before = page.locator(".clock").inner_text()
    until(page, "b => document.querySelector('.clock').innerText !== b", before)
    desk.sessions.end("auditor.plant")
    page.get_by_text("your session has ended").wait_for()
    page.wait_for_timeout(1500)
    assert page.url.endswith("/clock"), "it stays where it is, and asks for no stream again"


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_strip_is_accessible(toured: tuple[Served, Live, SignIn], width: int, scheme: str) -> None:
    served, live, _ = toured
    page = served.page(width=width, scheme=scheme)
    entering(page, "operator.plant")
    page.goto("/screen/tour")
    accessible(page)
    page.get_by_role("button", name=re.compile("^Be .*go there")).click()
    page.locator("aside.tour").wait_for()
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off"
    page.goto("/screen/tour")
    page.get_by_role("button", name="Leave the tour").click()
    page.wait_for_url("**/screen/clock")
    assert not live.pace.paused


def test_the_whole_tour_by_hand_as_its_strip_says(toured: tuple[Served, Live, SignIn], tmp_path: Path) -> None:
    served, live, _ = toured
    page = served.page(accept_downloads=True)
    entering(page, "qp.plant")
    page.get_by_role("link", name="Tour").click()
    assert not live.pace.paused
    visitor, began = Visitor(page, tmp_path), time.monotonic()
    away(visitor, "")
    assert live.pace.paused, "what the visitor reads must not grow old in their hands"
    walk(visitor)
    assert live.tour is not None
    therapy = live.driver.stage.therapy_of(live.tour)
    assert therapy is not None and therapy.dose_given_at is not None
    assert set(visitor.stops) >= set(PRESSED), "each stop by hand is done by hand"
    print(f"{len(visitor.stops)} stops by hand, {visitor.clicks} clicks, {time.monotonic() - began:.0f} s of a machine")
