"""The tailoring page in a real browser: lines that can be followed, what goes stale, what is for review, signing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from playwright.sync_api import Browser, Page, expect

from onelot.adapters.safe import MemorySafe
from onelot.app.api.application import create_app
from onelot.app.commands import masters, profile
from onelot.app.sign_in import SignIn
from onelot.app.simulation.driver import Driver
from onelot.app.simulation.site import PLANT
from onelot.record.subjects import Therapy
from tests.app.commands.conftest import populated
from tests.app.web.plant import PASSWORD
from tests.browser.conftest import QUICK, Served, accessible, picture, serving

NORTH = "hospital-north"
PRESCRIBER, COORDINATOR = f"prescriber.{NORTH}", f"clinic_coordinator.{NORTH}"
# By the formulas of the recipe, typed here: what is computed from the weight, and what is not.
FROM_WEIGHT = {"dose", "dose_low", "dose_high", "cells_to_harvest", "body_surface_m2"}


@dataclass
class Clinic:
    """A served house, the therapy of p01 at this point of its way, and the page of it."""

    served: Served
    driver: Driver

    @property
    def coi(self) -> str:
        case = self.driver.stage.cases["p01"]
        found = self.driver.stage.therapy_of(case)
        assert found is not None
        return found.coi

    @property
    def therapy(self) -> Therapy:
        return self.driver.stage.site.house.loop.reader.therapy(self.coi)

    @property
    def path(self) -> str:
        return f"/screen/therapies/{self.coi}/tailoring"

    def give(self, command: Any, role: str = "prescriber", site: str = NORTH) -> None:
        self.driver.stage.site.give(command, role, site)

    def facts(self) -> dict[str, Any]:
        return self.driver.stage.context().open_facts(self.therapy)

    def signing(self, login: str) -> str:
        return self.driver.stage.site.password_of(login)


@pytest.fixture
def clinic(chromium: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Clinic]:
    driver = populated(tmp_path, "p01", until=getattr(request, "param", "p01: tailor"))
    house = driver.stage.site.house
    sign_in = SignIn(MemorySafe(), lambda: datetime.now(UTC), QUICK)
    for login in house.journal.rows("people"):
        sign_in.set_password(login, PASSWORD)
    url, end = serving(create_app(house, sign_in))
    yield Clinic(Served(house, "", url, chromium), driver)
    end()


def shown(page: Page, state: str) -> set[str]:
    """The rows on the right that bear this state, by key."""
    found = page.eval_on_selector_all(f".side li.{state}", "rows => rows.map(row => row.dataset.end)")
    return {each.split("/", 1)[1] for each in found}


def test_every_line_leads_from_its_fact_to_what_rests_on_it(clinic: Clinic) -> None:
    page = clinic.served.signed_in(PRESCRIBER)
    page.goto(clinic.path)
    pairs = page.eval_on_selector_all("a.line", "all => all.map(a => [a.dataset.from, a.dataset.to])")
    wanted = {(name, f"parameter/{each.name}") for each in clinic.therapy.tailoring.parameters.values()
              for name in (given.name for given in each.inputs)}  # type: ignore[union-attr]  # fmt: skip
    wanted |= {(f"pgx_{gene}", f"drug/{each.drug}") for each in clinic.therapy.advice.values() for gene in each.genes}
    assert {tuple(each) for each in pairs} == wanted and len(pairs) == len(wanted)
    # Where the line is drawn: it begins and ends at the height of its rows' middles.
    for line in page.query_selector_all("a.line"):
        box = line.query_selector("path:not(.reach)").bounding_box()  # type: ignore[union-attr]
        ends = [page.query_selector(f'[data-end="{line.get_attribute(name)}"]') for name in ("data-from", "data-to")]
        middles = sorted(each.bounding_box()["y"] + each.bounding_box()["height"] / 2 for each in ends)  # type: ignore
        assert abs(box["y"] - middles[0]) < 4 and abs(box["y"] + box["height"] - middles[1]) < 4  # type: ignore[index]


def test_a_line_is_followed_by_pointer_and_by_keyboard(clinic: Clinic) -> None:
    page = clinic.served.signed_in(PRESCRIBER)
    page.goto(clinic.path)
    page.hover('[data-end="weight_kg"]')
    lit = page.eval_on_selector_all("a.line.lit", "all => all.map(a => a.dataset.to.split('/')[1])")
    assert set(lit) == FROM_WEIGHT
    rows = page.eval_on_selector_all(".side li.lit", "all => all.map(row => row.dataset.end)")
    assert set(rows) == {"weight_kg"} | {f"parameter/{name}" for name in FROM_WEIGHT}
    page.hover("h1")
    assert page.locator("a.line.lit").count() == 0
    page.focus("a.line")
    assert page.locator("a.line.lit").count() == 1
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('a.line.lit')"), "from line to line by keyboard"
    assert page.locator("a.line.lit").count() == 1
    target = page.evaluate("document.activeElement.getAttribute('href')")
    page.keyboard.press("Enter")
    assert page.url.endswith(target)
    assert page.locator(f"{target}:target").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_in_both_lights_and_on_a_tablet(clinic: Clinic, scheme: str) -> None:
    page = clinic.served.signed_in(PRESCRIBER, scheme=scheme)
    for path in ("/screen/tailoring", clinic.path, f"/screen/therapies/{clinic.coi}/decide/drug/ondansetron"):
        page.goto(path)
        accessible(page)
        picture(page, f"tailoring-{path.rsplit('/', 1)[1]}-{scheme}")
    small = clinic.served.signed_in(PRESCRIBER, width=820, height=1180, scheme=scheme)
    small.goto(clinic.path)
    assert small.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def decide_all(clinic: Clinic, page: Page) -> None:
    """Decide on every drug that is held, through the pages, as the prescriber does."""
    for _ in range(5):
        page.goto(clinic.path)
        links = page.locator(".blocked a.next")
        if not links.count():
            return
        links.first.click()
        page.fill("#choice", "another drug")
        page.fill("#reason", "the guideline asks for it")
        page.fill("#password", clinic.signing(PRESCRIBER))
        page.click("section.sign button")
        page.wait_for_url(f"**{clinic.path}")
    raise AssertionError("still held")


def test_held_then_decided_then_signed(clinic: Clinic) -> None:
    page = clinic.served.signed_in(PRESCRIBER)
    page.goto(clinic.path)
    assert shown(page, "held") == {"ondansetron", "rasburicase", "voriconazole"}
    assert page.locator("section.sign").count() == 0, "nothing is signed while something is blocked"
    decide_all(clinic, page)
    assert shown(page, "held") == set() and shown(page, "decided") == {"ondansetron", "rasburicase", "voriconazole"}
    seen = page.get_attribute("input[name=seen]", "value")
    page.fill("#password", clinic.signing(PRESCRIBER))
    page.click("section.sign button")
    page.wait_for_selector("p.signature")
    assert clinic.therapy.tailoring is not None and clinic.therapy.tailoring.approved
    signed = clinic.served.house.journal.read(f"therapy/{clinic.coi}")[-1].signed
    assert signed is not None and signed.seen and seen and signed.seen != seen, "sealed: a commitment, not a digest"
    picture(page, "tailoring-signed")


def test_a_changed_weight_and_genotype_mark_exactly_what_rests_on_them(clinic: Clinic) -> None:
    page = clinic.served.signed_in(COORDINATOR)
    page.goto(clinic.path)
    before = {name: page.inner_text(f'[data-end="parameter/{name}"] .number') for name in FROM_WEIGHT}
    assert shown(page, "stale") == set()
    weight = clinic.facts()["weight_kg"]
    heavier = replace(weight, value=weight.value + Decimal(8))
    clinic.give(profile.CorrectFact(clinic.coi, heavier, "weighed again"))
    page.reload()
    assert shown(page, "stale") == FROM_WEIGHT
    dose = page.inner_text('[data-end="parameter/dose"] .number')
    old, new = (each.replace("\u202f", "") for each in dose.split(" → "))
    assert int(old) == int(weight.value * 2_000_000) and int(new.split(" ")[0]) == int(heavier.value * 2_000_000)
    assert before["dose"].replace("\u202f", "").startswith(old)
    assert page.inner_text('[data-end="weight_kg"]').count(f"{weight.value:.0f} kg") == 1, (
        "before and after are both visible"
    )
    picture(page, "tailoring-stale")
    page.click("button[value=tailor]")
    expect(page.locator(".side li.stale")).to_have_count(0)

    value = {"keys": ["2.0"], "phenotypes": ["Normal Metabolizer"], "outside": True, "origin": "", "held": ""}
    gene = replace(clinic.facts()["pgx_CYP2D6"], value=f"*1/*1, called again\n{orjson.dumps(value).decode()}")
    clinic.give(profile.CorrectFact(clinic.coi, gene, "called again"))
    page.reload()
    assert shown(page, "stale") == {"ondansetron"}
    page.click("button[value=weigh]")
    expect(page.locator(".side li.stale")).to_have_count(0)
    assert shown(page, "usual") == {"ondansetron"}


@pytest.mark.parametrize("clinic", ["p01: sign the tailoring"], indirect=True)
def test_a_changed_guideline_marks_exactly_the_unissued_tailoring_that_used_it(clinic: Clinic) -> None:
    page = clinic.served.signed_in(PRESCRIBER)
    page.goto("/screen/tailoring")
    assert page.locator(".tag.stopped").count() == 0
    change(clinic, "guideline/busulfan")
    page.reload()
    assert page.locator(".tag.stopped").count() == 0, "no drug of this regimen"
    change(clinic, "guideline/voriconazole")
    page.reload()
    assert "guideline/voriconazole" in page.inner_text("main")
    page.goto(clinic.path)
    assert page.locator(".blocked li").count() == 1
    values = page.eval_on_selector_all('[data-end^="parameter/"] .number', "all => all.map(each => each.textContent)")
    page.click(".blocked a.next")
    page.fill("#choice", "values stand")
    page.fill("#reason", "read; nothing in it concerns this patient")
    page.fill("#password", clinic.signing(PRESCRIBER))
    page.click("section.sign button")
    page.wait_for_url(f"**{clinic.path}")
    assert page.locator(".blocked li").count() == 0
    after = page.eval_on_selector_all('[data-end^="parameter/"] .number', "all => all.map(each => each.textContent)")
    assert after == values


def change(clinic: Clinic, name: str) -> None:
    (stream,) = (each for each in clinic.served.house.journal.heads() if each.startswith(f"document/{name}/"))
    text = orjson.loads(clinic.served.house.journal.read(stream)[0].envelope["data"]["text"])
    text["version"] = "next"
    command = masters.RegisterDocument(name, "guideline", name, "next", orjson.dumps(text).decode())
    clinic.give(command, "process_engineer", PLANT)
    clinic.give(masters.ApproveDocument(name, "next", clinic.driver.clock.now()), "qa_reviewer", PLANT)


def test_the_print_for_the_file(clinic: Clinic) -> None:
    page = clinic.served.signed_in(PRESCRIBER)
    found = page.request.get(f"{clinic.served.url}/screen/therapies/{clinic.coi}/tailoring.pdf")
    assert found.status == 200 and found.body().startswith(b"%PDF")
    assert found.headers["content-type"] == "application/pdf"
    auditor = clinic.served.signed_in("auditor.plant")
    refused = auditor.request.get(f"{clinic.served.url}/screen/therapies/{clinic.coi}/tailoring.pdf")
    assert refused.status == 403
    stranger = clinic.served.signed_in("prescriber.hospital-south")
    assert stranger.request.get(f"{clinic.served.url}{clinic.path}").status == 403


@pytest.mark.parametrize("clinic", ["p01: eligibility"], indirect=True)
def test_a_washout_says_until_when_to_wait(clinic: Clinic) -> None:
    day = (clinic.driver.clock.now() - timedelta(days=10)).date()
    fact = replace(clinic.facts()["cytotoxic_stopped_at"], value=day.isoformat())
    clinic.give(profile.RecordProfile(clinic.coi, (fact,)), "clinic_coordinator")
    page = clinic.served.signed_in(COORDINATOR)
    page.goto(clinic.path)
    blocked = page.inner_text(".blocked")
    assert "a cytotoxic drug was given too recently" in blocked
    assert f"Wait until {day + timedelta(days=15):%d %b %Y} 00:00 UTC." in blocked
