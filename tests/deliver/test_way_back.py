"""From the disposition to the dose, on real entries, and everything that stops it on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from onelot.deliver import (
    BagScan,
    BedsideScans,
    RescueCells,
    administer,
    clear_conditioning,
    compare_at_bedside,
    dispatch,
    holder,
    receive,
    return_unused,
    start_conditioning,
    transfer,
    window,
)
from onelot.record.errors import BadInput, Held, Mismatch, NotAllowed
from onelot.record.events import batch, therapy
from onelot.record.identity import grouped, make_identifier
from onelot.record.terms.values import Cite, Sealed
from onelot.release import late_result, release_events
from tests.release.support import COI, NOW, NURSE, NURSE2, QP, World, add_result, quantity, shipped, test_named, world

HOSPITAL = "site/hospital"
DOSE = Sealed("ab" * 32, "patient/p1")
LAST = Cite("batch/B-1", 60, "00" * 32)
DAY = timedelta(days=1)


def released(name: str = "cd19-per-kg") -> World:
    found = world(shipped(name))
    found.certify()
    (event,) = release_events(found.recipe, found.batch, found.therapy, NOW, by=QP)
    found.batches.add(event, QP, NOW, signed=True)
    return found


def sent(found: World) -> World:
    event = dispatch(
        found.recipe, found.batch, found.therapy,
        shipment="S-1", containers=("B-1-1",), shipper="SH-1", to_site=HOSPITAL, now=NOW,
    )  # fmt: skip
    found.batches.add(event, "system", NOW)
    return found


def handed_over(found: World) -> World:
    for giver, taker in (("site/plant", "courier/c"), ("courier/c", HOSPITAL)):
        event = transfer(
            found.batch, shipment="S-1", from_party=giver, to_party=taker, at_site="somewhere", temperature_cel=None
        )
        found.batches.add(event, taker, NOW)
    return found


def arrived(found: World, warmest: str = "-150", after: timedelta = DAY) -> World:
    for event in receive(
        found.recipe, found.batch,
        shipment="S-1", at_site=HOSPITAL, warmest_cel=Decimal(warmest), deviation="D-9", now=NOW + after,
    ):  # fmt: skip
        found.batches.add(event, NURSE, NOW + after)
    return found


def at_site(name: str = "cd19-per-kg") -> World:
    return arrived(handed_over(sent(released(name))))


def conditioned(found: World) -> World:
    at = NOW + 2 * DAY
    cleared = clear_conditioning(found.recipe, found.therapy, found.batch, None, at, batch_cite=LAST)
    found.therapies.add(cleared, "person/prescriber", at, signed=True)
    found.therapies.add(start_conditioning(found.recipe, found.therapy, found.batch, None, at), NURSE, at)
    return found


def scans(**changes: object) -> BedsideScans:
    return replace(BedsideScans((BagScan("B-1-1", COI, "B-1"),), grouped(COI), COI), **changes)  # type: ignore[arg-type]


def scanned(found: World, what: BedsideScans | None = None) -> World:
    answer = compare_at_bedside(
        found.batch, found.therapy, what or scans(), where="ward 3", by=NURSE, verified_by=NURSE2, deviation="D-7"
    )
    for event in answer.events:
        (found.batches if event.subject == "batch" else found.therapies).add(event, NURSE, NOW + 5 * DAY)
    return found


def opens(found: World) -> timedelta:
    assert found.recipe.conditioning is not None and found.therapy.conditioning_started_at is not None
    return window(found.recipe.conditioning, found.therapy.conditioning_started_at)[0] - NOW


def give(found: World, **changes: object) -> tuple[object, ...]:
    at = NOW + opens(found)
    usual: dict[str, object] = {
        "containers": ("B-1-1",), "dose": DOSE, "unit": "{cells}", "batch_cite": LAST, "now": at,
        "by": NURSE, "verified_by": NURSE2, "thawed_at": at - timedelta(minutes=10),
    }  # fmt: skip
    return administer(found.recipe, found.batch, found.therapy, **{**usual, **changes})  # type: ignore[arg-type]


def test_the_whole_way_ends_in_a_dose() -> None:
    found = scanned(conditioned(at_site()))
    given, dosed = give(found)
    found.batches.add(given, NURSE, NOW + opens(found))  # type: ignore[arg-type]
    found.therapies.add(dosed, NURSE, NOW + opens(found))  # type: ignore[arg-type]
    assert (found.batch.state, found.therapy.state) == ("administered", "dosed")


def test_nothing_leaves_without_a_disposition() -> None:
    found = world()
    with pytest.raises(Held, match="not yet decided"):
        sent(found)


@pytest.mark.parametrize(
    "why",
    [
        lambda w: w.batches.add(batch.BatchHeld("why", "rule")),
        lambda w: w.therapies.add(therapy.ConsentWithdrawn(("manufacture",), "asked")),
        lambda w: w.batches.add(batch.DeviationOpened("D", "critical", "w", "r")),
        lambda w: add_result(w.batches, test_named(w.recipe, "viability"), "12", "%"),
        lambda w: w.batches.add(batch.TailoringAdopted(Cite("therapy/x", 1, "00" * 32), "r")),
    ],
)
def test_whatever_speaks_against_it_stops_dispatch_clearance_start_and_dose(why: Callable[[World], None]) -> None:
    found = released()
    why(found)
    with pytest.raises(Held):
        sent(found)
    found = at_site()
    why(found)
    with pytest.raises(Held):
        conditioned(found)
    found = scanned(conditioned(at_site()))
    why(found)
    with pytest.raises(Held):
        start_conditioning(found.recipe, found.therapy, found.batch, None, NOW + 2 * DAY)
    with pytest.raises(Held):
        give(found)


def test_foreign_containers_and_destinations_are_refused() -> None:
    found = released()
    for containers, to_site in ((("B-2-1",), HOSPITAL), ((), HOSPITAL), (("B-1-1",), "site/other")):
        with pytest.raises(Held):
            dispatch(
                found.recipe, found.batch, found.therapy,
                shipment="S", containers=containers, shipper="SH", to_site=to_site, now=NOW,
            )  # fmt: skip


def test_custody_has_no_gap() -> None:
    found = sent(released())
    assert holder(found.batch) == "site/plant"
    for giver, taker in (("courier/c", HOSPITAL), ("site/plant", "site/plant"), ("site/plant", "")):
        with pytest.raises(Held):
            transfer(found.batch, shipment="S-1", from_party=giver, to_party=taker, at_site="x", temperature_cel=None)
    with pytest.raises(Held, match="is with site/plant"):
        arrived(found)
    handed_over(found)
    assert holder(found.batch) == HOSPITAL


@pytest.mark.parametrize(
    ("warmest", "after", "reason"),
    [("-130", DAY, ""), ("-129.9", DAY, "warmest"), ("-150", 8 * DAY, "hold time")],
)
def test_receipt_accepts_by_warmth_and_time(warmest: str, after: timedelta, reason: str) -> None:
    found = arrived(handed_over(sent(released())), warmest, after)
    assert found.batch.shipment is not None
    assert found.batch.shipment.accepted is (not reason)
    assert reason in found.batch.shipment.reason
    assert bool(found.batch.open_deviations) is bool(reason)
    if reason:
        with pytest.raises(Held):
            conditioned(found)


def test_a_temperature_that_is_no_number_never_reaches_the_record() -> None:
    with pytest.raises(BadInput):
        arrived(handed_over(sent(released())), "NaN")
    found = sent(released())
    with pytest.raises(Held):
        transfer(
            found.batch, shipment="S-1", from_party="site/plant", to_party="courier/c", at_site="x",
            temperature_cel=Decimal("Infinity"),
        )  # fmt: skip


def test_a_temperature_limit_in_another_unit_is_refused() -> None:
    found = handed_over(sent(released()))
    found.recipe = replace(found.recipe, logistics=replace(found.recipe.logistics, warmest=quantity("140", "K")))
    with pytest.raises(BadInput):
        arrived(found)


def test_conditioning_waits_for_the_product() -> None:
    for found in (released(), sent(released()), handed_over(sent(released()))):
        with pytest.raises(Held, match="the product is"):
            conditioned(found)
    found = at_site()
    with pytest.raises(Held, match="no clearance"):
        start_conditioning(found.recipe, found.therapy, found.batch, None, NOW + 2 * DAY)


@pytest.mark.parametrize(
    ("cells", "match"),
    [
        (None, "no rescue cells"),
        (RescueCells("D1", Decimal(1_999_999), "{cells}/kg", HOSPITAL), "fewer"),
        (RescueCells("D1", Decimal(3_000_000), "{cells}", HOSPITAL), "given in"),
        (RescueCells("D1", Decimal(3_000_000), "{cells}/kg", "site/plant"), "rescue cells are at"),
    ],
)
def test_rescue_cells_are_asked_for_where_the_recipe_does(cells: RescueCells | None, match: str) -> None:
    found = at_site("cd34-edited")
    with pytest.raises(Held, match=match):
        clear_conditioning(found.recipe, found.therapy, found.batch, cells, NOW + DAY, batch_cite=LAST)
    enough = RescueCells("D1", Decimal(3_000_000), "{cells}/kg", HOSPITAL)
    event = clear_conditioning(found.recipe, found.therapy, found.batch, enough, NOW + DAY, batch_cite=LAST)
    assert "3000000" not in event.rescue and "2000000" in event.rescue


OTHER = make_identifier(99)


@pytest.mark.parametrize(
    "what",
    [
        scans(bags=(BagScan("B-9-1", COI, "B-1"),)),
        scans(bags=(BagScan("B-1-1", OTHER, "B-1"),)),
        scans(bags=(BagScan("B-1-1", COI, "B-9"),)),
        scans(bags=(BagScan("B-1-1", COI, "B-1"), BagScan("B-9-1", OTHER, "B-9"))),
        scans(bags=()),
        scans(paperwork=OTHER),
        scans(wristband=OTHER),
        scans(wristband=""),
        scans(wristband=COI[:-1] + "0"),
        scans(wristband="hospital:4711"),
    ],
)
def test_any_mismatch_refuses_opens_a_deviation_and_tells_somebody(what: BedsideScans) -> None:
    found = conditioned(at_site())
    answer = compare_at_bedside(
        found.batch, found.therapy, what, where="ward 3", by=NURSE, verified_by=NURSE2, deviation="D-7"
    )
    assert isinstance(answer.refusal, Mismatch) and not answer.agreed
    assert [type(event).__name__ for event in answer.events] == ["DeviationOpened", "IdentityCompared", "NoticeSent"]
    scanned(found, what)
    with pytest.raises(Held):
        give(found)
    scanned(found)
    with pytest.raises(Held, match="critical deviation open"):
        give(found)
    found.batches.add(batch.DeviationClosed("D-7", "wrong bag brought", "none; it was put down"), QP, NOW, signed=True)
    assert give(found)


def test_another_partys_number_resolves_through_its_alias() -> None:
    found = conditioned(at_site())
    found.therapies.add(therapy.AliasAdded("hospital", "4711"))
    scanned(found, scans(wristband="hospital:4711"))
    assert found.batch.compared is not None and found.batch.compared.agreed


@pytest.mark.parametrize("second", [NURSE, ""])
def test_two_people_at_the_bedside(second: str) -> None:
    found = scanned(conditioned(at_site()))
    with pytest.raises(NotAllowed):
        give(found, verified_by=second)
    with pytest.raises(NotAllowed):
        compare_at_bedside(found.batch, found.therapy, scans(), where="w", by=NURSE, verified_by=second, deviation="D")


def test_nobody_has_to_verify_that_a_bag_was_wrong() -> None:
    found = conditioned(at_site())
    answer = compare_at_bedside(
        found.batch, found.therapy, scans(wristband=OTHER), where="w", by=NURSE, verified_by="", deviation="D"
    )
    assert not answer.agreed and [type(event).__name__ for event in answer.events][0] == "DeviationOpened"


@pytest.mark.parametrize("what", ["early", "late", "thawed long ago", "thaw unknown", "expired", "unscanned"])
def test_the_dose_keeps_its_window_thaw_and_expiry(what: str) -> None:
    found = scanned(conditioned(at_site()))
    at = NOW + opens(found)
    changes: dict[str, dict[str, object]] = {
        "early": {"now": at - timedelta(seconds=1), "thawed_at": at - timedelta(minutes=1)},
        "late": {"now": at + 30 * DAY, "thawed_at": at + 30 * DAY},
        "thawed long ago": {"thawed_at": at - timedelta(hours=3, seconds=1)},
        "thaw unknown": {"thawed_at": None},
        "expired": {"now": at + 400 * DAY, "thawed_at": at + 400 * DAY},
        "unscanned": {"containers": ("B-1-2",)},
    }
    with pytest.raises(Held):
        give(found, **changes[what])
    assert give(found)


def test_nothing_is_given_before_conditioning_or_comparison() -> None:
    found = conditioned(at_site())
    with pytest.raises(Held, match="no comparison"):
        give(found)
    bare = scanned(at_site())
    with pytest.raises(Held, match="conditioning was not started"):
        administer(
            bare.recipe, bare.batch, bare.therapy, containers=("B-1-1",), dose=DOSE, unit="{cells}",
            batch_cite=LAST, now=NOW + 5 * DAY, by=NURSE, verified_by=NURSE2, thawed_at=NOW + 5 * DAY,
        )  # fmt: skip


def test_a_late_failure_stops_the_dose() -> None:
    found = scanned(conditioned(at_site()))
    add_result(found.batches, test_named(found.recipe, "sterility"), "growth", "")
    failed, notice = late_result(found.recipe, found.batch, found.therapy, found.batch.results[-1])
    found.batches.add(failed)
    assert isinstance(notice, therapy.NoticeSent) and "nothing is given" in notice.what
    with pytest.raises(Held, match="sterility is out of specification"):
        give(found)
    found.batches.add(return_unused(found.batch, reason="late failure"))
    assert found.batch.state == "returned"
