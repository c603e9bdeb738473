"""Quality: a lot examined, deviations closed by others than who opened them, results, the certificate, the release."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

from onelot.record.durations import span
from tests.browser.way.house import PLANT, Way, follow, press, second, shoot

VECTOR, VECTOR_LOT = "vector-lenti-cd19", "LV-2291"


def vector_lot(way: Way) -> None:
    """An operator takes a lot in; quality control examines it and releases it under a signature."""
    operator, qc = way.be("operator"), way.be("qc")
    operator.goto("/screen/lots")
    operator.click("main details summary")
    given = {
        "lot": VECTOR_LOT, "item": VECTOR, "supplier_lot": "S-77", "amount": "5000", "unit": "mL",
        "certificate_sha256": sha256(b"the supplier's certificate").hexdigest(),
        "expires_at": (way.clock.now() + timedelta(days=300)).isoformat(timespec="minutes"),
    }  # fmt: skip
    for name, value in given.items():
        operator.fill(f"#{name}", value)
    press(operator, "main details form button")
    qc.goto(f"/screen/lots/{VECTOR_LOT}")
    qc.fill("#finding", "identity and titre comply; certificate seen")
    qc.fill("#password", way.password(f"qc.{PLANT}"))
    press(qc, "section.sign button")
    assert way.house.loop.reader.lot(VECTOR_LOT).state == "released"


def close_deviation(way: Way, deviation: str, cause: str, impact: str) -> None:
    """Quality assurance finds the cause, weighs the impact, and closes it under a signature."""
    _close(way, f"/screen/batches/{way.number}", deviation, cause, impact)
    found = way.batch.deviations[deviation]
    assert found.closed_by and found.closed_by != found.opened_by


def close_collection(way: Way, cause: str, impact: str) -> None:
    """The same for what happened at the collection, which stands on the therapy."""
    (deviation,) = way.therapy.deviations
    _close(way, f"/screen/therapies/{way.therapy.coi}", deviation, cause, impact)
    found = way.therapy.deviations[deviation]
    assert found.closed_by and found.closed_by != found.opened_by


def _close(way: Way, record: str, deviation: str, cause: str, impact: str) -> None:
    way.forward(hours=2)
    reviewer = way.be("qa_reviewer")
    reviewer.goto(f"{record}/deviations")
    follow(reviewer, f"a[href='{record}/deviations/{deviation}']")
    reviewer.fill("#cause", cause)
    reviewer.fill("#impact", impact)
    reviewer.fill("#password", way.password(f"qa_reviewer.{PLANT}"))
    press(reviewer, "section.sign button")


def results(way: Way) -> None:
    """Every test of the specification, each verified by a colleague of the laboratory."""
    qc, mate = way.be("qc"), f"qc.{PLANT}.2"
    batch = way.batch
    assert batch.completed_at is not None
    tests = way.case.recipe.specification
    for test in sorted(tests, key=lambda each: span(each.result_after) if each.result_after else timedelta()):
        due = batch.completed_at + (span(test.result_after) if test.result_after else timedelta(hours=8))
        way.clock.advance(max(way.clock.now(), due))
        qc.goto(f"/screen/batches/{way.number}/qc")
        follow(qc, f"a[href$='/qc/{test.name}']")
        qc.fill("#value", str(way.stage.world.test(way.number, test, way.clock.now(), batch.completed_at)))
        second(qc, mate, way.password(mate))
        press(qc, "main form.steady button")
    assert all(way.batch.result(test.name) for test in tests)


def certificate(way: Way) -> None:
    """The reviewer signs the certificate over the results."""
    reviewer = way.be("qa_reviewer")
    reviewer.goto(f"/screen/batches/{way.number}/qc")
    follow(reviewer, f"a[href$='/{way.number}/certificate']")
    reviewer.fill("#password", way.password(f"qa_reviewer.{PLANT}"))
    press(reviewer, "section.sign button")
    assert way.batch.certificate is not None


def release(way: Way) -> None:
    """The QP reads what is proven, missing and unusual, and signs exactly that."""
    qp = way.be("qp")
    qp.goto("/screen/board")
    shoot(qp, "board")
    qp.goto("/screen/work")
    follow(qp, f"a[href='/screen/batches/{way.number}/release']")
    qp.goto(f"/screen/batches/{way.number}")
    shoot(qp, "thread")
    follow(qp, f"a[href='/screen/batches/{way.number}/release']")
    qp.check("input[name=decision][value=release]")
    shoot(qp, "release")
    qp.fill("#password", way.password(f"qp.{PLANT}"))
    press(qp, "section.sign button")
    assert way.batch.state == "released", way.batch.state
    assert qp.locator("p.signature").count()
