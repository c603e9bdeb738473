"""At the plant: the batch planned, a wrong bag, every step of the recipe by scanner, a correction, two deviations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from playwright.sync_api import Page

from tests.browser.conftest import accessible
from tests.browser.way import quality
from tests.browser.way.clinic import slot
from tests.browser.way.house import (
    FOREIGN,
    PLANT,
    Way,
    assert_taken,
    follow,
    press,
    scan,
    second,
    sent,
    shoot,
)
from tests.browser.way.office import UNIT
from tests.browser.way.scanner import printed

ME, MATE = f"operator.{PLANT}", f"operator.{PLANT}.2"
# What was read off wrong, and is corrected: digits that changed places.
WRONG_COUNT = "1.58e9"
MOST_STEPS = 400


def plan(way: Way) -> None:
    """The planner books a suite and plans the batch; it stands on the timetable."""
    planner, coi = way.be("planner"), way.therapy.coi
    slot(way, "manufacture", "suite", PLANT, way.stage.suite_hours(way.case.recipe))
    way.number = planner.input_value("#batch")
    press(planner, "section[aria-labelledby=plan] button")
    assert way.batch.state == "planned"
    planner.goto("/screen/schedule?span=month")
    assert planner.locator(f"text={coi[:4]}").count()
    shoot(planner, "schedule")


def receive(way: Way) -> None:
    """A bag of somebody else comes out of the shipper: red, put down, on the record; a deviation by hand beside the one
    that opened by itself; quality closes both, and the collection's. Then the two right ones."""
    operator = way.be("operator")
    slots = [each for each in way.therapy.slots if each.purpose.startswith("manufacture")]
    way.clock.advance(max(way.clock.now(), slots[-1].starts_at))
    operator.goto("/screen/work")
    follow(operator, f"a[href='/screen/batches/{way.number}/step']")
    before = way.batch.seq
    scan(operator, f"(21)OTHER-1-A(91){FOREIGN}")
    operator.wait_for_selector("section.wrong")
    accessible(operator)
    (missed,) = way.batch.near_misses
    (by_itself,) = way.batch.deviations
    assert way.batch.seq > before and missed.refused.severity == "critical" and not way.batch.received
    shoot(operator, "wrong-bag")
    follow(operator, f"a[href='/screen/batches/{way.number}/deviations']")
    operator.check("input[name=severity][value=major]")
    operator.fill("#what", "A bag of another patient was in the shipper; put down unopened, the courier called.")
    operator.fill("#rule", "chain of identity: one shipper, one patient")
    press(operator, "main form.steady button")
    (opened,) = set(way.batch.deviations) - {by_itself}
    assert not operator.locator(f"a[href$='/deviations/{opened}']").count(), "who opens one does not close it"
    for each in (by_itself, opened):
        quality.close_deviation(way, each, "label mix-up at the collection site", "none on this patient: not opened")
    quality.close_collection(way, "the neighbour's wristband was scanned", "none: nothing had been collected")
    for number in (1, 2):
        _receive_one(way, operator, number)
    assert len(way.batch.received) == 2 and not way.batch.holds


def _receive_one(way: Way, operator: Page, number: int) -> None:
    operator.goto(f"/screen/batches/{way.number}/step")
    scan(operator, way.labels[f"bag {number}"])
    scan(operator, way.labels["paperwork"])
    scan(operator, "intact, 4 Cel")
    if number == 1:
        _alone(way, operator)
    _verified(way, operator)


def _alone(way: Way, operator: Page) -> None:
    """Nobody verifies themselves, and nobody is verified by a password that is not theirs; the scans are kept."""
    before = way.batch.seq
    for who, password in ((ME, way.password(ME)), (MATE, way.password(ME))):
        second(operator, who, password)
        sent(operator, lambda: operator.click("main form.steady button"))
        assert operator.locator(".unsent[role=alert]").count(), operator.inner_text("main")
        assert way.batch.seq == before and operator.locator("dl.checks dt").count() == 3


def _verified(way: Way, operator: Page) -> None:
    second(operator, MATE, way.password(MATE))
    press(operator, "main form.steady button")


def ask(page: Page) -> str:
    """What the step's page asks for now; "" where it asks for the second person or for nothing."""
    return hidden(page, "ask")


def hidden(page: Page, name: str) -> str:
    """A field that the step's form carries."""
    found = page.locator(f"form[action$='/step'] input[name={name}]")
    return str(found.first.get_attribute("value") or "") if found.count() else ""


def wrong_label(way: Way) -> None:
    """A wrong label in the first step: on the record at once, held; quality closes it, the supervisor goes on."""
    operator = way.be("operator")
    operator.goto(f"/screen/batches/{way.number}/step")
    while hidden(operator, "kind") != "scan":
        answer(way, operator)
    shoot(operator, "step")
    scan(operator, FOREIGN)
    operator.wait_for_selector("section.wrong")
    (opened,) = (each.deviation for each in way.batch.open_deviations)
    assert way.batch.deviations[opened].severity == "critical"
    quality.close_deviation(way, opened, "the neighbour's label lay on the bench", "none: nothing was joined")
    supervisor = way.be("supervisor")
    supervisor.goto(f"/screen/batches/{way.number}/step")
    supervisor.fill("#reason", "line cleared, label destroyed, deviation closed")
    press(supervisor, "form[action$='/held'] button")
    assert way.batch.running is not None and way.batch.running.state == "Running"
    # The supervisor has the step in hand now; the operator is told, and takes it over.
    operator.goto(f"/screen/batches/{way.number}/step")
    assert operator.locator("section.taken").count()
    follow(operator, "section.taken a.action")


def make(way: Way) -> None:
    """Every step of the recipe, until the batch is in quarantine."""
    operator = way.be("operator")
    for _ in range(MOST_STEPS):
        if way.batch.state == "quarantine":
            return
        answer(way, operator)
    raise AssertionError(operator.inner_text("main"))


def answer(way: Way, page: Page) -> None:
    """What a careful operator does with what the page asks."""
    kind, name, what = hidden(page, "kind"), hidden(page, "name"), ask(page)
    if not kind:
        _wait(way, page)
    elif not what:
        if not page.locator("#verified_by").count():
            raise AssertionError(page.inner_text("main"))
        if kind == "charge":
            shoot(page, "second-person")
        _verified(way, page)
    else:
        scan(page, _right(way, kind, name, what))
        assert_taken(page)


def _wait(way: Way, page: Page) -> None:
    """The step goes on at a time that the page tells."""
    told = page.locator("p.instruct strong")
    assert told.count(), page.inner_text("main")
    until = datetime.strptime(told.inner_text(), "%d %b %Y %H:%M UTC").replace(tzinfo=UTC)
    way.clock.advance(max(way.clock.now(), until + timedelta(minutes=1)))
    follow(page, "main a.action")


def _right(way: Way, kind: str, name: str, what: str) -> str:
    batch = way.batch
    match kind, what:
        case "scan", _:
            # The bag that came last; what is on its way is told by its own label.
            return {"batch": batch.batch, "patient": way.labels["paperwork"], "container": way.labels["bag 2"]}[what]
        case "start", "equipment":
            wanted = way.be("operator").inner_text(".pair strong")
            return UNIT if wanted == "cell_processor" else way.stage.free_equipment(wanted, batch)
        case "charge", "lot":
            return quality.VECTOR_LOT if name == quality.VECTOR else way.stage.lot_for(name, Decimal(0))[0]
        case "measure", _:
            return WRONG_COUNT if name == "intake_cd3_cells" else shown(way, name)
        case "fill", "container 1":
            page = way.be("operator")
            here = page.locator("form.print").get_attribute("action")
            (way.labels["product"],) = printed(page, f"{here}?containers={page.input_value('#containers')}")
            return way.labels["product"]
        case "fill", "amount 1":
            return f"{way.stage.fill(batch, way.therapy, way.clock.now()):.0f}"
        case "fill", "labels_printed":
            return "2"
        case "fill", "labels_destroyed":
            return "1"
    return ""


def shown(way: Way, name: str) -> str:
    """What the instrument shows for this batch now."""
    way.stage.begin(way.batch, way.therapy, way.case)
    return f"{way.stage.world.measure(way.number, name, way.clock.now()):f}"


def correct(way: Way) -> None:
    """The operator sees the slip and corrects it, with the reason; the old value stays to be read."""
    operator = way.be("operator")
    operator.goto(f"/screen/batches/{way.number}")
    follow(operator, f"a[href='/screen/batches/{way.number}/correct']")
    row = operator.locator("tbody tr", has_text="CD3+ cells on arrival")
    row.locator("a").click()
    operator.wait_for_selector("#value")
    operator.fill("#value", "1.85e9")
    operator.fill("#reason", "digits changed places; printout of the cytometer seen")
    press(operator, "main form.steady button")
    assert operator.locator("s").count(), operator.inner_text("main")
    operator.goto(f"/screen/batches/{way.number}/step")
