"""What the loop refuses, on a real house in memory; a refusal appends nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from onelot.adapters.keys import make_site_keys
from onelot.adapters.memory import MemoryJournal
from onelot.adapters.safe import MemorySafe
from onelot.app.commands import masters, order, tailor
from onelot.app.context import Actor
from onelot.app.entropy import from_seed, from_system
from onelot.app.house import PRODUCTION, assemble, open_journal
from onelot.app.simulation.case import Stage
from onelot.app.simulation.site import PLANT
from onelot.app.views import PROJECTIONS
from onelot.record.errors import Held, NotAllowed, OnelotError
from tests.record.cohort import Driven, stage_of


def in_process(stage: Stage) -> bool:
    (case,) = stage.cases.values()
    therapy = stage.therapy_of(case)
    batch = stage.batch_of(therapy) if therapy else None
    return batch is not None and batch.state == "in_process"


@pytest.fixture
def driven() -> Driven:
    return stage_of(("p01",), until=in_process)


def refused(driven: Driven, error: type[OnelotError], act: Callable[[], Any]) -> OnelotError:
    before = driven.house.journal.heads()
    with pytest.raises(error) as refusal:
        act()
    assert driven.house.journal.heads() == before
    assert refusal.value.rule
    assert refusal.value.remedy
    return refusal.value


def with_role(driven: Driven, actor: Actor, role: str) -> Actor:
    """The same person with one role more, by the record: what an actor says of itself is not believed."""
    site = driven.demo.driver.stage.site
    login = actor.id.removeprefix("person/")
    roles = tuple(sorted(actor.roles | {role}))
    administrator = driven.house.loop.actor(site.administrator)
    driven.house.loop.handle(masters.ChangeRoles(login, roles, tuple(actor.sites), "for the test"), administrator)
    return driven.house.loop.actor(login)


def test_signatures_own_approval_and_unapproved_recipes(driven: Driven) -> None:
    loop, site = driven.house.loop, driven.demo.driver.stage.site
    doer = site.actor("process_engineer", PLANT)
    site.give(masters.RegisterDocument("sop/own", "rule", "Own", "1", "{}"), "process_engineer", PLANT)
    both = with_role(driven, doer, "qa_reviewer")
    approve = masters.ApproveDocument("sop/own", "1", driven.house.clock())
    own = site.password_of(doer.id.removeprefix("person/"))
    assert "second" in refused(driven, NotAllowed, lambda: loop.handle(approve, both, own)).rule
    reviewer = site.actor("qa_reviewer", PLANT)
    assert "signature" in refused(driven, NotAllowed, lambda: loop.handle(approve, reviewer)).what
    assert "11.200" in refused(driven, NotAllowed, lambda: loop.handle(approve, reviewer, "wrong")).rule
    (case,) = driven.demo.cohort.cases.values()
    command = order.OrderTherapy(case.identity, "never-approved/1", case.hospital, "00" * 32, "x")
    assert "approved" in refused(driven, Held, lambda: site.give(command, "prescriber", case.hospital)).rule


def test_withdrawn_consent_holds_the_batch(driven: Driven) -> None:
    stage = driven.demo.driver.stage
    (case,) = stage.cases.values()
    therapy = stage.therapy_of(case)
    assert therapy is not None
    stage.site.give(order.WithdrawConsent(therapy.coi, ("manufacture",), "asked"), "clinic_coordinator", case.hospital)
    batch = driven.house.loop.reader.batch(driven.batches[0])
    assert "consent" in batch.holds
    act = driven.demo.driver._next_of(case)
    assert act is None or "phase" not in act.what


def test_production_refuses_the_twin(driven: Driven) -> None:
    journal, keys = MemoryJournal(PROJECTIONS), make_site_keys(from_system)
    now = driven.house.clock()
    open_journal(journal, mode=PRODUCTION, site=PLANT, site_keys=keys, now=now, administrator="a", printed_name="A")
    for seeded in ({"entropy": from_seed(7)}, {"clock": lambda: now + timedelta(days=1)}):
        with pytest.raises(NotAllowed, match="production journal"):
            assemble(journal=journal, safe=MemorySafe(), site_keys=keys, site=PLANT, **seeded)
    house = assemble(journal=journal, safe=MemorySafe(), site_keys=keys, site=PLANT)
    house.loop.handle(masters.RegisterPerson("m", "M", ("metrology",), (PLANT,)), house.loop.actor("a"))
    metrology = house.loop.actor("m")
    with pytest.raises(NotAllowed, match="part of the twin"):
        house.loop.handle(masters.RegisterEquipment("e", "x", PLANT, "1", True, False), metrology)


def test_an_approved_tailoring_is_not_approved_by_its_author(driven: Driven) -> None:
    stage = driven.demo.driver.stage
    (case,) = stage.cases.values()
    therapy = stage.therapy_of(case)
    assert therapy is not None
    entry = driven.house.journal.read(f"therapy/{therapy.coi}", therapy.tailoring.cite.seq - 1)[0]
    login = entry.by.removeprefix("person/")
    author = driven.house.loop.actor(login)
    both = with_role(driven, author, "prescriber")
    command = tailor.ApproveTailoring(therapy.coi)
    password = stage.site.password_of(login)
    assert "own work" in refused(driven, NotAllowed, lambda: driven.house.loop.handle(command, both, password)).rule
