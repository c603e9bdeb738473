"""Going to a page as the person it is for, and doing there what its visit asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page

from tests.app.web.plant import PASSWORD
from tests.browser import prepared
from tests.browser.places import REFUSED, Visit
from tests.browser.prepared import Prepared


class Walk:
    """Houses made when first needed, and one browser context for each person in each of them."""

    def __init__(self, browser: Browser, folder: Callable[[str], Path]) -> None:
        self._browser, self._folder = browser, folder
        self._houses: dict[str, Prepared] = {}
        self._people: dict[tuple[str, str], BrowserContext] = {}

    def house(self, name: str) -> Prepared:
        if name not in self._houses:
            self._houses[name] = getattr(prepared, name)(self._folder(name))
        return self._houses[name]

    def open(self, visit: Visit, **given: object) -> tuple[Page, list[str]]:
        """A window at this page, and what its console complains of from now on."""
        page = self._person(visit).new_page()
        page.set_default_timeout(60_000)
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        answer = page.goto(self.house(visit.house).at(visit.address))
        assert answer and (answer.ok or visit == REFUSED), f"{page.url}: {answer and answer.status}"
        _THEN[visit.then](page)
        return page, said

    def end(self) -> None:
        for context in self._people.values():
            context.close()
        for house in self._houses.values():
            house.end()

    def _person(self, visit: Visit) -> BrowserContext:
        key = visit.house, visit.role
        if key not in self._people:
            house = self.house(visit.house)
            context = self._browser.new_context(base_url=house.url, viewport={"width": 1280, "height": 800})
            context.set_default_timeout(60_000)
            self._people[key] = context
            if visit.role:
                page = context.new_page()
                page.goto("/screen/sign-in")
                page.fill("#login", house.login(visit.role))
                page.fill("#password", house.more["temporary"] if visit.role == "new" else PASSWORD)
                page.click("main button")
                page.wait_for_url(lambda address: not address.endswith("sign-in"))
                page.close()
        return self._people[key]


def _nothing(page: Page) -> None:
    """The page as it comes."""


def _wrong(page: Page) -> None:
    page.fill("[data-scan]", "LOT-medium-hek-1")
    page.keyboard.press("Enter")
    page.wait_for_selector(".wrong")


def _begun(page: Page) -> None:
    page.fill("#verified_by", page.url.partition("//")[0] and "bedside_nurse.hospital-north.2")
    page.fill("#where", "ward 3")
    page.click("form.steady button")
    page.wait_for_selector("#scan")


def _study(page: Page) -> None:
    content = {"name": "q.json", "mimeType": "application/json", "buffer": prepared.question()}
    page.set_input_files("#file", files=[content])  # type: ignore[list-item]
    page.click("form[enctype] button")
    page.wait_for_selector("svg.network-front")


def _behind(page: Page) -> None:
    _study(page)
    page.locator("svg.network-schematic a").first.click()
    page.wait_for_url("**/behind?**")


def _opened(page: Page) -> None:
    """The link's own script has shown what stands behind the #."""
    page.wait_for_url("**/screen/courier/*")
    page.wait_for_selector("#scan")


def _typed_evidence(page: Page, value: str) -> None:
    page.check("input[name=conclusion][value=supports]")
    page.fill("#value", value)
    page.fill("#statement", "62 % of alleles were corrected in two lines of cells that carry the variant")
    page.fill("#shown_at", page.get_attribute("#shown_at", "max") or "")
    content = {"name": "report.pdf", "mimeType": "application/pdf", "buffer": b"report"}
    page.set_input_files("#file", files=[content])  # type: ignore[list-item]
    page.click("form[enctype] button")


def _refused_form(page: Page) -> None:
    _typed_evidence(page, "much")
    page.wait_for_selector(".unsent[role=alert]")


def _reviewed(page: Page) -> None:
    _typed_evidence(page, "62")
    page.wait_for_selector(".sign")


def _taken_number(page: Page) -> None:
    page.fill("#batch", "not a number")
    page.fill("#password", "whatever")
    page.click(".sign button")
    page.wait_for_selector(".unsent[role=alert]")


_THEN: dict[str, Callable[[Page], None]] = {
    "": _nothing,
    "wrong": _wrong,
    "begun": _begun,
    "opened": _opened,
    "study": _study,
    "behind": _behind,
    "refused_form": _refused_form,
    "reviewed": _reviewed,
    "taken_number": _taken_number,
}
