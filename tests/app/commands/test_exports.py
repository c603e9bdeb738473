"""No export, and no event body, holds who the patient is or a health value in the clear."""

from __future__ import annotations

from onelot.app.export import export_batch
from tests.app.commands.conftest import Populate


def test_nothing_of_the_patient_stands_in_any_body_or_export(populate: Populate) -> None:
    driver = populate("p01", "p08", "p13", "p14", "p16")
    house, stage = driver.stage.site.house, driver.stage
    bodies = b"\n".join(entry.body for stream in house.journal.heads() for entry in house.journal.read(stream))
    now = driver.clock.now()
    bodies += b"".join(
        export_batch(house.journal, house.site_keys, number, now, None) for number in stage.site.rows("board")
    )
    for case in stage.cases.values():
        numbers = [each.split("|", 1)[1] for each in case.identity.identifiers if not each.startswith("id|")]
        for secret in (case.identity.name, case.identity.birth_date, *numbers):
            assert secret.encode() not in bodies, (case.key, secret)
        therapy = stage.therapy_of(case)
        assert therapy is not None
        for fact in stage.context().open_facts(therapy).values():
            assert f'"value":"{fact.value}"'.encode() not in bodies, (case.key, fact.name)
            if fact.name == "weight_kg":
                assert f"{fact.value} kg".encode() not in bodies, (case.key, fact.value)
    assert b"commitment" in bodies
