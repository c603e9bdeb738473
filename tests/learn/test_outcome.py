"""Dose hit and vein to vein of one therapy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onelot.adapters.recipes import shipped
from onelot.learn import outcome
from onelot.record.errors import BadInput, Held, OutOfOrder

PER_KG, KIT, STOCK = (shipped()[name] for name in ("cd19-per-kg", "aav9-weight-band", "aav9-stock"))
PARAMETERS = {"dose": Decimal("1.6e8"), "dose_low": Decimal("1.28e8"), "dose_high": Decimal("1.92e8")}
START = datetime(2026, 9, 7, 8, tzinfo=UTC)


def test_a_dose_in_the_window_is_a_hit() -> None:
    end = START + timedelta(days=24, hours=6)
    found = outcome(PER_KG, PARAMETERS, dose_given=Decimal("1.5e8"), unit="{cells}", started_at=START, given_at=end)
    assert (found.dose_hit, found.vein_to_vein_days) == (True, Decimal("24.3"))
    late = end.astimezone(timezone(timedelta(hours=9)))
    found = outcome(PER_KG, PARAMETERS, dose_given=Decimal(120), unit="10*6", started_at=START, given_at=late)
    assert (found.dose_hit, found.vein_to_vein_days) == (False, Decimal("24.3"))


def test_a_kit_is_given_whole() -> None:
    dose = {"dose_ml": Decimal("46.8")}
    for given_ml, hit in (("46.8", True), ("46.0", False)):
        found = outcome(KIT, dose, dose_given=Decimal(given_ml), unit="mL", started_at=START, given_at=START)
        assert (found.dose_hit, found.vein_to_vein_days) == (hit, Decimal("0.0"))


def test_refusals() -> None:
    times = {"started_at": START, "given_at": START + timedelta(days=1)}
    with pytest.raises(BadInput, match="no dose"):
        outcome(STOCK, {}, dose_given=Decimal(1), unit="mL", **times)
    with pytest.raises(BadInput, match="cannot be converted"):
        outcome(PER_KG, PARAMETERS, dose_given=Decimal(1), unit="mL", **times)
    with pytest.raises(Held, match="dose_high"):
        outcome(PER_KG, {"dose_low": Decimal(1)}, dose_given=Decimal(1), unit="{cells}", **times)
    with pytest.raises(OutOfOrder):
        outcome(PER_KG, PARAMETERS, dose_given=Decimal(1), unit="1", started_at=START, given_at=START - timedelta(1))


@given(st.integers(min_value=0, max_value=400 * 86400))
def test_days_are_rounded_to_a_tenth(seconds: int) -> None:
    end = START + timedelta(seconds=seconds)
    found = outcome(PER_KG, PARAMETERS, dose_given=Decimal(1), unit="{cells}", started_at=START, given_at=end)
    assert abs(found.vein_to_vein_days - Decimal(seconds) / 86400) <= Decimal("0.05")
    assert found.vein_to_vein_days.as_tuple().exponent == -1
