"""The operator's page over HTTP: a batch made step by step, as a wedge scanner types, and all that may go wrong."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest

from onelot.app.commands.gate import open_work
from onelot.app.context import SYSTEM, Context
from onelot.make import next_step
from onelot.make.engine import WaitUntil
from onelot.record.subjects import Batch
from tests.app.web.plant import PASSWORD, Plant, make_plant, signing
from tests.app.web.test_screens import SIGN_IN, Browser, as_person

OPERATOR, SECOND, SUPERVISOR = "operator.plant", "operator.plant.2", "supervisor.plant"
STAFF = (OPERATOR, SECOND, SUPERVISOR, "qc.plant", "qa_reviewer.plant", "qp.plant", "it.plant",
         "prescriber.hospital-north", "prescriber.hospital-south")  # fmt: skip


class StepForm(HTMLParser):
    """The form of a step: every field with its values, as a browser would send it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.inside, self.fields = text, False, {}  # type: ignore[var-annotated]
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = given.get("action", "").endswith(("/step", "/held"))
        if tag == "input" and self.inside and given.get("type") != "radio":
            self.fields.setdefault(given["name"], []).append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False

    def one(self, name: str) -> str:
        return str(self.fields[name][0]) if name in self.fields else ""


class Operator:
    """Somebody at the operator's page, who only scans and types."""

    def __init__(self, plant: Plant, login: str = OPERATOR) -> None:
        self.plant, self.login = plant, login
        self.browser: Browser = as_person((plant.house, plant.number), login)
        self.path = f"/screen/batches/{plant.number}/step"

    def look(self, query: str = "") -> StepForm:
        found = self.browser.send("GET", self.path + query)
        assert found.status_code == 200, found.text
        return StepForm(found.text)

    def send(self, form: StepForm, scan: str = "", **more: Any) -> httpx.Response:
        data = {**form.fields, "scan": scan, **more}
        return self.browser.send("POST", self.path, data=data)

    def answer(self, form: StepForm, scan: str) -> StepForm:
        """The next page of the same step, or of the step after it."""
        found = self.send(form, scan)
        if found.status_code == 303:
            return self.look()
        assert found.status_code == 200, found.text
        return StepForm(found.text)

    def verify(self, form: StepForm, login: str = SECOND, password: str = "") -> httpx.Response:
        return self.send(form, verified_by=login, verifier_password=password or signing(login))

    @property
    def batch(self) -> Batch:
        return self.plant.house.loop.reader.batch(self.plant.number)


def plant_at(folder: Path, until: str) -> Plant:
    for login in STAFF:
        SIGN_IN.set_password(login, PASSWORD)
    return make_plant(folder, until)


def wait(operator: Operator) -> None:
    """Let the clock run to when the step may go on."""
    plant = operator.plant
    context = Context(plant.house.loop.reader, plant.house.vault, SYSTEM, plant.clock.now(), plant.house.loop.entropy)
    work = open_work(context, plant.number)
    step = next_step(work.recipe, work.batch, work.parameters, plant.clock.now())
    assert isinstance(step, WaitUntil)
    plant.clock.advance(step.when)


def receive(operator: Operator) -> None:
    coi = operator.batch.therapies[0]
    form = operator.look()
    bag = re.search(r"DON-[\w-]+", form.text)
    assert bag
    form = operator.answer(form, bag[0])
    form = operator.answer(form, coi)
    form = operator.answer(form, "intact, 4 Cel")
    assert operator.verify(form).status_code == 303


def value_for(operator: Operator, name: str, now: Any) -> str:
    """What the simulated cells would have shown; the page is what is tried here."""
    stage = operator.plant.driver.stage
    case = next(iter(stage.cases.values()))
    stage.begin(operator.batch, stage.therapy_of(case), case)
    return f"{stage.world.measure(operator.batch.batch, name, now):f}"


def scan_next(operator: Operator, form: StepForm) -> StepForm:
    """What a careful operator scans or types for what the page asks."""
    plant, ask, kind = operator.plant, form.one("ask"), form.one("kind")
    stage = plant.driver.stage
    if not ask:
        assert operator.verify(form).status_code == 303
        return operator.look()
    match kind, ask:
        case "scan", name:
            batch = operator.batch
            right = {"batch": batch.batch, "patient": batch.therapies[0],
                     "container": batch.received[-1].container.identifier}  # fmt: skip
            return operator.answer(form, right[name])
        case "start", "equipment":
            wanted = re.search(r'class="ident">([\w_]+)</strong>', form.text)
            assert wanted
            return operator.answer(form, stage.free_equipment(wanted[1], operator.batch))
        case "charge", "lot":
            return operator.answer(form, stage.lot_for(form.one("name"), Decimal(0), "")[0])
        case "measure", _:
            return operator.answer(form, value_for(operator, form.one("name"), plant.clock.now()))
        case "fill", "container 1":
            return operator.answer(form, f"{plant.number}-1")
        case "fill", "amount 1":
            return operator.answer(form, "1.4e8")
        case "fill", "labels_printed":
            return operator.answer(form, "2")
        case "fill", "labels_destroyed":
            return operator.answer(form, "1")
    return operator.answer(form, "")


def test_a_batch_is_made_from_bag_to_quarantine_by_scanning_alone(tmp_path: Path) -> None:
    operator = Operator(plant_at(tmp_path, "batch planned"))
    plant = operator.plant
    receive(operator)
    form, kinds = operator.look(), set[str]()
    for _ in range(400):
        if operator.batch.state != "in_process" and operator.batch.runs:
            break
        plant.clock.advance(plant.clock.now() + timedelta(minutes=2))
        if not form.one("kind"):
            assert "SIMULATED" in form.text
            wait(operator)
            form = operator.look()
            continue
        kinds.add(form.one("kind"))
        form = scan_next(operator, form)
    assert operator.batch.state == "quarantine"
    assert kinds >= {"scan", "start", "charge", "command", "measure", "fill", "complete", "finish"}
    assert [each.identifier for each in operator.batch.containers] == [f"{plant.number}-1"]
    entries = plant.house.journal.read(f"batch/{plant.number}")
    assert {entry.by for entry in entries} >= {f"person/{OPERATOR}"}
    assert "Manufacture is over" in operator.look().text


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    return plant_at(tmp_path_factory.mktemp("planned"), "batch planned")


def test_the_page_is_one_box_with_the_focus_and_what_is_expected(planned: Plant) -> None:
    page = Operator(planned).look()
    assert 'class="stand"' in page.text and page.text.count("data-scan") == 1 and "autofocus" in page.text
    assert "Expected" in page.text and "Scanned" in page.text and "DON-" in page.text


def test_it_opens_for_its_roles_and_sites_only(planned: Plant) -> None:
    path = f"/screen/batches/{planned.number}/step"
    for login in ("it.plant", "prescriber.hospital-north", "qp.plant"):
        found = as_person((planned.house, planned.number), login).send("GET", path)
        assert found.status_code == 403, login
    seen = as_person((planned.house, planned.number), "qc.plant").page(path)
    assert "This step is for" in seen.text and "data-scan" not in seen.text
    assert Browser(planned.house).send("GET", path).status_code == 303
    assert Browser(planned.house).send("POST", path).status_code == 303


def test_another_patient_s_bag_is_put_down_and_nothing_is_entered(planned: Plant) -> None:
    operator = Operator(planned)
    before = operator.batch.seq
    found = operator.send(operator.look(), "DON-4F7K92QD-1-A")
    said = html.unescape(found.text)
    assert found.status_code == 409 and "Stop. Put it down." in said and 'role="alert"' in said
    assert "DON-4F7K92QD-1-A was scanned" in said and "chain of identity" in said
    assert "nothing was written" in said and operator.batch.seq == before


def test_the_same_person_cannot_verify_and_nobody_by_name_alone(planned: Plant) -> None:
    planned.house.loop.asks_presence = True  # as in production
    operator = Operator(planned)
    form = operator.look()
    bag = re.search(r"DON-[\w-]+", form.text)
    assert bag
    # In any order: the paperwork first.
    form = operator.answer(form, operator.batch.therapies[0])
    form = operator.answer(form, bag[0])
    form = operator.answer(form, "intact")
    before = operator.batch.seq
    same = operator.verify(form, OPERATOR)
    assert same.status_code == 403 and "nobody verifies or approves their own work" in same.text
    bare = operator.send(form, verified_by=SECOND)
    assert bare.status_code == 403, bare.text
    wrong = operator.verify(form, SECOND, "not the password")
    assert wrong.status_code == 403
    assert operator.batch.seq == before


def test_two_people_on_one_step_the_second_sees_who_has_it(planned: Plant) -> None:
    first, second = Operator(planned), Operator(planned, SECOND)
    first.look("?take=1")
    seen = second.look()
    name = planned.house.loop.actor(OPERATOR).printed_name
    assert f"{name} has this step in hand" in seen.text and "data-scan" not in seen.text and "UTC" in seen.text
    assert "data-scan" in second.look("?take=1").text
    assert "has this step in hand" in first.look().text
    first.look("?take=1")


@pytest.mark.parametrize(
    "scan",
    ["<script>alert(1)</script>", "(21)x", "]d2" + "9" * 300, "'; drop table entries; --", "‮", "x\x1dy", "=" * 380],
)
def test_hostile_scans_are_refused_and_escaped(planned: Plant, scan: str) -> None:
    operator = Operator(planned)
    before = operator.batch.seq
    found = operator.send(operator.look("?take=1"), scan)
    assert found.status_code in (409, 422) and "<script>alert" not in found.text
    assert operator.batch.seq == before


def test_forms_that_were_not_made_here_are_refused(planned: Plant) -> None:
    operator = Operator(planned)
    form = operator.look("?take=1")
    assert operator.send(form, "x", csrf="0" * 64).status_code == 403
    moved = operator.send(form, "x", at="0")
    assert moved.status_code == 409 and "moved on" in moved.text
    assert operator.send(form, "x", kind="finish").status_code == 409
    assert operator.send(form, "x", had=["container"] * 3).status_code in (200, 409)


@pytest.fixture(scope="module")
def making(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    return plant_at(tmp_path_factory.mktemp("making"), "start activate")


def test_a_wrong_lot_is_red_at_the_scan_and_sent_twice_is_done_once(making: Plant) -> None:
    operator = Operator(making)
    stage = making.driver.stage
    form = operator.look()
    assert form.one("kind") == "charge" and "Goes in" in form.text
    wrong = operator.send(form, stage.lot_for("vector-lenti-cd19", Decimal(0), "")[0])
    assert wrong.status_code == 409 and "this lot is vector-lenti-cd19" in html.unescape(wrong.text)
    assert operator.send(form, "NO-SUCH-LOT").status_code == 409
    form = operator.answer(form, stage.lot_for("medium-tcell", Decimal(0), "")[0])
    assert operator.send(form, "1,5").status_code == 422
    before = operator.batch.seq
    assert operator.send(form).status_code == 303
    assert operator.batch.seq == before + 1
    again = operator.send(form)
    assert again.status_code == 303 and operator.batch.seq == before + 1
    other = Operator(making, SECOND).send(form, csrf=Operator(making, SECOND).look("?take=1").one("csrf"))
    assert other.status_code in (403, 409) and operator.batch.seq == before + 1


def test_a_wrong_scan_of_a_scan_phase_is_kept_and_a_supervisor_decides(tmp_path: Path) -> None:
    operator = Operator(plant_at(tmp_path, "start receive"))
    plant = operator.plant
    form = operator.look()
    assert form.one("kind") == "scan"
    wrong = operator.send(form, "B-OTHER")
    said = html.unescape(wrong.text)
    assert wrong.status_code == 409 and "B-OTHER" in said and "deviation opened" in said.lower()
    assert [each.severity for each in operator.batch.open_deviations] == ["critical"]
    assert operator.batch.running is not None and operator.batch.running.state == "Held"
    assert "This step is for" in operator.look().text
    supervisor = Operator(plant, SUPERVISOR)
    form = supervisor.look()
    assert form.one("once")
    held = f"/screen/batches/{plant.number}/held"
    bare = supervisor.browser.send("POST", held, data={**form.fields, "reason": " "})
    assert bare.status_code == 403
    csrf = operator.browser.page("/screen/board").fields["csrf"]
    refused = operator.browser.send("POST", held, data={**form.fields, "csrf": csrf, "reason": "x"})
    assert refused.status_code == 403, refused.text
    done = supervisor.browser.send("POST", held, data={**form.fields, "reason": "another bag lay beside it; removed"})
    assert done.status_code == 303
    assert operator.look().one("kind") == "scan"


def test_labels_are_printed_in_the_fill_step_alone_and_scan_back(tmp_path: Path) -> None:
    made = plant_at(tmp_path, "start fill")
    operator = Operator(made)
    address = f"/screen/batches/{made.number}/labels.pdf"
    form = operator.look()
    assert address in form.text
    printed = operator.browser.send("GET", f"{address}?containers=3")
    assert printed.headers["content-type"] == "application/pdf" and printed.content.count(b"/Type /Page\n") == 3
    for wrong in (0, 101):
        assert operator.browser.send("GET", f"{address}?containers={wrong}").status_code == 422
    stranger = as_person((made.house, made.number), "prescriber.hospital-north")
    assert stranger.send("GET", address).status_code == 403
    while operator.batch.filled is None:
        form = scan_next(operator, form)
    assert operator.browser.send("GET", address).status_code == 409, "after it, nobody prints another one"


def test_a_misread_label_and_a_mistyped_password_lose_nothing_scanned(tmp_path: Path) -> None:
    operator = Operator(plant_at(tmp_path, "batch planned"))
    bag = re.search(r"DON-[\w-]+", operator.look().text)
    assert bag
    form = operator.answer(operator.look(), bag[0])
    misread = operator.send(form, "(21)smudged")
    again = StepForm(misread.text)
    assert misread.status_code == 422 and again.one("ask") == form.one("ask")
    assert again.fields["had"] == form.fields["had"] and "is not a label of ours" in html.unescape(again.text)
    form = operator.answer(again, operator.batch.therapies[0])
    form = operator.answer(form, "intact")
    guessed = operator.verify(form, password="a guess")
    kept = StepForm(guessed.text)
    assert guessed.status_code == 403 and kept.fields["had"] == form.fields["had"] and not operator.batch.received
    assert kept.one("verified_by") == SECOND
    assert operator.verify(kept).status_code == 303 and operator.batch.received
