"""A real browser with a virtual security key (Chrome DevTools), over a socket; and what axe finds on these pages."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onelot.app.api.application import create_app
from tests.app.sign_in.test_account import NEW, SIGNING, Site

playwright = pytest.importorskip("playwright.sync_api")
uvicorn = pytest.importorskip("uvicorn")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-headless-shell")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no chromium on this machine")]


class Served:
    def __init__(self, site: Site, address: str) -> None:
        self.site, self.address = site, address


@pytest.fixture
def served() -> Iterator[Served]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # A security key answers a name, and localhost is one.
    site = Site(address=f"http://localhost:{port}")
    server = uvicorn.Server(uvicorn.Config(create_app(site.house, site.desk), port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield Served(site, f"http://localhost:{port}")
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def page() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        made = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-GB")
        made.set_default_timeout(15_000)
        yield made
        browser.close()


def look(page: Any, name: str) -> None:
    """No violation of WCAG that axe finds; and a picture where somebody wants to look."""
    found = axe.Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    if folder := os.environ.get("ONELOT_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def key_of(page: Any) -> tuple[Any, str]:
    """A virtual security key in the browser's USB port."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "hasResidentKey": False, "hasUserVerification": False,
               "automaticPresenceSimulation": True}  # fmt: skip
    return devtools, devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def enter(page: Any, served: Served, password: str) -> None:
    page.goto(f"{served.address}/screen/sign-in")
    page.fill("#login", "quin")
    page.fill("#password", password)
    page.click("button:has-text('Sign in')")


def test_a_security_key_is_registered_and_asked_for(served: Served, page: Any) -> None:
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    devtools, key = key_of(page)
    temporary = served.site.let_in("quin")
    page.goto(f"{served.address}/screen/sign-in")
    look(page, "sign-in")
    enter(page, served, temporary)
    page.wait_for_url("**/sign-in/next")
    look(page, "enrol")
    page.fill("#name", "blue key")
    page.click("text=Register a security key")
    page.wait_for_selector("#signing")
    look(page, "own-passwords")
    page.fill("#current", temporary)
    page.fill("#sign_in", NEW)
    page.fill("#signing", SIGNING)
    page.click("button:has-text('Go on')")
    page.wait_for_url("**/screen/board")
    page.goto(f"{served.address}/screen/me")
    assert "blue key" in page.inner_text("main")
    look(page, "me")
    page.click("button:has-text('Sign out')")
    enter(page, served, NEW)
    page.wait_for_url("**/sign-in/next")
    look(page, "second-factor")
    page.click("text=Use the security key")
    page.wait_for_url("**/screen/board")
    assert served.site.desk.sessions.of("quin")[0].how == ("password", "security key")
    page.click("button:has-text('Sign out')")
    # Without the key nobody gets further, and the page says what to do.
    devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": key})
    key_of(page)
    enter(page, served, NEW)
    page.wait_for_url("**/sign-in/next")
    page.click("text=Use the security key")
    page.wait_for_function(
        "document.querySelector('[data-said]').textContent.includes('did not answer')", timeout=90_000
    )
    page.goto(f"{served.address}/screen/board")
    assert page.url.endswith("/sign-in/next")
    assert not complaints, complaints


def test_a_tablet_by_hand_and_in_the_dark(served: Served, page: Any) -> None:
    served.site.settled("omar")
    served.site.desk.badges.enrol("omar", "B-77-1", "740192")
    token, _ = served.site.desk.badges.add_tablet("hood 1", "plant", "person/ida")
    page.context.add_cookies([{"name": "onelot-tablet", "value": token, "url": served.address}])
    page.set_viewport_size({"width": 820, "height": 1180})
    page.emulate_media(color_scheme="dark")
    page.goto(f"{served.address}/screen/sign-in")
    look(page, "tablet-dark")
    # The scanner types wherever the focus is, and ends with Enter; then the PIN.
    page.fill("#badge", "B-77-1")
    page.fill("#pin", "740192")
    page.keyboard.press("Enter")
    page.wait_for_url("**/screen/board")
    page.goto(f"{served.address}/screen/me")
    look(page, "me-on-tablet")
