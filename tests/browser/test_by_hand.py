"""One patient the whole way by hand: every role at its own pages, nobody simulated; read back from the evidence.

With ONELOT_PICTURES it makes the pictures of docs/screens.md on its way.
"""

from __future__ import annotations

import os

from playwright.sync_api import Browser

from tests.browser.way import clinic, delivery, evidence, office, plant, quality
from tests.browser.way.house import Way, open_way


def test_one_patient_the_whole_way_by_hand(chromium: Browser) -> None:
    with open_way(chromium, neighbours="ONELOT_PICTURES" in os.environ) as way:
        _before(way)
        clinic.order(way)
        clinic.profile(way)
        clinic.tailoring(way)
        clinic.first_collection(way)
        clinic.second_collection(way, office.NEW)
        plant.plan(way)
        plant.receive(way)
        plant.wrong_label(way)
        plant.make(way)
        plant.correct(way)
        quality.results(way)
        quality.certificate(way)
        quality.release(way)
        delivery.courier(way, delivery.dispatch(way))
        delivery.arrival(way)
        delivery.clearance(way)
        delivery.wrong_bag(way)
        delivery.give(way)
        delivery.outcome(way)
        file, keys = office.evidence(way)
        evidence.verified(file, keys)
        evidence.told(file, way.number, way.therapy.coi)
        office.everybody_was_there(way)


def _before(way: Way) -> None:
    """What must be there before a patient comes: equipment, a lot, a new colleague."""
    office.equipment(way)
    quality.vector_lot(way)
    office.a_new_nurse(way)
