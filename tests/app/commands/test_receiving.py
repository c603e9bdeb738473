"""Starting material is received under the name that was scanned; a right scan does not stand in for a wrong name."""

from __future__ import annotations

from pathlib import Path

import pytest

from onelot.app.commands.material import ReceiveMaterial
from onelot.app.simulation.site import PLANT, person
from onelot.record.errors import BadInput, Mismatch, OnelotError
from tests.app.web.plant import make_plant


@pytest.mark.parametrize(
    ("container", "scanned", "error", "missed"),
    [
        ("SOMEBODY-ELSES", None, Mismatch, 1),
        ("SOMEBODY-ELSES", "right", Mismatch, 1),
        ("right", "SOMEBODY-ELSES", Mismatch, 1),
        ("", None, BadInput, 0),
        ("", "right", BadInput, 0),
        ("right", "right", None, 0),
    ],
)
def test_the_name_and_the_scan_are_both_the_patients(
    tmp_path: Path, container: str, scanned: str | None, error: type[OnelotError] | None, missed: int
) -> None:
    plant = make_plant(tmp_path, "batch planned")
    reader = plant.house.loop.reader
    coi = reader.batch(plant.number).therapies[0]
    right = reader.therapy(coi).collections[0].containers[0].identifier
    scans = {"patient": coi, **({"container": right if scanned == "right" else scanned} if scanned else {})}
    command = ReceiveMaterial(
        plant.number, right if container == "right" else container, "cold", scans, person("operator", PLANT, 2)
    )
    if error:
        with pytest.raises(error):
            plant.driver.stage.site.give(command, "operator", PLANT)
    else:
        plant.driver.stage.site.give(command, "operator", PLANT)
    batch = reader.batch(plant.number)
    assert bool(batch.received) == (error is None) and len(batch.near_misses) == missed
