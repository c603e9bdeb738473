"""Consent gates every descendant: no step without it, held when it is withdrawn, on again when it is given anew."""

from __future__ import annotations

from datetime import timedelta

import pytest

from onelot.app.commands import collect, order
from onelot.app.simulation.driver import Driver
from onelot.app.simulation.site import person
from onelot.record.errors import Held
from tests.app.commands.conftest import Populate

NORTH = "hospital-north"


def _collect(driver: Driver, coi: str) -> None:
    scans = {"wristband": coi, "bag": coi}
    verifier = person("collection", NORTH, 2)
    command = collect.RecordCollection(coi, "D-1", ("D-1-A",), driver.clock.now(), (), scans, verifier)
    driver.stage.site.give(command, "collection", NORTH)


@pytest.mark.parametrize("scope", ["collection", "manufacture", "genome_use"])
def test_nothing_is_collected_after_any_withdrawal(populate: Populate, scope: str) -> None:
    driver = populate("p01", until="collection booked")
    site = driver.stage.site
    (coi,) = site.rows("therapies")
    site.give(order.WithdrawConsent(coi, (scope,), "changed their mind"), "clinic_coordinator", NORTH)
    with pytest.raises(Held, match="consent"):
        _collect(driver, coi)


def test_nothing_is_collected_when_consent_has_run_out(populate: Populate) -> None:
    driver = populate("p01", until="collection booked")
    site = driver.stage.site
    (coi,) = site.rows("therapies")
    scopes = ("collection", "manufacture", "genome_use")
    until = driver.clock.now() + timedelta(hours=1)
    site.give(order.RecordConsent(coi, scopes, until, "d" * 64, "page 1"), "clinic_coordinator", NORTH)
    driver.clock.advance(until)
    with pytest.raises(Held, match="run out"):
        _collect(driver, coi)


def test_a_new_consent_to_all_that_was_withdrawn_lifts_the_hold(populate: Populate) -> None:
    driver = populate("p01", until="batch planned")
    site = driver.stage.site
    (coi,) = site.rows("therapies")
    (number,) = site.rows("board")
    reader = site.house.loop.reader

    def consent(*scopes: str) -> None:
        site.give(order.RecordConsent(coi, scopes, None, "d" * 64, "page 1"), "clinic_coordinator", NORTH)

    site.give(order.WithdrawConsent(coi, ("collection", "manufacture"), "no"), "clinic_coordinator", NORTH)
    assert "consent" in reader.batch(number).holds
    consent("collection")
    assert "consent" in reader.batch(number).holds, "half a consent lifts nothing"
    consent("manufacture")
    assert not reader.batch(number).holds


def test_consent_after_a_terminated_batch_is_still_recorded(populate: Populate) -> None:
    driver = populate("p14", until="batch terminated")
    site = driver.stage.site
    (coi,) = site.rows("therapies")
    hospital = site.rows("therapies")[coi]["site"]
    withdrawn = tuple(site.rows("therapies")[coi]["withdrawn"])
    site.give(order.RecordConsent(coi, withdrawn, None, "d" * 64, "page 1"), "clinic_coordinator", hospital)
    assert not site.house.loop.reader.therapy(coi).withdrawn
