"""The page of the network in a real browser: upload, open a point, a what-if, register, sign; in both lights."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page

from onelot.app.networks import in_force
from onelot.app.simulation.networks import simulated_networks
from tests.app.web.plant import signing
from tests.browser.conftest import Served, accessible, picture

QUESTION: dict[str, Any] = {
    **next(each.question for each in simulated_networks() if each.name == "network/cells"),
    "minimise": "both",
    "front_points": 5,
}


def upload(page: Page, question: Any) -> None:
    page.goto("/screen/network")
    content = json.dumps(question).encode()
    page.set_input_files("#file", files=[{"name": "q.json", "mimeType": "application/json", "buffer": content}])
    page.click("form[enctype] button")


@pytest.mark.parametrize(("scheme", "recipe"), [("light", "cd19-flat"), ("dark", "cd34-edited")])
def test_from_a_file_to_the_signed_network(served: Served, scheme: str, recipe: str) -> None:
    said: list[str] = []
    page = served.signed_in("process_engineer.plant", scheme=scheme)
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.goto("/screen/network")
    accessible(page)
    upload(page, QUESTION)
    page.wait_for_selector("svg.network-front")
    study = page.url
    accessible(page)
    picture(page, f"network-{scheme}")
    page.locator("svg.network-front a").nth(1).click()
    page.wait_for_selector(".ring")
    page.locator("svg.network-schematic a").first.click()
    page.wait_for_url("**/behind?**")
    accessible(page)
    page.goto(study)
    strip = page.locator("svg.network-loads a:has(.strip)").nth(5)
    strip.click()
    page.wait_for_url("**load**")
    page.goto(study)
    page.fill("#limit_days", "30")
    page.check("input[name=closed][value=plant-coast]")
    page.click("form.across button")
    page.wait_for_selector("svg.network-compare")
    accessible(page)
    page.fill("#name", "network/cells")
    page.fill("#version", f"2-{scheme}")
    page.fill("#title", "Another year")
    page.check(f"input[name=recipes][value={recipe}]")
    page.click("section.sign button")
    page.wait_for_url("**/document/**")
    document = page.url
    quality = served.signed_in("qa_reviewer.plant", scheme=scheme)
    quality.goto(document)
    accessible(quality)
    quality.fill("#password", signing("qa_reviewer.plant"))
    quality.click("section.sign button")
    quality.wait_for_selector(".signature")
    found = in_force(served.house.loop.reader, recipe, served.house.clock())
    assert found is not None and found.name == f"network/cells/2-{scheme}"
    assert not said


def test_a_refused_file_names_its_place(served: Served) -> None:
    page = served.signed_in("planner.plant")
    upload(page, {**QUESTION, "limit_days": -1})
    assert "$.limit_days" in page.inner_text("main")
    accessible(page)


def test_the_network_fits_a_tablet(served: Served) -> None:
    page = served.signed_in("planner.plant", width=820, height=1180)
    upload(page, QUESTION)
    page.wait_for_selector("svg.network-schematic")
    for path in (page.url, "/screen/network", "/screen/network/document/network/cells/1"):
        page.goto(path)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, path
