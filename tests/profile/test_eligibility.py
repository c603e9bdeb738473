from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelot.profile.eligibility import NEVER_AT, formula_value, judge, waits
from onelot.profile.facts import gather
from onelot.profile.infection import infection_label
from onelot.record.recipe import MasterRecipe
from onelot.record.terms.opened import OpenFact, Value
from onelot.record.terms.values import Finding
from tests.profile.support import NOW, convert, days, document, evaluate, need, needs, recipe, rule, shipped

SCOPES = frozenset({"collection", "manufacture", "genome_use"})
GOOD: dict[str, Value] = {
    "weight_kg": Decimal(80),
    "height_cm": Decimal(180),
    "age_a": Decimal(50),
    "alive": True,
    "sex": "female",
    "indication": "large B-cell lymphoma",
    "lymphocytes_per_ul": Decimal(900),
    "wbc_per_nl": Decimal(5),
    "ecog": Decimal(1),
    "steroid_stopped_at": "never",
    "pregnancy": False,
    "smoking": "Never smoker",
    **{each.name: "never" for each in needs("facts") if each.kind == "date" and each.required},
}


def fact(name: str, value: Value, age_d: float = 1) -> OpenFact:
    valid = need(name).valid
    until = days(age_d) + timedelta(days=int(valid.value)) if valid else None
    return OpenFact(name, value, need(name).unit, days(age_d), until, "ab" * 32, f"/entry/{name}")


def known(**changes: Value | None) -> dict[str, OpenFact]:
    return {name: fact(name, value) for name, value in {**GOOD, **changes}.items() if value is not None}


MARKERS = {name: fact(name, "negative") for name in ("hiv", "hbv", "hcv", "syphilis")}


def judged(facts: dict[str, OpenFact], **changes: Any) -> tuple[Finding, ...]:
    asked: MasterRecipe = changes.pop("recipe", recipe())
    given: dict[str, Any] = {
        "consent": SCOPES,
        "consent_until": None,
        "markers": MARKERS,
        "now": NOW,
        "evaluate": evaluate,
        **changes,
    }
    return judge(asked, facts, **given)


def test_everything_known_valid_and_true_is_eligible() -> None:
    assert judged(known()) == ()


@pytest.mark.parametrize("name", [name for name in GOOD if name != "smoking"])
def test_every_required_fact_missing_blocks(name: str) -> None:
    found = judged(known(**{name: None}))
    assert {finding.fact for finding in found} == {name}
    assert all(finding.remedy and finding.rule and finding.place for finding in found)


def test_smoking_is_shown_and_does_not_act() -> None:
    assert judged(known(smoking=None)) == ()
    assert judged(known(smoking="Heavy tobacco smoker")) == ()


@pytest.mark.parametrize(
    ("changes", "breaks"),
    [
        ({"alive": False}, "alive"),
        ({"age_a": Decimal(17)}, "adult"),
        ({"lymphocytes_per_ul": Decimal(300)}, "lymphocytes"),
        ({"steroid_stopped_at": "2026-09-05"}, "washout"),
        ({"ecog": Decimal(3)}, "fit"),
        ({"pregnancy": True}, "not_pregnant"),
        ({"indication": "something else"}, "disease"),
    ],
)
def test_each_rule_blocks_alone(changes: dict[str, Value], breaks: str) -> None:
    found = judged(known(**changes))
    assert [finding.what for finding in found] == [f"{breaks} is not met"]
    assert f"rule {breaks}" in found[0].rule
    assert next(iter(changes)) in found[0].place


def test_washout_ends_with_the_third_day_after_the_last() -> None:
    assert judged(known(steroid_stopped_at="2026-09-03")) == ()  # ended 4 September 00:00, 80 hours before
    assert len(judged(known(steroid_stopped_at="2026-09-04"))) == 1


@pytest.mark.parametrize("name", [each.name for each in (*needs("facts"), *needs("markers")) if each.valid])
def test_every_outdated_fact_blocks(name: str) -> None:
    old = {**known(), **MARKERS}[name]
    late = replace(old, valid_until=NOW - timedelta(seconds=1))
    facts, markers = known(), dict(MARKERS)
    (markers if name in markers else facts)[name] = late
    found = judged(facts, markers=markers)
    assert name in {finding.fact for finding in found}
    assert any("outdated" in finding.what for finding in found)


def test_consent_gates() -> None:
    found = judged(known(), consent=frozenset({"collection"}))
    assert [finding.fact for finding in found] == ["consent:manufacture", "consent:genome_use"]
    found = judged(known(), consent_until=NOW - timedelta(seconds=1))
    assert [finding.place for finding in found] == ["Consent.provision.period"]
    assert judged(known(), consent_until=NOW) == ()


def test_what_gather_said_is_closer_than_what_is_known_here() -> None:
    body = {"resourceType": "Patient", "id": "p", "birthDate": "1970"}
    gathered = gather([document(body)], [need("age_a")], NOW, convert=convert)
    found = judged(known(age_a=None), gathered=gathered.findings)
    assert "not given to the day" in found[0].what


def test_an_optional_fact_blocks_only_the_rules_that_use_it() -> None:
    optional = tuple(replace(each, required=each.required and each.name != "ecog") for each in recipe().facts)
    assert [one.fact for one in judged(known(ecog=None), recipe=recipe(facts=optional))] == ["ecog"]
    without = recipe(facts=optional, eligibility=())
    assert judged(known(ecog=None), recipe=without) == ()


def test_a_formula_that_cannot_be_run_blocks() -> None:
    def broken(formula: str, values: object) -> bool:
        from onelot.record.errors import Held

        raise Held("no value", rule="r", remedy="m")

    assert len(judged(known(), evaluate=broken, recipe=recipe(eligibility=(rule("fit", "x", ("ecog",)),)))) == 1


WASHOUTS = {each.name: each for each in shipped("cd19-per-kg").washouts}
# In days, the longer of two where two are given. An oracle: typed from the sources, not read from the recipe.
DAYS = {
    "steroid_washout": 3, "cytotoxic_washout": 14, "checkpoint_washout": 90, "immunosuppressant_washout": 28,
    "alkylator_washout": 21, "depleting_antibody_washout": 42, "cladribine_washout": 180, "b_cell_antibody_washout": 7,
    "anti_cytokine_washout": 30, "trafficking_washout": 42, "bendamustine_washout": 180, "transplant_washout": 120,
}  # fmt: skip


def test_every_washout_is_in_the_recipe_with_a_citation() -> None:
    assert set(WASHOUTS) == set(DAYS)
    assert all(each.at_least.source.kind == "cited" for each in WASHOUTS.values())
    assert shipped("cd19-flat").washouts == shipped("cd19-per-kg").washouts


@pytest.mark.parametrize("name", sorted(DAYS))
def test_a_washout_is_over_so_many_days_after_the_last_day(name: str) -> None:
    asked, washout = shipped("cd19-per-kg"), WASHOUTS[name]
    asked = replace(asked, eligibility=())
    # The last day itself is not over before its midnight; NOW is at eight in the morning.
    last_that_passes = (NOW - timedelta(days=DAYS[name] + 1)).date()
    for moved, passes in ((0, True), (1, False)):
        day = (last_that_passes + timedelta(days=moved)).isoformat()
        found = judged(known(**{washout.fact: day}), recipe=asked)
        assert (found == ()) == passes, (name, day)
        if not passes:
            assert [(each.fact, each.what) for each in found] == [(washout.fact, washout.otherwise)]
            assert washout.at_least.source.text in found[0].rule
            assert day not in " ".join((found[0].what, found[0].rule, found[0].remedy)), "no value in a chain"


@pytest.mark.parametrize("name", sorted(DAYS))
def test_a_washout_passes_nobody_because_nobody_said(name: str) -> None:
    found = judged(known(**{WASHOUTS[name].fact: None}), recipe=shipped("cd19-per-kg"))
    assert [each.fact for each in found] == [WASHOUTS[name].fact]


@settings(deadline=None)
@given(st.sampled_from(sorted(DAYS)), st.integers(0, 400))
def test_wait_until_is_the_first_moment_that_passes(name: str, ago: int) -> None:
    asked, washout = replace(shipped("cd19-per-kg"), eligibility=()), WASHOUTS[name]
    facts = known(**{washout.fact: (NOW - timedelta(days=ago)).date().isoformat()})
    ends = waits(asked, facts, NOW)
    if washout.decided:
        assert ends == {}, "waiting is not what makes it good: a person decides"
        return
    assert (ends == {}) == (judged(facts, recipe=asked) == ())
    for end in ends.values():
        later = {n: replace(f, valid_until=None) for n, f in facts.items()}
        markers = {n: replace(f, valid_until=end + timedelta(days=1)) for n, f in MARKERS.items()}
        valid = replace(asked, facts=tuple(replace(each, valid=None) for each in asked.facts))
        assert judged(later, recipe=valid, markers=markers, now=end) == ()
        assert judged(later, recipe=valid, markers=markers, now=end - timedelta(seconds=1)) != ()


def test_a_decision_opens_only_its_own_rule() -> None:
    asked = replace(shipped("cd19-per-kg"), eligibility=())
    facts = known(bendamustine_stopped_at="2026-09-01", cladribine_stopped_at="2026-09-01")
    held = judged(facts, recipe=asked)
    assert {each.fact for each in held} == {"bendamustine_stopped_at", "cladribine_stopped_at"}
    after = judged(facts, recipe=asked, decided=frozenset({"bendamustine_washout"}))
    assert {each.fact for each in after} == {"cladribine_stopped_at"}


def test_a_drug_day_that_is_none_holds() -> None:
    found = judged(known(cladribine_stopped_at="last spring"), recipe=shipped("cd19-per-kg"))
    assert [each.fact for each in found] == ["cladribine_stopped_at"] and "is no day" in found[0].what


def test_dates_become_the_end_of_their_day() -> None:
    assert formula_value(fact("steroid_stopped_at", "never"), need("steroid_stopped_at")) == NEVER_AT
    moment = formula_value(fact("steroid_stopped_at", "2026-09-03"), need("steroid_stopped_at"))
    assert str(moment) == "2026-09-04 00:00:00+00:00"


def test_labels() -> None:
    asked = needs("markers")
    assert infection_label(MARKERS, asked, NOW)[0] == "autologous use only"
    less = {name: one for name, one in MARKERS.items() if name != "hcv"}
    assert infection_label(less, asked, NOW)[0] == "autologous use only; not evaluated"
    reactive = {**less, "hiv": fact("hiv", "reactive")}
    label, source = infection_label(reactive, asked, NOW)
    assert label == "autologous use only; biohazard"
    assert "1271.90(c)" in source
    assert "unverified" in source
    assert "hiv" not in source, "the rule stands on the record in the clear"
    assert infection_label(MARKERS, asked, NOW + timedelta(days=60))[0] == "autologous use only; not evaluated"
    assert infection_label({}, asked, NOW)[0] == "autologous use only; not evaluated"
    unclear = {**MARKERS, "hbv": fact("hbv", "indeterminate")}
    assert infection_label(unclear, asked, NOW)[0] == "autologous use only; not evaluated"


@settings(max_examples=40)
@given(
    st.sets(st.sampled_from(sorted(GOOD))),
    st.sets(st.sampled_from(sorted(SCOPES))),
    st.sets(st.sampled_from(sorted(MARKERS))),
)
def test_taking_away_never_opens_a_gate(lost: set[str], withdrawn: set[str], unmarked: set[str]) -> None:
    facts = {name: one for name, one in known().items() if name not in lost}
    markers = {name: one for name, one in MARKERS.items() if name not in unmarked}
    found = judged(facts, consent=SCOPES - withdrawn, markers=markers)
    assert (found == ()) == (not (lost - {"smoking"}) and not withdrawn and not unmarked)
