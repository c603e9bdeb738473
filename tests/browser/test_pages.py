from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page

from tests.app.web.plant import signing
from tests.browser.conftest import Served, accessible, picture


def pages(served: Served) -> list[str]:
    return [
        "/screen/board",
        f"/screen/batches/{served.number}",
        f"/screen/batches/{served.number}/release",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_in_light_and_dark(served: Served, scheme: str) -> None:
    page = served.signed_in("qp.plant", scheme=scheme)
    for path in pages(served):
        page.goto(path)
        accessible(page)
    nobody = served.page(scheme=scheme)
    nobody.goto("/screen/sign-in")
    accessible(nobody)


def test_pages_fit_a_tablet(served: Served) -> None:
    page = served.signed_in("qp.plant", width=820, height=1180)
    for path in pages(served):
        page.goto(path)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, path


def test_a_lost_network_loses_nothing_typed_and_repeats_nothing_done(served: Served) -> None:
    page = served.signed_in("qp.plant")
    page.goto(f"/screen/batches/{served.number}/release")
    choose(page)
    before = len(served.house.journal.read(f"batch/{served.number}"))
    page.context.set_offline(True)
    page.click("section.sign button")
    page.wait_for_selector(".unsent[role=alert]")
    assert page.is_checked("input[value=conditional]")
    assert len(served.house.journal.read(f"batch/{served.number}")) == before
    page.context.set_offline(False)
    # The answer is lost on its way back: what was sent was done, and pressing again does it no second time.
    page.route(re.compile("/release$"), lambda route: (route.fetch(max_redirects=0), route.abort()))
    page.click("section.sign button")
    until = time.monotonic() + 10
    while len(served.house.journal.read(f"batch/{served.number}")) == before and time.monotonic() < until:
        page.wait_for_timeout(50)
    page.wait_for_selector(".unsent[role=alert]")
    done = len(served.house.journal.read(f"batch/{served.number}"))
    assert done > before
    page.unroute(re.compile("/release$"))
    page.click("section.sign button")
    page.wait_for_timeout(500)
    assert len(served.house.journal.read(f"batch/{served.number}")) == done
    picture(page, "release")


def choose(page: Page) -> None:
    page.check("input[value=conditional]")
    page.fill("#password", signing("qp.plant"))
