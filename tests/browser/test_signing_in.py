"""A real browser with a virtual security key (Chrome DevTools), over a socket; and what axe finds on these pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from onelot.app.api.application import create_app
from tests.app.sign_in.test_account import NEW, SIGNING, Site
from tests.browser.conftest import accessible, free_port, picture, serving, until


class Served:
    def __init__(self, site: Site, address: str) -> None:
        self.site, self.address = site, address


@pytest.fixture
def plant() -> Iterator[Served]:
    port = free_port()
    # A security key answers a name, and localhost is one.
    site = Site(address=f"http://localhost:{port}")
    address, end = serving(create_app(site.house, site.desk), port)
    yield Served(site, address)
    end()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    window = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    made = window.new_page()
    made.set_default_timeout(15_000)
    yield made
    window.close()


def look(page: Page, name: str) -> None:
    accessible(page)
    picture(page, name)


def key_of(page: Page) -> tuple[Any, str]:
    """A virtual security key in the browser's USB port."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "hasResidentKey": False, "hasUserVerification": False,
               "automaticPresenceSimulation": True}  # fmt: skip
    return devtools, devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def enter(page: Page, plant: Served, password: str) -> None:
    page.goto(f"{plant.address}/screen/sign-in")
    page.fill("#login", "quin")
    page.fill("#password", password)
    page.click("button:has-text('Sign in')")


def test_a_security_key_is_registered_and_asked_for(plant: Served, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    devtools, key = key_of(page)
    temporary = plant.site.let_in("quin")
    page.goto(f"{plant.address}/screen/sign-in")
    look(page, "sign-in")
    enter(page, plant, temporary)
    page.wait_for_url("**/sign-in/next")
    look(page, "enrol")
    page.fill("#name", "blue key")
    page.click("button:has-text('Register a security key')")
    page.wait_for_selector("#signing")
    look(page, "own-passwords")
    page.fill("#current", temporary)
    page.fill("#sign_in", NEW)
    page.fill("#signing", SIGNING)
    page.click("button:has-text('Go on')")
    page.wait_for_url("**/screen/board")
    page.goto(f"{plant.address}/screen/me")
    assert "blue key" in page.inner_text("main")
    look(page, "me")
    page.click("button:has-text('Sign out')")
    enter(page, plant, NEW)
    page.wait_for_url("**/sign-in/next")
    look(page, "second-factor")
    page.wait_for_load_state("load")
    page.click("text=Use the security key")
    page.wait_for_url("**/screen/board")
    assert plant.site.desk.sessions.of("quin")[0].how == ("password", "security key")
    page.click("button:has-text('Sign out')")
    # Without the key nobody gets further, and the page says what to do.
    devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": key})
    key_of(page)
    enter(page, plant, NEW)
    page.wait_for_url("**/sign-in/next")
    page.wait_for_load_state("load")
    page.click("text=Use the security key")
    until(page, "document.querySelector('[data-said]').textContent.includes('did not answer')", seconds=90)
    page.goto(f"{plant.address}/screen/board")
    assert page.url.endswith("/sign-in/next")
    assert not complaints, complaints


def test_a_tablet_by_hand_and_in_the_dark(plant: Served, page: Page) -> None:
    plant.site.settled("omar")
    plant.site.desk.badges.enrol("omar", "B-77-1", "740192")
    token, _ = plant.site.desk.badges.add_tablet("hood 1", "plant", "person/ida")
    page.context.add_cookies([{"name": "onelot-tablet", "value": token, "url": plant.address}])
    page.set_viewport_size({"width": 820, "height": 1180})
    page.emulate_media(color_scheme="dark")
    page.goto(f"{plant.address}/screen/sign-in")
    look(page, "tablet-dark")
    # The scanner types wherever the focus is, and ends with Enter; then the PIN.
    page.fill("#badge", "B-77-1")
    page.fill("#pin", "740192")
    page.keyboard.press("Enter")
    page.wait_for_url("**/screen/board")
    page.goto(f"{plant.address}/screen/me")
    look(page, "me-on-tablet")
