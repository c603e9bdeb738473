"""My work, results and certificate, lots, corrections and deviations, over HTTP."""

from __future__ import annotations

import html
from typing import Any

import httpx
import pytest

from onelot.app.house import House
from onelot.app.web.rooms.work import next_of
from tests.app.web.plant import PASSWORD, make_plant, signing
from tests.app.web.test_screens import SIGN_IN, Browser, Page, as_person

Made = tuple[House, str]
HOSTILE = "<script>alert(1)</script>"
STAFF = ("operator.plant", "supervisor.plant", "qc.plant", "qc.plant.2", "qa_reviewer.plant", "qp.plant", "it.plant",
         "prescriber.hospital-north", "prescriber.hospital-south")  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    for login in STAFF:
        SIGN_IN.set_password(login, PASSWORD)
    plant = make_plant(tmp_path_factory.mktemp("qc"), "manufacture complete")
    plant.house.loop.asks_presence = True  # as in production
    return plant.house, plant.number


class Desk:
    """Somebody at their desk."""

    def __init__(self, made: Made, login: str) -> None:
        self.house, self.number = made
        self.browser: Browser = as_person(made, login)

    def page(self, path: str) -> Page:
        return self.browser.page(f"/screen/{path}")

    def status(self, path: str) -> int:
        return self.browser.send("GET", f"/screen/{path}").status_code

    def send(self, path: str, form: Page, **fields: Any) -> httpx.Response:
        kept = {name: form.fields[name] for name in ("csrf", "once", "seen", "unit", "seq", "sampled_at")
                if name in form.fields}  # fmt: skip
        return self.browser.send("POST", f"/screen/{path}", data={**kept, **fields})

    @property
    def seq(self) -> int:
        return self.house.loop.reader.batch(self.number).seq


def test_pages_open_for_their_roles_and_sites_only(made: Made) -> None:
    batch = f"batches/{made[1]}"
    shut = {
        "it.plant": ("work", "qc", "lots", f"{batch}/qc", f"{batch}/correct", f"{batch}/terminate"),
        "operator.plant": ("qc", f"{batch}/qc", f"{batch}/certificate", f"{batch}/terminate"),
        "qa_reviewer.plant": (f"{batch}/correct", f"{batch}/terminate"),
        "prescriber.hospital-north": ("work", "qc", "lots", f"{batch}/qc", f"{batch}/deviations"),
    }
    for login, paths in shut.items():
        desk = Desk(made, login)
        for path in paths:
            assert desk.status(path) == 403, (login, path)
    for path in ("work", "qc", "lots", f"{batch}/qc", f"{batch}/correct", f"{batch}/deviations", f"{batch}/terminate"):
        assert Browser(made[0]).send("GET", f"/screen/{path}").status_code == 303, path
        # A form without a session, and one without its token.
        assert Browser(made[0]).send("POST", f"/screen/{path}").status_code in (303, 405), path
    assert Desk(made, "qc.plant").status("batches/B-NOBODY/qc") == 403


def test_my_work_is_what_waits_for_my_role(made: Made) -> None:
    qc = Desk(made, "qc.plant").page("work")
    assert f"/screen/batches/{made[1]}/qc" in qc.text and "Enter results" in qc.text
    assert "evidence missing: " in Desk(made, "qp.plant").page("work").text, "nothing was tested yet"
    assert "Nothing waits for you now" in Desk(made, "operator.plant").page("work").text
    board = Desk(made, "operator.plant").page("board")
    assert "Next step and who" in board.text and "Enter results" in board.text
    filtered = Desk(made, "operator.plant")
    assert made[1] in filtered.page("board?role=qc").text and made[1] not in filtered.page("board?role=operator").text
    row = {"deviations": [], "holds": {}, "open": True, "state": "planned"}
    assert next_of(row) == ("step", ("operator",), "step")
    assert next_of({**row, "holds": {"rule": "why"}}) == ("", (), "")
    released = {**row, "state": "released", "therapies": ["T"]}
    assert next_of(released) == ("dispatch", ("operator", "planner", "supervisor"), "dispatch")
    assert next_of({**released, "therapies": []}) == ("", (), ""), "stock goes to no patient by itself"
    assert next_of({**row, "deviations": ["DEV-1"]})[1:] == (("qa_reviewer",), "deviations")


def test_a_result_is_entered_with_unit_limit_and_a_second_person_once(made: Made) -> None:
    desk = Desk(made, "qc.plant")
    path = f"batches/{made[1]}/qc"
    tests = desk.page(path)
    assert "≥ 80 %" in html.unescape(tests.text) and "missing" in tests.text
    form = desk.page(f"{path}/viability")
    assert form.fields["unit"] == "%" and "≥" in html.unescape(form.text)
    before = desk.seq
    right = {"value": "92.5", "verified_by": "qc.plant.2", "verifier_password": signing("qc.plant.2")}
    assert desk.send(f"{path}/viability", form, **{**right, "value": ""}).status_code == 422
    assert desk.send(f"{path}/viability", form, **{**right, "value": HOSTILE}).status_code == 422
    assert desk.send(f"{path}/viability", form, **{**right, "sampled_at": "yesterday"}).status_code == 422
    assert desk.send(f"{path}/nothing", form, **right).status_code in (403, 422)
    for second in ("", "qc.plant", "operator.plant", "nobody"):
        assert desk.send(f"{path}/viability", form, **{**right, "verified_by": second}).status_code == 403, second
    assert desk.send(f"{path}/viability", form, **{**right, "verifier_password": "no"}).status_code == 403
    assert desk.seq == before
    assert desk.send(f"{path}/viability", form, **right).status_code == 303
    assert desk.send(f"{path}/viability", form, **right).status_code == 303
    assert desk.seq == before + 1 and "92.5 %" in desk.page(path).text


def test_a_correction_leaves_the_old_value_visible(made: Made) -> None:
    desk = Desk(made, "qc.plant")
    path = f"batches/{made[1]}/correct"
    entries = made[0].journal.read(f"batch/{made[1]}")
    measured = next(entry for entry in entries if entry.envelope["type"] == "Measured")
    old, seq = str(measured.envelope["data"]["value"]), measured.seq
    form = desk.page(f"{path}?seq={seq}")
    before = desk.seq
    assert desk.send(path, form, value="77.7", reason=" ").status_code == 422
    assert desk.send(path, form, value="seventy", reason="typed wrong").status_code == 422
    assert desk.send(path, form, value="77.7", reason="typed wrong", seq="1").status_code == 422
    assert desk.send(path, form, value="77.7", reason="typed wrong", seq="²").status_code == 422
    assert desk.send(path, form, value="77.7", reason=f"typed wrong {HOSTILE}").status_code == 303
    assert desk.send(path, form, value="77.7", reason=f"typed wrong {HOSTILE}").status_code == 303
    assert desk.seq == before + 1
    page = desk.page(path)
    assert "77.7" in page.text and f"<s>{old}</s>" in page.text
    assert HOSTILE not in desk.page(f"batches/{made[1]}").text


def test_a_deviation_is_opened_by_one_and_closed_under_a_signature_by_another(made: Made) -> None:
    operator, quality = Desk(made, "operator.plant"), Desk(made, "qa_reviewer.plant")
    path = f"batches/{made[1]}/deviations"
    form = operator.page(path)
    assert operator.send(path, form, severity="grave", what="x", rule="y").status_code == 422
    assert operator.send(path, form, severity="minor", what=HOSTILE, rule="SOP 7").status_code == 303
    assert operator.send(path, form, severity="minor", what=HOSTILE, rule="SOP 7").status_code == 303
    deviations = made[0].loop.reader.batch(made[1]).open_deviations
    assert [each.what for each in deviations] == [HOSTILE]
    one = f"{path}/{deviations[0].deviation}"
    seen = quality.page(one)
    assert HOSTILE not in seen.text and "&lt;script&gt;" in seen.text
    assert "password" not in operator.page(one).fields
    right = {"cause": "label printer", "impact": "none", "password": signing("qa_reviewer.plant")}
    assert quality.send(one, seen, **{**right, "password": "no"}).status_code == 403
    assert quality.send(one, seen, **{**right, "seen": "0" * 64}).status_code == 409
    assert quality.send(one, seen, **right).status_code == 303
    assert quality.send(one, seen, **right).status_code == 303
    assert not made[0].loop.reader.batch(made[1]).open_deviations
    assert quality.status(one) == 403


def test_quality_assesses_a_deviation_before_it_is_closed(made: Made) -> None:
    operator, quality = Desk(made, "operator.plant"), Desk(made, "qa_reviewer.plant")
    path, house = f"batches/{made[1]}/deviations", made[0]
    assert operator.send(path, operator.page(path), severity="major", what="door open", rule="SOP 8").status_code == 303
    name = house.loop.reader.batch(made[1]).open_deviations[-1].deviation
    assess = f"{path}/{name}/assess"
    assert f"/screen/{assess}" in quality.page(path).text and f"/screen/{assess}" in quality.page(f"{path}/{name}").text
    assert "password" not in operator.page(assess).fields
    seen = quality.page(assess)
    assert 'value="minor"' not in seen.text and 'value="critical"' in seen.text
    right = {"severity": "critical", "impact": f"one hour warm {HOSTILE}", "meanwhile": "nothing leaves",
             "password": signing("qa_reviewer.plant")}  # fmt: skip
    before = quality.seq
    assert quality.send(assess, seen, **{**right, "password": "no"}).status_code == 403
    assert quality.send(assess, seen, **{**right, "seen": "0" * 64}).status_code == 409
    for wrong in ({"severity": "minor"}, {"severity": ""}, {"meanwhile": " "}):
        found = quality.send(assess, seen, **{**right, **wrong})
        assert found.status_code in (409, 422) and "one hour warm" in found.text and HOSTILE not in found.text
        assert 'class="unsent"' in found.text
    assert quality.seq == before
    seen = quality.page(assess)
    for _ in range(2):
        assert quality.send(assess, seen, **right).status_code == 303
    assert quality.seq == before + 1
    last = house.journal.read(f"batch/{made[1]}")[-1]
    assert (
        last.envelope["type"] == "DeviationAssessed"
        and last.signed
        and last.signed.meaning == "assesses this deviation"
    )
    assert "nothing leaves" in quality.page(path).text and "nothing leaves" in quality.page(f"{path}/{name}").text
    assert "deviation assessed" in quality.page(f"batches/{made[1]}").text
    close = quality.page(f"{path}/{name}")
    done = {"cause": "a wedge", "impact": "none", "password": signing("qa_reviewer.plant")}
    assert quality.send(f"{path}/{name}", close, **done).status_code == 303
    assert quality.status(assess) == 403


def test_a_certificate_is_signed_on_what_was_seen(made: Made) -> None:
    path = f"batches/{made[1]}/certificate"
    assert "password" not in Desk(made, "qc.plant").page(path).fields
    desk = Desk(made, "qa_reviewer.plant")
    form = desk.page(path)
    assert "certifies these results" in form.text and "Limit" in form.text
    assert desk.send(path, form, password="no").status_code == 403
    assert desk.send(path, form, password=signing("qa_reviewer.plant"), seen="0" * 64).status_code == 409
    before = desk.seq
    found = desk.send(path, form, password=signing("qa_reviewer.plant"))
    if found.status_code == 303:
        assert desk.send(path, form, password=signing("qa_reviewer.plant")).status_code == 303
        last = made[0].journal.read(f"batch/{made[1]}")[-1]
        assert last.envelope["type"] == "CertificateIssued" and last.signed and last.signed.seen
    assert desk.seq == before + (found.status_code == 303), found.text
    assert found.status_code == 303, found.text


def test_a_lot_is_taken_in_released_and_blocked(made: Made) -> None:
    operator, qc = Desk(made, "operator.plant"), Desk(made, "qc.plant")
    form = operator.page("lots")
    right = {"lot": "LOT-77", "item": "medium-tcell", "supplier_lot": "S1", "certificate_sha256": "a" * 64,
             "amount": "1000", "unit": "mL", "expires_at": "2030-01-31T00:00+00:00"}  # fmt: skip
    wrong = {"lot": "../x", "certificate_sha256": "a", "amount": "-1", "expires_at": "soon", "unit": ""}
    for name, value in wrong.items():
        assert operator.send("lots", form, **{**right, name: value}).status_code == 422, name
    assert operator.send("lots", form, **{**right, "amount": "1,000"}).status_code == 422
    assert operator.send("lots", form, **right).status_code == 303
    assert operator.send("lots", form, **right).status_code == 303
    page = qc.page("lots/LOT-77")
    assert "medium-tcell" in page.text and "1000 mL" in page.text
    assert "password" not in operator.page("lots/LOT-77").fields
    sign = {"finding": "certificate agrees", "password": signing("qc.plant")}
    assert qc.send("lots/LOT-77/release", page, **{**sign, "finding": ""}).status_code == 422
    assert qc.send("lots/LOT-77/release", page, **{**sign, "password": "no"}).status_code == 403
    assert qc.send("lots/LOT-77/release", page, **sign).status_code == 303
    assert made[0].loop.reader.lot("LOT-77").state == "released"
    page = qc.page("lots/LOT-77")
    assert qc.send("lots/LOT-77/block", page, reason="").status_code == 422
    assert qc.send("lots/LOT-77/block", page, reason="leaking").status_code == 303
    assert made[0].loop.reader.lot("LOT-77").state == "blocked"
    assert qc.status("lots/NO-LOT") == 403


def test_a_batch_is_stopped_by_its_number_only(made: Made) -> None:
    desk = Desk(made, "supervisor.plant")
    path = f"batches/{made[1]}/terminate"
    form = desk.page(path)
    right = {"again": made[1], "reason": "power failure, culture lost", "rule": "SOP 12"}
    assert desk.send(path, form, **{**right, "again": "B-OTHER"}).status_code == 403
    assert desk.send(path, form, **{**right, "reason": " "}).status_code == 422
    assert desk.send(path, form, **right).status_code == 303
    assert desk.send(path, form, **right).status_code == 303
    assert made[0].loop.reader.batch(made[1]).state == "terminated"
