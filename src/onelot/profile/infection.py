"""Infection markers and the label they require."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from onelot.record.recipe import FactNeed
from onelot.record.terms.opened import OpenFact

AUTOLOGOUS = "autologous use only"
NOT_EVALUATED = "autologous use only; not evaluated"
BIOHAZARD = "autologous use only; biohazard"
RULE = "unverified: 21 CFR 1271.90(c) label statements (text not read by us; check before production use)"


def infection_label(markers: Mapping[str, OpenFact], needs: Sequence[FactNeed], now: datetime) -> tuple[str, str]:
    """The label statement of cells from this donor, for the donor's own use, and its rule.

    Reactive weighs more than missing: one reactive marker makes a biohazard whatever else is unknown. A marker that is
    missing, past its validity or answered in other words than negative/reactive leaves the donor not evaluated.
    """
    known = {need.name: markers[need.name] for need in needs if need.name in markers}
    if any(fact.value == "reactive" for fact in known.values()):
        # The rule goes to the record in the clear, so it does not say which marker.
        return BIOHAZARD, f"{RULE}: a marker is reactive"
    open_ones = sorted(need.name for need in needs if not _negative(known.get(need.name), now))
    if open_ones or not needs:
        return NOT_EVALUATED, f"{RULE}: no valid result for {', '.join(open_ones) or 'any marker'}"
    return AUTOLOGOUS, f"{RULE}: every marker negative and valid"


def _negative(fact: OpenFact | None, now: datetime) -> bool:
    return fact is not None and fact.value == "negative" and (fact.valid_until is None or now <= fact.valid_until)
