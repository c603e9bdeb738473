"""The page of a guide in a real browser: read, chosen by one person, confirmed by another who names it again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser

from onelot.adapters.safe import MemorySafe
from onelot.app.api.application import create_app
from onelot.app.sign_in import SignIn
from tests.app.commands.conftest import populated
from tests.app.web.plant import PASSWORD
from tests.browser.conftest import QUICK, Served, accessible, picture, serving

PATIENT = "p25"


@pytest.fixture(scope="module")
def designed(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str, str]]:
    """A house where guides are designed and nobody has chosen; with the therapy's number and its hospital."""
    driver = populated(tmp_path_factory.mktemp("guide"), PATIENT, until="guides designed")
    house = driver.stage.site.house
    sign_in = SignIn(MemorySafe(), lambda: datetime.now(UTC), QUICK)
    for login in house.journal.rows("people"):
        sign_in.set_password(login, PASSWORD)
    case = driver.stage.cases[PATIENT]
    therapy = driver.stage.therapy_of(case)
    assert therapy is not None
    url, end = serving(create_app(house, sign_in))
    yield Served(house, "", url, chromium), therapy.coi, case.hospital
    end()


def signing(served: Served, login: str) -> str:
    return served.house.loop.entropy(f"password/{login}", 12).hex()


def test_two_people_sign_and_each_names_the_candidate(designed: tuple[Served, str, str]) -> None:
    served, coi, hospital = designed
    address = f"/screen/therapies/{coi}/guide"
    first = served.signed_in("bioinformatician.plant")
    first.goto("/screen/editing")
    accessible(first)
    first.click(f"a[href='{address}']")
    said = first.inner_text("main")
    assert "never proof of safety" in said and "deamination is not assessed" in said
    assert "no guide is chosen" in said
    assert first.locator(".sheet svg").count() == 2
    sites = first.locator(".sites tbody tr")
    assert "own" in (sites.nth(0).get_attribute("class") or ""), "what only this patient has stands first"
    accessible(first)
    picture(first, "guide")
    # Another candidate's place is a link away, and says that it was not searched.
    first.click(".candidates tbody tr:nth-child(2) a")
    first.wait_for_url("**candidate=2**")
    assert "was not searched with its PAM" in first.inner_text("main")
    radios = first.locator("input[name=candidate]")
    assert radios.count() == 2
    radios.nth(0).check()
    first.fill("#reason", "one silent bystander, target nearer to the middle")
    first.fill("#password", signing(served, "bioinformatician.plant"))
    first.click(".sign button")
    first.wait_for_selector("text=not confirmed yet")
    assert "not confirmed yet" in first.inner_text("main") and first.locator(".sign").count() == 0

    prescriber = f"prescriber.{hospital}"
    second = served.signed_in(prescriber, scheme="dark", width=1000)
    second.goto(address)
    said = second.inner_text("main")
    assert "nearer to the middle" in said and "candidate 3, chosen" not in said, "who and why, not what"
    accessible(second)
    picture(second, "guide-confirm-dark")
    second.locator("input[name=candidate]").nth(1).check()
    second.fill("#password", signing(served, prescriber))
    second.click(".sign button")
    second.wait_for_selector(".refused")
    assert "another candidate was chosen than the one you name" in second.inner_text("main")
    second.goto(address)
    second.locator("input[name=candidate]").nth(0).check()
    second.fill("#password", signing(served, prescriber))
    second.click(".sign button")
    second.wait_for_selector(".signature")
    assert "confirmed by" in second.inner_text("main")
    guide = served.house.loop.reader.therapy(coi).guide
    assert guide is not None and guide.by == "person/bioinformatician.plant"
    assert guide.confirmed_by == f"person/{prescriber}"
    # What each of them saw is kept with the signature, sealed.
    for seq in (guide.cite.seq, guide.confirmed.seq if guide.confirmed else 0):
        entry = served.house.journal.read(f"therapy/{coi}", seq - 1)[0]
        assert entry.signed is not None and served.house.journal.payload(entry.signed.seen) is not None
    second.goto(f"{address}?again=1")
    assert second.locator(".sign").count() == 1
    printed = second.request.get(f"{address}.pdf")
    assert printed.ok and printed.body().startswith(b"%PDF")


def test_the_page_is_closed_to_others_and_bends_to_a_phone(designed: tuple[Served, str, str]) -> None:
    served, coi, hospital = designed
    operator = served.signed_in("operator.plant")
    operator.goto(f"/screen/therapies/{coi}/guide")
    assert "not for your role" in operator.inner_text("main")
    elsewhere = "hospital-south" if hospital == "hospital-north" else "hospital-north"
    other = served.signed_in(f"prescriber.{elsewhere}")
    other.goto(f"/screen/therapies/{coi}/guide")
    assert "there is no therapy" in other.inner_text("main")
    other.goto("/screen/editing")
    assert coi not in other.content()
    phone = served.signed_in(f"prescriber.{hospital}", width=390, height=800, locale="de-DE")
    phone.goto(f"/screen/therapies/{coi}/guide")
    assert "nie ein Beweis der Sicherheit" in phone.inner_text("main")
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    accessible(phone)
    picture(phone, "guide-phone-de")
