"""The evidence file on its pages: what is needed and there, recorded by digest and signed, refused on the form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from onelot.app.house import House
from onelot.app.simulation.driver import Driver
from onelot.app.simulation.site import PLANT
from onelot.record.subjects import Therapy
from onelot.record.terms.values import Sealed
from tests.app.commands.conftest import populated
from tests.app.web.hospital import reach, send
from tests.app.web.plant import PASSWORD
from tests.app.web.test_screens import SIGN_IN, Browser, Page

DOCUMENT = b"%PDF-1.7 the report of the laboratory"
DIGEST = sha256(DOCUMENT).hexdigest()


@dataclass
class File:
    """A house in which a guide is chosen, its toxicology lot planned, and no document recorded."""

    driver: Driver

    @property
    def house(self) -> House:
        return self.driver.stage.site.house

    @property
    def therapy(self) -> Therapy:
        found = self.driver.stage.therapy_of(self.driver.stage.cases["p25"])
        assert found is not None
        return found

    @property
    def path(self) -> str:
        return f"/screen/therapies/{self.therapy.coi}/evidence"

    @property
    def today(self) -> str:
        return f"{self.house.clock():%Y-%m-%d}"

    def seat(self, role: str, site: str = PLANT, looks: Path | None = None) -> Browser:
        login = f"{role}.{site}"
        SIGN_IN.set_password(login, PASSWORD)
        browser = Browser(self.house, looks)
        assert browser.sign_in(login).status_code == 303
        return browser

    def password(self, role: str) -> str:
        return self.driver.stage.site.password_of(f"{role}.{PLANT}")

    def given(self, **changes: str) -> dict[str, str]:
        return {"conclusion": "supports", "value": "62", "unit": "%", "statement": "62 % corrected in two lines",
                "shown_at": self.today, "valid_until": "", "lot": "", "document_sha256": "", **changes}  # fmt: skip


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> File:
    return File(populated(tmp_path_factory.mktemp("evidence"), "p25", until="toxicology lot planned"))


def review(browser: Browser, path: str, document: bytes | None = DOCUMENT, **given: str) -> Any:
    files = {"file": ("report.pdf", document, "application/pdf")} if document is not None else {}
    return send(browser, f"{path}/review", browser.page(path), files=files, **given)


def test_what_is_needed_stands_there_with_what_is_asked_and_until_when(file: File) -> None:
    page = file.seat("bioinformatician").page(file.path)
    editing = file.house.loop.reader.recipe(file.therapy.recipe).editing  # type: ignore[arg-type]
    assert editing is not None
    for need in editing.evidence:
        assert need.title in page.text and f"{file.path}/{need.name}" in page.text
    text = re.sub(r"[ \n]+", " ", page.text)
    assert (
        "at least" in text
        and "no document is recorded" in text
        and "without an end" in text
        and "since approved" in text
    )
    for role, opens in (("qa_reviewer", True), ("operator", False), ("planner", False), ("qp", False)):
        assert (file.seat(role).send("GET", file.path).status_code == 200) is opens, role
    assert file.seat("prescriber", "hospital-south").send("GET", file.path).status_code in (200, 403)


def test_a_document_is_looked_at_signed_and_counts(file: File, tmp_path: Path) -> None:
    browser, path = file.seat("bioinformatician", looks=tmp_path / "looks"), f"{file.path}/editability"
    before = file.therapy.seq
    shown = review(browser, path, **file.given())
    assert shown.status_code == 200 and DIGEST in shown.text and "Will count as shown" in shown.text
    assert file.therapy.seq == before and "corrected in two lines" in shown.text

    page = Page(shown.text)
    carried = {name: page.fields[name] for name in file.given()}
    assert carried["document_sha256"] == DIGEST
    back = send(browser, f"{path}/review", page, **carried, change="yes")
    assert back.status_code == 200 and "corrected in two lines" in back.text and f'value="{DIGEST}"' in back.text
    assert send(browser, path, page, **carried, password="wrong").status_code == 403
    # What is signed is what was shown: another number under the same look is refused.
    other = send(browser, path, page, **{**carried, "value": "63"}, password=file.password("bioinformatician"))
    assert other.status_code == 409 and file.therapy.seq == before
    for _ in range(2):
        done = send(browser, path, page, **carried, password=file.password("bioinformatician"))
        assert done.status_code == 303 and done.headers["location"] == file.path
    assert file.therapy.seq == before + 1
    event = file.therapy.evidence["editability"].event
    assert (event.sha256, event.conclusion, event.unit) == (DIGEST, "supports", "%")
    assert str(file.driver.stage.context().open(event.value)) == "62"  # type: ignore[arg-type]
    last = file.house.journal.read(f"therapy/{file.therapy.coi}")[-1]
    assert last.signed and DOCUMENT not in last.body
    seen = str(file.driver.stage.context().open(Sealed(last.signed.seen, file.therapy.patient)))
    assert sha256(seen.encode()).hexdigest() == page.fields["seen"] and DIGEST in seen
    assert "62" in browser.page(file.path).text and "Record anew" in browser.page(file.path).text
    assert file.therapy.coi in (tmp_path / "looks").read_text()
    # Quality records, and needs no patient's values: the number and the sentence stay closed to it.
    quality = file.seat("qa_reviewer").page(file.path).text
    assert "corrected in two lines" not in quality and "not for your role" in quality and DIGEST[:16] in quality


def test_a_number_outside_the_limit_is_said_to_speak_against_before_it_is_signed(file: File) -> None:
    browser, path = file.seat("prescriber", file.therapy.site), f"{file.path}/off_target_assay"
    shown = review(browser, path, **file.given(value="3", unit="{sites}"))
    assert shown.status_code == 200
    assert "speaking against" in shown.text and "outside the recipe" in shown.text


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"conclusion": ""}, 422, "no conclusion was chosen"),
        ({"value": "much"}, 422, "is not a number"),
        ({"value": ""}, 422, "nothing was entered"),
        ({"unit": "kg"}, 422, "kg"),
        ({"statement": " "}, 422, "nothing was entered"),
        ({"shown_at": "2999-01-01"}, 422, "dated ahead"),
        ({"shown_at": "soon"}, 422, "is no time"),
        ({"document_sha256": "zz"}, 422, "no SHA-256"),
    ],
)
def test_what_is_wrong_comes_back_on_the_form_with_what_was_typed(
    file: File, changes: dict[str, str], status: int, said: str
) -> None:
    browser, path, before = file.seat("qa_reviewer"), f"{file.path}/editability", file.therapy.seq
    given = file.given(**{"document_sha256": DIGEST, **changes})
    found = review(browser, path, None, **given)
    assert found.status_code == status and said in found.text and 'role="alert"' in found.text
    assert file.therapy.seq == before and 'name="statement"' in found.text
    for name in ("value", "statement", "document_sha256"):
        assert given[name].strip() in found.text, name
    assert "checked" in found.text or not given["conclusion"]


def test_no_document_and_an_empty_one_are_refused_and_a_digest_already_read_is_kept(file: File) -> None:
    browser, path = file.seat("qa_reviewer"), f"{file.path}/ethics_approval"
    assert "no document was chosen" in review(browser, path, None, **file.given()).text
    assert "report.pdf is empty" in review(browser, path, b"", **file.given()).text
    again = review(browser, path, DOCUMENT, **file.given(shown_at="2999-01-01"))
    assert again.status_code == 422 and f'value="{DIGEST}"' in again.text


def test_a_study_waits_for_its_lot_and_an_unknown_need_is_refused(file: File) -> None:
    browser = file.seat("bioinformatician")
    assert "No toxicology lot of this therapy is released yet" in browser.page(f"{file.path}/toxicology").text
    found = review(browser, f"{file.path}/toxicology", **file.given(lot="T-NONE"))
    assert found.status_code in (403, 409, 422) and "T-NONE" in found.text
    assert browser.send("GET", f"{file.path}/nothing").status_code == 422


def test_the_file_is_reached_from_the_guide_the_therapy_and_the_work_of_quality(file: File) -> None:
    here = f'href="{file.path}"'
    assert here in file.seat("bioinformatician").page(f"/screen/therapies/{file.therapy.coi}/guide").text
    quality = file.seat("qa_reviewer")
    assert here in quality.page(f"/screen/therapies/{file.therapy.coi}").text
    work = quality.page("/screen/work").text
    assert here in work and "Record missing evidence" in work and "Approval of the ethics committee" in work
    assert "Toxicology" not in work, "no lot is released yet"
    assert here not in file.seat("operator").page("/screen/work").text


def test_a_product_that_edits_nothing_has_no_evidence_file(tmp_path: Path) -> None:

    place = reach(tmp_path, lambda act: act == "tailor")
    doctor = place.browser("prescriber")
    assert doctor.send("GET", f"/screen/therapies/{place.therapy.coi}/evidence").status_code == 422
    assert "/evidence" not in doctor.page(f"/screen/therapies/{place.therapy.coi}").text
