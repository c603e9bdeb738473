"""A real browser before a served house: Debian's chromium, driven by playwright, over real sockets."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from axe_playwright_python.sync_playwright import Axe
from granian.constants import Interfaces
from granian.server.embed import Server
from PIL import Image
from playwright.sync_api import Browser, Error, Page, sync_playwright

from onelot.adapters.safe import MemorySafe
from onelot.app.api.application import create_app
from onelot.app.house import House
from onelot.app.sign_in import SignIn
from tests.app.web.plant import PASSWORD, make_house

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
AXE = Axe()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/browser/" in str(item.path):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser; skipped on a newcomer's machine without one, never in CI."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-headless-shell", "google-chrome"))), None)
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no chromium, and this is CI")
        pytest.skip("no chromium on this machine")
    with sync_playwright() as playwright:
        # Without a sandbox only because tests run as root in CI; the pages are our own.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Served:
    """A house behind a real socket. number: the batch that waits for its release."""

    house: House
    number: str
    url: str
    browser: Browser

    def page(self, width: int = 1280, height: int = 800, scheme: str = "light", **given: Any) -> Page:
        """A new browser window with nobody signed in; a script error or a refused asset fails the test."""
        window = self.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, base_url=self.url, **given
        )  # type: ignore[arg-type]
        page = window.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
        return page

    def signed_in(self, login: str, **given: Any) -> Page:
        """A window in which this person is signed in."""
        page = self.page(**given)
        page.goto("/screen/sign-in")
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.click("main button")
        page.wait_for_url("**/screen/**")
        assert not page.url.endswith("sign-in"), page.inner_text("main")
        return page


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def serving(app: Any, port: int = 0) -> tuple[str, Callable[[], None]]:
    """The address of an application served in a thread, on a port given or free, and how to end it."""
    port = port or free_port()
    server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(server.serve()), daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)

    def end() -> None:
        loop.call_soon_threadsafe(server.stop)
        thread.join(10)

    return f"http://localhost:{port}", end


def until(page: Page, expression: str, arg: object = None, seconds: float = 30) -> None:
    """Wait until a script says true, in this page or the next one.

    Asked anew from here each time: the page's policy refuses the eval by which page.wait_for_function asks again.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            if page.evaluate(expression, arg):
                return
        except Error as error:
            if "context was destroyed" not in str(error) and "navigat" not in str(error):
                raise
        assert time.monotonic() < end, f"not within {seconds:g} s: {expression}"
        page.wait_for_timeout(50)


@pytest.fixture(scope="module")
def served(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A house in memory with one batch in quarantine."""
    house, number = make_house(tmp_path_factory.mktemp("served"))
    sign_in = SignIn(MemorySafe(), lambda: datetime.now(UTC), QUICK)
    for login in house.journal.rows("people"):
        sign_in.set_password(login, PASSWORD)
    url, end = serving(create_app(house, sign_in))
    yield Served(house, number, url, chromium)
    end()


def accessible(page: Page) -> None:
    """WCAG 2.2 AA as far as axe can tell: no violation."""
    found = AXE.run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"


def picture(page: Page, name: str) -> None:
    """Keep a picture for the docs, where asked for: ONELOT_PICTURES names the folder."""
    folder = os.environ.get("ONELOT_PICTURES")
    if folder:
        path = Path(folder) / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=path)
        # Our pages are flat: 64 colours show them as they are, at a quarter of the bytes.
        with Image.open(path) as shown:
            shown.convert("RGB").quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)
