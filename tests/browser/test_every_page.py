"""Every page of the screens, as the person it is for: legible, reachable, in both lights, in each size, without a word
of complaint from the browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import AXE, accessible, picture
from tests.browser.places import DESK, NO_PAGE, PAGES, PHONE, REFUSED, TABLET, Visit
from tests.browser.walking import Walk

VISITS = [*(visit for visits in PAGES.values() for visit in visits), REFUSED]
# Of several visits to one page the first is looked at in the dark too: they differ in what they say, not in colours.
IN_THE_DARK = {visits[0] for visits in PAGES.values()} | {REFUSED}
# At 320 CSS px nobody has to scroll sideways: 1280 px enlarged to 400 % (WCAG 1.4.10).
REFLOW = (320, 800)
MOST_TABS = 60
# The wheel's own remark on itself, and the browser's on an answer that is a refusal by our design.
KNOWN = ("htmx 1 extension with htmx 2", "the server responded with a status of 4")

# Every control that a keyboard must reach, in the order of the page; of a group of radio buttons one.
CONTROLS = """
() => {
  const groups = new Set();
  return [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
    .filter(each => each.checkVisibility({contentVisibilityAuto: true, visibilityProperty: true}) && !each.disabled)
    .filter(each => {
      if (each.type !== "radio") return true;
      const group = each.name, first = !groups.has(group);
      groups.add(group);
      return first;
    });
}
"""
RECORD = f"""
() => {{
  const wanted = ({CONTROLS})();
  window.reached = new Set();
  window.unseen = [];
  window.wanted = wanted;
  const start = document.createElement("span");
  document.addEventListener("focusin", event => {{
    const at = event.target;
    if (at === start) return;
    window.reached.add(at.type === "radio" ? at.name : at);
    const style = getComputedStyle(at);
    const drawn = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    const inside = at.querySelector(".reach, .strip, .bar, .node, .node-end, .point");
    if (!drawn && !inside && !at.closest("svg") && at.id !== "content") window.unseen.push(at.outerHTML.slice(0, 120));
  }});
  start.tabIndex = -1;
  document.body.prepend(start);
  start.focus();
  // A date is several stops of the Tab key within one control.
  const dates = wanted.filter(each => /^(date|datetime-local|time)$/.test(each.type)).length;
  return [wanted.length, dates];
}}
"""
MISSED = """
most => window.wanted.slice(0, most)
  .filter(each => !window.reached.has(each.type === "radio" ? each.name : each))
  .map(each => each.outerHTML.slice(0, 160))
"""
# A target on a page for people on their feet; a link within a sentence is as high as its line.
SMALL = """
least => [...document.querySelectorAll("main button, main .action, main summary, main select, main textarea, "
    + "main input:not([type=hidden])")]
  .filter(each => each.checkVisibility())
  .map(each => [each.closest("label.choice") || each, each])
  .filter(([target]) => target.getBoundingClientRect().height < least - 0.5)
  .map(([, each]) => each.outerHTML.slice(0, 120))
"""


@pytest.fixture(scope="module")
def walk(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    found = Walk(chromium, tmp_path_factory.mktemp)
    yield found
    found.end()


def test_no_page_is_left_out() -> None:
    routes = json.loads(files("onelot").joinpath("data", "routes.json").read_text())
    there = {each for each in routes if each.startswith("GET /screen/") and "/static/" not in each}
    assert there == set(PAGES) | set(NO_PAGE)
    assert not set(PAGES) & set(NO_PAGE) and all(PAGES.values())


@pytest.mark.parametrize("visit", VISITS, ids=lambda visit: visit.called)
def test_a_page_can_be_read_reached_and_worked(walk: Walk, visit: Visit) -> None:
    page, said = walk.open(visit)
    try:
        stands(page)
        accessible(page)
        reached_by_keyboard(page)
        if visit.stand:
            small = page.evaluate(SMALL, 56)
            assert not small, small
        picture(page, visit.called)
        for size in (DESK, TABLET, *((PHONE,) if visit.phone else ()), REFLOW):
            page.set_viewport_size({"width": size[0], "height": size[1]})
            wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wider <= 0, f"{wider} px too wide at {size[0]}"
        page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
        if visit in IN_THE_DARK:
            legible_in_the_dark(page)
        assert not [each for each in said if not any(known in each for known in KNOWN)], said
    finally:
        page.close()


def stands(page: Page) -> None:
    """What every page has: a title, one main, one first heading, a language, and the band of a simulation."""
    title = page.title()
    assert title.endswith("· onelot") and title.partition("·")[0].strip(), title
    assert page.locator("main").count() == 1
    assert page.locator("h1").count() == 1, page.locator("h1").all_inner_texts()
    assert page.locator("h1").inner_text().strip()
    assert page.locator("section.band").inner_text().startswith("SIMULATED")
    assert page.get_attribute("html", "lang")


def legible_in_the_dark(page: Page) -> None:
    """The same document in other colours: only what is about colour can differ."""
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    rules = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
    found = AXE.run(page, options=rules)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"


def reached_by_keyboard(page: Page) -> None:
    """Tab comes to every control in turn (of a long page, to the first sixty), and one sees where it is."""
    count, dates = page.evaluate(RECORD)
    most = min(count, MOST_TABS)
    for _ in range(most + 7 * dates + 4):
        page.keyboard.press("Tab")
    missed = page.evaluate(MISSED, most)
    assert not missed, missed
    unseen = page.evaluate("window.unseen")
    assert not unseen, unseen
